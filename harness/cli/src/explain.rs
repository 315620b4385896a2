//! `tanglegram explain`: one requirement, from the document to the vectors that hold a node to it.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;
use tanglegram_runner::{Library, deviations, read_profiles};
use tanglegram_vector::{Clause, ExpectedFile, SpecFile, Vector, nearest};

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
    let profiles = match read_profiles() {
        Ok(profiles) => profiles,
        Err(found) => return problems::print(&found),
    };
    let told = Told { library: &library, profiles: &profiles, style: Style::of(&io::stdout()) };
    let mut out = io::BufWriter::new(io::stdout().lock());
    // A closed pipe is no failure.
    let _ = if args.json {
        meant.iter().try_for_each(|(spec, clause)| told.json(spec, clause, &mut out))
    } else {
        told.text(&meant, &mut out)
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

/// What is known, and how it is told.
struct Told<'l> {
    library: &'l Library,
    profiles: &'l [(&'static str, ExpectedFile)],
    style: Style,
}

impl Told<'_> {
    fn text(&self, meant: &[Meant<'_>], out: &mut impl Write) -> io::Result<()> {
        let mut shown: Option<&SpecFile> = None;
        for (spec, clause) in meant {
            self.clause(clause, out)?;
            shown = match shown {
                Some(other) if !std::ptr::eq(other, *spec) => {
                    self.schema(other, out).map(|()| Some(*spec))?
                }
                _ => Some(*spec),
            };
        }
        shown.map_or(Ok(()), |spec| self.schema(spec, out))
    }

    fn clause(&self, clause: &Clause, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.style.strong(&clause.id))?;
        writeln!(out, "  {}", clause.requires)?;
        writeln!(out, "  {}", self.style.faint(&format!("Document: {}", clause.source)))?;
        if let Some(note) = &clause.note {
            writeln!(out, "  Known nodes: {}", note.trim())?;
        }
        let holding: Vec<&Vector> = holding(self.library, clause).collect();
        for deviation in deviations(self.profiles, &holding) {
            let at_times = if deviation.flaky { " (at times)" } else { "" };
            let reason = deviation.known.reason.as_deref().unwrap_or_default();
            writeln!(out, "  {}{at_times}: {reason}", deviation.profile)?;
            let evidence = deviation.known.evidence.as_deref().unwrap_or_default();
            writeln!(out, "    {}", self.style.faint(&format!("seen in {evidence}")))?;
        }
        writeln!(out, "  {} vectors:", holding.len())?;
        for vector in &holding {
            let about = vector.about.as_deref().map(|about| format!("  {about}")).unwrap_or_default();
            let place = self.style.faint(&format!("  {} ({})", place(vector), vector.level.name()));
            writeln!(out, "    {}{about}{place}", vector.path)?;
        }
        writeln!(out)
    }

    fn schema(&self, spec: &SpecFile, out: &mut impl Write) -> io::Result<()> {
        let Some(reply) = &spec.reply else { return Ok(()) };
        let title = format!("{}: the schema of a reply with status 200", spec.command);
        writeln!(out, "{}", self.style.strong(&title))?;
        let text = serde_json::to_string_pretty(reply).unwrap_or_default();
        text.lines().try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn json(&self, spec: &SpecFile, clause: &Clause, out: &mut impl Write) -> io::Result<()> {
        let holding: Vec<&Vector> = holding(self.library, clause).collect();
        let vectors = holding.iter().map(|vector| {
            json!({
                "path": vector.path, "about": vector.about, "level": vector.level.name(),
                "dialects": vector.dialects, "place": place(vector),
            })
        });
        let deviations = deviations(self.profiles, &holding).into_iter().map(|one| {
            json!({
                "profile": one.profile, "flaky": one.flaky, "reason": one.known.reason,
                "evidence": one.known.evidence, "vectors": one.known.vectors,
            })
        });
        let line = json!({
            "type": "clause", "id": clause.id, "requires": clause.requires, "source": clause.source,
            "note": clause.note, "command": spec.command, "reply": spec.reply,
            "vectors": vectors.collect::<Vec<_>>(), "deviations": deviations.collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")
    }
}

fn holding<'l>(library: &'l Library, clause: &'l Clause) -> impl Iterator<Item = &'l Vector> {
    library.vectors().map(|vector| &**vector).filter(|vector| vector.clauses.contains(&clause.id))
}

fn place(vector: &Vector) -> String {
    let (line, _) = vector.source.position(vector.span.start);
    format!("{}:{line}", vector.source.name)
}
