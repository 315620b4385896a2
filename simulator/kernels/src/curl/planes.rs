//! One Curl state as two rings of 729 bits, and the transform over them.

use super::{Rounds, chain};
use crate::sliced::pack;
use crate::{HASH_TRITS, STATE_TRITS, Trit};

const WORDS: usize = STATE_TRITS.div_ceil(64);
/// The bits of the last word that belong to the ring.
const LAST: u64 = (1 << (STATE_TRITS % 64)) - 1;

/// A plane; bit `i % 64` of word `i / 64` is that of trit `i`, bits past 729 are 0.
pub(super) type Ring = [u64; WORDS];

/// The state in planes: a trit is +1 when its `high` bit is 0; else 0 when its `low` bit is 0; else -1.
///
/// In this encoding the s-box takes two operations of three operands, the fewest known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    high: Ring,
    low: Ring,
}

impl Planes {
    pub(super) const ZERO: Self = {
        let mut high = [u64::MAX; WORDS];
        high[WORDS - 1] = LAST;
        Self { high, low: [0; WORDS] }
    };

    pub(super) fn from_trits(trits: &[Trit; STATE_TRITS]) -> Self {
        let mut planes = Self::ZERO;
        planes.set_prefix(trits);
        planes
    }

    /// The high and the low plane.
    pub(super) fn rings(&self) -> [&Ring; 2] {
        [&self.high, &self.low]
    }

    pub(super) fn from_rings([high, low]: [Ring; 2]) -> Self {
        Self { high, low }
    }

    /// Overwrites the trits from the first on.
    pub(super) fn set_prefix(&mut self, trits: &[Trit]) {
        for (word, trits) in trits.chunks(64).enumerate() {
            let keep = u64::MAX.checked_shl(trits.len() as u32).unwrap_or(0);
            let (high, low) = pack(trits);
            self.high[word] = self.high[word] & keep | high;
            self.low[word] = self.low[word] & keep | low;
        }
    }

    /// Overwrites the rate.
    pub(super) fn set_rate(&mut self, trits: &[Trit; HASH_TRITS]) {
        self.set_prefix(trits);
    }

    pub(super) fn rate(&self) -> [Trit; HASH_TRITS] {
        std::array::from_fn(|i| self.trit(i))
    }

    pub(super) fn to_trits(self) -> [Trit; STATE_TRITS] {
        std::array::from_fn(|i| self.trit(i))
    }

    fn trit(&self, i: usize) -> Trit {
        let high = (self.high[i / 64] >> (i % 64) & 1) as Trit;
        let low = (self.low[i / 64] >> (i % 64) & 1) as Trit;
        1 - high * (1 + low)
    }

    pub(super) fn transform(&mut self, rounds: Rounds) {
        for &stride in &chain::STRIDES[..rounds.count()] {
            self.round(stride);
        }
        let (step, residues) = chain::home(rounds);
        self.high = leave_chain(&self.high, step, residues);
        self.low = leave_chain(&self.low, step, residues);
    }

    /// `T'[i] = g(T[i], T[i + stride])` for the whole ring.
    #[inline(always)]
    fn round(&mut self, stride: usize) {
        let high = rotate(&self.high, stride);
        let low = rotate(&self.low, stride);
        for i in 0..WORDS {
            let (h, n) = (self.high[i], self.low[i]);
            self.high[i] = !h | (n ^ high[i]);
            self.low[i] = h ^ (high[i] & low[i]);
        }
        self.high[WORDS - 1] &= LAST;
        self.low[WORDS - 1] &= LAST;
    }
}

impl PartialEq for Planes {
    fn eq(&self, other: &Self) -> bool {
        // The low bit of a +1 is arbitrary.
        self.high == other.high && (0..WORDS).all(|i| (self.low[i] ^ other.low[i]) & self.high[i] == 0)
    }
}

impl Eq for Planes {}

/// The ring whose bit `i` is bit `i + by` of `ring`, for `by` below 729; bits past the end are not cleared.
#[inline(always)]
fn rotate(ring: &Ring, by: usize) -> Ring {
    let mut twice = [0; 2 * WORDS];
    twice[..WORDS].copy_from_slice(ring);
    let (bits, gap) = (STATE_TRITS % 64, 64 - STATE_TRITS % 64);
    twice[WORDS - 1] |= ring[0] << bits;
    for i in 0..WORDS - 1 {
        twice[WORDS + i] = ring[i] >> gap | ring[i + 1] << bits;
    }
    twice[2 * WORDS - 1] = ring[WORDS - 1] >> gap;
    let (skip, shift) = (by / 64, by % 64);
    let window: &[u64] = &twice[skip..skip + WORDS + 1];
    std::array::from_fn(|i| window[i] >> shift | window[i + 1] << 1 << (63 - shift))
}

/// From chain coordinates back to the order of the state, see [`chain::home`].
fn leave_chain(ring: &Ring, step: usize, residues: usize) -> Ring {
    let mut out = [0; WORDS];
    for residue in 0..residues {
        let rotated = rotate(ring, step * residue);
        for (word, (out, rotated)) in out.iter_mut().zip(rotated).enumerate() {
            *out |= rotated & every(residues, residue, 64 * word);
        }
    }
    out[WORDS - 1] &= LAST;
    out
}

/// A word whose bit `i` is set where `first + i` is `residue` modulo `residues`.
fn every(residues: usize, residue: usize, first: usize) -> u64 {
    let start = (residues + residue - first % residues) % residues;
    (start..64).step_by(residues).fold(0, |word, bit| word | 1 << bit)
}
