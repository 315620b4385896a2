//! Several targets at once: what all came to, and where they differ.

use std::io::{self, Write};

use tanglegram_runner::report::{Mark, Run, differences};

use crate::exit::Exit;

/// Most vectors listed on which the targets differ.
const MOST: usize = 50;

/// The exit code of all: the gravest of each.
pub(crate) fn exit(exits: impl Iterator<Item = Exit>) -> Exit {
    let gravity = |exit: &Exit| match exit {
        Exit::Expected => 0,
        Exit::Nothing => 1,
        Exit::Stale => 2,
        Exit::Failed => 3,
        Exit::Unusable => 4,
        _ => 5,
    };
    exits.max_by_key(gravity).unwrap_or(Exit::Nothing)
}

/// A line per target, and the vectors on which they differ.
pub(crate) fn summary(runs: &[Run], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{} targets", runs.len())?;
    for (number, run) in runs.iter().enumerate() {
        let software = run.about.software.as_deref().unwrap_or("?");
        let told = match &run.unusable {
            Some(why) => format!("cut short: {why}"),
            None => counts(run),
        };
        writeln!(out, "  [{}] {} ({software}): {told}", number + 1, run.about.target)?;
    }
    differing(runs, out)
}

/// The number of each verdict there is; passed, failed and skipped always.
fn counts(run: &Run) -> String {
    let all = Mark::ALL.map(|mark| (mark, run.count(mark)));
    let told =
        all.iter().filter(|(mark, count)| *count > 0 || matches!(mark, Mark::Pass | Mark::Fail | Mark::Skip));
    told.map(|(mark, count)| format!("{count} {}", mark.word())).collect::<Vec<_>>().join(", ")
}

fn differing(runs: &[Run], out: &mut dyn Write) -> io::Result<()> {
    let found = differences(runs);
    if found.is_empty() {
        return writeln!(out, "they came to the same verdict on every vector");
    }
    writeln!(out, "they differ on {} vectors:", found.len())?;
    for (path, marks) in found.iter().take(MOST) {
        let word = |mark: &Option<Mark>| mark.map_or("not run", Mark::name);
        let marks = marks.iter().enumerate().map(|(number, mark)| format!("[{}] {}", number + 1, word(mark)));
        writeln!(out, "  {path}: {}", marks.collect::<Vec<_>>().join(", "))?;
    }
    if found.len() > MOST {
        writeln!(out, "  … and {} more", found.len() - MOST)?;
    }
    Ok(())
}
