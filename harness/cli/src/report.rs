//! The report for people: failures by command, then a table and what was skipped.

use std::io::{self, Write};
use std::time::Duration;

use tanglegram_runner::report::{Case, Failed, Run};
use tanglegram_runner::{Counts, Summary};

use crate::style::Style;

/// Most failures shown whole; of more only the paths are told.
const WHOLE: usize = 20;

/// Every failure, grouped by command.
pub(crate) fn failures(run: &Run, transcripts: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut shown = 0;
    for (group, cases) in run.groups() {
        let failed: Vec<(&Case, &Failed)> =
            cases.iter().filter_map(|case| Some((*case, case.failure.as_ref()?))).collect();
        if failed.is_empty() {
            continue;
        }
        writeln!(out, "{}: {} of {} failed\n", style.strong(group), failed.len(), cases.len())?;
        for (case, failure) in &failed {
            shown += 1;
            if shown <= WHOLE {
                one_failure(case, failure, transcripts, style, out)?;
            } else {
                writeln!(out, "{} {}", style.bad("FAIL"), case.path)?;
            }
        }
    }
    if shown > 0 && !transcripts {
        writeln!(out, "{}\n", style.faint("--transcripts shows what was asked and answered"))?;
    }
    Ok(())
}

/// One failed vector: where, what differs, and what was said if that is wanted.
fn one_failure(
    case: &Case,
    failure: &Failed,
    transcripts: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{} {}", style.bad("FAIL"), style.strong(&case.path))?;
    if let Some(about) = &case.about {
        writeln!(out, "  {about}")?;
    }
    let step = if failure.step > 1 { format!(", step {}", failure.step) } else { String::new() };
    writeln!(out, "  at {}{step}; clauses {}", failure.place, case.clauses.join(", "))?;
    if let Some(error) = &failure.error {
        writeln!(out, "  {error}")?;
    }
    for difference in &failure.differences {
        writeln!(out, "  {}", style.strong(&difference.path))?;
        writeln!(out, "    expected {}", style.good(&difference.expected))?;
        writeln!(out, "    got      {}", style.bad(&difference.got))?;
    }
    if transcripts {
        indented(&failure.transcript, style, out)?;
    }
    if let Some(log) = &failure.log {
        writeln!(out, "  log of the target:")?;
        indented(log, style, out)?;
    }
    writeln!(out)
}

fn indented(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    text.lines().try_for_each(|line| writeln!(out, "  {}", style.faint(line)))
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
