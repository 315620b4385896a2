//! The search through one group of counters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::nonce::{self, INNER, INNER_TRITS, LANE_PLANES, LANE_TRITS, LANES};
use super::program::{Program, SCREEN};
use super::{Control, FIXED_TRITS, Problem};
use crate::Trit;
use crate::curl::chain::STRIDES;
use crate::sliced::{BASE, Lanes, WORDS, WORK};

/// The tables for a screen of `zeros` and a kernel; made once each.
fn program(zeros: usize, fused: usize, scale: usize) -> Arc<Program> {
    static PROGRAMS: Mutex<BTreeMap<(usize, usize, usize), Arc<Program>>> = Mutex::new(BTreeMap::new());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(
        programs.entry((zeros, fused, scale)).or_insert_with(|| Arc::new(Program::new(zeros, fused, scale))),
    )
}

/// A kernel at work on a problem.
pub(super) struct Search<'a, L> {
    problem: &'a Problem,
    control: &'a Control,
    program: Arc<Program>,
    lanes: L,
}

impl<'a, L: Lanes> Search<'a, L> {
    pub(super) fn new(problem: &'a Problem, control: &'a Control, lanes: L) -> Self {
        let program = program(problem.mwm().min(SCREEN), L::FUSED, L::SCALE);
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
            self.broadcast(BASE + i, trit);
        }
        for (trit, planes) in LANE_TRITS.iter().zip(&LANE_PLANES) {
            let [high, low] = planes.map(|plane| std::array::from_fn(|i| plane[(word + i) % WORDS]));
            self.lanes.set(0, BASE + FIXED_TRITS + trit, &high, &low);
        }
        for (round, (keep, ops)) in self.program.keep.iter().zip(&self.program.base).enumerate() {
            self.lanes.copy(keep);
            self.lanes.sboxes(round, ops);
        }
    }

    /// The smallest counter from `first` on, in the lanes, that solves the problem.
    fn batch(&mut self, inner: u64, first: u64) -> Option<u64> {
        let nonce = nonce::nonce(inner * LANES);
        for trit in INNER_TRITS {
            self.broadcast(BASE + FIXED_TRITS + trit, nonce[trit]);
        }
        for (round, ops) in self.program.head.iter().enumerate() {
            self.lanes.sboxes(round, ops);
        }
        for (i, sweep) in self.program.sweeps.iter().enumerate() {
            self.lanes.sweep(sweep, if i == 0 { BASE } else { WORK }, WORK, &[]);
        }
        for (round, ops) in self.program.tail.iter().rev().enumerate().rev() {
            self.lanes.sboxes(STRIDES.len() - 1 - round, ops);
        }
        let zeros = self.program.screened.iter().fold([u64::MAX; WORDS], |zeros, &slot| {
            let (high, low) = self.lanes.planes(STRIDES.len(), slot.into());
            std::array::from_fn(|i| zeros[i] & high[i] & !low[i])
        });
        self.first_hit(&zeros[..L::WORDS], first)
    }

    fn broadcast(&mut self, slot: usize, trit: Trit) {
        let word = |bit| if bit { [u64::MAX; WORDS] } else { [0; WORDS] };
        self.lanes.set(0, slot, &word(trit <= 0), &word(trit < 0));
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
        self.problem.mwm() <= SCREEN || self.problem.is_solved_by(&nonce::nonce(counter))
    }
}
