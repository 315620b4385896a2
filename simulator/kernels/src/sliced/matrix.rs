//! From messages to planes and back.

use super::{Plane, WORDS};
use crate::{HASH_TRITS, Trit};

/// Words of 64 trits in a block.
const GROUPS: usize = HASH_TRITS.div_ceil(64);

/// The high and the low bits of a block, 64 trits to a word.
pub(crate) type Packed = [[u64; GROUPS]; 2];

/// One block of up to 512 messages in one of two forms. *By message*: row `r` of group `g` has the trits `64 g..` of the
/// messages `r`, `64 + r`, …, a word of each. *By trit*: it has trit `64 g + r` of all messages, a bit of each.
pub(crate) struct Matrix(Box<[[[Plane; 64]; GROUPS]; 2]>);

impl Matrix {
    pub(crate) fn new() -> Self {
        Self(Box::new([[[[0; WORDS]; 64]; GROUPS]; 2]))
    }

    /// From one form to the other, in the first `W` words.
    #[inline(always)]
    pub(super) fn turn<const W: usize>(&mut self) {
        self.0.iter_mut().flatten().for_each(transpose::<W>);
    }

    /// Sets a message, when by message.
    pub(crate) fn set_message(&mut self, i: usize, block: &Packed) {
        for (plane, words) in self.0.iter_mut().zip(block) {
            plane.iter_mut().zip(words).for_each(|(group, word)| group[i % 64][i / 64] = *word);
        }
    }

    /// A message, when by message.
    pub(crate) fn message(&self, i: usize) -> [Trit; HASH_TRITS] {
        let bits = |plane: usize| {
            std::array::from_fn::<_, GROUPS, _>(|group| self.0[plane][group][i % 64][i / 64].to_le_bytes())
        };
        let (high, low) = (bits(0), bits(1));
        let mut block = [0; HASH_TRITS + 5];
        let bytes = high.as_flattened().iter().zip(low.as_flattened());
        for (trits, (high, low)) in block.as_chunks_mut::<8>().0.iter_mut().zip(bytes) {
            *trits = unpack(*high, *low);
        }
        std::array::from_fn(|trit| block[trit])
    }

    /// Sets the high and low plane of a trit, when by trit.
    pub(crate) fn set_trit(&mut self, trit: usize, (high, low): (Plane, Plane)) {
        self.0[0][trit / 64][trit % 64] = high;
        self.0[1][trit / 64][trit % 64] = low;
    }

    /// The high and low plane of a trit, when by trit.
    pub(crate) fn trit(&self, trit: usize) -> (&Plane, &Plane) {
        (&self.0[0][trit / 64][trit % 64], &self.0[1][trit / 64][trit % 64])
    }
}

/// Exchanges rows and bits, in each of the first `W` words.
#[inline(always)]
fn transpose<const W: usize>(rows: &mut [Plane; 64]) {
    let mut mask = u64::MAX;
    for level in (0..6).rev() {
        let width = 1 << level;
        mask ^= mask << width;
        for row in (0..64).filter(|row| row & width == 0) {
            let (upper, lower) = rows.split_at_mut(row + width);
            for (a, b) in upper[row].iter_mut().zip(&mut lower[0]).take(W) {
                let swapped = (*a >> width ^ *b) & mask;
                *a ^= swapped << width;
                *b ^= swapped;
            }
        }
    }
}

/// The trits of eight high and low bits.
fn unpack(high: u8, low: u8) -> [Trit; 8] {
    (spread(!high) | (spread(high & low) * 0xff)).to_le_bytes().map(u8::cast_signed)
}

/// A byte of 0 or 1 for each bit.
fn spread(bits: u8) -> u64 {
    // One copy of the byte for each bit, of which the bit alone is kept and brought down.
    let copies = (u64::from(bits) * 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    ((copies + 0x7f7f_7f7f_7f7f_7f7f) >> 7) & 0x0101_0101_0101_0101
}

/// The high and low bits of at most 64 trits.
#[inline(always)]
pub(crate) fn pack(trits: &[Trit]) -> (u64, u64) {
    let (eights, rest) = trits.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let all = eights.iter().chain((!rest.is_empty()).then_some(&last));
    let (high, low) = all.enumerate().fold((0, 0), |(high, low), (i, eight)| {
        let trits = u64::from_le_bytes(eight.map(i8::cast_unsigned));
        let positive = trits & !(trits >> 7);
        (high | bits(!positive) << (8 * i), low | bits(trits >> 7) << (8 * i))
    });
    let keep = u64::MAX.checked_shr(64 - trits.len() as u32).unwrap_or(0);
    (high & keep, low & keep)
}

/// The low bits of eight bytes, side by side.
#[inline(always)]
fn bits(bytes: u64) -> u64 {
    (bytes & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The bits of a block.
#[inline(always)]
pub(super) fn pack_block(block: &[Trit; HASH_TRITS]) -> Packed {
    let mut packed = [[0; GROUPS]; 2];
    for (group, trits) in block.chunks(64).enumerate() {
        (packed[0][group], packed[1][group]) = pack(trits);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_matrix() {
        let blocks: Vec<[Trit; HASH_TRITS]> =
            (0..512).map(|i| std::array::from_fn(|t| ((i * 7 + t * t + t / 5) % 3) as Trit - 1)).collect();
        let mut matrix = Matrix::new();
        blocks.iter().enumerate().for_each(|(i, block)| matrix.set_message(i, &pack_block(block)));
        matrix.turn::<WORDS>();
        for trit in 0..HASH_TRITS {
            let (high, low) = matrix.trit(trit);
            for (i, block) in blocks.iter().enumerate() {
                assert_eq!(high[i / 64] >> (i % 64) & 1 == 1, block[trit] <= 0, "trit {trit} of message {i}");
                assert_eq!(low[i / 64] >> (i % 64) & 1 == 1, block[trit] < 0, "trit {trit} of message {i}");
            }
        }
        matrix.turn::<WORDS>();
        (0..512).for_each(|i| assert_eq!(matrix.message(i), blocks[i], "message {i}"));
    }
}
