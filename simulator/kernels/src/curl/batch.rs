//! Many messages of one length, hashed side by side.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::chain::{RING, STRIDES, power};
use super::{Rounds, hash_few};
use crate::sliced::{BASE, Kept, Lanes, Op, Packed, Round, Sweep, Task, WORDS, WORK, op, sweeps};
use crate::{HASH_TRITS, Trit};

/// The fewest messages for which a kernel is asked.
pub(super) const FEW: usize = 16;

/// The phase in which a state rests between blocks; sweeps start with it.
const PHASE: usize = 1;

/// The Curl hashes of messages that are all as long, a positive multiple of 243.
pub(super) struct Batch<'a> {
    pub(super) messages: &'a [&'a [Trit]],
    pub(super) rounds: Rounds,
}

impl Task for Batch<'_> {
    type Output = Vec<[Trit; HASH_TRITS]>;

    fn run<L: Lanes>(self, lanes: L) -> Self::Output {
        let mut hashing = Hashing {
            tables: tables(self.rounds, L::FUSED, L::SCALE),
            lanes,
            packed: Kept::take(&BLOCKS, Vec::new),
            soon: Vec::new(),
        };
        let mut hashes = Vec::with_capacity(self.messages.len());
        for messages in self.messages.chunks(64 * L::WORDS) {
            if messages.len() < L::WORTH {
                hashes.extend(hash_few(messages, self.rounds));
            } else {
                hashing.hash(messages, &mut hashes);
            }
        }
        hashes
    }
}

/// One transform, as tables.
struct Tables {
    /// Most rounds. The first sweep reads from [`BASE`], all write to [`WORK`].
    sweeps: Vec<Sweep>,
    /// The others. The last leaves the state in `BASE`, in its own order.
    rest: Vec<Round>,
    /// The last of the others for when the rate is overwritten anyway.
    capacity: Round,
    rounds: usize,
}

/// The tables for a kernel; made once each.
fn tables(rounds: Rounds, fused: usize, scale: usize) -> Arc<Tables> {
    static TABLES: Mutex<BTreeMap<(Rounds, usize, usize), Arc<Tables>>> = Mutex::new(BTreeMap::new());
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = tables.entry((rounds, fused, scale));
    Arc::clone(known.or_insert_with(|| Arc::new(Tables::new(rounds.count(), fused, scale))))
}

impl Tables {
    fn new(rounds: usize, fused: usize, scale: usize) -> Self {
        let last = rounds - 1;
        // An odd number of rounds is left, as each goes from one region to the other.
        let swept = (0..=last).rev().find(|swept| swept % fused == 0 && swept.is_multiple_of(2)).unwrap_or(0);
        let (sweeps, physical) = sweeps(0..swept, fused, scale);
        let mut slots: Vec<usize> = physical.into_iter().map(|slot| WORK + slot).collect();
        let rest = (swept..=last).map(|r| {
            let to: Vec<usize> = (0..RING)
                .map(|i| if r == last { BASE + home(rounds, i) } else { region(last - r) + i })
                .collect();
            let round = (0..RING).map(|i| op(to[i], slots[i], slots[(i + STRIDES[r]) % RING])).collect();
            slots = to;
            round
        });
        let rest: Vec<Round> = rest.collect();
        let kept = |op: &&Op| !(BASE..BASE + HASH_TRITS).contains(&op.to.into());
        let capacity = rest.last().map_or_else(Vec::new, |last| last.iter().filter(kept).copied().collect());
        Self { sweeps, rest, capacity, rounds }
    }
}

/// The region that is `rounds` before the last.
fn region(rounds: usize) -> usize {
    if rounds.is_multiple_of(2) { BASE } else { WORK }
}

/// Which trit of the state is at place `i` of the ring after the last round: `364^rounds home(i)` is `i`.
fn home(rounds: usize, i: usize) -> usize {
    // 364 times -2 is 1.
    let inverse = (0..rounds).fold(1, |product, _| product * (RING - 2) % RING);
    debug_assert_eq!(inverse * power(rounds) % RING, 1);
    i * inverse % RING
}

/// A kernel at work on messages.
struct Hashing<L> {
    tables: Arc<Tables>,
    lanes: L,
    /// Some blocks of all messages: block by block, one message after the other.
    packed: Kept<Vec<Packed>>,
    /// What to bring closer during a sweep.
    soon: Vec<*const Trit>,
}

thread_local! {
    static BLOCKS: Cell<Option<Vec<Packed>>> = const { Cell::new(None) };
}

impl<L: Lanes> Hashing<L> {
    /// Adds the hashes of at most as many messages as there are lanes.
    fn hash(&mut self, messages: &[&[Trit]], hashes: &mut Vec<[Trit; HASH_TRITS]>) {
        for trit in 0..RING {
            self.lanes.set(PHASE, BASE + trit, &[u64::MAX; WORDS], &[0; WORDS]);
        }
        let states = 64 * L::WORDS;
        self.packed.resize(L::PACKED * states, Packed::default());
        let length = messages[0].len() / HASH_TRITS;
        for first in (0..length).step_by(L::PACKED) {
            let blocks = first..length.min(first + L::PACKED);
            for (i, message) in messages.iter().enumerate() {
                self.lanes.pack(&message.as_chunks().0[blocks.clone()], &mut self.packed[i..], states);
            }
            for block in 0..blocks.len() {
                self.lanes.fill(PHASE, &self.packed[states * block..states * (block + 1)]);
                let last = blocks.start + block + 1 == length;
                self.transform(messages, HASH_TRITS * (blocks.end + block), last);
            }
        }
        self.lanes.drain(PHASE, &mut self.packed[..states]);
        hashes.extend(self.packed[..messages.len()].iter().map(|hash| self.lanes.unpack(hash)));
    }

    /// Does a transform, the last or one after which the rate is overwritten. Trits from `next` on will be read after it
    /// or after one that follows.
    fn transform(&mut self, messages: &[&[Trit]], next: usize, last: bool) {
        let mut shares = messages.chunks(messages.len().div_ceil(self.tables.sweeps.len()));
        for (i, sweep) in self.tables.sweeps.iter().enumerate() {
            self.soon.clear();
            // The cache line of the first trit is here already, unless it starts there.
            let places = shares.next().unwrap_or(&[]).iter().filter_map(|message| message.get(next + 63));
            self.soon.extend(places.map(std::ptr::from_ref));
            self.lanes.sweep(sweep, if i == 0 { BASE } else { WORK }, WORK, &self.soon);
        }
        let rest = &self.tables.rest;
        for (i, round) in rest.iter().enumerate() {
            let round = if last || i + 1 < rest.len() { round } else { &self.tables.capacity };
            self.lanes.sboxes(PHASE + self.tables.rounds - rest.len() + i, round);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curl::planes::Planes;
    use crate::curl::rows;
    use crate::sliced::{self, Kernel};

    /// As many messages of so many blocks each, from a seed.
    fn messages(seed: usize, count: usize, blocks: usize) -> Vec<Vec<Trit>> {
        let trit =
            |message: usize, i: usize| ((i * i + seed * i / 3 + i * message / 7 + seed % 5) % 3) as Trit - 1;
        (0..count).map(|message| (0..HASH_TRITS * blocks).map(|i| trit(message, i)).collect()).collect()
    }

    /// Every kernel makes of the messages what the transform of one does.
    fn check(rounds: Rounds, messages: &[Vec<Trit>]) {
        let messages: Vec<&[Trit]> = messages.iter().map(Vec::as_slice).collect();
        let plain = |message: &&[Trit]| {
            let mut state = Planes::ZERO;
            rows::absorb(&mut state, message.as_chunks().0, rounds);
            state.rate()
        };
        let expected: Vec<_> = messages.iter().map(plain).collect();
        let batch = || Batch { messages: &messages, rounds };
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            assert!(sliced::with(kernel, batch()) == expected, "{kernel}");
        }
        #[cfg(target_arch = "x86_64")]
        for mixed in [false, true].into_iter().filter(|_| Kernel::Avx512.is_available()) {
            assert!(sliced::with_avx512(mixed, batch()) == expected, "mixed: {mixed}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri too long")]
    fn every_kernel_hashes() {
        for rounds in [Rounds::P27, Rounds::P81] {
            check(rounds, &messages(1, 600, 1));
            check(rounds, &messages(2, 70, 33));
        }
    }

    #[cfg(not(miri))]
    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]

        #[test]
        fn every_kernel_hashes_anything(
            rounds in proptest::sample::select(vec![Rounds::P27, Rounds::P81]),
            seed in 0..1_000_000_usize,
            count in 1..600_usize,
            blocks in 1..5_usize,
        ) {
            check(rounds, &messages(seed, count, blocks));
        }
    }
}
