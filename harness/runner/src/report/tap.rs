//! The Test Anything Protocol, version 14.

use std::fmt::Write as _;

use serde_json::Value;

use super::junit::properties;
use super::{Case, Failed, Mark, Report};

/// The report as TAP: a test point per vector, with a YAML block for each failure.
pub(super) fn render(report: &Report) -> String {
    let total: usize = report.runs.iter().map(|run| run.selected).sum();
    let mut text = format!("TAP version 14\n1..{total}\n");
    let mut number = 0;
    for run in &report.runs {
        for (name, value) in properties(&run.about) {
            let _ = writeln!(text, "# {name}: {}", one_line(&value));
        }
        let prefix = if report.runs.len() > 1 { format!("{}: ", run.about.target) } else { String::new() };
        for case in &run.cases {
            number += 1;
            point(case, number, &prefix, &mut text);
        }
    }
    if let Some(why) = report.runs.iter().find_map(|run| run.unusable.as_ref()) {
        let _ = writeln!(text, "Bail out! {}", one_line(why));
    }
    text
}

fn point(case: &Case, number: usize, prefix: &str, text: &mut String) {
    // A failure that is known is not ok, but as a TODO it does not fail the whole.
    let result = if case.verdict.is_failing() || case.verdict == Mark::Stale { "not ok" } else { "ok" };
    let name = escape(&format!("{prefix}{}", case.path));
    let _ = write!(text, "{result} {number} - {name}");
    let reason = one_line(case.reason.as_deref().unwrap_or_default());
    let _ = match case.verdict {
        Mark::Skip => write!(text, " # SKIP {reason}"),
        Mark::KnownFail | Mark::Flaky => write!(text, " # TODO {}: {reason}", case.verdict.name()),
        Mark::Stale => write!(text, "\n  ---\n  message: {}\n  ...", Value::from(format!("stale: {reason}"))),
        Mark::Pass | Mark::Fail => Ok(()),
    };
    text.push('\n');
    if let Some(failure) = &case.failure {
        diagnostics(failure, text);
    }
}

/// A YAML block; every text is a JSON string, which is a YAML one too.
fn diagnostics(failure: &Failed, text: &mut String) {
    let quoted = |text: &str| Value::from(text).to_string();
    let _ = writeln!(text, "  ---\n  message: {}", quoted(&failure.headline()));
    let _ = writeln!(text, "  at: {}\n  step: {}", quoted(&failure.place), failure.step);
    if !failure.differences.is_empty() {
        text.push_str("  differences:\n");
    }
    for one in &failure.differences {
        let _ = writeln!(text, "    - path: {}", quoted(&one.path));
        let _ = writeln!(text, "      expected: {}\n      got: {}", quoted(&one.expected), quoted(&one.got));
    }
    if !failure.transcript.is_empty() {
        text.push_str("  transcript:\n");
    }
    for line in failure.transcript.lines() {
        let _ = writeln!(text, "    - {}", quoted(line));
    }
    if let Some(log) = &failure.log {
        let _ = writeln!(text, "  log: {}", quoted(log));
    }
    text.push_str("  ...\n");
}

/// A description must not look as if it had a directive.
fn escape(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
