//! `tanglegram coverage`: clause by clause, which vectors hold a node to it.

use std::io::{self, Write};

use serde_json::json;
use tanglegram_runner::Library;

use crate::args::CoverageArgs;
use crate::exit::Exit;
use crate::problems;
use crate::style::Style;

/// Prints the coverage; a clause without a vector is a failure.
pub(crate) fn coverage(args: &CoverageArgs) -> Exit {
    let library = match args.sources.load() {
        Ok(library) => library,
        Err(found) => return problems::print(&found),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let style = Style::of(&io::stdout());
    // A closed pipe is no failure of the coverage.
    let _ = if args.json { print_json(&library, &mut out) } else { print_text(&library, style, &mut out) };
    let _ = out.flush();
    if library.clauses().next().is_none() {
        return Exit::Nothing;
    }
    if library.coverage().values().any(Vec::is_empty) { Exit::Failed } else { Exit::Expected }
}

fn print_text(library: &Library, style: Style, out: &mut impl Write) -> io::Result<()> {
    let coverage = library.coverage();
    for spec in &library.specs {
        writeln!(out, "{}", style.strong(&spec.command))?;
        for clause in &spec.clauses {
            let vectors = coverage.get(clause.id.as_str()).map_or(&[][..], Vec::as_slice);
            let count = format!("{:>4}", vectors.len());
            let count = if vectors.is_empty() { style.bad(&count) } else { style.good(&count) };
            writeln!(out, "{count}  {}  {}", clause.id, style.faint(&clause.requires))?;
            for vector in vectors {
                writeln!(out, "        {}", style.faint(vector))?;
            }
        }
    }
    let uncovered: Vec<_> = coverage.iter().filter(|(_, vectors)| vectors.is_empty()).collect();
    writeln!(out, "\n{} clauses, {} vectors", coverage.len(), library.vectors().count())?;
    for (clause, _) in &uncovered {
        writeln!(out, "{} {clause}", style.bad("no vector:"))?;
    }
    Ok(())
}

fn print_json(library: &Library, out: &mut impl Write) -> io::Result<()> {
    let coverage = library.coverage();
    for clause in library.clauses() {
        let vectors = coverage.get(clause.id.as_str());
        let line = json!({
            "type": "clause",
            "id": clause.id,
            "requires": clause.requires,
            "source": clause.source,
            "vectors": vectors,
        });
        writeln!(out, "{line}")?;
    }
    let uncovered = coverage.values().filter(|vectors| vectors.is_empty()).count();
    let vectors = library.vectors().count();
    writeln!(
        out,
        "{}",
        json!({ "type": "summary", "clauses": coverage.len(), "uncovered": uncovered, "vectors": vectors })
    )
}
