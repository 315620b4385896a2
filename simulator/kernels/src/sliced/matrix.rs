//! From messages to planes and back: blocks of trits as words of bits, and the exchange of messages and trits.

use super::{BASE, Lanes, Plane, WORDS};
use crate::{HASH_TRITS, Trit};

/// Words of 64 trits in a block.
pub(super) const GROUPS: usize = HASH_TRITS.div_ceil(64);

/// A block of one message: the words of the high plane, then those of the low plane, 64 trits to a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Packed(pub(super) [u64; 2 * GROUPS]);

impl Packed {
    /// The block.
    pub(crate) fn trits(&self) -> [Trit; HASH_TRITS] {
        let (high, low) = self.0.split_at(GROUPS);
        let mut trits = [[[0; 8]; 8]; GROUPS];
        for (trits, (high, low)) in trits.iter_mut().zip(high.iter().zip(low)) {
            for (trits, (high, low)) in
                trits.iter_mut().zip(high.to_le_bytes().into_iter().zip(low.to_le_bytes()))
            {
                *trits = unpack(high, low);
            }
        }
        let mut block = [0; HASH_TRITS];
        block.copy_from_slice(&trits.as_flattened().as_flattened()[..HASH_TRITS]);
        block
    }
}

/// See [`Lanes::fill`], for a kernel of `W` words.
#[inline(always)]
pub(super) fn fill<const W: usize, L: Lanes>(lanes: &mut L, phase: usize, packed: &[Packed]) {
    for group in 0..GROUPS {
        let plane = |plane: usize| {
            let word = |row: usize, i: usize| packed[64 * i + row].0[plane * GROUPS + group];
            let mut rows: [[u64; W]; 64] = std::array::from_fn(|row| std::array::from_fn(|i| word(row, i)));
            transpose(&mut rows);
            rows
        };
        let (high, low) = (plane(0), plane(1));
        for trit in 64 * group..HASH_TRITS.min(64 * (group + 1)) {
            lanes.set(phase, BASE + trit, &widened(&high[trit % 64]), &widened(&low[trit % 64]));
        }
    }
}

/// See [`Lanes::drain`], for a kernel of `W` words.
#[inline(always)]
pub(super) fn drain<const W: usize, L: Lanes>(lanes: &L, phase: usize, packed: &mut [Packed]) {
    for group in 0..GROUPS {
        let (mut high, mut low) = ([[0; W]; 64], [[0; W]; 64]);
        for trit in 64 * group..HASH_TRITS.min(64 * (group + 1)) {
            let planes = lanes.planes(phase, BASE + trit);
            high[trit % 64].copy_from_slice(&planes.0[..W]);
            low[trit % 64].copy_from_slice(&planes.1[..W]);
        }
        for (plane, rows) in [&mut high, &mut low].into_iter().enumerate() {
            transpose(rows);
            for (i, packed) in packed.iter_mut().take(64 * W).enumerate() {
                packed.0[plane * GROUPS + group] = rows[i % 64][i / 64];
            }
        }
    }
}

fn widened<const W: usize>(words: &[u64; W]) -> Plane {
    let mut plane = [0; WORDS];
    plane[..W].copy_from_slice(words);
    plane
}

/// Exchanges rows and bits, in each of the words.
#[inline(always)]
fn transpose<const W: usize>(rows: &mut [[u64; W]; 64]) {
    let mut mask = u64::MAX;
    for level in (0..6).rev() {
        let width = 1 << level;
        mask ^= mask << width;
        for first in (0..64).step_by(2 * width) {
            for row in first..first + width {
                // The remainders tell the compiler what is true anyway.
                let (a, b) = (rows[row % 64], rows[(row + width) % 64]);
                rows[row % 64] = std::array::from_fn(|i| a[i] & mask | b[i] << width & !mask);
                rows[(row + width) % 64] = std::array::from_fn(|i| a[i] >> width & mask | b[i] & !mask);
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
    let mut packed = Packed::default();
    for (group, trits) in block.chunks(64).enumerate() {
        (packed.0[group], packed.0[GROUPS + group]) = pack(trits);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sliced::{Kernel, Task, with};

    /// Fills the lanes with blocks and looks at them by trit, and again by message.
    struct ThereAndBack;

    impl Task for ThereAndBack {
        type Output = ();

        fn run<L: Lanes>(self, mut lanes: L) {
            let trit = |message: usize, trit: usize| ((message * 7 + trit * trit + trit / 5) % 3) as Trit - 1;
            let blocks: Vec<[Trit; HASH_TRITS]> =
                (0..64 * L::WORDS).map(|message| std::array::from_fn(|i| trit(message, i))).collect();
            let mut packed = vec![Packed::default(); blocks.len()];
            for (block, packed) in blocks.iter().zip(&mut packed) {
                lanes.pack(std::slice::from_ref(block), std::slice::from_mut(packed), 1);
                assert_eq!((packed.trits(), lanes.unpack(packed)), (*block, *block));
                assert_eq!(*packed, pack_block(block));
            }
            lanes.fill(1, &packed);
            for trit in (0..HASH_TRITS).step_by(if cfg!(miri) { 60 } else { 1 }) {
                let (high, low) = lanes.planes(1, BASE + trit);
                for (i, block) in blocks.iter().enumerate() {
                    assert_eq!(
                        high[i / 64] >> (i % 64) & 1 == 1,
                        block[trit] <= 0,
                        "trit {trit} of message {i}"
                    );
                    assert_eq!(
                        low[i / 64] >> (i % 64) & 1 == 1,
                        block[trit] < 0,
                        "trit {trit} of message {i}"
                    );
                }
            }
            let mut drained = vec![Packed::default(); blocks.len()];
            lanes.drain(1, &mut drained);
            assert!(drained == packed);
        }
    }

    #[test]
    fn messages_survive_every_kernel() {
        let available = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
        available.for_each(|kernel| with(kernel, ThereAndBack));
    }
}
