//! Curl states in AVX-512 registers, one or a few at a time, in rows as in [`rows`]. Here a rotation takes the words from
//! where they are by permutations.

#![allow(unsafe_code)] // Intrinsics.

use std::arch::x86_64::{
    __m512i, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_setzero_si256,
    _mm512_and_si512, _mm512_loadu_si512, _mm512_or_si512, _mm512_permutex2var_epi32, _mm512_set1_epi32,
    _mm512_shrdv_epi32, _mm512_sllv_epi32, _mm512_srli_epi32, _mm512_srlv_epi32, _mm512_storeu_si512,
    _mm512_ternarylogic_epi32,
};

use super::planes::Planes;
use super::rows::{self, LOW_27, RATE, ROWS, STEPS};
use super::{Rounds, chain};
use crate::sliced::Kernel;
use crate::{HASH_TRITS, Trit};

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
        let doubled = is_x86_feature_detected!("avx512vbmi2");
        // SAFETY: the CPU has AVX-512F and AVX2, and if `doubled` VBMI2.
        unsafe { absorb_all(states, inputs, rounds, doubled) };
    }
    able
}

/// # Safety
/// The CPU has AVX-512F and AVX2, and if `doubled` AVX-512VBMI2.
#[target_feature(enable = "avx512f,avx2")]
unsafe fn absorb_all<const K: usize>(
    states: &mut [Planes; K],
    inputs: [&[[Trit; HASH_TRITS]]; K],
    rounds: Rounds,
    doubled: bool,
) {
    let mut windows: [State; K] = std::array::from_fn(|k| enter(&states[k]));
    for block in 0..inputs[0].len() {
        for (state, input) in windows.iter_mut().zip(inputs) {
            set_rate(state, &input[block]);
        }
        if doubled {
            // SAFETY: the caller knows that the CPU has the instructions.
            unsafe { transform_doubled(&mut windows, rounds) };
        } else {
            transform(&mut windows, rounds);
        }
    }
    for (state, windows) in states.iter_mut().zip(&windows) {
        *state = leave(windows);
    }
}

/// [`rows::absorb`] with the registers of AVX2; or nothing and false where the CPU lacks them or the user forbids them.
pub(super) fn absorb_rows(state: &mut Planes, blocks: &[[Trit; HASH_TRITS]], rounds: Rounds) -> bool {
    #[target_feature(enable = "avx2")]
    fn absorb(state: &mut Planes, blocks: &[[Trit; HASH_TRITS]], rounds: Rounds) {
        rows::absorb(state, blocks, rounds);
    }
    let able = Kernel::Avx2.is_permitted();
    if able {
        // SAFETY: the CPU has AVX2.
        unsafe { absorb(state, blocks, rounds) };
    }
    able
}

#[target_feature(enable = "avx512f")]
fn enter(planes: &Planes) -> State {
    planes.rings().map(|ring| load(&rows::windows(ring)))
}

#[target_feature(enable = "avx512f")]
fn leave(state: &State) -> Planes {
    Planes::from_rings(state.map(|plane| rows::ring(&store(plane))))
}

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

/// The plane whose bit `i` is bit `i + 27 rows + bits`.
#[target_feature(enable = "avx512f")]
fn rotate(plane: Plane, (rows, bits): (usize, u32)) -> Plane {
    let (near, far) = (further(plane, rows), further(plane, rows + 1));
    std::array::from_fn(|half| {
        let near = _mm512_srlv_epi32(near[half], _mm512_set1_epi32(bits as i32));
        _mm512_or_si512(near, _mm512_sllv_epi32(far[half], _mm512_set1_epi32(ROWS as i32 - bits as i32)))
    })
}

/// The same, by shifting a row and what comes after its window together.
#[target_feature(enable = "avx512f,avx512vbmi2")]
fn rotate_doubled(plane: Plane, (rows, bits): (usize, u32)) -> Plane {
    let after = plane.map(|half| _mm512_srli_epi32::<OVERLAP>(half));
    let (near, far) = (further(plane, rows), further(after, rows + 1));
    std::array::from_fn(|half| _mm512_shrdv_epi32(near[half], far[half], _mm512_set1_epi32(bits as i32)))
}

/// How many bits of the next row a window has.
const OVERLAP: u32 = 32 - ROWS as u32;

/// A transform for CPUs with the given features.
macro_rules! transform {
    ($name:ident, $features:literal, $rotate:ident) => {
        #[target_feature(enable = $features)]
        fn $name<const K: usize>(states: &mut [State; K], rounds: Rounds) {
            for &step in &STEPS[..rounds.count()] {
                for state in &mut *states {
                    // `T'[i] = g(T[i], T[i + stride])` for the whole ring.
                    let [high, low] = *state;
                    let (next_high, next_low) = ($rotate(high, step), $rotate(low, step));
                    for half in 0..2 {
                        let (h, n) = (high[half], low[half]);
                        state[0][half] = _mm512_ternarylogic_epi32::<0x7b>(n, h, next_high[half]);
                        state[1][half] =
                            _mm512_ternarylogic_epi32::<0x78>(h, next_high[half], next_low[half]);
                    }
                }
            }
            for plane in states.iter_mut().flatten() {
                *plane = match rounds {
                    Rounds::P27 => leave_chain::<9>(*plane, rounds),
                    Rounds::P81 => leave_chain::<3>(*plane, rounds),
                };
            }
        }
    };
}

transform!(transform, "avx512f", rotate);
transform!(transform_doubled, "avx512f,avx512vbmi2", rotate_doubled);

/// From chain coordinates back to the order of the state, see [`chain::home`]. The step is a number of rows.
#[target_feature(enable = "avx512f")]
fn leave_chain<const RESIDUES: usize>(plane: Plane, rounds: Rounds) -> Plane {
    let step = chain::home(rounds).0 / ROWS;
    let masks: [u32; RESIDUES] = const { rows::every() };
    let masks = masks.map(|mask| _mm512_set1_epi32(mask.cast_signed()));
    let mut out = plane.map(|half| _mm512_and_si512(half, masks[0]));
    for (residue, mask) in masks.into_iter().enumerate().skip(1) {
        let moved = further(plane, step * residue);
        // `out | (moved & mask)`.
        out = std::array::from_fn(|half| _mm512_ternarylogic_epi32::<0xf8>(out[half], moved[half], mask));
    }
    out
}

#[cfg(all(test, not(miri)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(seed: u64) -> [Trit; HASH_TRITS] {
        let mut word = seed | 1;
        std::array::from_fn(|_| {
            word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            ((word >> 33) % 3) as Trit - 1
        })
    }

    /// The definition, trit by trit.
    fn plain(state: Planes, rounds: Rounds) -> Planes {
        const BOX: [Trit; 11] = [1, 0, -1, 0, 1, -1, 0, 0, -1, 1, 0];
        let mut trits = state.to_trits();
        for _ in 0..rounds.count() {
            let old = trits;
            trits = std::array::from_fn(|i| {
                BOX[(old[364 * i % 729] + 4 * old[364 * (i + 1) % 729] + 5) as usize]
            });
        }
        Planes::from_trits(&trits)
    }

    proptest! {
        /// Every form of the transform is what Curl says.
        #[test]
        fn every_form_is_curl(seed in any::<u64>(), blocks in 1..4_u64, p27 in any::<bool>()) {
            let rounds = if p27 { Rounds::P27 } else { Rounds::P81 };
            let inputs: [Vec<_>; 3] =
                std::array::from_fn(|k| (0..blocks).map(|i| block(seed.wrapping_add(7 * i + k as u64))).collect());
            let expected = inputs.each_ref().map(|input| {
                let mut state = Planes::ZERO;
                for block in input {
                    state.set_prefix(block);
                    state = plain(state, rounds);
                }
                state
            });
            let mut rows = [Planes::ZERO; 2];
            rows::absorb(&mut rows[0], &inputs[0], rounds);
            if absorb_rows(&mut rows[1], &inputs[0], rounds) {
                prop_assert!(rows[1] == expected[0]);
            }
            prop_assert!(rows[0] == expected[0]);
            if !Kernel::Avx512.is_available() {
                return Ok(());
            }
            for doubled in [false, is_x86_feature_detected!("avx512vbmi2")] {
                let (mut three, mut one) = ([Planes::ZERO; 3], [Planes::ZERO]);
                // SAFETY: the CPU has AVX-512F and AVX2, and if `doubled` VBMI2.
                unsafe {
                    absorb_all(&mut three, inputs.each_ref().map(Vec::as_slice), rounds, doubled);
                    absorb_all(&mut one, [&inputs[0]], rounds, doubled);
                }
                prop_assert!(three == expected && one[0] == expected[0], "doubled: {}", doubled);
            }
        }
    }
}
