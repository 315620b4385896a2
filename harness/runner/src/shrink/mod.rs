//! The smallest world that still fails: from a failing run, whatever it does not need is taken away, piece by piece.
//!
//! First the run is [spelled out](Scenario::explicit), then faults, time, nodes, misdeeds, sends and what is bad about links
//! are reduced, again and again, until nothing more can go. Only what violates the *same invariant* counts. Two things
//! must not be mistaken for a reduction: a fault is only ever taken away together with what undoes it, and a network is
//! never cut in two by taking nodes or links away; otherwise every run would end as a network that somebody broke.

mod hedera;
mod pieces;
mod reduce;
mod vector;

pub use vector::vector_text;

use tanglegram_world::hedera::Run;
use tanglegram_world::sim::{Invariant, Report, Scenario, ScenarioError, Trace, Violation};

/// Why there is nothing to shrink.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShrinkError {
    /// The world cannot be simulated.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The run is as it should be.
    #[error("no invariant is violated with seed {0}: there is nothing to shrink")]
    NoViolation(u64),
}

/// What is left.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest world found.
    pub scenario: Scenario,
    /// Its violation.
    pub violation: Violation,
    /// How large the run was, and how large it is.
    pub sizes: (Size, Size),
    /// Simulations run.
    pub runs: usize,
    /// Whether nothing more could be taken away; otherwise the runs were used up.
    pub is_minimal: bool,
}

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Nodes.
    pub nodes: usize,
    /// Faults, those that undo others included.
    pub faults: usize,
    /// Transactions made.
    pub transactions: u64,
    /// Events.
    pub events: u64,
    /// Virtual milliseconds.
    pub duration: u64,
}

impl Size {
    fn of(scenario: &Scenario, report: &Report) -> Size {
        Size {
            nodes: scenario.base().nodes.len(),
            faults: scenario.base().faults.len(),
            transactions: report.transactions,
            events: report.events,
            duration: report.duration,
        }
    }
}

/// A failing run, and the means to find out whether a smaller one fails likewise.
pub(crate) struct Failing<'a> {
    pub(crate) scenario: Scenario,
    pub(crate) report: Report,
    invariant: Invariant,
    seed: u64,
    runs: usize,
    most: usize,
    progress: &'a mut dyn FnMut(Size, usize) -> bool,
    stopped: bool,
}

impl Failing<'_> {
    /// Takes a smaller scenario in place of the present one, if it violates the same invariant.
    pub(crate) fn try_smaller(&mut self, scenario: Scenario) -> bool {
        if self.is_over() {
            return false;
        }
        self.runs += 1;
        let failing = run(&scenario, self.seed).ok().filter(|report| self.violation_in(report).is_some());
        let fails = failing.is_some();
        if let Some(report) = failing {
            self.scenario = scenario;
            self.report = report;
        }
        self.stopped = !(self.progress)(Size::of(&self.scenario, &self.report), self.runs);
        fails
    }

    /// Whether all runs are used up, or somebody said stop.
    pub(crate) fn is_over(&self) -> bool {
        self.stopped || self.runs >= self.most
    }

    /// The time of the violation.
    pub(crate) fn violated_at(&self) -> u64 {
        self.violation_in(&self.report).map_or(self.report.duration, |violation| violation.at)
    }

    /// Whether it shows only when the run is over that something is missing.
    pub(crate) fn shows_at_the_end(&self) -> bool {
        matches!(self.invariant, Invariant::Liveness | Invariant::Solidity)
    }

    fn violation_in<'r>(&self, report: &'r Report) -> Option<&'r Violation> {
        report.violations.iter().find(|violation| violation.invariant == self.invariant)
    }
}

/// Shrinks a failing run within so many simulations. `progress` is told the size of the smallest failing run and how many
/// simulations there were so far; it says `false` to stop there.
pub fn shrink(
    scenario: &Scenario,
    seed: u64,
    most: usize,
    progress: &mut dyn FnMut(Size, usize) -> bool,
) -> Result<Shrunk, ShrinkError> {
    let report = run(scenario, seed)?;
    let Some(first) = report.violations.first() else { return Err(ShrinkError::NoViolation(seed)) };
    let scenario = failing_part(scenario, &report);
    let before = Size::of(&scenario.explicit(seed), &report);
    let mut failing = Failing {
        scenario: scenario.clone(),
        invariant: first.invariant,
        report,
        seed,
        runs: 1,
        most,
        progress,
        stopped: false,
    };
    failing.try_smaller(scenario.explicit(seed));
    let is_minimal = reduce::all(&mut failing);
    let found = failing.violation_in(&failing.report).cloned();
    Ok(Shrunk {
        violation: found.ok_or(ShrinkError::NoViolation(seed))?,
        sizes: (before, Size::of(&failing.scenario, &failing.report)),
        runs: failing.runs,
        scenario: failing.scenario,
        is_minimal,
    })
}

/// Of two ledgers, which know nothing of each other, the one that fails; of two that fail, the tangle.
fn failing_part(scenario: &Scenario, report: &Report) -> Scenario {
    let of_hedera = report.hedera.as_ref().map_or(0, |hedera| hedera.violations.len());
    if report.violations.len() > of_hedera {
        Scenario { hedera: None, ..scenario.clone() }
    } else {
        let tangle = Scenario { nodes: Vec::new(), ..Scenario::default() };
        Scenario { hedera: scenario.hedera.clone(), ..tangle }
    }
}

fn run(scenario: &Scenario, seed: u64) -> Result<Report, ScenarioError> {
    Ok(Run::new(scenario.clone(), seed, Trace::default())?.run())
}
