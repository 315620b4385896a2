//! A set of transactions that remembers the order of insertion and can be wound back.

use crate::store::TxId;

/// A set of [`TxId`]s: one bit each, plus the members in order of insertion.
///
/// Searches over the tangle try a past, find it inconsistent, and must forget it: [`IdSet::rewind`] undoes the newest
/// insertions without copying the set.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdSet {
    words: Vec<u64>,
    members: Vec<TxId>,
}

impl IdSet {
    pub(crate) fn insert(&mut self, id: TxId) -> bool {
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let fresh = self.words[word] & bit == 0;
        if fresh {
            self.words[word] |= bit;
            self.members.push(id);
        }
        fresh
    }

    pub(crate) fn contains(&self, id: TxId) -> bool {
        self.words.get(id.index() / 64).is_some_and(|word| word & (1 << (id.index() % 64)) != 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = TxId> {
        self.members.iter().copied()
    }

    /// Forgets what was inserted after the set had `len` members.
    pub(crate) fn rewind(&mut self, len: usize) {
        for id in self.members.drain(len..) {
            self.words[id.index() / 64] &= !(1 << (id.index() % 64));
        }
    }
}

impl Extend<TxId> for IdSet {
    fn extend<T: IntoIterator<Item = TxId>>(&mut self, ids: T) {
        for id in ids {
            self.insert(id);
        }
    }
}
