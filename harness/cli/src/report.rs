//! The report for people: failures by command, then a table and what was skipped.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use tanglegram_runner::report::{Case, Failed, Mark, Run};
use tanglegram_runner::{Counts, Summary};

use crate::known::profile_of;
use crate::style::Style;

/// Most failures shown whole; of more only the paths are told.
const WHOLE: usize = 20;

/// Every failure, grouped by command.
pub(crate) fn failures(run: &Run, transcripts: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut shown = 0;
    for (group, cases) in run.groups() {
        let failed = cases.iter().filter(|case| case.verdict == Mark::Fail);
        let failed: Vec<(&Case, &Failed)> =
            failed.filter_map(|case| Some((*case, case.failure.as_ref()?))).collect();
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
    let software = run.about.software.as_deref().filter(|_| shown > 0 && run.about.profile.is_none());
    if let Some(profile) = software.and_then(profile_of) {
        let hint = format!("--profile {profile} tells what such a node is known for from what is new");
        writeln!(out, "{}\n", style.faint(&hint))?;
    }
    Ok(())
}

/// What is listed as known to fail and passes.
pub(crate) fn stale(run: &Run, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let stale = run.cases.iter().filter(|case| case.verdict == Mark::Stale);
    for case in stale {
        let why = case.reason.as_deref().unwrap_or_default();
        writeln!(out, "{} {}\n  {why}\n", style.bad("STALE"), style.strong(&case.path))?;
    }
    Ok(())
}

/// The reasons for which vectors are known to fail, with their numbers, and what was flaky.
pub(crate) fn known(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    if let Some(profile) = &run.about.profile {
        writeln!(out, "with the profile {profile}")?;
    }
    for mark in [Mark::KnownFail, Mark::Flaky] {
        let mut reasons: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
        for case in run.cases.iter().filter(|case| case.verdict == mark) {
            reasons.entry(case.reason.as_deref().unwrap_or_default()).or_default().push(case);
        }
        for (reason, cases) in reasons {
            writeln!(out, "{} {}: {reason}", mark.word(), cases.len())?;
            for case in cases.iter().filter(|_| mark == Mark::Flaky).take(WHOLE) {
                let how = case.failure.as_ref().map(Failed::headline).unwrap_or_default();
                writeln!(out, "  {}: {how}", case.path)?;
            }
        }
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
    for told in failure.note.iter().chain(&failure.error) {
        writeln!(out, "  {told}")?;
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
    let more = summary.all.known + summary.all.flaky + summary.all.stale > 0;
    let known = if more { "  known" } else { "" };
    writeln!(out, "{:width$}  passed  failed{known}  skipped", "")?;
    for (file, counts) in &summary.files {
        row(&format!("{file:width$}"), counts, more, style, out)?;
    }
    row(&format!("{:width$}", "all"), &summary.all, more, style, out)?;
    for (reason, count) in &summary.skips {
        writeln!(out, "skipped {count}: {reason}")?;
    }
    let Counts { passed, failed, known, flaky, stale, skipped } = summary.all;
    let parts = [(known, Mark::KnownFail), (flaky, Mark::Flaky), (stale, Mark::Stale)];
    let some = parts.iter().filter(|(count, _)| *count > 0);
    let some: String = some.map(|(count, mark)| format!(", {count} {}", mark.word())).collect();
    let result = format!("{passed} passed, {failed} failed{some}, {skipped} skipped");
    let result = if failed + stale > 0 { style.bad(&result) } else { style.good(&result) };
    writeln!(out, "{result} in {:.2} s", elapsed.as_secs_f64())
}

fn row(name: &str, counts: &Counts, more: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let bad = counts.failed + counts.stale;
    let failed = format!("{bad:>6}");
    let failed = if bad > 0 { style.bad(&failed) } else { failed };
    let known = if more { format!("  {:>5}", counts.known + counts.flaky) } else { String::new() };
    writeln!(out, "{name}  {:>6}  {failed}{known}  {:>7}", counts.passed, counts.skipped)
}
