//! Curl states in AVX-512 registers, one or a few at a time.
//!
//! A plane is a ring of 729 bits: 27 rows of 27. Row `q` is a 32-bit lane that holds the 32 ring bits from bit `27 q` on,
//! so it overlaps the next row by five. To rotate the ring by `27 rows + bits` is to take each lane from `rows` further,
//! and to shift it and its neighbour. Lanes 27 to 31 repeat the rows 0 to 4.

#![allow(unsafe_code)] // Intrinsics.

use std::arch::x86_64::{
    __m512i, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_setzero_si256,
    _mm512_and_si512, _mm512_loadu_si512, _mm512_or_si512, _mm512_permutex2var_epi32, _mm512_set1_epi32,
    _mm512_sllv_epi32, _mm512_srlv_epi32, _mm512_storeu_si512, _mm512_ternarylogic_epi32,
};

use super::planes::{Planes, Ring};
use super::{Rounds, chain};
use crate::sliced::Kernel;
use crate::{HASH_TRITS, Trit};

/// Rows of a plane, and trits in a row.
const ROWS: usize = 27;
/// Rows of the rate.
const RATE: usize = HASH_TRITS / ROWS;

/// A plane: lanes 0 to 15, and 16 to 31.
type Plane = [__m512i; 2];

/// A state: the high and the low plane.
type State = [Plane; 2];

/// Absorbs into each of the states its blocks, of which each has the same number; or does nothing and returns false where
/// the CPU lacks the instructions or the user forbids them.
pub(super) fn absorb<const K: usize>(
    states: &mut [Planes; K],
    inputs: [&[[Trit; HASH_TRITS]]; K],
    rounds: Rounds,
) -> bool {
    let able = Kernel::Avx512.is_permitted();
    if able {
        // SAFETY: the CPU has AVX-512F and AVX2.
        unsafe { absorb_all(states, inputs, rounds) };
    }
    able
}

#[target_feature(enable = "avx512f,avx2")]
fn absorb_all<const K: usize>(states: &mut [Planes; K], inputs: [&[[Trit; HASH_TRITS]]; K], rounds: Rounds) {
    let mut windows: [State; K] = std::array::from_fn(|k| enter(&states[k]));
    for block in 0..inputs[0].len() {
        for (state, input) in windows.iter_mut().zip(inputs) {
            set_rate(state, &input[block]);
        }
        transform(&mut windows, rounds);
    }
    for (state, windows) in states.iter_mut().zip(&windows) {
        *state = leave(windows);
    }
}

#[target_feature(enable = "avx512f")]
fn enter(planes: &Planes) -> State {
    planes.rings().map(|ring| load(&std::array::from_fn(|lane| row(ring, lane % ROWS))))
}

/// The window of a row.
fn row(ring: &Ring, row: usize) -> u32 {
    let rotated = |bit: usize| {
        ring[bit / 64] >> (bit % 64) | ring.get(bit / 64 + 1).map_or(0, |next| next << 1 << (63 - bit % 64))
    };
    let start = ROWS * row;
    // The last row's window goes on at the start of the ring.
    let wrapped = if row == ROWS - 1 { ring[0] << ROWS } else { 0 };
    (rotated(start) | wrapped) as u32
}

#[target_feature(enable = "avx512f")]
fn leave(state: &State) -> Planes {
    let rings = state.map(|plane| {
        let mut ring = [0; chain::RING.div_ceil(64)];
        for (row, window) in store(plane).into_iter().take(ROWS).enumerate() {
            let (bits, start) = (u64::from(window & LOW_27), ROWS * row);
            ring[start / 64] |= bits << (start % 64);
            if start % 64 > 64 - ROWS {
                ring[start / 64 + 1] |= bits >> (64 - start % 64);
            }
        }
        ring
    });
    Planes::from_rings(rings)
}

const LOW_27: u32 = (1 << ROWS) - 1;

#[target_feature(enable = "avx512f")]
fn load(lanes: &[u32; 32]) -> Plane {
    // SAFETY: both are inside the 128 bytes.
    unsafe { [_mm512_loadu_si512(lanes.as_ptr().cast()), _mm512_loadu_si512(lanes.as_ptr().add(16).cast())] }
}

#[target_feature(enable = "avx512f")]
fn store(plane: Plane) -> [u32; 32] {
    let mut lanes = [0; 32];
    // SAFETY: both are inside the 128 bytes.
    unsafe {
        _mm512_storeu_si512(lanes.as_mut_ptr().cast(), plane[0]);
        _mm512_storeu_si512(lanes.as_mut_ptr().add(16).cast(), plane[1]);
    }
    lanes
}

/// Overwrites the rows of the rate and makes all windows whole again.
#[target_feature(enable = "avx512f,avx2")]
fn set_rate(state: &mut State, block: &[Trit; HASH_TRITS]) {
    let [mut high, mut low] = state.map(|plane| store(plane));
    for (row, (high, low)) in high.iter_mut().zip(&mut low).enumerate().take(RATE) {
        // The last row ends where the block ends.
        let start = (ROWS * row).min(HASH_TRITS - 32);
        let shift = ROWS * row - start;
        // SAFETY: 32 trits from `start` are inside the block.
        let trits = unsafe { _mm256_loadu_si256(block.as_ptr().add(start).cast()) };
        let positive = _mm256_movemask_epi8(_mm256_cmpgt_epi8(trits, _mm256_setzero_si256()));
        *high = !positive.cast_unsigned() >> shift;
        *low = _mm256_movemask_epi8(trits).cast_unsigned() >> shift;
    }
    *state = [high, low].map(|rows| whole(load(&rows)));
}

/// A plane from the low 27 bits of its rows.
#[target_feature(enable = "avx512f")]
fn whole(plane: Plane) -> Plane {
    let low = _mm512_set1_epi32(LOW_27.cast_signed());
    let (rows, next) = (further(plane, 0), further(plane, 1));
    std::array::from_fn(|half| {
        let after = _mm512_sllv_epi32(next[half], _mm512_set1_epi32(ROWS as i32));
        _mm512_or_si512(_mm512_and_si512(rows[half], low), after)
    })
}

/// `LANES[rows][lane]` is the lane that is `rows` further.
const LANES: [[u32; 32]; ROWS + 1] = {
    let mut table = [[0; 32]; ROWS + 1];
    let mut i = 0;
    while i < 32 * (ROWS + 1) {
        table[i / 32][i % 32] = ((i / 32 + i % 32) % ROWS) as u32;
        i += 1;
    }
    table
};

/// The plane whose row `q` is row `q + rows`.
#[target_feature(enable = "avx512f")]
fn further(plane: Plane, rows: usize) -> Plane {
    load(&LANES[rows]).map(|lanes| _mm512_permutex2var_epi32(plane[0], lanes, plane[1]))
}

/// The plane whose bit `i` is bit `i + by`.
#[target_feature(enable = "avx512f")]
fn rotate(plane: Plane, by: usize) -> Plane {
    let (rows, bits) = (by / ROWS, (by % ROWS) as i32);
    let (near, far) = (further(plane, rows), further(plane, rows + 1));
    std::array::from_fn(|half| {
        let near = _mm512_srlv_epi32(near[half], _mm512_set1_epi32(bits));
        _mm512_or_si512(near, _mm512_sllv_epi32(far[half], _mm512_set1_epi32(ROWS as i32 - bits)))
    })
}

#[target_feature(enable = "avx512f")]
fn transform<const K: usize>(states: &mut [State; K], rounds: Rounds) {
    for &stride in &chain::STRIDES[..rounds.count()] {
        for state in &mut *states {
            round(state, stride);
        }
    }
    let (step, residues) = chain::home(rounds);
    for plane in states.iter_mut().flatten() {
        *plane = leave_chain(*plane, step, residues);
    }
}

/// `T'[i] = g(T[i], T[i + stride])` for the whole ring.
#[target_feature(enable = "avx512f")]
fn round(state: &mut State, stride: usize) {
    let [high, low] = *state;
    let (next_high, next_low) = (rotate(high, stride), rotate(low, stride));
    for half in 0..2 {
        let (h, n) = (high[half], low[half]);
        state[0][half] = _mm512_ternarylogic_epi32::<0x7b>(n, h, next_high[half]);
        state[1][half] = _mm512_ternarylogic_epi32::<0x78>(h, next_high[half], next_low[half]);
    }
}

/// From chain coordinates back to the order of the state, see [`chain::home`]. The step is a number of rows.
#[target_feature(enable = "avx512f")]
fn leave_chain(plane: Plane, step: usize, residues: usize) -> Plane {
    let mut out = plane.map(|half| _mm512_and_si512(half, every(residues, 0)));
    for residue in 1..residues {
        let moved = further(plane, step * residue / ROWS);
        let mask = every(residues, residue);
        // `out | (moved & mask)`.
        out = std::array::from_fn(|half| _mm512_ternarylogic_epi32::<0xf8>(out[half], moved[half], mask));
    }
    out
}

/// The bits of a window that are `residue` modulo `residues`, a divisor of 27.
#[target_feature(enable = "avx512f")]
fn every(residues: usize, residue: usize) -> __m512i {
    _mm512_set1_epi32((residue..32).step_by(residues).fold(0, |mask, bit| mask | 1 << bit))
}
