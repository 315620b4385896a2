//! Many messages of one length, hashed side by side.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::chain::{RING, STRIDES, power};
use super::{Rounds, hash_few};
use crate::sliced::{BASE, Lanes, Matrix, Packed, Round, Sweep, Task, WORDS, WORK, op, sweeps};
use crate::{HASH_TRITS, Trit};

/// The fewest messages for which a kernel is asked.
pub(super) const FEW: usize = 16;

/// Blocks of a message that are packed at a time, so that memory is read in longer pieces.
const PACKED: usize = 4;

/// The phase in which a state rests between blocks; sweeps start with it.
const PHASE: usize = 1;

/// The Curl-P-81 hashes of messages that are all as long, a positive multiple of 243.
pub(super) struct Batch<'a>(pub(super) &'a [&'a [Trit]]);

impl Task for Batch<'_> {
    type Output = Vec<[Trit; HASH_TRITS]>;

    fn run<L: Lanes>(self, lanes: L) -> Self::Output {
        let mut hashing = Hashing { tables: tables(L::FUSED, L::SCALE), lanes, matrix: Matrix::new() };
        let chunk = |messages: &[&[Trit]]| {
            if messages.len() < L::WORTH { hash_few(messages, Rounds::P81) } else { hashing.hash(messages) }
        };
        self.0.chunks(64 * L::WORDS).flat_map(chunk).collect()
    }
}

/// One transform, as tables.
struct Tables {
    /// Most rounds. The first sweep reads from [`BASE`], all write to [`WORK`].
    sweeps: Vec<Sweep>,
    /// The others. The last leaves the state in `BASE`, in its own order.
    rest: Vec<Round>,
}

/// The tables for a kernel; made once each.
fn tables(fused: usize, scale: usize) -> Arc<Tables> {
    static TABLES: Mutex<BTreeMap<(usize, usize), Arc<Tables>>> = Mutex::new(BTreeMap::new());
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(tables.entry((fused, scale)).or_insert_with(|| Arc::new(Tables::new(fused, scale))))
}

impl Tables {
    fn new(fused: usize, scale: usize) -> Self {
        let last = STRIDES.len() - 1;
        // An odd number of rounds is left, as each goes from one region to the other.
        let swept = (0..=last).rev().find(|swept| swept % fused == 0 && swept.is_multiple_of(2)).unwrap_or(0);
        let (sweeps, physical) = sweeps(0..swept, fused, scale);
        let mut slots: Vec<usize> = physical.into_iter().map(|slot| WORK + slot).collect();
        let rest = (swept..=last).map(|r| {
            let to: Vec<usize> =
                (0..RING).map(|i| if r == last { BASE + home(i) } else { region(last - r) + i }).collect();
            let round = (0..RING).map(|i| op(to[i], slots[i], slots[(i + STRIDES[r]) % RING])).collect();
            slots = to;
            round
        });
        let rest = rest.collect();
        Self { sweeps, rest }
    }
}

/// The region that is `rounds` before the last.
fn region(rounds: usize) -> usize {
    if rounds.is_multiple_of(2) { BASE } else { WORK }
}

/// Which trit of the state is at place `i` of the ring after the last round: `364^81 home(i)` is `i`.
fn home(i: usize) -> usize {
    // 364 times -2 is 1.
    let inverse = (0..STRIDES.len()).fold(1, |product, _| product * (RING - 2) % RING);
    debug_assert_eq!(inverse * power(STRIDES.len()) % RING, 1);
    i * inverse % RING
}

/// A kernel at work on messages.
struct Hashing<L> {
    tables: Arc<Tables>,
    lanes: L,
    matrix: Matrix,
}

impl<L: Lanes> Hashing<L> {
    /// The hashes of at most as many messages as there are lanes.
    fn hash(&mut self, messages: &[&[Trit]]) -> Vec<[Trit; HASH_TRITS]> {
        for trit in 0..RING {
            self.lanes.set(PHASE, BASE + trit, &[u64::MAX; WORDS], &[0; WORDS]);
        }
        let mut packed = Vec::with_capacity(messages.len() * PACKED);
        let length = messages[0].len() / HASH_TRITS;
        for first in (0..length).step_by(PACKED) {
            let blocks = first..length.min(first + PACKED);
            packed.clear();
            messages
                .iter()
                .for_each(|message| self.lanes.pack(&message.as_chunks().0[blocks.clone()], &mut packed));
            (0..blocks.len()).for_each(|block| self.absorb(&packed, block, blocks.len()));
        }
        for trit in 0..HASH_TRITS {
            self.matrix.set_trit(trit, self.lanes.planes(PHASE, BASE + trit));
        }
        self.lanes.turn(&mut self.matrix);
        (0..messages.len()).map(|i| self.matrix.message(i)).collect()
    }

    /// Overwrites the rate by one of every `of` blocks and does a transform.
    fn absorb(&mut self, packed: &[Packed], block: usize, of: usize) {
        let rate = packed.iter().skip(block).step_by(of);
        rate.enumerate().for_each(|(i, rate)| self.matrix.set_message(i, rate));
        self.lanes.turn(&mut self.matrix);
        for trit in 0..HASH_TRITS {
            let (high, low) = self.matrix.trit(trit);
            self.lanes.set(PHASE, BASE + trit, high, low);
        }
        for (i, sweep) in self.tables.sweeps.iter().enumerate() {
            self.lanes.sweep(sweep, if i == 0 { BASE } else { WORK }, WORK);
        }
        let first = STRIDES.len() - self.tables.rest.len();
        for (i, round) in self.tables.rest.iter().enumerate() {
            self.lanes.sboxes(PHASE + first + i, round);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curl::hash;
    use crate::sliced::{self, Kernel};

    /// Messages enough for a batch, of two blocks each.
    fn messages() -> Vec<Vec<Trit>> {
        let count = if cfg!(miri) { 16 } else { 70 };
        (0..count).map(|seed| (0..486).map(|i| ((i * i + seed * i / 3) % 3) as Trit - 1).collect()).collect()
    }

    /// What a kernel makes of the messages.
    fn check(name: &str, with: impl Fn(Batch) -> Vec<[Trit; HASH_TRITS]>) {
        let messages = messages();
        let messages: Vec<&[Trit]> = messages.iter().map(Vec::as_slice).collect();
        let expected: Vec<_> = messages.iter().map(|message| hash(message, Rounds::P81)).collect();
        assert!(with(Batch(&messages)) == expected, "{name}");
    }

    #[test]
    fn every_kernel_hashes() {
        for kernel in Kernel::ALL {
            check(kernel.name(), |batch| sliced::with(kernel, batch));
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn both_forms_of_the_widest_kernel_hash() {
        for mixed in [false, true] {
            check("avx512", |batch| sliced::with_avx512(mixed, batch));
        }
    }
}
