//! Milestones: recognising the coordinator's bundles and applying them in order.

use std::collections::{BTreeMap, BTreeSet};

use tanglegram_ternary::{Hash, Transaction, milestone};

use crate::bundle::{self, Rules};
use crate::config::{Config, CoordinatorConfig};
use crate::planted::Bug;
use crate::snapshot::Initial;
use crate::store::{Tangle, TxId};

/// Candidates that are completed at a time: anybody can make some.
const MAX_CANDIDATES: usize = 20;
/// The most members of a milestone: three for the signature, one for the path of its key.
const MAX_MEMBERS: usize = 4;

/// What became of a milestone candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    Valid,
    Invalid,
    /// Its bundle is not complete, or not valid: looked at again when more of it arrives.
    Incomplete,
}

/// The milestones a node has seen.
#[derive(Clone, Debug)]
pub(crate) struct Milestones {
    by_index: BTreeMap<i32, TxId>,
    /// Tails at the coordinator's address whose bundles could not be judged yet.
    waiting: BTreeSet<TxId>,
    /// Index and hash of the newest; those of the genesis before the first.
    pub(crate) latest: (i32, Hash),
}

impl Milestones {
    pub(crate) fn new(initial: &Initial) -> Milestones {
        Milestones {
            by_index: BTreeMap::new(),
            waiting: BTreeSet::new(),
            latest: (initial.index, initial.hash),
        }
    }

    /// Takes over a milestone that was judged before.
    pub(crate) fn restore(&mut self, index: i32, id: TxId) {
        self.by_index.insert(index, id);
    }

    /// Gives every transaction its new id, after some were forgotten.
    pub(crate) fn renumber(&mut self, new: impl Fn(TxId) -> Option<TxId>) {
        self.by_index = self.by_index.iter().filter_map(|(&index, &id)| Some((index, new(id)?))).collect();
        self.waiting = self.waiting.iter().filter_map(|&id| new(id)).collect();
    }

    /// The index of the first milestone stored.
    pub(crate) fn first(&self) -> Option<i32> {
        self.by_index.keys().next().copied()
    }

    pub(crate) fn at(&self, index: i32) -> Option<TxId> {
        self.by_index.get(&index).copied()
    }

    /// The first milestone with an index above `index`.
    pub(crate) fn next_after(&self, index: i32) -> Option<TxId> {
        self.by_index.range(index.saturating_add(1)..).next().map(|(_, &id)| id)
    }

    /// Milestones above `index`, lowest first.
    pub(crate) fn above(&self, index: i32) -> impl Iterator<Item = TxId> {
        self.indices_above(index).map(|(_, id)| id)
    }

    /// Milestones above `index` with their indices, lowest first.
    pub(crate) fn indices_above(&self, index: i32) -> impl Iterator<Item = (i32, TxId)> {
        self.by_index.range(index.saturating_add(1)..).map(|(&index, &id)| (index, id))
    }

    /// The last milestone with an index from `first` to `last`.
    pub(crate) fn last_in(&self, first: i32, last: i32) -> Option<(i32, TxId)> {
        let mut range = self.by_index.range(..=last);
        range.next_back().filter(|(index, _)| **index >= first).map(|(&index, &id)| (index, id))
    }

    /// The last `count` milestones with an index up to `last`.
    pub(crate) fn last_up_to(&self, last: i32, count: usize) -> impl Iterator<Item = TxId> {
        self.by_index.range(..=last).rev().take(count).map(|(_, &id)| id)
    }

    /// Looks at what a newly stored transaction means for the milestones: it may be a candidate, or complete one.
    pub(crate) fn observe(&mut self, tangle: &mut Tangle, config: &Config, id: TxId) {
        let Some(transaction) = tangle.transaction(id) else { return };
        let bundle = transaction.bundle();
        if transaction.is_tail() && transaction.address() == config.coordinator.identity.address {
            self.waiting.insert(id);
        }
        if self.waiting.is_empty() {
            return;
        }
        let same_bundle = |id: &TxId| tangle.transaction(*id).is_some_and(|tx| tx.bundle() == bundle);
        let candidates: Vec<TxId> = self.waiting.iter().copied().filter(same_bundle).collect();
        for candidate in candidates {
            self.consider(tangle, config, candidate);
        }
    }

    /// Candidates above the latest milestone whose bundles could not be judged yet, the newest arrivals first.
    fn candidates(&self, tangle: &Tangle) -> impl Iterator<Item = TxId> {
        let is_ahead =
            |id: &TxId| tangle.transaction(*id).is_some_and(|tail| milestone_index(tail) > self.latest.0);
        self.waiting.iter().rev().copied().filter(is_ahead)
    }

    /// Whether a bundle came in part that may be a milestone above the latest.
    pub(crate) fn has_candidates(&self, tangle: &Tangle) -> bool {
        self.candidates(tangle).next().is_some()
    }

    /// What the newest candidates lack: of each bundle the first member that is unknown.
    pub(crate) fn missing_members(&self, tangle: &Tangle) -> Vec<TxId> {
        self.candidates(tangle).take(MAX_CANDIDATES).filter_map(|tail| missing_member(tangle, tail)).collect()
    }

    fn consider(&mut self, tangle: &mut Tangle, config: &Config, candidate: TxId) {
        let Some(index) = tangle.transaction(candidate).map(milestone_index) else { return };
        let judgement = if index <= tangle.initial().index {
            Judgement::Invalid
        } else {
            self.judge(tangle, config, candidate, index)
        };
        if judgement != Judgement::Incomplete {
            self.waiting.remove(&candidate);
        }
        if judgement == Judgement::Valid {
            self.by_index.insert(index, candidate);
            if index > self.latest.0 || config.planted.has(Bug::LatestGoesBack) {
                self.latest = (index, tangle.hash(candidate));
            }
        }
    }

    fn judge(&self, tangle: &mut Tangle, config: &Config, candidate: TxId, index: i32) -> Judgement {
        let CoordinatorConfig { identity, validate } = &config.coordinator;
        if identity.check_index(index.into()).is_err() {
            return Judgement::Invalid;
        }
        if let Some(first) = self.at(index) {
            return if first == candidate { Judgement::Valid } else { Judgement::Invalid };
        }
        let Some(members) = bundle::validate(tangle, candidate, Rules::Extra) else {
            return Judgement::Incomplete;
        };
        let members: Vec<&Transaction> = members.iter().filter_map(|&id| tangle.transaction(id)).collect();
        let verified = if *validate || !config.testnet {
            tangle.milestone_verdict_or(candidate, identity.address, || identity.verify(&members).is_ok())
        } else {
            identity.verify_structure(&members).is_ok()
        };
        if verified { Judgement::Valid } else { Judgement::Invalid }
    }
}

/// The first unknown member of a bundle; none where the bundle ends before.
fn missing_member(tangle: &Tangle, tail: TxId) -> Option<TxId> {
    let bundle = tangle.transaction(tail)?.bundle();
    let mut member = tail;
    for _ in 0..MAX_MEMBERS {
        tangle.transaction(member).filter(|transaction| transaction.bundle() == bundle)?;
        member = tangle.vertex(member).trunk;
        if !tangle.is_stored(member) {
            return Some(member).filter(|&id| !tangle.is_entry_point(id));
        }
    }
    None
}

/// The index a milestone claims; 15 trits are less than 2^24.
fn milestone_index(tail: &Transaction) -> i32 {
    milestone::index_of(tail) as i32
}
