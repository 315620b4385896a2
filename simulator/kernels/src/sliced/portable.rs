//! The portable kernel: safe code over words that every CPU has.
//!
//! Without three-operand logic the cheapest s-box changes the encoding from round to round, with period 3:
//! a trit is (P, n), then (P, z), then (H, n), where `P = !H` and `z = !n`. Each form takes four operations.

use super::matrix::{self, pack_block};
use super::{Lanes, Op, Packed, Plane, SLOTS, Sweep, WORDS};
use crate::{HASH_TRITS, Trit};

/// Words of 64 lanes worked on together.
const N: usize = 2;

type Word = [u64; N];
type Pair = (Word, Word);

/// 64 states side by side.
pub(super) struct Portable {
    arena: Box<[Pair; SLOTS]>,
}

impl Portable {
    pub(super) fn new() -> Self {
        Self { arena: Box::new([([0; N], [0; N]); SLOTS]) }
    }
}

/// What the planes of a trit are xored with in a phase.
pub(super) fn flips(phase: usize) -> (u64, u64) {
    match phase % 3 {
        0 => (u64::MAX, 0),
        1 => (u64::MAX, u64::MAX),
        _ => (0, 0),
    }
}

#[inline(always)]
fn zip(a: Word, b: Word, f: impl Fn(u64, u64) -> u64) -> Word {
    std::array::from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn and(a: Word, b: Word) -> Word {
    zip(a, b, |a, b| a & b)
}

#[inline(always)]
fn or(a: Word, b: Word) -> Word {
    zip(a, b, |a, b| a | b)
}

#[inline(always)]
fn xor(a: Word, b: Word) -> Word {
    zip(a, b, |a, b| a ^ b)
}

/// `!a & b`.
#[inline(always)]
fn andn(a: Word, b: Word) -> Word {
    zip(a, b, |a, b| !a & b)
}

/// The s-box of rounds 0, 3, 6, …: from (P, n) to (P, z).
#[inline(always)]
fn sbox0(a: Pair, b: Pair) -> Pair {
    (andn(a.0, xor(a.1, b.0)), xor(a.0, andn(b.0, b.1)))
}

/// The s-box of rounds 1, 4, 7, …: from (P, z) to (H, n).
#[inline(always)]
fn sbox1(a: Pair, b: Pair) -> Pair {
    (or(a.0, xor(a.1, b.0)), xor(a.0, or(b.0, b.1)))
}

/// The s-box of rounds 2, 5, 8, …: from (H, n) to (P, n).
#[inline(always)]
fn sbox2(a: Pair, b: Pair) -> Pair {
    (andn(xor(a.1, b.0), a.0), xor(a.0, and(b.0, b.1)))
}

impl Lanes for Portable {
    const WORDS: usize = N;
    const FUSED: usize = 3;
    const SCALE: usize = 1;
    const WORTH: usize = 28;

    fn set(&mut self, phase: usize, slot: usize, high: &Plane, low: &Plane) {
        let (flip_high, flip_low) = flips(phase);
        self.arena[slot] =
            (std::array::from_fn(|i| high[i] ^ flip_high), std::array::from_fn(|i| low[i] ^ flip_low));
    }

    fn copy(&mut self, pairs: &[(u16, u16)]) {
        for &(from, to) in pairs {
            self.arena[usize::from(to)] = self.arena[usize::from(from)];
        }
    }

    fn sboxes(&mut self, phase: usize, ops: &[Op]) {
        match phase % 3 {
            0 => self.each(ops, sbox0),
            1 => self.each(ops, sbox1),
            _ => self.each(ops, sbox2),
        }
    }

    /// Step `m` of a sweep of three rounds, with strides -4, 2, -1:
    /// `A1[m] = g(A0[m], A0[m-4])`, `A2[m-2] = g(A1[m-2], A1[m])`, `A3[m-2] = g(A2[m-2], A2[m-3])`.
    fn sweep(&mut self, sweep: &Sweep, from: usize, to: usize, _soon: &[*const Trit]) {
        let (loads, stores) = (sweep.loads(), sweep.stores());
        let mut first = |m: usize| sbox1(*self.at(from, loads[m + 4]), *self.at(from, loads[m]));
        let (oldest, mut old, mut new) = (first(1), first(2), first(3));
        let mut last = sbox2(oldest, new);
        for ((&a, &b), &store) in loads[8..].iter().zip(&loads[4..]).zip(stores) {
            let first = sbox1(*self.at(from, a), *self.at(from, b));
            let second = sbox2(old, first);
            *self.at(to, store) = sbox0(second, last);
            (old, new, last) = (new, first, second);
        }
    }

    fn planes(&self, phase: usize, slot: usize) -> (Plane, Plane) {
        let (flip_high, flip_low) = flips(phase);
        let (mut high, mut low) = ([0; WORDS], [0; WORDS]);
        for i in 0..N {
            high[i] = self.arena[slot].0[i] ^ flip_high;
            low[i] = self.arena[slot].1[i] ^ flip_low;
        }
        (high, low)
    }

    fn pack(&self, blocks: &[[Trit; HASH_TRITS]], packed: &mut [Packed], stride: usize) {
        let places = packed.iter_mut().step_by(stride);
        blocks.iter().zip(places).for_each(|(block, packed)| *packed = pack_block(block));
    }

    fn fill(&mut self, phase: usize, packed: &[Packed]) {
        matrix::fill::<N, _>(self, phase, packed);
    }

    fn drain(&self, phase: usize, packed: &mut [Packed]) {
        matrix::drain::<N, _>(self, phase, packed);
    }
}

impl Portable {
    #[inline(always)]
    fn each(&mut self, ops: &[Op], sbox: impl Fn(Pair, Pair) -> Pair) {
        for op in ops {
            *self.at(0, op.to) = sbox(*self.at(0, op.a), *self.at(0, op.b));
        }
    }

    /// The slot; tables never leave the arena, the remainder says so to the compiler.
    #[inline(always)]
    fn at(&mut self, region: usize, slot: u16) -> &mut Pair {
        &mut self.arena[(region + usize::from(slot)) % SLOTS]
    }
}
