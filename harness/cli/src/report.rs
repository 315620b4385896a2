//! The report for people: failures as they come, then a table and what was skipped.

use std::io::{self, Write};
use std::time::Duration;

use tanglegram_runner::{Counts, Failure, Summary};
use tanglegram_vector::Vector;

use crate::style::Style;

/// Most failures shown whole; of more only the paths are told.
const WHOLE: usize = 20;

/// One failed vector: where, what differs, what was said.
pub(crate) fn failure(
    vector: &Vector,
    failure: &Failure,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{} {}", style.bad("FAIL"), style.strong(&vector.path))?;
    if let Some(about) = &vector.about {
        writeln!(out, "  {about}")?;
    }
    let step = if vector.steps.len() > 1 { format!(", step {}", failure.step) } else { String::new() };
    writeln!(out, "  at {}{step}; clauses {}", failure.place, vector.clauses.join(", "))?;
    if let Some(error) = &failure.error {
        writeln!(out, "  {error}")?;
    }
    for difference in &failure.differences {
        writeln!(out, "  {}", style.strong(&difference.path))?;
        writeln!(out, "    expected {}", style.good(&difference.expected))?;
        writeln!(out, "    got      {}", style.bad(&difference.got))?;
    }
    for line in failure.transcript.lines() {
        writeln!(out, "  {}", style.faint(line))?;
    }
    writeln!(out)
}

/// Whether the so-many-th failure is still shown whole.
pub(crate) fn shows_whole(number: usize) -> bool {
    number <= WHOLE
}

/// The table per file, the reasons for skips, and the last line.
pub(crate) fn summary(
    summary: &Summary,
    elapsed: Duration,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = summary.files.keys().map(String::len).max().unwrap_or(0).max("all".len());
    writeln!(out, "{:width$}  passed  failed  skipped", "")?;
    for (file, counts) in &summary.files {
        row(file, counts, width, style, out)?;
    }
    row("all", &summary.all, width, style, out)?;
    for (reason, count) in &summary.skips {
        writeln!(out, "skipped {count}: {reason}")?;
    }
    let Counts { passed, failed, skipped } = summary.all;
    let result = format!("{passed} passed, {failed} failed, {skipped} skipped");
    let result = if failed > 0 { style.bad(&result) } else { style.good(&result) };
    writeln!(out, "{result} in {:.2} s", elapsed.as_secs_f64())
}

fn row(name: &str, counts: &Counts, width: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let failed = format!("{:>6}", counts.failed);
    let failed = if counts.failed > 0 { style.bad(&failed) } else { failed };
    writeln!(out, "{name:width$}  {:>6}  {failed}  {:>7}", counts.passed, counts.skipped)
}
