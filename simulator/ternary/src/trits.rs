//! Balanced ternary numbers: little-endian slices of trits against `i64`.

use crate::DecodeError;

/// One balanced ternary digit: -1, 0 or 1.
pub type Trit = i8;

/// The most trits whose every value fits into an `i64`.
pub const I64_TRITS: usize = 40;

/// The largest number that `trits` trits can hold, (3^trits - 1) / 2, for at most [`I64_TRITS`] of them.
pub const fn max_value(trits: usize) -> i64 {
    assert!(trits <= I64_TRITS, "more trits than an i64 can hold");
    ((3i128.pow(trits as u32) - 1) / 2) as i64
}

/// The number that little-endian trits stand for. The sum wraps around beyond [`I64_TRITS`] significant trits.
pub fn to_i64(trits: &[Trit]) -> i64 {
    trits.iter().rev().fold(0, |sum: i64, &trit| sum.wrapping_mul(3).wrapping_add(i64::from(trit)))
}

/// Writes `value` into all of `trits`, little-endian; an error if there are too few of them (they are then unspecified).
pub fn write_i64(value: i64, trits: &mut [Trit]) -> Result<(), DecodeError> {
    let mut rest = value;
    for trit in trits.iter_mut() {
        *trit = balanced_remainder(rest);
        rest = rest.div_euclid(3) + i64::from(*trit < 0);
    }
    if rest == 0 { Ok(()) } else { Err(DecodeError::Overflow { value, trits: trits.len() }) }
}

/// The lowest balanced trit of a number.
fn balanced_remainder(value: i64) -> Trit {
    match value.rem_euclid(3) {
        2 => -1,
        other => other as Trit,
    }
}

/// Adds a number to a little-endian number in place; a carry out of the last trit is lost.
pub fn add(trits: &mut [Trit], summand: i64) {
    let mut carry = i128::from(summand);
    for trit in trits {
        carry += i128::from(*trit);
        *trit = (carry + 1).rem_euclid(3) as Trit - 1;
        carry = (carry - i128::from(*trit)) / 3;
    }
}

/// `Ok` if every number is a trit.
pub fn validate(trits: &[Trit]) -> Result<(), DecodeError> {
    let invalid = |trit: &Trit| !(-1..=1).contains(trit);
    // Without a way out of the loop it runs many times as fast.
    if !trits.iter().fold(false, |found, trit| found | invalid(trit)) {
        return Ok(());
    }
    match trits.iter().position(invalid) {
        None => Ok(()),
        Some(position) => Err(DecodeError::Trit { position, found: trits[position] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn largest_numbers_are_all_ones() {
        for count in 0..=I64_TRITS {
            assert_eq!(to_i64(&vec![1; count]), max_value(count));
        }
    }

    #[test]
    fn extreme_numbers_need_41_trits() {
        for value in [i64::MIN, i64::MAX] {
            let mut trits = [0; 41];
            write_i64(value, &mut trits).unwrap();
            assert_eq!(to_i64(&trits), value);
            assert_eq!(write_i64(value, &mut [0; 40]), Err(DecodeError::Overflow { value, trits: 40 }));
        }
    }

    proptest! {
        #[test]
        fn numbers_survive(value: i64) {
            let mut trits = [0; 41];
            write_i64(value, &mut trits).unwrap();
            prop_assert!(validate(&trits).is_ok());
            prop_assert_eq!(to_i64(&trits), value);
        }

        #[test]
        fn sums_wrap_around(value in -max_value(27)..=max_value(27), summand in -max_value(27)..=max_value(27)) {
            let mut trits = [0; 27];
            write_i64(value, &mut trits).unwrap();
            add(&mut trits, summand);
            prop_assert!(validate(&trits).is_ok());
            prop_assert_eq!((to_i64(&trits) - value - summand) % 3i64.pow(27), 0);
        }
    }
}
