//! When a local snapshot is due, and what is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tanglegram_ternary::Hash;

use super::{Initial, Snapshot};
use crate::config::LocalSnapshots;
use crate::idset::IdSet;
use crate::node::{Millis, Node};
use crate::persist::Record;
use crate::store::{Tangle, TxId};

/// How often it is looked at whether a snapshot is due.
const LOOK_EVERY: Millis = 10_000;
/// A node that was synchronised counts as such until it is more milestones behind than this.
const SYNC_BUFFER: i32 = 5;
/// How many milestones before the target are entry points whatever approves them.
const OUTER_SHELL: usize = 100;
/// For how many milestones an entry point is kept while something unconfirmed stands on it.
const LIFETIME: i32 = 1_000;

/// Why no snapshot can be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Nothing was confirmed that deep.
    #[error("there is no milestone from {first} to {last} to take a snapshot at")]
    NoMilestone {
        /// The first index that would do.
        first: i32,
        /// The last one.
        last: i32,
    },
}

/// Remembers when to look again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    look_at: Option<Millis>,
    in_sync: bool,
}

impl Watch {
    /// Something was confirmed: worth a look, some time later.
    pub(crate) fn schedule(&mut self, now: Millis) {
        self.look_at.get_or_insert(now + LOOK_EVERY);
    }

    pub(crate) fn next_timeout(&self) -> Option<Millis> {
        self.look_at
    }

    /// Whether it is time to look; not again before the next milestone.
    fn is_due(&mut self, now: Millis) -> bool {
        self.look_at.take_if(|time| *time <= now).is_some()
    }

    /// Falling behind a little does not end being synchronised; only having everything begins it.
    fn update(&mut self, solid: i32, latest: i32) -> bool {
        self.in_sync = solid == latest || (self.in_sync && solid >= latest - SYNC_BUFFER);
        self.in_sync
    }
}

impl Node {
    /// The snapshot the node stands on: its genesis, or the last one it took or was started from.
    pub fn snapshot(&self) -> Snapshot {
        let initial = *self.tangle.initial();
        self.snapshot_at(initial, self.tangle.entry_point_hashes())
    }

    /// Takes a local snapshot if one is due.
    pub(crate) fn look_after_snapshots(&mut self, now: Millis) {
        let Some(options) = self.config.local_snapshots.filter(|_| self.watch.is_due(now)) else { return };
        let in_sync = self.watch.update(self.ledger.index, self.milestones.latest.0);
        let interval = if in_sync { options.interval_synced } else { options.interval_unsynced };
        let behind = self.ledger.index - self.tangle.initial().index;
        if behind > options.depth.saturating_add(interval) {
            // Refused only while there is nothing to take one at: then the next milestone may change that.
            let _ = self.take_snapshot(options);
        }
    }

    /// Takes a local snapshot now, at the last milestone that is at least `depth` below the latest solid one, and forgets
    /// what the options say is to be forgotten. The node stands on it from now on.
    pub fn take_snapshot(&mut self, options: LocalSnapshots) -> Result<Arc<Snapshot>, SnapshotError> {
        let (first, last) = (self.tangle.initial().index + 1, self.ledger.index - options.depth.max(0));
        let target = self.milestones.last_in(first, last);
        let (index, milestone) = target.ok_or(SnapshotError::NoMilestone { first, last })?;
        let timestamp = self.tangle.transaction(milestone).map_or(0, |tail| tail.timestamp());
        let initial = Initial { hash: self.tangle.hash(milestone), index, timestamp };
        let entry_points = self.entry_points_at(&initial, milestone);
        let snapshot = Arc::new(self.snapshot_at(initial, entry_points));
        let pruned = options.pruning_delay.map(|delay| index.saturating_sub(delay.max(0)));
        self.adopt(&snapshot, pruned);
        self.journal(|| Record::Snapshot { snapshot: snapshot.clone(), pruned });
        Ok(snapshot)
    }

    fn snapshot_at(&self, initial: Initial, solid_entry_points: BTreeMap<Hash, i32>) -> Snapshot {
        let Initial { hash, index, timestamp } = initial;
        let seen = self.milestones.indices_above(index).map(|(index, id)| (self.tangle.hash(id), index));
        let seen_milestones = seen.collect();
        let balances = self.ledger.balances_at(index);
        Snapshot { hash, index, timestamp, balances, solid_entry_points, seen_milestones }
    }

    /// What a tangle above the snapshot may stand on.
    fn entry_points_at(&self, initial: &Initial, milestone: TxId) -> BTreeMap<Hash, i32> {
        let needed = Needed::new(&self.tangle, initial);
        let mut points = IdSet::default();
        for (id, index) in self.tangle.entry_points_with_index() {
            if initial.index - index <= LIFETIME && needed.has(id) {
                points.insert(id);
                points.extend(self.tangle.approved_tails(id));
            }
        }
        let old: Vec<(TxId, i32)> = self.tangle.entry_points_with_index().collect();
        for &id in self.tangle.arrivals() {
            if self.tangle.is_confirmed_by(id, initial.index) && needed.has(id) {
                points.insert(id);
                if !self.tangle.is_tail(id) {
                    points.extend(self.tangle.approved_tails(id));
                }
            }
        }
        points.insert(milestone);
        points.extend(self.milestones.last_up_to(initial.index, OUTER_SHELL));
        let mut hashes: BTreeMap<Hash, i32> =
            points.iter().map(|id| (self.tangle.hash(id), initial.index)).collect();
        for (id, index) in old {
            // An old one keeps its age.
            hashes.entry(self.tangle.hash(id)).and_modify(|of| *of = index);
        }
        hashes.insert(Hash::NULL, initial.index);
        hashes
    }
}

/// Which confirmed transactions something above a snapshot stands on that is not given up.
struct Needed<'a> {
    tangle: &'a Tangle,
    index: i32,
    /// Unconfirmed transactions that something approved after the snapshot's milestone was issued.
    alive: IdSet,
}

impl<'a> Needed<'a> {
    fn new(tangle: &'a Tangle, initial: &Initial) -> Needed<'a> {
        let is_new = |id: &TxId| i64::from(tangle.vertex(*id).arrived) > initial.timestamp;
        let is_unconfirmed = |id: &TxId| tangle.vertex(*id).snapshot_index == 0;
        let mut alive = IdSet::default();
        let mut ahead: Vec<TxId> =
            tangle.arrivals().iter().copied().filter(|id| is_new(id) && is_unconfirmed(id)).collect();
        while let Some(id) = ahead.pop() {
            let parents = [tangle.vertex(id).trunk, tangle.vertex(id).branch];
            ahead.extend(parents.iter().filter(|parent| is_unconfirmed(parent) && alive.insert(**parent)));
        }
        Needed { tangle, index: initial.index, alive }
    }

    fn has(&self, id: TxId) -> bool {
        self.tangle.vertex(id).approvers.iter().any(|&approver| {
            let confirmed = self.tangle.vertex(approver).snapshot_index;
            confirmed > self.index || (confirmed == 0 && self.alive.contains(approver))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_sync_begins_being_in_sync() {
        let mut watch = Watch::default();
        assert!(!watch.update(9, 10));
        assert!(watch.update(10, 10));
        assert!(watch.update(10, 15));
        assert!(!watch.update(10, 16));
        assert!(!watch.update(15, 16));
    }
}
