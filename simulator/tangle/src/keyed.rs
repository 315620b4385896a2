//! A quick hasher for maps by transaction hash.
//!
//! What is looked up are hashes already, but whoever sends transactions can choose many of them: parents may be any trytes. So
//! their bytes are mixed with a key that is drawn anew in each process. The order of an index map does not depend on it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Drawn once in a process.
static KEY: LazyLock<[u64; 2]> = LazyLock::new(|| {
    let random = RandomState::new();
    // An odd factor loses nothing.
    [random.hash_one(0_u8), random.hash_one(1_u8) | 1]
});

/// Makes [`Mixer`]s, all with the same key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed([u64; 2]);

impl Default for Keyed {
    fn default() -> Self {
        Keyed(*KEY)
    }
}

impl BuildHasher for Keyed {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        Mixer { state: self.0[0], factor: self.0[1] }
    }
}

/// Folds words into a state by multiplication.
pub(crate) struct Mixer {
    state: u64,
    factor: u64,
}

impl Mixer {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        self.state = (product as u64) ^ (product >> 64) as u64;
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }

    fn write_usize(&mut self, length: usize) {
        self.mix(length as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_differ_in_one_byte_hash_differently() {
        let keyed = Keyed::default();
        let mut hashes: Vec<u64> = (0..49)
            .flat_map(|place| (0..=255_u8).map(move |value| (place, value)))
            .map(|(place, value)| {
                let mut bytes = [7_u8; 49];
                bytes[place] = value;
                keyed.hash_one(bytes)
            })
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        // All but the 49 times that nothing was changed.
        assert_eq!(hashes.len(), 49 * 255 + 1);
    }

    #[test]
    fn low_bits_are_spread() {
        let keyed = Keyed::default();
        let mut buckets = [0; 64];
        (0..6_400_u64).for_each(|number| buckets[(keyed.hash_one(number) % 64) as usize] += 1);
        assert!(buckets.iter().all(|&count| (40..180).contains(&count)), "{buckets:?}");
    }
}
