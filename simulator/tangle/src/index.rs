//! Looking transactions up by address, bundle and tag.
//!
//! Only questions need these indexes, and in a simulation most nodes are never asked: they are brought up to date when
//! somebody asks, not when a transaction arrives.

use indexmap::IndexMap;
use tanglegram_ternary::{Hash, Tag, Transaction};

use crate::store::TxId;

/// Transactions by what they contain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indexes {
    /// How many of the stored transactions are in.
    pub(crate) covered: usize,
    by_address: IndexMap<Hash, Vec<TxId>>,
    by_bundle: IndexMap<Hash, Vec<TxId>>,
    by_tag: IndexMap<Tag, Vec<TxId>>,
    by_obsolete_tag: IndexMap<Tag, Vec<TxId>>,
}

impl Indexes {
    pub(crate) fn add(&mut self, id: TxId, transaction: &Transaction) {
        self.by_address.entry(transaction.address()).or_default().push(id);
        self.by_bundle.entry(transaction.bundle()).or_default().push(id);
        self.by_tag.entry(transaction.tag()).or_default().push(id);
        self.by_obsolete_tag.entry(transaction.obsolete_tag()).or_default().push(id);
        self.covered += 1;
    }

    pub(crate) fn with_address(&self, address: &Hash) -> &[TxId] {
        self.by_address.get(address).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn with_bundle(&self, bundle: &Hash) -> &[TxId] {
        self.by_bundle.get(bundle).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn with_tag(&self, tag: &Tag) -> &[TxId] {
        self.by_tag.get(tag).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn with_obsolete_tag(&self, tag: &Tag) -> &[TxId] {
        self.by_obsolete_tag.get(tag).map_or(&[], Vec::as_slice)
    }
}
