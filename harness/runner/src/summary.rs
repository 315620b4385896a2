//! Counting verdicts, in all and per command.

use std::collections::BTreeMap;

use crate::verdict::{Outcome, Verdict};

/// How many vectors came to which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answered as demanded.
    pub passed: usize,
    /// Answered otherwise.
    pub failed: usize,
    /// Answered otherwise, as is known.
    pub known: usize,
    /// Answered otherwise, as at times, or only at first.
    pub flaky: usize,
    /// Answered as demanded, although known not to.
    pub stale: usize,
    /// Not asked.
    pub skipped: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.known + self.flaky + self.stale + self.skipped
    }

    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::Fail(_) => self.failed += 1,
            Verdict::KnownFail(..) => self.known += 1,
            Verdict::Flaky(..) => self.flaky += 1,
            Verdict::Stale(_) => self.stale += 1,
            Verdict::Skip(_) => self.skipped += 1,
        }
    }
}

/// The counts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Of all vectors.
    pub all: Counts,
    /// Per vector file, which mostly is a command: `iri/getTips`.
    pub files: BTreeMap<String, Counts>,
    /// How often vectors were skipped for which reason.
    pub skips: BTreeMap<String, usize>,
}

impl Summary {
    /// Counts one more outcome.
    pub fn add(&mut self, outcome: &Outcome<'_>) {
        self.all.add(&outcome.verdict);
        let path = &outcome.vector.path;
        let file = path.rsplit_once('/').map_or(path.as_str(), |(file, _)| file);
        self.files.entry(file.to_owned()).or_default().add(&outcome.verdict);
        if let Verdict::Skip(reason) = &outcome.verdict {
            *self.skips.entry(reason.clone()).or_default() += 1;
        }
    }
}
