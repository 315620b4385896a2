//! `tanglegram explain`: one requirement, from the document to the vectors that hold a node to it.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;
use tanglegram_runner::Library;
use tanglegram_vector::{Clause, SpecFile, Vector, nearest};

use crate::args::SourceArgs;
use crate::exit::{self, Exit};
use crate::problems;
use crate::style::Style;

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram explain iri.getBalances.order", "one requirement"),
    ("tanglegram explain iri.getBalances", "all of a command, with the schema of its reply"),
    ("tanglegram explain iri/getBalances/one-address", "what a vector holds a node to"),
]))]
pub(crate) struct ExplainArgs {
    /// The id of a clause, the start of some, or the path of a vector
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Print one JSON object per clause
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints what there is to know of the clauses meant.
pub(crate) fn explain(args: &ExplainArgs) -> Exit {
    let library = match args.sources.load() {
        Ok(library) => library,
        Err(found) => return problems::print(&found),
    };
    let meant = meant(&library, &args.subject);
    if meant.is_empty() {
        unknown(&library, &args.subject);
        return Exit::Nothing;
    }
    let style = Style::of(&io::stdout());
    let mut out = io::BufWriter::new(io::stdout().lock());
    // A closed pipe is no failure.
    let _ = if args.json {
        meant.iter().try_for_each(|(spec, clause)| print_json(&library, spec, clause, &mut out))
    } else {
        print_text(&library, &meant, style, &mut out)
    };
    let _ = out.flush();
    Exit::Expected
}

type Meant<'l> = (&'l SpecFile, &'l Clause);

/// The clause of that id, or those below it, or those that the vector of that path holds a node to.
fn meant<'l>(library: &'l Library, subject: &str) -> Vec<Meant<'l>> {
    let vector = library.vectors().find(|vector| vector.path == subject);
    let is_meant = |id: &str| match vector {
        Some(vector) => vector.clauses.iter().any(|clause| clause == id),
        None => id.strip_prefix(subject).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
    };
    let all = library.specs.iter().flat_map(|spec| spec.clauses.iter().map(move |clause| (spec, clause)));
    all.filter(|(_, clause)| is_meant(&clause.id)).collect()
}

fn unknown(library: &Library, subject: &str) {
    eprintln!("error: no clause and no vector is called `{subject}`");
    let ids = library.clauses().map(|clause| clause.id.as_str());
    match nearest(subject, ids.chain(library.vectors().map(|vector| vector.path.as_str()))) {
        Some(near) => eprintln!("  help: did you mean `{near}`?"),
        None => eprintln!("  help: `tanglegram coverage` lists the clauses and vectors there are"),
    }
}

fn print_text(library: &Library, meant: &[Meant<'_>], style: Style, out: &mut impl Write) -> io::Result<()> {
    let mut shown: Option<&SpecFile> = None;
    for (spec, clause) in meant {
        print_clause(library, clause, style, out)?;
        shown = match shown {
            Some(other) if !std::ptr::eq(other, *spec) => {
                print_schema(other, style, out).map(|()| Some(*spec))?
            }
            _ => Some(*spec),
        };
    }
    shown.map_or(Ok(()), |spec| print_schema(spec, style, out))
}

fn print_clause(library: &Library, clause: &Clause, style: Style, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", style.strong(&clause.id))?;
    writeln!(out, "  {}", clause.requires)?;
    writeln!(out, "  {}", style.faint(&format!("Document: {}", clause.source)))?;
    if let Some(note) = &clause.note {
        writeln!(out, "  Known nodes: {}", note.trim())?;
    }
    let holding: Vec<&Vector> = holding(library, clause).collect();
    writeln!(out, "  {} vectors:", holding.len())?;
    for vector in &holding {
        let about = vector.about.as_deref().map(|about| format!("  {about}")).unwrap_or_default();
        let place = style.faint(&format!("  {} ({})", place(vector), vector.level.name()));
        writeln!(out, "    {}{about}{place}", vector.path)?;
    }
    writeln!(out)
}

fn print_schema(spec: &SpecFile, style: Style, out: &mut impl Write) -> io::Result<()> {
    let Some(reply) = &spec.reply else { return Ok(()) };
    writeln!(out, "{}", style.strong(&format!("{}: the schema of a reply with status 200", spec.command)))?;
    let text = serde_json::to_string_pretty(reply).unwrap_or_default();
    text.lines().try_for_each(|line| writeln!(out, "  {line}"))
}

fn print_json(library: &Library, spec: &SpecFile, clause: &Clause, out: &mut impl Write) -> io::Result<()> {
    let vectors = holding(library, clause).map(|vector| {
        json!({
            "path": vector.path, "about": vector.about, "level": vector.level.name(),
            "dialects": vector.dialects, "place": place(vector),
        })
    });
    let line = json!({
        "type": "clause", "id": clause.id, "requires": clause.requires, "source": clause.source,
        "note": clause.note, "command": spec.command, "reply": spec.reply, "vectors": vectors.collect::<Vec<_>>(),
    });
    writeln!(out, "{line}")
}

fn holding<'l>(library: &'l Library, clause: &'l Clause) -> impl Iterator<Item = &'l Vector> {
    library.vectors().filter(|vector| vector.clauses.contains(&clause.id))
}

fn place(vector: &Vector) -> String {
    let (line, _) = vector.source.position(vector.span.start);
    format!("{}:{line}", vector.source.name)
}
