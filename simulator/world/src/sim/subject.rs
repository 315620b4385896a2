//! What the invariants look at: a node, or in tests one that lies.

use std::collections::BTreeMap;
use std::sync::Arc;

use tanglegram_tangle::{Breach, Node};
use tanglegram_ternary::{Address, Hash, Transaction};

/// What can be asked of a node to check it.
pub(crate) trait Subject {
    /// Index and hash of the latest solid milestone.
    fn solid(&self) -> (i32, Hash);
    /// Index of the latest milestone.
    fn latest(&self) -> i32;
    /// The tail of the milestone with an index.
    fn milestone(&self, index: i32) -> Option<Hash>;
    /// Balances that are not zero.
    fn balances(&self) -> &BTreeMap<Address, i64>;
    /// The milestone that confirmed a transaction.
    fn confirmed_by(&self, hash: &Hash) -> Option<i32>;
    /// A stored transaction.
    fn transaction(&self, hash: &Hash) -> Option<Arc<Transaction>>;
    /// Whether nothing below this hash matters: it is a solid entry point, or was forgotten with what stands on one.
    fn is_bottom(&self, hash: &Hash) -> bool;
    /// Every transaction against its parents.
    fn audit(&self) -> Result<(), Breach>;
}

impl Subject for Node {
    fn solid(&self) -> (i32, Hash) {
        (self.solid_milestone_index(), self.solid_milestone())
    }

    fn latest(&self) -> i32 {
        self.latest_milestone_index()
    }

    fn milestone(&self, index: i32) -> Option<Hash> {
        Node::milestone(self, index)
    }

    fn balances(&self) -> &BTreeMap<Address, i64> {
        Node::balances(self)
    }

    fn confirmed_by(&self, hash: &Hash) -> Option<i32> {
        Node::confirmed_by(self, hash)
    }

    fn transaction(&self, hash: &Hash) -> Option<Arc<Transaction>> {
        Node::transaction(self, hash)
    }

    fn is_bottom(&self, hash: &Hash) -> bool {
        self.is_entry_point(hash)
    }

    fn audit(&self) -> Result<(), Breach> {
        self.audit_ledger().and_then(|()| self.audit_tangle())
    }
}
