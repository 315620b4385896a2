//! What changed from one report to another.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use thiserror::Error;

use super::{Case, Mark, Report, Run, VERSION};

/// Largest report that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// A file that is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is too large.
    #[error("is larger than {LARGEST} bytes")]
    TooLarge,
    /// It is something else.
    #[error("is not a report of `check --report json=FILE`: {0}")]
    Foreign(#[from] serde_json::Error),
    /// It is of another version of this program.
    #[error("is a report of form {0}; this program reads {VERSION}")]
    Version(u32),
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Whether both were asked the same vectors.
    pub same_vectors: bool,
    /// Fails now and did not before.
    pub worse: Vec<Change>,
    /// Passes now and did not before.
    pub better: Vec<Change>,
    /// Fails as before, but in another way.
    pub otherwise: Vec<Change>,
    /// Was run before and is not any more.
    pub no_longer_run: Vec<Change>,
    /// Is in the second report only.
    pub added: Vec<Change>,
    /// Why the second run was cut short, where the first was not.
    pub cut_short: Vec<String>,
    /// How many vectors came to the same.
    pub same: usize,
}

/// A vector and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The target, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The vector's path.
    pub path: String,
    /// The verdict in the first report; none where it is not in it.
    pub before: Option<Mark>,
    /// The verdict in the second report.
    pub after: Option<Mark>,
    /// How it fails, or why it was skipped, in one line; of the second report where it is in it.
    pub why: String,
}

/// Reads a report.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<Report, ReadError> {
    if std::fs::metadata(path)?.len() > LARGEST {
        return Err(ReadError::TooLarge);
    }
    let bytes = std::fs::read(path)?;
    #[derive(serde::Deserialize)]
    struct Head {
        report: u32,
    }
    let Head { report } = serde_json::from_slice(&bytes)?;
    if report != VERSION {
        return Err(ReadError::Version(report));
    }
    Ok(serde_json::from_slice(&bytes)?)
}

impl Comparison {
    /// What changed from one report to the other; runs are matched by target, or by their order where there is no such target.
    pub fn of(before: &Report, after: &Report) -> Self {
        let mut found = Self { same_vectors: true, ..Self::default() };
        let several = after.runs.len() > 1;
        for (number, run) in after.runs.iter().enumerate() {
            let same_target = before.runs.iter().find(|other| other.about.target == run.about.target);
            let former = same_target.or(before.runs.get(number));
            found.run(former, run, several);
        }
        found
    }

    /// Whether something got worse.
    pub fn is_worse(&self) -> bool {
        !self.worse.is_empty() || !self.cut_short.is_empty()
    }

    fn run(&mut self, before: Option<&Run>, after: &Run, several: bool) {
        self.same_vectors &= before.is_some_and(|before| before.about.vectors == after.about.vectors);
        if let Some(why) = after.unusable.as_ref().filter(|_| before.is_none_or(|one| one.unusable.is_none()))
        {
            self.cut_short.push(why.clone());
        }
        let mut both: BTreeMap<&str, [Option<&Case>; 2]> = BTreeMap::new();
        let runs = before.into_iter().map(|run| (0, run)).chain([(1, after)]);
        for (side, run) in runs {
            for case in &run.cases {
                both.entry(&case.path).or_default()[side] = Some(case);
            }
        }
        let target = several.then(|| after.about.target.clone());
        for [before, after] in both.into_values() {
            self.case(before, after, target.as_ref());
        }
    }

    fn case(&mut self, before: Option<&Case>, after: Option<&Case>, target: Option<&String>) {
        let verdict = |case: Option<&Case>| case.map(|case| case.verdict);
        let Some(known) = after.or(before) else { return };
        let change = Change {
            target: target.cloned(),
            path: known.path.clone(),
            before: verdict(before),
            after: verdict(after),
            why: why(known),
        };
        match (change.before, change.after) {
            (None, Some(_)) => self.added.push(change),
            (Some(was), Some(Mark::Skip) | None) if was != Mark::Skip => self.no_longer_run.push(change),
            // It fails as before, but not in the way that is known any more.
            (Some(Mark::KnownFail | Mark::Flaky), Some(Mark::Fail)) => self.worse.push(change),
            (Some(was), Some(is)) if was.is_failing() && is.is_failing() => {
                if differs(before, after) {
                    self.otherwise.push(change)
                } else {
                    self.same += 1
                }
            }
            (before, after)
                if before.is_some_and(Mark::is_passing) && after.is_some_and(Mark::is_passing) =>
            {
                self.same += 1;
            }
            (_, Some(is)) if is.is_failing() => self.worse.push(change),
            (_, Some(is)) if is.is_passing() => self.better.push(change),
            _ => self.same += 1,
        }
    }
}

/// Whether two failures are told differently, but for what differs from run to run.
fn differs(before: Option<&Case>, after: Option<&Case>) -> bool {
    let fields = |case: Option<&Case>| {
        let failure = case?.failure.as_ref()?;
        let fields: Vec<(String, String)> =
            failure.differences.iter().map(|one| (one.path.clone(), one.expected.clone())).collect();
        Some((failure.step, failure.error.clone(), fields))
    };
    fields(before) != fields(after)
}

fn why(case: &Case) -> String {
    let failure = case.failure.as_ref().map(super::Failed::headline);
    failure.or(case.reason.clone()).unwrap_or_default()
}
