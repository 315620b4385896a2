//! What must hold in every run, whatever goes wrong.

use std::collections::BTreeMap;
use std::fmt;

use tanglegram_tangle::{Millis, Node};
use tanglegram_ternary::Hash;

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Invariant {
    /// The ledger adds up to the supply and no address is below zero.
    Ledger,
    /// Honest nodes with the same solid milestone have the same ledger.
    Agreement,
    /// The latest solid milestone never goes back.
    Finality,
    /// Solidity and confirmation only ever grow downwards: checked over the whole tangle at the end.
    Past,
    /// A node that starts again has all that was on its disk.
    Durability,
    /// After the last fault every honest node catches up within the stated time.
    Liveness,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Invariant::Ledger => "ledger",
            Invariant::Agreement => "agreement",
            Invariant::Finality => "finality",
            Invariant::Past => "past",
            Invariant::Durability => "durability",
            Invariant::Liveness => "liveness",
        })
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invariant `{invariant}` violated at n{node} after {at} ms: {what}")]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// At which node.
    pub node: usize,
    /// When, in virtual milliseconds from the start.
    pub at: Millis,
    /// What was found.
    pub what: String,
}

/// Checks nodes as their solid milestones advance.
#[derive(Default)]
pub(crate) struct Checker {
    /// The digest of the ledger at each solid milestone, and the first node that had it.
    ledgers: BTreeMap<Hash, (blake3::Hash, usize)>,
    pub(crate) violations: Vec<Violation>,
}

impl Checker {
    fn report(&mut self, invariant: Invariant, node: usize, at: Millis, what: String) {
        self.violations.push(Violation { invariant, node, at, what });
    }

    /// A node's solid milestone moved from `former`; returns the digest of its ledger.
    pub(crate) fn solidified(&mut self, at: Millis, number: usize, node: &Node, former: i32) -> blake3::Hash {
        let solid = node.solid_milestone_index();
        if solid < former {
            let what = format!("the solid milestone went back from {former} to {solid}");
            self.report(Invariant::Finality, number, at, what);
        }
        if let Err(breach) = node.audit_ledger() {
            self.report(Invariant::Ledger, number, at, breach.to_string());
        }
        let digest = ledger_digest(node);
        let (first, witness) = *self.ledgers.entry(node.solid_milestone()).or_insert((digest, number));
        if first != digest {
            let what = format!("at milestone {solid} its ledger differs from that of n{witness}");
            self.report(Invariant::Agreement, number, at, what);
        }
        digest
    }

    /// Looks at a whole node, at the end.
    pub(crate) fn finished(&mut self, at: Millis, number: usize, node: &Node) {
        if let Err(breach) = node.audit_ledger().and_then(|()| node.audit_tangle()) {
            self.report(Invariant::Past, number, at, breach.to_string());
        }
    }

    /// Looks at whether a node caught up.
    pub(crate) fn live(&mut self, at: Millis, number: usize, node: &Node, expected: u32) {
        let solid = node.solid_milestone_index();
        if i64::from(solid) < i64::from(expected) {
            let what = format!("the solid milestone is {solid}, while {expected} had time to arrive");
            self.report(Invariant::Liveness, number, at, what);
        }
    }

    /// The coordinator issued nothing for a long time.
    pub(crate) fn silent(&mut self, at: Millis, number: usize, silence: Millis) {
        let what = format!("the coordinator issued no milestone for {silence} ms");
        self.report(Invariant::Liveness, number, at, what);
    }

    /// A node's disk did not give back what was written to it.
    pub(crate) fn not_durable(&mut self, at: Millis, number: usize, what: String) {
        self.report(Invariant::Durability, number, at, what);
    }

    /// A node that should run does not.
    pub(crate) fn down(&mut self, at: Millis, number: usize) {
        self.report(Invariant::Liveness, number, at, "the node is not running".to_owned());
    }
}

fn ledger_digest(node: &Node) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for (address, balance) in node.balances() {
        hasher.update(address.as_bytes()).update(&balance.to_le_bytes());
    }
    hasher.finalize()
}
