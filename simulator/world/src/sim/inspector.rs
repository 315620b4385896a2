//! The invariants, the trace and the digest of a run that happens elsewhere than in the event queue.

use tanglegram_tangle::{Millis, Node};
use tanglegram_ternary::Hash;

use super::engine::START_INDEX;
use super::invariants::{Checker, Invariant, Violation, ledger_digest};
use super::outage::genesis;
use super::scenario::Scenario;
use super::trace::Trace;

/// Looks at nodes whenever their solid milestones may have advanced, as a [`Simulation`](super::Simulation) does with its own.
///
/// The nodes must keep their progress: [`equip`](super::equip) sees to that.
pub struct Inspector {
    checker: Checker,
    /// What happens is to be told here, too.
    pub trace: Trace,
    /// The solid milestone of each node when it was last looked at.
    solid: Vec<i32>,
}

impl Inspector {
    /// An inspector of a scenario's nodes, none of which did anything yet.
    pub fn new(scenario: &Scenario, mut trace: Trace) -> Inspector {
        trace.name(&scenario.nodes);
        let checker = Checker::new(&scenario.nodes, START_INDEX as i32, &genesis(scenario).balances);
        Inspector { checker, trace, solid: vec![START_INDEX as i32; scenario.nodes.len()] }
    }

    /// Looks at a node that runs, `now` milliseconds from the start.
    pub fn look(&mut self, now: Millis, number: usize, node: &mut Node) {
        let (former, solid) = (self.solid[number], node.solid_milestone_index());
        if solid == former {
            return;
        }
        self.solid[number] = solid;
        let steps = node.take_progress();
        let digest = self.checker.solidified(now, number, node, former, &steps);
        let line = self.trace.event(now, number, "solid").signed("milestone", solid.into());
        drop(line.word("ledger", &digest.to_hex()[..16]));
    }

    /// Takes note that a node starts from what was on its disk, where it is known to have had the solid milestone `durable`.
    pub fn restarted(&mut self, now: Millis, number: usize, node: &mut Node, durable: i32) {
        let solid = node.solid_milestone_index();
        drop(node.take_progress());
        if solid < durable {
            let what = format!("after a restart its solid milestone is {solid}, before it was {durable}");
            self.checker.report(Invariant::Durability, number, now, what);
        }
        self.solid[number] = solid;
    }

    /// Looks at a whole node at the end, and whether it has the milestone that had time to arrive. `None`: it does not run.
    pub fn finish(&mut self, now: Millis, number: usize, node: Option<&Node>, expected: u32) {
        match node {
            Some(node) => {
                self.checker.finished(now, number, node);
                self.checker.live(now, number, node, expected);
            }
            None => {
                let what = "the node is not running".to_owned();
                self.checker.report(Invariant::Liveness, number, now, what);
            }
        }
    }

    /// What was found so far that must not be.
    pub fn violations(&self) -> &[Violation] {
        &self.checker.violations
    }
}

/// What a node came to: two nodes with the same have the same balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Index of the latest solid milestone.
    pub index: i32,
    /// Hash of the latest solid milestone.
    pub milestone: Hash,
    /// BLAKE3 over all balances, in hexadecimal.
    pub digest: String,
}

impl Ledger {
    /// A node's ledger as of its latest solid milestone.
    pub fn of(node: &Node) -> Ledger {
        Ledger {
            index: node.solid_milestone_index(),
            milestone: node.solid_milestone(),
            digest: ledger_digest(node.balances()).to_hex().to_string(),
        }
    }
}
