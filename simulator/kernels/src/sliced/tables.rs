//! What the kernels execute, as tables: which slots each step reads and writes.

use std::ops::Range;

use super::{REGION, SLOTS};
use crate::curl::chain::{RING, STRIDES};

/// One s-box: slots of the result and of the two operands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) to: u16,
    pub(crate) a: u16,
    pub(crate) b: u16,
}

/// One round as s-boxes, to be done in order.
pub(crate) type Round = Vec<Op>;

/// Several rounds in one pass over the ring, in chain coordinates of the last stride.
///
/// With `R` rounds and the span `S = 2^(R-1)` their strides are `-S, S/2, -S/4, …` steps, and step `m` reads the trits
/// `A0[m]` and `A0[m-S]` of the old state. Its result replaces the latter, which nothing reads any more; only the
/// first `S` results go to spare slots instead, as the ring's end needs its beginning.
#[derive(Debug)]
pub(crate) struct Sweep {
    loads: Vec<u16>,
    stores: Vec<u16>,
    fused: usize,
    scale: usize,
}

impl Sweep {
    /// A sweep of so many rounds. Kernels rely on what is checked here.
    fn new(fused: usize, scale: usize, loads: Vec<usize>, stores: Vec<usize>) -> Self {
        assert!(loads.len() == RING + (1 << fused) && stores.len() == RING);
        let scaled = |slot: usize| {
            assert!(slot < REGION && slot * scale <= usize::from(u16::MAX));
            (slot * scale) as u16
        };
        let scaled = |slots: Vec<usize>| slots.into_iter().map(scaled).collect();
        Self { loads: scaled(loads), stores: scaled(stores), fused, scale }
    }

    /// The slot of `A0[m]` at index `m + S`, for `m` in `-S..729 + S`: `729 + 2^fused` slots, each less than [`REGION`],
    /// relative to the region, times the scale.
    pub(crate) fn loads(&self) -> &[u16] {
        &self.loads
    }

    /// The slot for the result of step `m` at index `m - S`, for `m` in `S..729 + S`: 729 slots as in [`Sweep::loads`].
    pub(crate) fn stores(&self) -> &[u16] {
        &self.stores
    }

    /// How many rounds it does.
    pub(crate) fn fused(&self) -> usize {
        self.fused
    }

    /// What its slots are multiplied by.
    pub(crate) fn scale(&self) -> usize {
        self.scale
    }
}

/// The s-box with these slots.
pub(crate) fn op(to: usize, a: usize, b: usize) -> Op {
    // Kernels rely on it.
    assert!(to.max(a).max(b) < SLOTS);
    Op { to: to as u16, a: a as u16, b: b as u16 }
}

/// The sweeps that do `rounds` with `fused` of them in each, for a kernel's scale, and where each trit is after them,
/// relative to the region. The number of rounds is a multiple of `fused`.
pub(crate) fn sweeps(rounds: Range<usize>, fused: usize, scale: usize) -> (Vec<Sweep>, Vec<usize>) {
    let span = 1 << (fused - 1);
    let mut physical: Vec<usize> = (0..RING).collect();
    let mut spares: Vec<usize> = (RING..RING + span).collect();
    let mut sweeps = Vec::new();
    for first in rounds.step_by(fused) {
        // The unit in which the first stride is -span.
        let unit = RING - STRIDES[first] * half(fused - 1) % RING;
        let at = |step: usize| step * unit % RING;
        let loads = (0..RING + 2 * span).map(|m| physical[at(m + RING - span)]).collect();
        let results: Vec<usize> = spares.drain(..).chain((span..RING).map(|m| physical[at(m)])).collect();
        sweeps.push(Sweep::new(fused, scale, loads, results.clone()));
        spares.extend((0..span).map(|m| physical[at(m)]));
        for (step, slot) in results.into_iter().enumerate() {
            physical[at(step + span - ahead(fused))] = slot;
        }
    }
    (sweeps, physical)
}

/// `2^-exponent` modulo 729.
fn half(exponent: usize) -> usize {
    // 2 * 365 is 1.
    (0..exponent).fold(1, |product, _| product * 365 % RING)
}

/// How many steps the last round of a sweep is behind the first: the sum of its positive strides, `2^(fused-2)`,
/// `2^(fused-4)` and so on.
fn ahead(fused: usize) -> usize {
    (0..fused - 1).rev().step_by(2).map(|exponent| 1 << exponent).sum()
}
