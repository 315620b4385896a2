//! Winternitz one-time signatures (WOTS): keys, addresses, signing and verification.
//!
//! A private key is `security` fragments of 27 segments of 243 trits. Each segment starts a hash chain of 26 steps; the
//! ends of a fragment's chains, hashed together, are its digest, and the digests hashed together are the address. To sign
//! a tryte `n` (-13..=13) is to publish the segment `13 - n` steps down its chain; who verifies goes the other `n + 13`.

use std::{iter, ops::Range};

use crate::{Address, Hash, SignatureMode, trits};

/// Segments in a fragment, each of which signs one tryte.
pub const SEGMENTS: usize = 27;

/// Steps of a whole chain.
const CHAIN: u8 = 26;

/// The largest tryte value. A tryte of this value shows its segment of the private key.
const MAX: i8 = 13;

/// Keys that are made side by side.
const SIDE_BY_SIDE: u32 = 8;

/// What fills the signature field of one transaction: segments of a key or signature, or siblings of a Merkle path.
pub type Fragment = [Hash; SEGMENTS];

/// How many fragments a key has, that is how much of the hash it signs: a third, two thirds or all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Security {
    /// One fragment.
    Low = 1,
    /// Two fragments.
    Medium = 2,
    /// Three fragments.
    High = 3,
}

/// The number is no security level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no security level (1, 2 and 3 are)")]
pub struct UnknownSecurity(u8);

impl TryFrom<u8> for Security {
    type Error = UnknownSecurity;

    fn try_from(level: u8) -> Result<Self, UnknownSecurity> {
        match level {
            1 => Ok(Self::Low),
            2 => Ok(Self::Medium),
            3 => Ok(Self::High),
            other => Err(UnknownSecurity(other)),
        }
    }
}

impl Security {
    /// The number of fragments in a key or signature: 1 to 3.
    pub const fn fragments(self) -> usize {
        self as usize
    }
}

/// A private key. It must sign only once.
#[derive(Clone)]
pub struct PrivateKey {
    mode: SignatureMode,
    segments: Vec<Hash>,
}

impl PrivateKey {
    /// The key number `index` of a seed.
    pub fn generate(mode: SignatureMode, seed: &Hash, index: u32, security: Security) -> Self {
        Self { mode, segments: segments(mode, seed, iter::once(index), security) }
    }

    /// The address that this key may spend from, once.
    pub fn address(&self) -> Address {
        let steps = vec![CHAIN; self.segments.len()];
        self.mode.hash(&self.mode.digests(&self.segments, &steps))
    }

    /// Signs a hash; one fragment for each of the key's.
    ///
    /// A normalized hash with a tryte `M` lays open part of the key, so bundles are finished without one.
    pub fn sign(&self, hash: &Hash) -> Vec<Fragment> {
        let steps: Vec<u8> = normalize(hash).iter().map(|&tryte| (MAX - tryte) as u8).collect();
        let signed = self.mode.advance(&self.segments, &steps[..self.segments.len()]);
        signed.as_chunks().0.to_vec()
    }
}

/// The segments of several keys, one key behind the other.
fn segments(
    mode: SignatureMode,
    seed: &Hash,
    indices: impl Iterator<Item = u32>,
    security: Security,
) -> Vec<Hash> {
    let numbered = |index| {
        let mut trits = seed.trits();
        trits::add(&mut trits, i64::from(index));
        Hash::from_trits(&trits)
    };
    let subseeds = mode.hash_each(&indices.map(numbered).collect::<Vec<_>>(), 1);
    mode.expand_each(&subseeds, SEGMENTS * security.fragments())
}

/// The address at key number `index` of a seed, as wallets make it (Kerl).
pub fn address(seed: &Hash, index: u32, security: Security) -> Address {
    PrivateKey::generate(SignatureMode::Kerl, seed, index, security).address()
}

/// The addresses of consecutive keys of a seed, made side by side.
pub fn addresses(mode: SignatureMode, seed: &Hash, indices: Range<u32>, security: Security) -> Vec<Address> {
    let batch = |first: u32| {
        let end = indices.end.min(first.saturating_add(SIDE_BY_SIDE));
        let segments = segments(mode, seed, first..end, security);
        let digests = mode.digests(&segments, &vec![CHAIN; segments.len()]);
        mode.hash_each(&digests, security.fragments())
    };
    indices.clone().step_by(SIDE_BY_SIDE as usize).flat_map(batch).collect()
}

/// The address whose key made a signature of `hash`. The signature is valid if that is the one expected.
///
/// Fragments beyond the third start over with the first third of the hash.
pub fn recover_address(mode: SignatureMode, hash: &Hash, fragments: &[Fragment]) -> Address {
    let steps = normalize(hash).map(|tryte| (tryte + MAX) as u8);
    let steps: Vec<u8> = steps.into_iter().cycle().take(SEGMENTS * fragments.len()).collect();
    mode.hash(&mode.digests(fragments.as_flattened(), &steps))
}

/// The 81 tryte values of a hash, changed so that each third of 27 sums up to 0.
///
/// A forger can only walk down a chain, so can only lower values; with a fixed sum another value would have to rise.
pub fn normalize(hash: &Hash) -> [i8; 81] {
    let trits = hash.trits();
    let mut values = std::array::from_fn(|i| trits[3 * i] + 3 * trits[3 * i + 1] + 9 * trits[3 * i + 2]);
    values.chunks_exact_mut(SEGMENTS).for_each(balance);
    values
}

/// Moves the first value that has room, one at a time, until the sum is 0.
fn balance(values: &mut [i8]) {
    let mut sum: i32 = values.iter().map(|&value| i32::from(value)).sum();
    for value in values {
        let moved = sum.clamp(i32::from(*value - MAX), i32::from(*value + MAX));
        *value -= moved as i8;
        sum -= moved;
    }
}

/// True if signing this hash would lay open part of a key (see [`PrivateKey::sign`]).
pub fn is_insecure(hash: &Hash) -> bool {
    normalize(hash).contains(&MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule in its original words.
    fn balance_slowly(values: &mut [i8]) {
        let mut sum: i32 = values.iter().map(|&value| i32::from(value)).sum();
        while sum != 0 {
            let step = sum.signum() as i8;
            let value = values.iter_mut().find(|value| **value != -MAX * step).unwrap();
            *value -= step;
            sum -= i32::from(step);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_signature_leads_back_to_its_address(
            seed in "[9A-Z]{81}", hash in "[9A-Z]{81}", index: u32, level in 1u8..=3,
            mode in prop::sample::select(vec![SignatureMode::Kerl, SignatureMode::CurlP27]),
        ) {
            let (seed, hash) = (seed.parse().unwrap(), hash.parse().unwrap());
            let key = PrivateKey::generate(mode, &seed, index, Security::try_from(level).unwrap());
            let mut signature = key.sign(&hash);
            prop_assert_eq!(signature.len(), usize::from(level));
            prop_assert_eq!(recover_address(mode, &hash, &signature), key.address());
            signature[0].swap(0, 1);
            prop_assert_ne!(recover_address(mode, &hash, &signature), key.address());
        }
    }

    proptest! {
        #[test]
        fn thirds_are_balanced_by_the_rule(values in proptest::collection::vec(-13i8..=13, 27)) {
            let (mut fast, mut slow) = (values.clone(), values);
            balance(&mut fast);
            balance_slowly(&mut slow);
            prop_assert_eq!(fast.iter().map(|&value| i32::from(value)).sum::<i32>(), 0);
            prop_assert_eq!(fast, slow);
        }
    }

    #[test]
    fn addresses_are_the_same_side_by_side() {
        let seed = Hash::from_trytes_padded("SEED").unwrap();
        for mode in [SignatureMode::Kerl, SignatureMode::CurlP27] {
            let together = addresses(mode, &seed, 5..16, Security::Medium);
            let alone = |index| PrivateKey::generate(mode, &seed, index, Security::Medium).address();
            assert_eq!(together, (5..16).map(alone).collect::<Vec<_>>());
        }
    }

    #[test]
    fn levels_are_one_to_three() {
        assert_eq!(Security::try_from(2), Ok(Security::Medium));
        assert_eq!(Security::try_from(4).unwrap_err().to_string(), "4 is no security level (1, 2 and 3 are)");
    }
}
