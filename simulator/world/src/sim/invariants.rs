//! What must hold in every run, whatever goes wrong.
//!
//! Nodes are checked as their solid milestones advance, what they confirmed along with them; a whole tangle is looked at in
//! the end. Besides, a ledger of the checker's own follows the confirmed bundles from the genesis, so that nobody has to
//! believe a node's arithmetic.

use std::collections::BTreeMap;
use std::fmt;

use tanglegram_tangle::{Breach, Millis, SUPPLY, Step};
use tanglegram_ternary::{Address, Hash};

use super::numbers::ByHash;
use super::seal::{carries, signed};
use super::subject::Subject;

#[cfg(test)]
mod tests;

/// The most violations that are told of a run.
const MAX_TOLD: usize = 100;

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Invariant {
    /// The balances add up to the supply.
    Supply,
    /// No address is below zero.
    Overspent,
    /// The balances are what the confirmed bundles make of the genesis.
    Ledger,
    /// No two confirmed bundles spend the same funds.
    DoubleSpend,
    /// What is confirmed stays confirmed, by the same milestone.
    Confirmation,
    /// What a confirmed transaction approves was confirmed by the same or an earlier milestone.
    Monotony,
    /// What a solid transaction approves is solid.
    Solidity,
    /// The latest milestone is not below the latest solid one.
    Order,
    /// The latest solid milestone never goes back.
    Finality,
    /// Nodes with the same solid milestone have the same ledger and confirmed the same, but for what carries the
    /// milestones' signatures.
    Agreement,
    /// A node that starts again has all that was on its disk.
    Durability,
    /// After the last fault every honest node catches up within the stated time.
    Liveness,
    /// What a mirror node's REST API shows is what the members of a Hedera network agreed on.
    Mirror,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Invariant; 13] = [
        Invariant::Supply,
        Invariant::Overspent,
        Invariant::Ledger,
        Invariant::DoubleSpend,
        Invariant::Confirmation,
        Invariant::Monotony,
        Invariant::Solidity,
        Invariant::Order,
        Invariant::Finality,
        Invariant::Agreement,
        Invariant::Durability,
        Invariant::Liveness,
        Invariant::Mirror,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Invariant::Supply => "supply",
            Invariant::Overspent => "overspent",
            Invariant::Ledger => "ledger",
            Invariant::DoubleSpend => "double-spend",
            Invariant::Confirmation => "confirmation",
            Invariant::Monotony => "monotony",
            Invariant::Solidity => "solidity",
            Invariant::Order => "order",
            Invariant::Finality => "finality",
            Invariant::Agreement => "agreement",
            Invariant::Durability => "durability",
            Invariant::Liveness => "liveness",
            Invariant::Mirror => "mirror",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invariant `{invariant}` violated at {name} after {at} ms: {what}")]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// At which node.
    pub node: usize,
    /// The node's name.
    pub name: String,
    /// When, in virtual milliseconds from the start.
    pub at: Millis,
    /// What was found.
    pub what: String,
}

/// Checks nodes as their solid milestones advance.
#[derive(Default)]
pub(crate) struct Checker {
    names: Vec<String>,
    /// The coordinator signed two milestones of one index: nodes need not agree any more.
    divided: bool,
    /// The digest of the ledger at each solid milestone, by what is signed of it, and the first node that had it.
    ledgers: BTreeMap<Hash, (blake3::Hash, usize)>,
    /// By which milestone each transaction was confirmed, and at which node first.
    confirmed: ByHash<(i32, usize)>,
    /// What each node confirmed last.
    recent: BTreeMap<usize, Vec<(Hash, i32)>>,
    shadow: Shadow,
    pub(crate) violations: Vec<Violation>,
}

/// A ledger that follows the confirmed bundles.
#[derive(Default)]
struct Shadow {
    index: i32,
    balances: BTreeMap<Address, i64>,
    /// The tails of the confirmed bundles that took from an address.
    spent_by: BTreeMap<Address, Vec<Hash>>,
}

impl Shadow {
    /// Moves the funds of a confirmed bundle, if a transaction is the tail of one.
    fn take(&mut self, node: &impl Subject, tail: &Hash) {
        let Some(first) = node.transaction(tail).filter(|tx| tx.is_tail()) else { return };
        let (mut next, last) = (*tail, first.last_index());
        for _ in 0..=last {
            let Some(member) = node.transaction(&next) else { return };
            let (address, value) = (member.address(), member.value());
            next = member.trunk();
            if value != 0 {
                *self.balances.entry(address).or_default() += value;
            }
            if value < 0 {
                self.spent_by.entry(address).or_default().push(*tail);
            }
        }
    }
}

impl Checker {
    /// A checker of nodes of these names that start from this ledger.
    pub(crate) fn new(names: &[String], index: i32, balances: &BTreeMap<Address, i64>) -> Checker {
        let balances = balances.iter().filter(|(_, balance)| **balance != 0);
        let balances = balances.map(|(address, balance)| (*address, *balance)).collect();
        Checker {
            names: names.to_vec(),
            shadow: Shadow { index, balances, spent_by: BTreeMap::new() },
            ..Checker::default()
        }
    }

    /// From now on nodes need not agree.
    pub(crate) fn divide(&mut self) {
        self.divided = true;
    }

    pub(crate) fn report(&mut self, invariant: Invariant, node: usize, at: Millis, what: String) {
        if self.violations.len() < MAX_TOLD {
            let name = self.names.get(node).cloned().unwrap_or_default();
            self.violations.push(Violation { invariant, node, name, at, what });
        }
    }

    /// A node's solid milestone moved from `former`, confirming this; returns the digest of its ledger.
    pub(crate) fn solidified(
        &mut self,
        at: Millis,
        number: usize,
        node: &impl Subject,
        former: i32,
        steps: &[(Hash, Step)],
    ) -> blake3::Hash {
        let (solid, milestone) = node.solid();
        if solid < former {
            let what = format!("the solid milestone went back from {former} to {solid}");
            self.report(Invariant::Finality, number, at, what);
        }
        if solid > node.latest() {
            let what = format!("the solid milestone {solid} is above the latest one, {}", node.latest());
            self.report(Invariant::Order, number, at, what);
        }
        self.check_sum(at, number, node);
        let confirmed: Vec<(Hash, i32)> = steps.iter().filter_map(confirmation).collect();
        self.check_past(at, number, node, &confirmed);
        self.follow(at, number, node, &confirmed);
        self.recent.insert(number, confirmed);
        self.check_agreement(at, number, node, (solid, milestone))
    }

    fn check_sum(&mut self, at: Millis, number: usize, node: &impl Subject) {
        let balances = node.balances();
        if let Some((address, balance)) = balances.iter().find(|(_, balance)| **balance < 0) {
            let what = format!("address {address} has a balance of {balance}");
            self.report(Invariant::Overspent, number, at, what);
        }
        let sum: i128 = balances.values().map(|&balance| i128::from(balance)).sum();
        if sum != i128::from(SUPPLY) {
            let what = format!("the ledger holds {sum} iotas instead of {SUPPLY}");
            self.report(Invariant::Supply, number, at, what);
        }
    }

    /// What was confirmed before is so still, and what is confirmed now stands on what is confirmed.
    fn check_past(&mut self, at: Millis, number: usize, node: &impl Subject, confirmed: &[(Hash, i32)]) {
        for (hash, index) in self.recent.remove(&number).unwrap_or_default() {
            self.check_confirmed(at, number, node, (&hash, index));
        }
        for (hash, index) in confirmed {
            let Some(transaction) = node.transaction(hash) else { continue };
            for parent in [transaction.trunk(), transaction.branch()] {
                let below = node.confirmed_by(&parent).is_some_and(|by| by <= *index);
                if !below && !node.is_bottom(&parent) {
                    let by = node.confirmed_by(&parent).map_or("none".to_owned(), |by| by.to_string());
                    let what =
                        format!("{hash} is confirmed by milestone {index}, its parent {parent} by {by}");
                    self.report(Invariant::Monotony, number, at, what);
                }
            }
        }
    }

    fn check_confirmed(
        &mut self,
        at: Millis,
        number: usize,
        node: &impl Subject,
        (hash, index): (&Hash, i32),
    ) {
        let now = node.confirmed_by(hash);
        if now != Some(index) && !node.is_bottom(hash) {
            let what = format!("{hash} was confirmed by milestone {index}, and now by {now:?}");
            self.report(Invariant::Confirmation, number, at, what);
        }
    }

    /// Lets the shadow ledger follow the first node that goes on, and compares what all confirm.
    fn follow(&mut self, at: Millis, number: usize, node: &impl Subject, confirmed: &[(Hash, i32)]) {
        if self.divided {
            return;
        }
        for &(hash, index) in confirmed {
            if carries(node, &hash, index) {
                continue;
            }
            let (by, witness) = *self.confirmed.entry(hash).or_insert((index, number));
            if by != index {
                let other = &self.names[witness];
                let what = format!("milestone {index} confirmed {hash}, which {other} says {by} did");
                self.report(Invariant::Agreement, number, at, what);
            }
        }
        let ahead = |index: i32| confirmed.iter().filter(move |(_, by)| *by == index);
        let mut moved = false;
        while ahead(self.shadow.index + 1).next().is_some() {
            self.shadow.index += 1;
            let tails: Vec<Hash> = ahead(self.shadow.index).map(|(hash, _)| *hash).collect();
            tails.iter().for_each(|tail| self.shadow.take(node, tail));
            self.settle(at, number);
            moved = true;
        }
        if moved && self.shadow.index == node.solid().0 && self.shadow.balances != *node.balances() {
            let what = "the balances are not what the confirmed bundles make of the genesis".to_owned();
            self.report(Invariant::Ledger, number, at, what);
        }
    }

    /// After a milestone no address of the shadow ledger may owe.
    fn settle(&mut self, at: Millis, number: usize) {
        let negative = self.shadow.balances.iter().find(|(_, balance)| **balance < 0);
        if let Some((address, balance)) = negative {
            let spenders = self.shadow.spent_by.get(address).cloned().unwrap_or_default();
            let spenders: Vec<String> = spenders.iter().map(Hash::to_string).collect();
            let what = format!("{address} is left with {balance} by bundles {}", spenders.join(", "));
            self.report(Invariant::DoubleSpend, number, at, what);
        }
        self.shadow.balances.retain(|_, balance| *balance != 0);
    }

    fn check_agreement(
        &mut self,
        at: Millis,
        number: usize,
        node: &impl Subject,
        (solid, milestone): (i32, Hash),
    ) -> blake3::Hash {
        let digest = ledger_digest(node.balances());
        let (first, witness) = *self.ledgers.entry(signed(node, &milestone)).or_insert((digest, number));
        if first != digest && !self.divided {
            let what =
                format!("at milestone {solid} its ledger differs from that of {}", self.names[witness]);
            self.report(Invariant::Agreement, number, at, what);
        }
        digest
    }

    /// Looks at a whole node, at the end.
    pub(crate) fn finished(&mut self, at: Millis, number: usize, node: &impl Subject) {
        if let Err(breach) = node.audit() {
            self.report(invariant_of(&breach), number, at, breach.to_string());
        }
        if self.divided {
            return;
        }
        let solid = node.solid().0;
        let due: Vec<(Hash, i32)> = self.confirmed.iter().map(|(hash, (by, _))| (*hash, *by)).collect();
        let is_known = |hash: &Hash| node.transaction(hash).is_some();
        for (hash, index) in due.iter().filter(|(hash, by)| *by <= solid && is_known(hash)) {
            if !node.confirmed_by(hash).is_some_and(|by| carries(node, hash, by)) {
                self.check_confirmed(at, number, node, (hash, *index));
            }
        }
    }

    /// Looks at whether a node caught up.
    pub(crate) fn live(&mut self, at: Millis, number: usize, node: &impl Subject, expected: u32) {
        let solid = node.solid().0;
        if i64::from(solid) < i64::from(expected) {
            let what = format!("the solid milestone is {solid}, while {expected} had time to arrive");
            self.report(Invariant::Liveness, number, at, what);
        }
    }
}

fn confirmation((hash, step): &(Hash, Step)) -> Option<(Hash, i32)> {
    match step {
        Step::Confirmed(index) => Some((*hash, *index)),
        _ => None,
    }
}

fn invariant_of(breach: &Breach) -> Invariant {
    match breach {
        Breach::Supply { .. } => Invariant::Supply,
        Breach::Overspent { .. } => Invariant::Overspent,
        Breach::SolidAboveLatest { .. } => Invariant::Order,
        Breach::UnconfirmedParent { .. } => Invariant::Monotony,
        _ => Invariant::Solidity,
    }
}

pub(crate) fn ledger_digest(balances: &BTreeMap<Address, i64>) -> blake3::Hash {
    let mut bytes = Vec::with_capacity(balances.len() * 57);
    for (address, balance) in balances {
        bytes.extend_from_slice(address.as_bytes());
        bytes.extend_from_slice(&balance.to_le_bytes());
    }
    blake3::hash(&bytes)
}
