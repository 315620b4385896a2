//! What a search executes, as tables for the kernels of [`crate::sliced`].
//!
//! The kernels keep many states side by side. A *slot* is one trit of all of them. Slots live in one arena:
//!
//! | slots | name | hold |
//! | --- | --- | --- |
//! | 761 | [`BASE`] | the state during the head, and spares |
//! | 761 | [`WORK`] | the state during the sweeps, and spares |
//! | the rest | pool | trits the head reads that the inner number does not reach |
//!
//! A hash is three parts. The **head** is the first 7 rounds: after them only 139 of the 729 trits depend on the inner
//! number (see [`super::nonce`]), so they alone are done again for each. The **sweeps** run several rounds in one pass
//! over the ring, in place. The **tail** is the last 8 rounds or a few more, of which only the trits that reach the end of the hash
//! are done: of the last 8, 340 s-boxes instead of 5832.

use std::collections::BTreeMap;

use super::nonce::INNER_TRITS;
use super::{FIXED_TRITS, HASH_TRITS};
use crate::curl::chain::{RING, STRIDES, power};
use crate::sliced::{BASE, REGION, Round, Sweep, WORK, op, sweeps};

/// First slot of the pool.
const POOL: usize = WORK + REGION;

/// Rounds in the head.
pub(super) const HEAD: usize = 7;
/// The fewest rounds in the tail.
const TAIL: usize = 8;
/// Zeros the kernels look for; candidates for more are hashed again.
pub(super) const SCREEN: usize = 12;

/// The tables of one search; they depend only on the mwm and the number of rounds in a sweep.
#[derive(Debug)]
pub(super) struct Program {
    /// The first rounds for a whole state.
    pub(super) base: Vec<Round>,
    /// Before each round of `base`: what to keep, as (from, to).
    pub(super) keep: Vec<Vec<(u16, u16)>>,
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
        Self { base: base(), keep, head, sweeps, tail, screened }
    }
}

/// The head for a whole state, in place. Each round ends with what it overwrote first, from a spare slot.
fn base() -> Vec<Round> {
    let round = |r: usize| {
        let slots = along(0, STRIDES[r]).map(|i| BASE + i).chain([BASE + RING]).collect::<Vec<_>>();
        slots.windows(2).map(|pair| op(pair[0], pair[0], pair[1])).collect()
    };
    (0..HEAD).map(round).collect()
}

/// What to keep in the head, and the head for the trits that the inner number reaches, in place.
fn head() -> (Vec<Vec<(u16, u16)>>, Vec<Round>) {
    let mut reached = vec![false; RING];
    INNER_TRITS.iter().for_each(|trit| reached[FIXED_TRITS + trit] = true);
    let (mut pool, mut keep, mut head) = (POOL, Vec::new(), Vec::new());
    for stride in &STRIDES[..HEAD] {
        let next: Vec<bool> = (0..RING).map(|i| reached[i] || reached[(i + stride) % RING]).collect();
        let mut kept = BTreeMap::new();
        let mut operand = |i: usize| {
            if reached[i] {
                return BASE + i;
            }
            *kept.entry(i).or_insert_with(|| {
                pool += 1;
                pool - 1
            })
        };
        // From a trit that is not reached on, so that every operand a stride ahead is still there.
        let start = next.iter().position(|reached| !reached).unwrap_or(0);
        let sbox = |i: usize| op(BASE + i, operand(i), operand((i + stride) % RING));
        head.push(along(start, *stride).filter(|&i| next[i]).map(sbox).collect());
        let first = (BASE, BASE + RING);
        let pairs = kept.into_iter().map(|(i, slot)| (BASE + i, slot)).chain([first]);
        keep.push(pairs.map(|(from, to)| (from as u16, to as u16)).collect());
        reached = next;
    }
    (keep, head)
}

/// All positions of the ring from `start` on, each one `stride` further than the last.
fn along(start: usize, stride: usize) -> impl Iterator<Item = usize> {
    (0..RING).map(move |k| (start + k * stride) % RING)
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
