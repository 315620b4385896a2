//! The exchange of messages and trits for 512 messages, in vectors of 512 bits.

use std::arch::x86_64::{
    __m512i, __mmask64, _mm_cvtsi32_si128, _mm512_cmple_epi8_mask, _mm512_loadu_si512, _mm512_mask_set1_epi8,
    _mm512_maskz_loadu_epi8, _mm512_maskz_set1_epi8, _mm512_movepi8_mask, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_shuffle_i64x2, _mm512_sll_epi64, _mm512_srl_epi64, _mm512_storeu_si512,
    _mm512_ternarylogic_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use super::Slot;
use crate::sliced::matrix::GROUPS;
use crate::sliced::{BASE, Packed, Plane, WORDS};
use crate::{HASH_TRITS, Trit};

/// Words of a packed block.
const PARTS: usize = 2 * GROUPS;

/// One word of the block of every message: row `r` has those of the messages `r`, `64 + r`, ….
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Rows([Plane; 64]);

/// The bits of a block.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn pack(block: &[Trit; HASH_TRITS], packed: &mut Packed) {
    for group in 0..GROUPS {
        let length = (HASH_TRITS - 64 * group).min(64);
        let inside: __mmask64 = u64::MAX >> (64 - length);
        // SAFETY: only trits of the mask are read, and those are inside the block.
        let trits = unsafe { _mm512_maskz_loadu_epi8(inside, block.as_ptr().add(64 * group)) };
        packed.0[group] = _mm512_cmple_epi8_mask(trits, _mm512_setzero_si512()) & inside;
        packed.0[GROUPS + group] = _mm512_movepi8_mask(trits);
    }
}

/// The trits of a block.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn unpack(packed: &Packed) -> [Trit; HASH_TRITS] {
    let mut trits = [0; 64 * GROUPS];
    for (group, trits) in trits.as_chunks_mut::<64>().0.iter_mut().enumerate() {
        let (high, low) = (packed.0[group], packed.0[GROUPS + group]);
        let ones = _mm512_maskz_set1_epi8(!high, 1);
        // SAFETY: 64 bytes.
        unsafe {
            _mm512_storeu_si512(trits.as_mut_ptr().cast(), _mm512_mask_set1_epi8(ones, high & low, -1))
        };
    }
    let mut block = [0; HASH_TRITS];
    block.copy_from_slice(&trits[..HASH_TRITS]);
    block
}

/// See [`crate::sliced::Lanes::fill`].
#[target_feature(enable = "avx512f")]
pub(super) fn fill(arena: &mut [Slot], packed: &[Packed]) {
    let arena = &mut arena[BASE..BASE + HASH_TRITS];
    let mut parts = [Rows([[0; WORDS]; 64]); PARTS];
    for row in 0..64 {
        let words = gather(std::array::from_fn(|i| &packed[64 * i + row]));
        for (part, words) in parts.iter_mut().zip(words) {
            store(&mut part.0[row], words);
        }
    }
    for (part, rows) in parts.iter_mut().enumerate() {
        for first in 0..8 {
            let turned = exchange([32, 16, 8], std::array::from_fn(|i| load(&rows.0[first + 8 * i])));
            (0..8).for_each(|i| store(&mut rows.0[first + 8 * i], turned[i]));
        }
        let group = arena[64 * (part % GROUPS)..].iter_mut();
        for (slots, rows) in Eights(group).zip(rows.0.as_chunks::<8>().0) {
            let turned = exchange([4, 2, 1], std::array::from_fn(|i| load(&rows[i])));
            for (slot, words) in slots.into_iter().flatten().zip(turned) {
                store(if part < GROUPS { &mut slot.high } else { &mut slot.low }, words);
            }
        }
    }
}

/// Eight at a time, the last perhaps fewer.
struct Eights<I>(I);

impl<I: Iterator> Iterator for Eights<I> {
    type Item = [Option<I::Item>; 8];

    fn next(&mut self) -> Option<Self::Item> {
        let eight: Self::Item = std::array::from_fn(|_| self.0.next());
        eight[0].is_some().then_some(eight)
    }
}

/// By word what is by block: word `i` of the result's `j`-th is word `j` of block `i`.
#[target_feature(enable = "avx512f")]
fn gather(blocks: [&Packed; 8]) -> [__m512i; PARTS] {
    // SAFETY: a block has 64 bytes.
    let lines = blocks.map(|block| unsafe { _mm512_loadu_si512(block.0.as_ptr().cast()) });
    let mut pairs = lines;
    for i in (0..8).step_by(2) {
        pairs[i] = _mm512_unpacklo_epi64(lines[i], lines[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi64(lines[i], lines[i + 1]);
    }
    // Now `pairs[2 i + j]` has the words j, j + 2, j + 4, j + 6 of the blocks 2 i and 2 i + 1.
    let mut out = lines;
    for j in 0..2 {
        let [a, b, c, d] = [pairs[j], pairs[2 + j], pairs[4 + j], pairs[6 + j]];
        let (ab, cd) = (_mm512_shuffle_i64x2::<0x44>(a, b), _mm512_shuffle_i64x2::<0x44>(c, d));
        out[j] = _mm512_shuffle_i64x2::<0x88>(ab, cd);
        out[j + 2] = _mm512_shuffle_i64x2::<0xdd>(ab, cd);
        let (ab, cd) = (_mm512_shuffle_i64x2::<0xee>(a, b), _mm512_shuffle_i64x2::<0xee>(c, d));
        out[j + 4] = _mm512_shuffle_i64x2::<0x88>(ab, cd);
        out[j + 6] = _mm512_shuffle_i64x2::<0xdd>(ab, cd);
    }
    out
}

/// Three levels of the exchange of 64 rows with their bits, on eight rows that are `widths[2]` apart: at each level, the
/// upper half of every `2 width` bits of a row changes places with the lower half of the row `width` further.
#[target_feature(enable = "avx512f")]
fn exchange(widths: [i32; 3], mut rows: [__m512i; 8]) -> [__m512i; 8] {
    for (level, width) in widths.into_iter().enumerate() {
        let lower = _mm512_set1_epi64((u64::MAX / ((1 << width) + 1)).cast_signed());
        let width = _mm_cvtsi32_si128(width);
        let apart = 4 >> level;
        for i in (0..8).filter(|i| i & apart == 0) {
            let (a, b) = (rows[i], rows[i + apart]);
            // `lower ? a : b << width`, and `lower ? a >> width : b`.
            rows[i] = _mm512_ternarylogic_epi64::<0xca>(lower, a, _mm512_sll_epi64(b, width));
            rows[i + apart] = _mm512_ternarylogic_epi64::<0xca>(lower, _mm512_srl_epi64(a, width), b);
        }
    }
    rows
}

#[target_feature(enable = "avx512f")]
fn load(plane: &Plane) -> __m512i {
    // SAFETY: it has 64 bytes.
    unsafe { _mm512_loadu_si512(plane.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store(plane: &mut Plane, words: __m512i) {
    // SAFETY: it has 64 bytes.
    unsafe { _mm512_storeu_si512(plane.as_mut_ptr().cast(), words) }
}
