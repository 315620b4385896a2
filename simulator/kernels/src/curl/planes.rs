//! One Curl state as two rings of 729 bits.

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
}

impl PartialEq for Planes {
    fn eq(&self, other: &Self) -> bool {
        // The low bit of a +1 is arbitrary.
        self.high == other.high && (0..WORDS).all(|i| (self.low[i] ^ other.low[i]) & self.high[i] == 0)
    }
}

impl Eq for Planes {}
