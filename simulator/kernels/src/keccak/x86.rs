//! Several Keccak states in one vector register per lane.

#![allow(unsafe_code)] // Intrinsics.

use std::arch::x86_64::{
    __m256i, __m512i, _mm_cvtsi32_si128, _mm256_andnot_si256, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_set1_epi64x, _mm256_sll_epi64, _mm256_srl_epi64, _mm256_storeu_si256, _mm256_xor_si256,
    _mm512_loadu_si512, _mm512_rolv_epi64, _mm512_set1_epi64, _mm512_storeu_si512, _mm512_ternarylogic_epi64,
    _mm512_xor_si512,
};

use super::{Lane, State, rounds};
use crate::sliced::Kernel;

/// Permutes states from the front while that pays, and returns the others.
pub(super) fn permute_many(mut states: &mut [State]) -> &mut [State] {
    if Kernel::Avx512.is_permitted() {
        while states.len() > 1 {
            let (now, later) = states.split_at_mut(states.len().min(8));
            // SAFETY: the CPU has AVX-512F.
            side_by_side(now, |lanes| unsafe { permute8(lanes) });
            states = later;
        }
    } else if Kernel::Avx2.is_permitted() {
        while states.len() > 1 {
            let (now, later) = states.split_at_mut(states.len().min(4));
            // SAFETY: the CPU has AVX2.
            side_by_side(now, |lanes| unsafe { permute4(lanes) });
            states = later;
        }
    }
    states
}

/// Sorts at most `N` states by lane, permutes them, and puts them back.
#[inline(always)]
fn side_by_side<const N: usize>(states: &mut [State], permute: impl Fn(&mut [[u64; N]; 25])) {
    let mut lanes = [[0; N]; 25];
    for (i, state) in states.iter().enumerate().take(N) {
        lanes.iter_mut().zip(state).for_each(|(lane, word)| lane[i] = *word);
    }
    permute(&mut lanes);
    for (i, state) in states.iter_mut().enumerate().take(N) {
        state.iter_mut().zip(&lanes).for_each(|(word, lane)| *word = lane[i]);
    }
}

/// A lane of eight states, inside functions for CPUs with AVX-512F only.
#[derive(Clone, Copy)]
struct Eight(__m512i);

/// A lane of four states, inside functions for CPUs with AVX2 only.
#[derive(Clone, Copy)]
struct Four(__m256i);

#[target_feature(enable = "avx512f")]
fn permute8(lanes: &mut [[u64; 8]; 25]) {
    // SAFETY: reads 64 bytes of each.
    let mut state = std::array::from_fn(|i| Eight(unsafe { _mm512_loadu_si512(lanes[i].as_ptr().cast()) }));
    rounds(&mut state);
    for (lane, Eight(words)) in lanes.iter_mut().zip(state) {
        // SAFETY: writes 64 bytes.
        unsafe { _mm512_storeu_si512(lane.as_mut_ptr().cast(), words) };
    }
}

#[target_feature(enable = "avx2")]
fn permute4(lanes: &mut [[u64; 4]; 25]) {
    // SAFETY: reads 32 bytes of each.
    let mut state = std::array::from_fn(|i| Four(unsafe { _mm256_loadu_si256(lanes[i].as_ptr().cast()) }));
    rounds(&mut state);
    for (lane, Four(words)) in lanes.iter_mut().zip(state) {
        // SAFETY: writes 32 bytes.
        unsafe { _mm256_storeu_si256(lane.as_mut_ptr().cast(), words) };
    }
}

impl Lane for Eight {
    #[inline(always)]
    fn constant(word: u64) -> Self {
        // SAFETY: the CPU has AVX-512F, as for all values of this type.
        Self(unsafe { _mm512_set1_epi64(word.cast_signed()) })
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }

    #[inline(always)]
    fn rotate(self, by: u32) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_rolv_epi64(self.0, _mm512_set1_epi64(by.into())) })
    }

    #[inline(always)]
    fn chi(self, b: Self, c: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0xd2>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0x96>(self.0, b.0, c.0) })
    }
}

impl Lane for Four {
    #[inline(always)]
    fn constant(word: u64) -> Self {
        // SAFETY: the CPU has AVX2, as for all values of this type.
        Self(unsafe { _mm256_set1_epi64x(word.cast_signed()) })
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_xor_si256(self.0, other.0) })
    }

    #[inline(always)]
    fn rotate(self, by: u32) -> Self {
        // SAFETY: as above.
        Self(unsafe {
            let left = _mm256_sll_epi64(self.0, _mm_cvtsi32_si128(by.cast_signed()));
            _mm256_or_si256(left, _mm256_srl_epi64(self.0, _mm_cvtsi32_si128(64 - by.cast_signed())))
        })
    }

    #[inline(always)]
    fn chi(self, b: Self, c: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_xor_si256(self.0, _mm256_andnot_si256(b.0, c.0)) })
    }

    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        self.xor(b).xor(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`side_by_side`] makes of a few states agrees with tiny-keccak.
    fn agrees<const N: usize>(permute: impl Fn(&mut [[u64; N]; 25])) {
        let mut states: Vec<State> =
            (0..N as u64).map(|i| std::array::from_fn(|lane| i << 40 | lane as u64)).collect();
        let mut expected = states.clone();
        expected.iter_mut().for_each(tiny_keccak::keccakf);
        side_by_side(&mut states, permute);
        assert_eq!(states, expected);
    }

    #[test]
    fn every_width_is_keccak() {
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2.
            agrees(|lanes| unsafe { permute4(lanes) });
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F.
            agrees(|lanes| unsafe { permute8(lanes) });
        }
    }
}
