//! What a kernel is: many Curl states side by side, and the few operations the search needs on them.

use super::nonce::{self, GROUP, INNER, INNER_TRITS, LANE_TRITS, LANES};
use super::program::{BASE, Op, Program, SCREEN, Sweep, WORK};
use super::{Control, FIXED_TRITS, Problem};
use crate::Trit;
use crate::curl::chain::STRIDES;

/// Words of 64 lanes in the widest kernel.
pub(super) const WORDS: usize = LANES as usize / 64;

/// One plane of one trit for all 512 lanes of a group.
pub(super) type Plane = [u64; WORDS];

/// Many states side by side, in the arena that [`super::program`] describes.
///
/// A trit is given as two planes: +1 when its bit in the high plane is 0; else 0 when its bit in the low plane is 0;
/// else -1. How a kernel keeps it is its own affair, and may change from round to round.
pub(super) trait Lanes {
    /// States side by side, in words of 64.
    const WORDS: usize;
    /// Rounds in each sweep: a divisor of 66, at most 6.
    const FUSED: usize;
    /// What the slots in sweeps are multiplied by.
    const SCALE: usize;

    /// Sets a slot before round 0; only the first [`Lanes::WORDS`] words count.
    fn set(&mut self, slot: usize, high: &[u64], low: &[u64]);
    /// Copies slots, each (from, to).
    fn copy(&mut self, pairs: &[(u16, u16)]);
    /// Does s-boxes of round number `round`, in order.
    fn sboxes(&mut self, round: usize, ops: &[Op]);
    /// Does a sweep, from one region to another or in place. It starts with a round that is 1 modulo 3.
    fn sweep(&mut self, sweep: &Sweep, from: usize, to: usize);
    /// After the last round: the lanes where all `slots` are zero; only the first [`Lanes::WORDS`] words are written.
    fn zeros(&self, slots: &[u16], lanes: &mut Plane);
}

/// A kernel at work on a problem.
pub(super) struct Search<'a, L> {
    problem: &'a Problem,
    control: &'a Control,
    program: Program,
    lanes: L,
}

impl<'a, L: Lanes> Search<'a, L> {
    pub(super) fn new(problem: &'a Problem, control: &'a Control, lanes: L) -> Self {
        let program = Program::new(problem.mwm(), L::FUSED, L::SCALE);
        Self { problem, control, program, lanes }
    }

    /// The smallest counter of the group from `start` on that solves the problem, unless it is `best` or more, and
    /// unless cancelled.
    pub(super) fn group(&mut self, start: u64, mut best: u64) -> Option<u64> {
        let mut found = None;
        for word in (0..WORDS).step_by(L::WORDS) {
            self.prepare(start, word);
            for inner in 0..INNER {
                let first = start + inner * LANES + 64 * word as u64;
                if self.control.is_cancelled() || first >= best {
                    break;
                }
                let hit = self.batch(inner, first).filter(|&counter| counter < best);
                self.control.count(64 * L::WORDS as u64);
                if let Some(counter) = hit {
                    (best, found) = (counter, hit);
                    break;
                }
            }
        }
        found
    }

    /// The part of the head that does not depend on the inner number.
    fn prepare(&mut self, start: u64, word: usize) {
        let mut state = *self.problem.state();
        state[FIXED_TRITS..].iter_mut().zip(nonce::nonce(start)).for_each(|(trit, nonce)| *trit = nonce);
        for (i, &trit) in state.iter().enumerate() {
            self.broadcast(WORK + i, trit);
        }
        for (trit, planes) in LANE_TRITS.iter().zip(&LANE_PLANES) {
            self.lanes.set(WORK + FIXED_TRITS + trit, &planes[0][word..], &planes[1][word..]);
        }
        for (round, (keep, ops)) in self.program.keep.iter().zip(&self.program.base).enumerate() {
            self.lanes.copy(keep);
            self.lanes.sboxes(round, ops);
        }
    }

    /// The smallest counter from `first` on, in the lanes, that solves the problem.
    fn batch(&mut self, inner: u64, first: u64) -> Option<u64> {
        let nonce = nonce::nonce(inner * LANES);
        for i in 0..INNER_TRITS.len() {
            self.broadcast(self.program.inner[i].into(), nonce[INNER_TRITS[i]]);
        }
        for (round, ops) in self.program.head.iter().enumerate() {
            self.lanes.sboxes(round, ops);
        }
        for (i, sweep) in self.program.sweeps.iter().enumerate() {
            self.lanes.sweep(sweep, if i == 0 { BASE } else { WORK }, WORK);
        }
        for (round, ops) in self.program.tail.iter().rev().enumerate().rev() {
            self.lanes.sboxes(STRIDES.len() - 1 - round, ops);
        }
        let mut zeros = [0; WORDS];
        self.lanes.zeros(&self.program.screened, &mut zeros);
        self.first_hit(&zeros[..L::WORDS], first)
    }

    fn broadcast(&mut self, slot: usize, trit: Trit) {
        let word = |bit| if bit { [u64::MAX; WORDS] } else { [0; WORDS] };
        self.lanes.set(slot, &word(trit <= 0), &word(trit < 0));
    }

    fn first_hit(&self, lanes: &[u64], first: u64) -> Option<u64> {
        let bits = |(i, &word): (usize, &u64)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 64 * i as u64 + bit)
        };
        lanes
            .iter()
            .enumerate()
            .filter(|(_, word)| **word != 0)
            .flat_map(bits)
            .map(|lane| first + lane)
            .find(|&counter| self.solves(counter))
    }

    fn solves(&self, counter: u64) -> bool {
        let mwm = self.problem.mwm();
        mwm <= SCREEN
            || self.problem.hash(&nonce::nonce(counter)).iter().rev().take(mwm).all(|&trit| trit == 0)
    }
}

/// The high and low planes of the lane trits.
const LANE_PLANES: [[Plane; 2]; LANE_TRITS.len()] = {
    let mut planes = [[[0; WORDS]; 2]; LANE_TRITS.len()];
    let mut lane = 0;
    while lane < LANES as usize {
        let (mut digits, mut trit) = (lane, 0);
        while trit < LANE_TRITS.len() {
            let bit = 1 << (lane % 64);
            if digits % 3 != 1 {
                planes[trit][0][lane / 64] |= bit;
            }
            if digits % 3 == 2 {
                planes[trit][1][lane / 64] |= bit;
            }
            digits /= 3;
            trit += 1;
        }
        lane += 1;
    }
    planes
};

const _: () = assert!(GROUP == LANES * INNER);
