//! `--json`: one object per line, for programs.

use serde_json::{Value, json};
use tanglegram_runner::{Counts, Ending, Failure, Outcome, Summary, Verdict};

use crate::exit::Exit;

/// The line of one vector.
pub(crate) fn outcome(outcome: &Outcome<'_>) -> Value {
    let vector = outcome.vector;
    let mut line = json!({
        "type": "vector",
        "path": vector.path,
        "place": vector.place(),
        "level": vector.level.name(),
        "world": vector.world,
        "state": vector.state,
        "clauses": vector.clauses,
        "ms": millis(outcome.elapsed),
    });
    match &outcome.verdict {
        Verdict::Pass => line["verdict"] = json!("pass"),
        Verdict::Skip(reason) => {
            line["verdict"] = json!("skip");
            line["reason"] = json!(reason);
        }
        Verdict::Fail(failure) => {
            line["verdict"] = json!("fail");
            line["failure"] = self::failure(failure);
        }
    }
    line
}

fn failure(failure: &Failure) -> Value {
    let differences = failure.differences.iter().map(|difference| {
        json!({ "path": difference.path, "expected": difference.expected, "got": difference.got })
    });
    json!({
        "step": failure.step,
        "place": failure.place,
        "error": failure.error,
        "differences": differences.collect::<Vec<_>>(),
        "transcript": failure.transcript,
    })
}

/// The last line.
pub(crate) fn summary(summary: &Summary, ending: &Ending, exit: Exit, elapsed: std::time::Duration) -> Value {
    let files = summary.files.iter().map(|(file, counts)| (file.clone(), self::counts(counts)));
    let unusable = match ending {
        Ending::Complete => None,
        Ending::Unusable(why) => Some(why),
    };
    json!({
        "type": "summary",
        "exit": exit as u8,
        "unusable": unusable,
        "counts": counts(&summary.all),
        "files": files.collect::<serde_json::Map<_, _>>(),
        "skips": summary.skips,
        "ms": millis(elapsed),
    })
}

fn counts(counts: &Counts) -> Value {
    json!({ "passed": counts.passed, "failed": counts.failed, "skipped": counts.skipped })
}

/// Milliseconds with three decimals.
fn millis(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
