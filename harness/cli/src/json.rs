//! `--json`: one object per line, for programs.

use serde_json::{Value, json};
use tanglegram_runner::report::{Case, Run};
use tanglegram_runner::{Counts, Summary};

/// The line of one vector.
pub(crate) fn case(target: &str, case: &Case) -> Value {
    let mut line = serde_json::to_value(case).unwrap_or_default();
    line["type"] = json!("vector");
    line["target"] = json!(target);
    line
}

/// The last line of a target.
pub(crate) fn summary(summary: &Summary, run: &Run) -> Value {
    let files = summary.files.iter().map(|(file, counts)| (file.clone(), self::counts(counts)));
    let mut line = serde_json::to_value(&run.about).unwrap_or_default();
    let rest = json!({
        "type": "summary",
        "exit": run.exit,
        "unusable": run.unusable,
        "counts": counts(&summary.all),
        "files": files.collect::<serde_json::Map<_, _>>(),
        "skips": summary.skips,
        "ms": run.ms,
    });
    if let (Value::Object(line), Value::Object(rest)) = (&mut line, rest) {
        line.extend(rest);
    }
    line
}

fn counts(counts: &Counts) -> Value {
    json!({
        "passed": counts.passed, "failed": counts.failed, "known": counts.known, "flaky": counts.flaky,
        "stale": counts.stale, "skipped": counts.skipped,
    })
}
