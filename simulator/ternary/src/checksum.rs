//! The 9 trytes behind an address by which a wallet notices a typing error.

use crate::{Address, DecodeError, kerl};

/// Trytes of a checksum.
pub const CHECKSUM_TRYTES: usize = 9;

/// Trytes of an address with its checksum.
pub const CHECKED_TRYTES: usize = 81 + CHECKSUM_TRYTES;

/// Why a text is no address with a good checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// It is no address at all.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The address is mistyped, or the checksum is.
    #[error("the checksum is {found}, but the address has {expected}")]
    Mismatch {
        /// What the address has.
        expected: String,
        /// What was given.
        found: String,
    },
}

/// The checksum of an address: the last 9 trytes of its Kerl hash.
pub fn checksum(address: &Address) -> String {
    kerl::hash_all(&[*address]).to_string().split_off(81 - CHECKSUM_TRYTES)
}

/// The address followed by its checksum: 90 trytes.
pub fn add(address: &Address) -> String {
    format!("{address}{}", checksum(address))
}

/// The address of 90 trytes, if the checksum is right.
pub fn strip(text: &str) -> Result<Address, ChecksumError> {
    DecodeError::check_length("trytes", CHECKED_TRYTES, text.len())?;
    crate::trytes::check(text)?;
    let (address, found) = text.split_at(81);
    let address = Address::from_trytes(address)?;
    let expected = checksum(&address);
    if expected == found {
        Ok(address)
    } else {
        Err(ChecksumError::Mismatch { expected, found: found.to_owned() })
    }
}

/// True if the text is an address followed by its checksum.
pub fn verify(text: &str) -> bool {
    strip(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_changed_tryte_is_noticed(text in "[9A-Z]{81}", position in 0usize..80) {
            let address = text.parse().unwrap();
            let mut checked = add(&address);
            prop_assert_eq!(strip(&checked), Ok(address));
            let other = if checked.as_bytes()[position] == b'A' { "B" } else { "A" };
            checked.replace_range(position..=position, other);
            prop_assert!(!verify(&checked));
        }

        #[test]
        fn any_text_is_stripped_or_refused(text in "\\PC{0,95}") {
            prop_assert_eq!(strip(&text).is_ok(), verify(&text));
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        insta::assert_snapshot!(strip(&"9".repeat(81)).unwrap_err(), @"expected 90 trytes, got 81");
        insta::assert_snapshot!(strip(&"9".repeat(90)).unwrap_err(), @"the checksum is 999999999, but the address has A9BEONKZW");
    }
}
