//! `tanglegram mutate`: do the vectors notice what is wrong with a node?

use std::io::{self, Write};
use std::num::NonZero;
use std::thread;

use clap::Args;
use serde_json::json;
use tanglegram_runner::mutate::{self, Fate, Hunt};
use tanglegram_target::Mutant;
use tanglegram_vector::Level;

use crate::args::SourceArgs;
use crate::exit::{self, Exit};
use crate::problems;
use crate::style::Style;

#[derive(Debug, Args)]
pub(crate) struct MutateArgs {
    #[command(flatten)]
    sources: SourceArgs,
    /// Only mutants whose name contains TEXT, or fits it if it has * or ?; may be repeated
    #[arg(long = "filter", value_name = "TEXT")]
    filters: Vec<String>,
    /// List the mutants with what they do; run nothing
    #[arg(long)]
    list: bool,
    /// Run every vector against each mutant, not only up to the first that fails
    #[arg(long)]
    all: bool,
    /// How many mutants at the same time [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Print one JSON object per mutant, and a last one with the counts
    ///
    /// A mutant: {"type":"mutant", "mutant", "about", "dialect", "killed", "by_spec", "kills": [{"vector", "level"}], "ran"}.
    /// The last: {"type":"summary", "exit", "mutants", "killed", "by_spec", "survivors": [names]}.
    #[arg(long)]
    json: bool,
}

/// Examples, and what the exit codes mean.
pub(crate) fn help() -> String {
    const EXAMPLES: &str = "\
Examples:
  tanglegram mutate                                  the kill table of all mutants; needs a build with --features mutants
  tanglegram mutate --filter getBalances --all       every vector that notices one of these
  tanglegram mutate --filter mirror --vectors mine   do my own vectors bite?

";
    format!("{EXAMPLES}{}", exit::help_section())
}

/// Runs the command.
pub(crate) fn mutate(args: &MutateArgs) -> Exit {
    let mutants = mutate::select(&args.filters);
    if mutants.is_empty() {
        return Exit::Nothing
            .because(format_args!("none of the {} mutants is selected", Mutant::all().len()));
    }
    if args.list {
        return list(&mutants);
    }
    if let Err(error) = Mutant::available() {
        return Exit::Usage.because(error);
    }
    let library = match args.sources.load() {
        Ok(library) => library,
        Err(found) => return problems::print(&found),
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let hunt = Hunt { all: args.all, jobs: args.jobs.map_or(processors, NonZero::get) };
    let mut table =
        Table { json: args.json, style: Style::of(&io::stdout()), fates: Vec::new(), broken: None };
    if let Err(error) = mutate::hunt(&library, &mutants, hunt, &mut |fate| table.add(fate)) {
        return Exit::Usage.because(error);
    }
    table.finish()
}

fn list(mutants: &[Mutant]) -> Exit {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for mutant in mutants {
        // A closed pipe (`| head`) is no failure.
        if writeln!(out, "{mutant}: {}", mutant.about()).is_err() {
            break;
        }
    }
    Exit::Expected
}

/// The kill table, as it grows.
struct Table {
    json: bool,
    style: Style,
    fates: Vec<Fate>,
    broken: Option<String>,
}

impl Table {
    fn add(&mut self, fate: Result<Fate, String>) {
        let fate = match fate {
            Ok(fate) => fate,
            Err(why) => return self.broken = Some(why),
        };
        let line = if self.json { row(&fate).to_string() } else { self.told(&fate) };
        let _ = writeln!(io::stdout().lock(), "{line}");
        self.fates.push(fate);
    }

    /// `killed  spec   <mutant>  by <vector>`
    fn told(&self, fate: &Fate) -> String {
        let Some(first) = fate.kills.first() else {
            let survived = self.style.bad("SURVIVED");
            return format!(
                "{survived}       {}: {} ({} vectors)",
                fate.mutant,
                fate.mutant.about(),
                fate.ran
            );
        };
        let level = if fate.by_spec() { Level::Spec } else { first.level }.name();
        let more =
            if fate.kills.len() > 1 { format!(" and {} more", fate.kills.len() - 1) } else { String::new() };
        let killed = self.style.good("killed");
        format!("{killed}  {level:5}  {}  by {} ({}){more}", fate.mutant, first.vector, fate.dialect)
    }

    fn finish(mut self) -> Exit {
        self.fates.sort_by_key(|fate| fate.mutant.to_string());
        let survivors: Vec<String> = self
            .fates
            .iter()
            .filter(|fate| fate.kills.is_empty())
            .map(|fate| fate.mutant.to_string())
            .collect();
        let exit = match &self.broken {
            Some(_) => Exit::Unusable,
            None if survivors.is_empty() => Exit::Expected,
            None => Exit::Failed,
        };
        let (all, killed) = (self.fates.len(), self.fates.len() - survivors.len());
        let by_spec = self.fates.iter().filter(|fate| fate.by_spec()).count();
        if self.json {
            let line = json!({
                "type": "summary", "exit": exit as u8, "mutants": all, "killed": killed, "by_spec": by_spec,
                "survivors": survivors,
            });
            let _ = writeln!(io::stdout().lock(), "{line}");
        } else {
            let text =
                format!("{killed} of {all} mutants killed, {by_spec} of them by vectors of the level spec");
            let text = if exit == Exit::Expected { self.style.good(&text) } else { self.style.bad(&text) };
            let _ = writeln!(io::stdout().lock(), "{text}");
        }
        if let Some(why) = self.broken {
            eprintln!("error: {why}");
        }
        exit
    }
}

fn row(fate: &Fate) -> serde_json::Value {
    let kills = fate.kills.iter().map(|kill| json!({ "vector": kill.vector, "level": kill.level.name() }));
    json!({
        "type": "mutant",
        "mutant": fate.mutant.to_string(),
        "about": fate.mutant.about(),
        "dialect": fate.dialect,
        "killed": !fate.kills.is_empty(),
        "by_spec": fate.by_spec(),
        "kills": kills.collect::<Vec<_>>(),
        "ran": fate.ran,
    })
}
