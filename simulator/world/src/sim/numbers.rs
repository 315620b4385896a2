//! Transactions by hash: each event looks one up, so that it must be quick.

use std::hash::{BuildHasherDefault, Hasher};

use indexmap::{IndexMap, IndexSet};
use tanglegram_ternary::Hash;

/// Transactions; the position of each is its number.
pub(crate) type Numbers = IndexSet<Hash, BuildHasherDefault<FirstBytes>>;

/// A map by transaction, in order of insertion.
pub(crate) type ByHash<V> = IndexMap<Hash, V, BuildHasherDefault<FirstBytes>>;

/// The first eight bytes of a transaction hash are as good a hash as any: nobody in a simulation wants them to collide.
#[derive(Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            // t5b1 bytes do not use all values: the product spreads them over all bits.
            self.0 = u64::from_le_bytes(*first).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.0 ^= self.0 >> 32;
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
