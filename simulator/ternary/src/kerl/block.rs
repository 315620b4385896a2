//! The 384-bit side of Kerl: two's complement numbers in six limbs, against 242 balanced trits.
//!
//! With every trit raised by one, a number of 242 trits is an unsigned base-3 number, larger by [`HALF`]. It is read and
//! written in groups of 40 trits, the most that fit into a limb; a t5b1 form has them as eight bytes.

use crate::Hash;

/// Limbs of a block, lane width of Keccak.
pub(super) const LIMBS: usize = 6;

/// An integer modulo 2^384, least significant limb first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Block(pub(super) [u64; LIMBS]);

/// 3^40: trits of eight bytes. Its top bit is set, as [`divide`] needs.
const GROUP: u64 = 3u64.pow(40);

/// floor((2^128 - 1) / [`GROUP`]) - 2^64.
const GROUP_RECIPROCAL: u64 = (u128::MAX / GROUP as u128 - (1 << 64)) as u64;

/// 3^242, the first power of 3 that a block has no trit for.
const POWER: Block = {
    let mut power = Block([1, 0, 0, 0, 0, 0]);
    let mut exponent = 0;
    while exponent < 242 {
        power = power.multiply_add(3, 0);
        exponent += 1;
    }
    power
};

/// (3^242 - 1) / 2: the number whose 242 trits are all 1.
const HALF: Block = {
    let mut half = Block([0; LIMBS]);
    let mut trit = 0;
    while trit < 242 {
        half = half.multiply_add(3, 1);
        trit += 1;
    }
    half
};

impl Block {
    /// The number of the first 242 trits of a hash; the last trit counts as 0.
    pub(crate) fn from_hash(hash: &Hash) -> Self {
        let (groups, last) = hash.as_bytes().as_chunks::<8>();
        // The last byte has three trits; without the third it is a number from -4 to 4.
        let start = (last[0] as i8 + 13) as u64 % 9;
        let raised = groups.iter().rev().fold(Self([start, 0, 0, 0, 0, 0]), |sum, group| {
            let digits =
                group.iter().rev().fold(0, |digits, &byte| digits * 243 + (byte as i8 as i64 + 121) as u64);
            sum.multiply_add(GROUP, digits)
        });
        raised.minus(&HALF)
    }

    /// The 243 trits of this number, the last one set to 0.
    pub(crate) fn to_hash(self) -> Hash {
        let mut rest = self.cleared().plus(&HALF);
        let mut bytes = [0; 49];
        let (groups, last) = bytes.as_chunks_mut::<8>();
        for group in groups {
            let mut digits = rest.divide_by_group();
            for byte in group {
                *byte = (digits % 243) as u8;
                *byte = byte.wrapping_sub(121);
                digits /= 243;
            }
        }
        last[0] = (rest.0[0] as u8).wrapping_sub(4);
        Hash::from_valid_bytes(bytes)
    }

    /// This number with its 243rd trit set to 0: brought into -[`HALF`]..=[`HALF`] by adding or subtracting [`POWER`].
    pub(crate) fn cleared(self) -> Self {
        let raised = self.plus(&HALF);
        if raised.0[LIMBS - 1] < POWER.0[LIMBS - 1] || raised.below(&POWER) {
            return self;
        }
        // 2^383 + HALF parts what lies above HALF from what lies below -HALF and wrapped around.
        if (self.0[LIMBS - 1] as i64) < 0 { self.plus(&POWER) } else { self.minus(&POWER) }
    }

    /// `self * factor + summand`, modulo 2^384.
    const fn multiply_add(self, factor: u64, summand: u64) -> Self {
        let (mut limbs, mut carry, mut i) = (self.0, summand as u128, 0);
        while i < LIMBS {
            carry += limbs[i] as u128 * factor as u128;
            limbs[i] = carry as u64;
            carry >>= 64;
            i += 1;
        }
        Self(limbs)
    }

    fn plus(mut self, other: &Self) -> Self {
        let mut carry = 0;
        for (limb, &summand) in self.0.iter_mut().zip(&other.0) {
            let sum = u128::from(*limb) + u128::from(summand) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
        self
    }

    fn minus(self, other: &Self) -> Self {
        // -x = !x + 1, so a - b = !(!a + b).
        Self(Self(self.0.map(|limb| !limb)).plus(other).0.map(|limb| !limb))
    }

    /// Unsigned comparison.
    fn below(&self, other: &Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// Divides an unsigned number by [`GROUP`] in place and returns the remainder.
    fn divide_by_group(&mut self) -> u64 {
        self.0.iter_mut().rev().fold(0, |remainder, limb| {
            let (quotient, remainder) = divide(remainder, *limb);
            *limb = quotient;
            remainder
        })
    }
}

/// `(high * 2^64 + low)` divided by [`GROUP`], for `high` below it: quotient and remainder.
///
/// A hardware division is several times slower than this multiplication by the reciprocal (Möller and Granlund,
/// "Improved division by invariant integers", algorithm 4).
fn divide(high: u64, low: u64) -> (u64, u64) {
    let product =
        u128::from(GROUP_RECIPROCAL) * u128::from(high) + (u128::from(high) << 64 | u128::from(low));
    let mut quotient = ((product >> 64) as u64).wrapping_add(1);
    let mut remainder = low.wrapping_sub(quotient.wrapping_mul(GROUP));
    if remainder > product as u64 {
        quotient = quotient.wrapping_sub(1);
        remainder = remainder.wrapping_add(GROUP);
    }
    if remainder >= GROUP {
        quotient = quotient.wrapping_add(1);
        remainder -= GROUP;
    }
    (quotient, remainder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_of_the_range() {
        let largest = Hash::from_trits(&std::array::from_fn(|i| i8::from(i < 242)));
        assert_eq!(Block::from_hash(&largest), HALF);
        assert_eq!(HALF.to_hash(), largest);
        assert_eq!(HALF.plus(&Block([1, 0, 0, 0, 0, 0])).cleared(), Block::default().minus(&HALF));
        assert_eq!(Block::default().to_hash(), Hash::NULL);
    }

    #[test]
    fn minus_one_is_all_bits() {
        let minus_one = Hash::from_trytes(&format!("{:9<81}", "Z")).unwrap();
        assert_eq!(Block::from_hash(&minus_one), Block([u64::MAX; LIMBS]));
    }

    proptest! {
        #[test]
        fn division_is_exact(high in 0..GROUP, low: u64) {
            let (quotient, remainder) = divide(high, low);
            prop_assert!(remainder < GROUP);
            prop_assert_eq!(u128::from(quotient) * u128::from(GROUP) + u128::from(remainder), u128::from(high) << 64 | u128::from(low));
        }

        #[test]
        fn trits_survive_but_for_the_last(trits in proptest::collection::vec(-1i8..=1, 243)) {
            let mut trits: [i8; 243] = trits.try_into().unwrap();
            let block = Block::from_hash(&Hash::from_trits(&trits));
            trits[242] = 0;
            prop_assert_eq!(block.to_hash(), Hash::from_trits(&trits));
            prop_assert_eq!(block.cleared(), block);
        }

        #[test]
        fn clearing_is_what_the_trits_say(limbs: [u64; LIMBS]) {
            let block = Block(limbs);
            prop_assert_eq!(Block::from_hash(&block.to_hash()), block.cleared());
        }
    }
}
