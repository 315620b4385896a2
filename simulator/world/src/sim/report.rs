//! How a run ends.

use tanglegram_tangle::{Millis, Node};

use super::engine::{START_INDEX, Simulation};
use super::invariants::{Invariant, Violation};
use crate::hedera::NetworkReport;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The digest over all events: the same for the same scenario and seed, on every machine.
    pub digest: String,
    /// How many events there were.
    pub events: u64,
    /// Virtual milliseconds.
    pub duration: Millis,
    /// Milestones issued.
    pub milestones: u32,
    /// When the coordinator had no key for another milestone, in virtual milliseconds; from then on nothing is confirmed.
    pub out_of_keys: Option<Millis>,
    /// Transactions that users, coordinator and misbehaving nodes made.
    pub transactions: u64,
    /// The index of each node's latest solid milestone; `None` where it is down.
    pub solid: Vec<Option<i32>>,
    /// What the Hedera network came to, where there is one. Its violations are among the others.
    pub hedera: Option<NetworkReport>,
    /// What must not be.
    pub violations: Vec<Violation>,
}

impl Simulation {
    /// Runs to the scenario's end: its duration, or as long after the last fault as recovery may take, whichever is later.
    pub fn run(mut self) -> Report {
        let end = self.end();
        self.advance_to(end);
        self.finish()
    }

    /// When the run ends by itself: at its duration, or as long after the last fault as recovery may take.
    pub fn end(&self) -> Millis {
        self.scenario.duration.max(self.last_fault.saturating_add(self.scenario.recovery))
    }

    /// Ends the run here: checks every node's whole tangle and, if there was time to recover from the last fault, that
    /// every honest node caught up.
    pub fn finish(mut self) -> Report {
        self.check_tangles();
        if self.now >= self.last_fault.saturating_add(self.scenario.recovery) {
            self.check_liveness();
        }
        // A writer that failed does not change what was found; whoever gave it can ask the trace.
        let digest = self.trace.digest();
        let _ = self.trace.finish();
        Report {
            seed: self.seed,
            digest,
            events: self.trace.lines(),
            duration: self.now,
            milestones: self.coordinator.last - START_INDEX,
            out_of_keys: self.coordinator.out_of_keys,
            transactions: self.made,
            solid: self.hosts.iter().map(|host| host.node().map(Node::solid_milestone_index)).collect(),
            hedera: None,
            violations: self.checker.violations,
        }
    }

    fn check_tangles(&mut self) {
        for (number, host) in self.hosts.iter().enumerate() {
            if let Some(node) = host.node() {
                self.checker.finished(self.now, number, node);
            }
        }
    }

    /// Every honest node must have what was issued before the time that recovery may take, and the coordinator must go on.
    /// Where it signed two milestones of one index nobody can be expected to catch up.
    fn check_liveness(&mut self) {
        if self.coordinator.has_equivocated {
            return;
        }
        let due = self.now - self.scenario.recovery.min(self.now);
        let issued = self.coordinator.issued.iter().filter(|(_, time)| **time <= due);
        let expected = issued.map(|(index, _)| *index).max().unwrap_or(START_INDEX);
        for (number, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.mischief.is_honest()) {
            match host.node() {
                Some(node) => self.checker.live(self.now, number, node, expected),
                None => {
                    let what = "the node is not running".to_owned();
                    self.checker.report(Invariant::Liveness, number, self.now, what);
                }
            }
        }
        let (plan, last) = (&self.scenario.coordinator, self.coordinator.issued.values().next_back());
        let silence = self.now - last.copied().unwrap_or(0);
        let is_at_work = !self.coordinator.stopped && self.coordinator.has_keys();
        if is_at_work && silence > self.scenario.recovery.saturating_add(plan.every) {
            let what = format!("the coordinator issued no milestone for {silence} ms");
            self.checker.report(Invariant::Liveness, plan.node, self.now, what);
        }
    }
}
