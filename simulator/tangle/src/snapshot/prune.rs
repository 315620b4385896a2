//! Standing on a snapshot, and forgetting what it makes superfluous.

use super::{Initial, Snapshot};
use crate::idset::IdSet;
use crate::node::Node;
use crate::store::TxId;

impl Node {
    /// Stands on a snapshot that was taken of this node's own tangle. With `pruned`, what milestones up to that index
    /// confirmed is forgotten. What stands on something that is gone and no entry point any more goes in any case: it can
    /// never become confirmed.
    pub(crate) fn adopt(&mut self, snapshot: &Snapshot, pruned: Option<i32>) {
        let Snapshot { hash, index, timestamp, .. } = *snapshot;
        let former: Vec<TxId> = self.tangle.entry_points().collect();
        self.tangle.rebase(Initial { hash, index, timestamp }, &snapshot.solid_entry_points);
        self.ledger.forget_changes_up_to(index);
        let forgotten = self.superfluous(&former, pruned.unwrap_or(0));
        self.forget(&forgotten);
    }

    /// What milestones up to `up_to` confirmed, and the unconfirmed transactions that stand on that, or on an entry point
    /// that is none any more.
    fn superfluous(&self, former: &[TxId], up_to: i32) -> IdSet {
        let tangle = &self.tangle;
        let mut forgotten = IdSet::default();
        forgotten.extend(tangle.arrivals().iter().copied().filter(|&id| tangle.is_confirmed_by(id, up_to)));
        let expired = former.iter().copied().filter(|&id| !tangle.is_stored(id));
        let lost = forgotten.iter().chain(expired).filter(|&id| !tangle.is_entry_point(id));
        let mut ahead: Vec<TxId> = lost.collect();
        while let Some(id) = ahead.pop() {
            let approvers = tangle.vertex(id).approvers.iter().copied();
            ahead.extend(
                approvers.filter(|&id| tangle.vertex(id).snapshot_index == 0 && forgotten.insert(id)),
            );
        }
        forgotten
    }

    /// Forgets transactions, but not which addresses they spent from.
    fn forget(&mut self, forgotten: &IdSet) {
        if forgotten.len() == 0 {
            return;
        }
        for id in forgotten.iter() {
            self.spent.remember(&mut self.tangle, id);
        }
        let renumbered = self.tangle.without(forgotten);
        self.milestones.renumber(|id| renumbered[id.index()]);
        self.tips.renumber(|id| renumbered[id.index()]);
    }
}
