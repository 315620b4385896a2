//! What a search executes, as tables for the kernels of [`crate::sliced`].
//!
//! The kernels keep many states side by side. A *slot* is one trit of all of them. Slots live in one arena:
//!
//! | slots | name | hold |
//! | --- | --- | --- |
//! | 761 | [`BASE`] | the state after the head, and spares |
//! | 761 | [`WORK`] | the state during the sweeps, and spares |
//! | 2 x 160 | scratch | the trits the head works on |
//! | the rest | pool | trits the head reads that the inner number does not reach |
//!
//! A hash is three parts. The **head** is the first 7 rounds: after them only 139 of the 729 trits depend on the inner
//! number (see [`super::nonce`]), so they alone are done again for each. The **sweeps** run several rounds in one pass
//! over the ring, in place. The **tail** is the last 8 rounds, of which only the trits that reach the end of the hash
//! are done: 355 s-boxes instead of 5832.

use super::nonce::INNER_TRITS;
use super::{FIXED_TRITS, HASH_TRITS};
use crate::curl::chain::{RING, STRIDES, power};
use crate::sliced::{BASE, REGION, Round, Sweep, WORK, op, sweeps};

const SCRATCH: [usize; 2] = [WORK + REGION, WORK + REGION + 160];
const POOL: usize = SCRATCH[1] + 160;

/// Rounds in the head.
pub(super) const HEAD: usize = 7;
/// The fewest rounds in the tail.
const TAIL: usize = 8;
/// Zeros the kernels look for; candidates for more are hashed again.
pub(super) const SCREEN: usize = 12;

/// The tables of one search; they depend only on the mwm and the number of rounds in a sweep.
#[derive(Debug)]
pub(super) struct Program {
    /// The first rounds for a whole state: from [`BASE`] through [`WORK`] back to `BASE`.
    pub(super) base: Vec<Round>,
    /// Before each round of `base`: what to keep for the head, as (from, to).
    pub(super) keep: Vec<Vec<(u16, u16)>>,
    /// Where the head expects the inner trits.
    pub(super) inner: [u16; INNER_TRITS.len()],
    /// The first rounds for the trits that the inner number reaches.
    pub(super) head: Vec<Round>,
    /// The sweeps; the first reads from `BASE`, all write to `WORK`.
    pub(super) sweeps: Vec<Sweep>,
    /// The last rounds.
    pub(super) tail: Vec<Round>,
    /// Slots of the last trits of the hash, at most [`SCREEN`].
    pub(super) screened: Vec<u16>,
}

impl Program {
    /// Tables to find hashes that end in `zeros`, at most [`SCREEN`], for a kernel's rounds in each sweep and its scale.
    pub(super) fn new(zeros: usize, fused: usize, scale: usize) -> Self {
        let (keep, head) = head();
        let end = STRIDES.len() - TAIL - (STRIDES.len() - TAIL - HEAD) % fused;
        let (sweeps, physical) = sweeps(HEAD..end, fused, scale);
        let (tail, screened) = tail(end, zeros, &physical);
        Self {
            base: base(),
            keep,
            inner: INNER_TRITS.map(|i| inner_slot(i) as u16),
            head,
            sweeps,
            tail,
            screened,
        }
    }
}

/// Where the state is before round `r` of the head.
fn region(r: usize) -> usize {
    if (HEAD - r).is_multiple_of(2) { BASE } else { WORK }
}

fn inner_slot(trit: usize) -> usize {
    SCRATCH[0] + INNER_TRITS.iter().position(|&i| i == trit).unwrap_or(0)
}

/// The head for a whole state.
fn base() -> Vec<Round> {
    let round = |r: usize| {
        let (from, to) = (region(r), region(r + 1));
        (0..RING).map(|i| op(to + i, from + i, from + (i + STRIDES[r]) % RING)).collect()
    };
    (0..HEAD).map(round).collect()
}

/// The head, and what to keep for it.
fn head() -> (Vec<Vec<(u16, u16)>>, Vec<Round>) {
    let mut slots = vec![None; RING];
    for trit in INNER_TRITS {
        slots[FIXED_TRITS + trit] = Some(inner_slot(trit));
    }
    let (mut pool, mut keep, mut head) = (POOL, Vec::new(), Vec::new());
    for r in 0..HEAD {
        let (mut kept, mut round, mut next) = (Vec::new(), Vec::new(), vec![None; RING]);
        for i in along(STRIDES[r]) {
            let other = (i + STRIDES[r]) % RING;
            if slots[i].is_none() && slots[other].is_none() {
                continue;
            }
            let mut operand = |i: usize| {
                slots[i].unwrap_or_else(|| {
                    kept.push(((region(r) + i) as u16, pool as u16));
                    pool += 1;
                    pool - 1
                })
            };
            let (a, b) = (operand(i), operand(other));
            let to = if r == HEAD - 1 { BASE + i } else { SCRATCH[(r + 1) % 2] + round.len() };
            round.push(op(to, a, b));
            next[i] = Some(to);
        }
        slots = next;
        keep.push(kept);
        head.push(round);
    }
    (keep, head)
}

/// All positions of the ring, each one `stride` further than the last.
fn along(stride: usize) -> impl Iterator<Item = usize> {
    (0..RING).map(move |k| k * stride % RING)
}

/// The last rounds for the final `zeros` trits of the hash, and the slots of those.
fn tail(first: usize, zeros: usize, physical: &[usize]) -> (Vec<Round>, Vec<u16>) {
    let slot = |i: usize| WORK + physical[i];
    // In units of the last stride everything needed is one interval; `364^81` is both.
    let unit = power(STRIDES.len());
    let at = |k: i64| (k.rem_euclid(RING as i64) as usize) * unit % RING;
    let (mut low, mut high) = ((HASH_TRITS - zeros) as i64, HASH_TRITS as i64);
    let screened = (low..high).map(|k| slot(at(k)) as u16).collect();
    let mut rounds = Vec::new();
    for r in (first..STRIDES.len()).rev() {
        let stride = (-2_i64).pow((STRIDES.len() - 1 - r) as u32);
        let sbox = |k: i64| op(slot(at(k)), slot(at(k)), slot(at(k + stride)));
        // In place: the operand a stride ahead must still be there.
        let round: Round =
            if stride > 0 { (low..high).map(sbox).collect() } else { (low..high).rev().map(sbox).collect() };
        rounds.push(round);
        (low, high) = if zeros == 0 { (low, high) } else { (low.min(low + stride), high.max(high + stride)) };
    }
    rounds.reverse();
    (rounds, screened)
}
