//! The portable kernel: 64 nonces at a time, one bit of a `u64` each.

use super::{FIXED_TRITS, Problem, nonce};
use crate::curl::chain::{self, RING};
use crate::{HASH_TRITS, STATE_TRITS, Trit};

/// Nonces tried at a time.
pub(super) const WIDTH: u64 = 64;

/// 64 states: trit `i` of all of them in element `i`, as (high, low) planes.
pub(super) struct Lanes {
    trits: [(u64, u64); STATE_TRITS],
}

impl Lanes {
    pub(super) fn new() -> Self {
        Self { trits: [(0, 0); STATE_TRITS] }
    }

    /// The smallest of the counters `first..first + 64` whose hash ends in the wanted zeros.
    pub(super) fn try_batch(&mut self, problem: &Problem, first: u64) -> Option<u64> {
        self.load(problem, first);
        for stride in chain::STRIDES {
            self.round(stride);
        }
        let hits = (HASH_TRITS - problem.mwm()..HASH_TRITS).fold(u64::MAX, |hits, j| {
            let (high, low) = self.trits[chain::power(81) * j % RING];
            hits & high & !low
        });
        (hits != 0).then(|| first + u64::from(hits.trailing_zeros()))
    }

    fn load(&mut self, problem: &Problem, first: u64) {
        for (lanes, &trit) in self.trits.iter_mut().zip(problem.state()) {
            *lanes = broadcast(trit);
        }
        self.trits[FIXED_TRITS..HASH_TRITS].fill((0, 0));
        for bit in 0..WIDTH {
            for (position, trit) in nonce::nonce(first + bit).into_iter().enumerate() {
                let (high, low) = &mut self.trits[FIXED_TRITS + position];
                *high |= u64::from(trit <= 0) << bit;
                *low |= u64::from(trit < 0) << bit;
            }
        }
    }

    fn round(&mut self, stride: usize) {
        let old = self.trits;
        for (i, new) in self.trits.iter_mut().enumerate() {
            let (a, b) = (old[i], old[(i + stride) % RING]);
            *new = (!a.0 | (a.1 ^ b.0), a.0 ^ (b.0 & b.1));
        }
    }
}

fn broadcast(trit: Trit) -> (u64, u64) {
    match trit {
        1.. => (0, 0),
        0 => (u64::MAX, 0),
        _ => (u64::MAX, u64::MAX),
    }
}
