//! What a sweep found, as lines of JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tanglegram_world::sim::{Report, Violation};

/// What a file of results is about: the first line. Results belong together if their worlds, versions and seeds are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The world as the command line names it.
    pub world: String,
    /// The digest of what is simulated.
    pub scenario: String,
    /// The version of this program.
    pub version: String,
    /// The seeds of the whole sweep.
    pub seeds: String,
}

/// What became of one seed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// The digest of the run's trace.
    pub digest: String,
    /// How many events there were.
    pub events: u64,
    /// What must not be.
    pub violations: Vec<Found>,
    /// What the simulator said when it broke down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
}

/// A violated invariant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Which.
    pub invariant: String,
    /// The name of the node.
    pub node: String,
    /// When, in virtual milliseconds from the start.
    pub at: u64,
    /// What was found.
    pub what: String,
}

impl From<&Violation> for Found {
    fn from(violation: &Violation) -> Found {
        Found {
            invariant: violation.invariant.to_string(),
            node: violation.name.clone(),
            at: violation.at,
            what: violation.what.clone(),
        }
    }
}

impl Header {
    /// Whether results under these headers belong to the same sweep.
    pub fn belongs_to(&self, other: &Header) -> bool {
        (&self.scenario, &self.version, &self.seeds) == (&other.scenario, &other.version, &other.seeds)
    }
}

impl SeedResult {
    /// What a run came to.
    pub fn of(report: &Report) -> SeedResult {
        SeedResult {
            seed: report.seed,
            digest: report.digest.clone(),
            events: report.events,
            violations: report.violations.iter().map(Found::from).collect(),
            panic: None,
        }
    }

    /// What is known of a run in which the simulator broke down.
    pub fn broken(seed: u64, what: String) -> SeedResult {
        SeedResult { seed, digest: String::new(), events: 0, violations: Vec::new(), panic: Some(what) }
    }

    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.panic.is_none()
    }
}

/// The results of a sweep by seed.
pub type Results = BTreeMap<u64, SeedResult>;

/// One digest over all results, in the order of their seeds: the same wherever and in whatever parts the sweep ran.
pub fn digest(results: &Results) -> String {
    let mut hasher = blake3::Hasher::new();
    for (seed, result) in results {
        hasher.update(format!("{seed} {}\n", result.digest).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
