//! The one error of every codec in this crate.

/// Why some input is not what it claims to be. Positions are 0-based and count the input's own units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input has the wrong number of units.
    #[error("expected {expected} {unit}, got {actual}")]
    Length {
        /// What is counted: `trytes`, `trits` or `bytes`.
        unit: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// A character outside of the tryte alphabet.
    #[error("{} at position {position} is not a tryte (only 9 and A to Z are)", char::from(*.found).escape_default())]
    Tryte {
        /// Index of the byte in the text.
        position: usize,
        /// The offending byte.
        found: u8,
    },
    /// A number other than -1, 0 and 1.
    #[error("{found} at position {position} is not a trit (only -1, 0 and 1 are)")]
    Trit {
        /// Index of the number.
        position: usize,
        /// The offending number.
        found: i8,
    },
    /// A byte that stands for no group of trits.
    #[error("byte {found} at position {position} is outside of -{limit}..={limit}")]
    Byte {
        /// Index of the byte.
        position: usize,
        /// The offending byte, read as a signed number.
        found: i8,
        /// The largest magnitude that fits there: (3^n - 1) / 2 for n trits.
        limit: i8,
    },
    /// A number that does not fit into the trits that should hold it.
    #[error("{value} does not fit into {trits} trits")]
    Overflow {
        /// The number.
        value: i64,
        /// The room there is.
        trits: usize,
    },
}

impl DecodeError {
    /// `Ok` if `actual == expected`, else a [`DecodeError::Length`].
    pub(crate) fn check_length(unit: &'static str, expected: usize, actual: usize) -> Result<(), Self> {
        if actual == expected { Ok(()) } else { Err(Self::Length { unit, expected, actual }) }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Hash, t5b1, trits, trytes};

    #[test]
    fn errors_say_what_and_where() {
        let mut text = "9".repeat(80);
        insta::assert_snapshot!(Hash::from_trytes(&text).unwrap_err(), @"expected 81 trytes, got 80");
        text.push('a');
        insta::assert_snapshot!(Hash::from_trytes(&text).unwrap_err(), @"a at position 80 is not a tryte (only 9 and A to Z are)");
        insta::assert_snapshot!(trytes::encode(&[0, 1, 2]).unwrap_err(), @"2 at position 2 is not a trit (only -1, 0 and 1 are)");
        insta::assert_snapshot!(t5b1::unpack(&[121, 122], 10).unwrap_err(), @"byte 122 at position 1 is outside of -121..=121");
        insta::assert_snapshot!(t5b1::unpack(&[121, 200], 8).unwrap_err(), @"byte -56 at position 1 is outside of -13..=13");
        insta::assert_snapshot!(trits::write_i64(14, &mut [0; 3]).unwrap_err(), @"14 does not fit into 3 trits");
    }
}
