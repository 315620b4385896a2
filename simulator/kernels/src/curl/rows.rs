//! Curl states in rows, for any CPU.
//!
//! A plane is a ring of 729 bits: 27 rows of 27. Row `q` is a word of 32 bits that holds the ring bits from bit `27 q` on,
//! so it overlaps the next row by five. To rotate the ring by `27 rows + bits` is to take each word from `rows` further,
//! and to shift it and its neighbour. With the rows written twice, one behind the other, those are always in one piece.

use super::planes::{Planes, Ring};
use super::{Rounds, chain};
use crate::sliced::pack;
use crate::{HASH_TRITS, Trit};

/// Rows of a plane, and trits in a row.
pub(super) const ROWS: usize = 27;
/// Rows of the rate.
pub(super) const RATE: usize = HASH_TRITS / ROWS;
/// The bits of a window that belong to its row.
pub(super) const LOW_27: u32 = (1 << ROWS) - 1;

/// The windows of all rows; words 27 to 31 repeat the rows 0 to 4.
pub(super) type Windows = [u32; 32];

/// The strides of the rounds, as rows and bits.
pub(super) const STEPS: [(usize, u32); chain::STRIDES.len()] = {
    let mut steps = [(0, 0); chain::STRIDES.len()];
    let mut round = 0;
    while round < steps.len() {
        steps[round] = (chain::STRIDES[round] / ROWS, (chain::STRIDES[round] % ROWS) as u32);
        round += 1;
    }
    steps
};

/// Absorbs blocks into a state.
#[inline(always)]
pub(super) fn absorb(state: &mut Planes, blocks: &[[Trit; HASH_TRITS]], rounds: Rounds) {
    let mut planes = state.rings().map(windows);
    for block in blocks {
        set_rate(&mut planes, block);
        transform(&mut planes, rounds);
    }
    *state = Planes::from_rings(planes.each_ref().map(ring));
}

/// Transforms a state.
pub(super) fn transform_planes(state: &mut Planes, rounds: Rounds) {
    let mut planes = state.rings().map(windows);
    transform(&mut planes, rounds);
    *state = Planes::from_rings(planes.each_ref().map(ring));
}

/// All windows of a ring.
pub(super) fn windows(ring: &Ring) -> Windows {
    std::array::from_fn(|row| window(ring, row % ROWS))
}

/// The window of a row; the last one goes on at the start of the ring.
fn window(ring: &[u64], row: usize) -> u32 {
    let start = ROWS * row;
    let next = ring.get(start / 64 + 1).map_or(0, |next| next << 1 << (63 - start % 64));
    let wrapped = if row == ROWS - 1 { ring[0] << ROWS } else { 0 };
    (ring[start / 64] >> (start % 64) | next | wrapped) as u32
}

/// The ring of all windows.
pub(super) fn ring(windows: &Windows) -> Ring {
    let mut ring = [0; chain::RING.div_ceil(64)];
    for (row, window) in windows.iter().take(ROWS).enumerate() {
        let (bits, start) = (u64::from(window & LOW_27), ROWS * row);
        ring[start / 64] |= bits << (start % 64);
        if start % 64 > 64 - ROWS {
            ring[start / 64 + 1] |= bits >> (64 - start % 64);
        }
    }
    ring
}

/// Overwrites the rows of the rate and makes all windows whole again.
#[inline(always)]
fn set_rate(planes: &mut [Windows; 2], block: &[Trit; HASH_TRITS]) {
    let mut packed = [[0; HASH_TRITS.div_ceil(64)]; 2];
    for (word, trits) in block.chunks(64).enumerate() {
        (packed[0][word], packed[1][word]) = pack(trits);
    }
    for (plane, packed) in planes.iter_mut().zip(&packed) {
        (0..RATE).for_each(|row| plane[row] = window(packed, row));
        let rows = *plane;
        let whole = |row: usize| rows[row % ROWS] & LOW_27 | rows[(row + 1) % ROWS] << ROWS;
        *plane = std::array::from_fn(whole);
    }
}

#[inline(always)]
fn transform(planes: &mut [Windows; 2], rounds: Rounds) {
    let mut twice = [[0; 64]; 2];
    twice.iter_mut().zip(&*planes).for_each(|(twice, plane)| write(twice, plane));
    for step in &STEPS[..rounds.count()] {
        let next = round(&twice, *step);
        twice.iter_mut().zip(&next).for_each(|(twice, plane)| write(twice, plane));
    }
    for (plane, twice) in planes.iter_mut().zip(&twice) {
        plane.copy_from_slice(&twice[..32]);
        *plane = match rounds {
            Rounds::P27 => leave_chain::<9>(plane, rounds),
            Rounds::P81 => leave_chain::<3>(plane, rounds),
        };
    }
}

/// Writes the rows, and the rows again.
#[inline(always)]
fn write(twice: &mut [u32; 64], windows: &Windows) {
    twice[..32].copy_from_slice(windows);
    twice[ROWS..ROWS + 32].copy_from_slice(windows);
}

/// `T'[i] = g(T[i], T[i + stride])` for the whole ring.
#[inline(always)]
fn round([high, low]: &[[u32; 64]; 2], (rows, bits): (usize, u32)) -> [Windows; 2] {
    let (near_high, near_low) = (&high[rows..rows + 33], &low[rows..rows + 33]);
    let rotated =
        |near: &[u32], i: usize| near[i].wrapping_shr(bits) | near[i + 1].wrapping_shl(ROWS as u32 - bits);
    let mut next = [[0; 32]; 2];
    for i in 0..32 {
        let (b_high, b_low) = (rotated(near_high, i), rotated(near_low, i));
        next[0][i] = !high[i] | (low[i] ^ b_high);
        next[1][i] = high[i] ^ (b_high & b_low);
    }
    next
}

/// From chain coordinates back to the order of the state, see [`chain::home`], which also tells the number of residues.
#[inline(always)]
fn leave_chain<const RESIDUES: usize>(plane: &Windows, rounds: Rounds) -> Windows {
    let step = chain::home(rounds).0 / ROWS;
    let masks: [u32; RESIDUES] = const { every() };
    let moved = |residue: usize, row: usize| plane[(row + step * residue) % ROWS] & masks[residue];
    std::array::from_fn(|row| (0..RESIDUES).fold(0, |out, residue| out | moved(residue, row)))
}

/// For each residue modulo a divisor of 27, the bits of a window that have it.
pub(super) const fn every<const RESIDUES: usize>() -> [u32; RESIDUES] {
    let mut masks = [0; RESIDUES];
    let mut bit = 0;
    while bit < 32 {
        masks[bit % RESIDUES] |= 1 << bit;
        bit += 1;
    }
    masks
}
