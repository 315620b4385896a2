//! Trytes: three trits written as one of `9ABCDEFGHIJKLMNOPQRSTUVWXYZ`.

use crate::{DecodeError, Trit};

/// The tryte alphabet: `9` is 0, `A` to `M` are 1 to 13, `N` to `Z` are -13 to -1.
pub const ALPHABET: &[u8; 27] = b"9ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Trits in one tryte.
pub const TRITS_PER_TRYTE: usize = 3;

/// Marks a byte outside of the alphabet in [`VALUES`].
const INVALID: i8 = i8::MAX;

/// Value -13..=13 of every byte, or [`INVALID`].
static VALUES: [i8; 256] = {
    let mut table = [INVALID; 256];
    let mut index = 0;
    while index < 27 {
        table[ALPHABET[index] as usize] = if index > 13 { index as i8 - 27 } else { index as i8 };
        index += 1;
    }
    table
};

/// The three trits of the values -13..=13, at `value + 13`.
static TRITS: [[Trit; 3]; 27] = {
    let mut table = [[0; 3]; 27];
    let mut index = 0;
    while index < 27 {
        // Trits of index = value + 13 in 0, 1, 2 are those of value in -1, 0, 1, shifted by one each.
        table[index] = [(index % 3) as Trit - 1, (index / 3 % 3) as Trit - 1, (index / 9) as Trit - 1];
        index += 1;
    }
    table
};

/// The value -13..=13 of the tryte at `position` of `text`.
#[inline]
pub(crate) fn value_at(text: &[u8], position: usize) -> Result<i8, DecodeError> {
    let found = text[position];
    match VALUES[usize::from(found)] {
        INVALID => Err(DecodeError::Tryte { position, found }),
        value => Ok(value),
    }
}

/// The character of a tryte value -13..=13.
#[inline]
pub(crate) fn to_char(value: i8) -> u8 {
    ALPHABET[(if value < 0 { value + 27 } else { value }) as usize]
}

/// The value -13..=13 of three trits.
#[inline]
fn value_of(trits: &[Trit]) -> i8 {
    trits[0] + 3 * trits[1] + 9 * trits[2]
}

/// True if `text` consists of nothing but trytes (also if it is empty).
pub fn is_trytes(text: &str) -> bool {
    text.bytes().all(|byte| VALUES[usize::from(byte)] != INVALID)
}

/// `Ok` if `text` consists of nothing but trytes, else where it does not.
pub fn check(text: &str) -> Result<(), DecodeError> {
    (0..text.len()).try_for_each(|position| value_at(text.as_bytes(), position).map(|_| ()))
}

/// Writes the trits of `text` into `trits`, which must have three times as many.
pub fn decode_into(text: &[u8], trits: &mut [Trit]) -> Result<(), DecodeError> {
    DecodeError::check_length("trytes", trits.len() / TRITS_PER_TRYTE, text.len())?;
    for (position, chunk) in trits.chunks_exact_mut(TRITS_PER_TRYTE).enumerate() {
        chunk.copy_from_slice(&TRITS[(value_at(text, position)? + 13) as usize]);
    }
    Ok(())
}

/// The trits of `text`, of any length.
pub fn decode(text: &str) -> Result<Vec<Trit>, DecodeError> {
    let mut trits = vec![0; text.len() * TRITS_PER_TRYTE];
    decode_into(text.as_bytes(), &mut trits)?;
    Ok(trits)
}

/// Writes `trits` as text into `text`; trits that do not fill a last tryte are completed with 0.
///
/// The numbers must be trits and `text` must have room for them.
pub fn encode_into(trits: &[Trit], text: &mut [u8]) {
    let chunks = trits.chunks_exact(TRITS_PER_TRYTE);
    let rest = chunks.remainder();
    for (byte, chunk) in text.iter_mut().zip(chunks) {
        *byte = to_char(value_of(chunk));
    }
    if !rest.is_empty() {
        text[trits.len() / TRITS_PER_TRYTE] = to_char(rest[0] + 3 * rest.get(1).copied().unwrap_or(0));
    }
}

/// `trits` as text; trits that do not fill a last tryte are completed with 0.
pub fn encode(trits: &[Trit]) -> Result<String, DecodeError> {
    crate::trits::validate(trits)?;
    let mut text = vec![b'9'; trits.len().div_ceil(TRITS_PER_TRYTE)];
    encode_into(trits, &mut text);
    Ok(ascii(text))
}

/// A string of bytes that are all of the alphabet.
pub(crate) fn ascii(text: Vec<u8>) -> String {
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_have_their_trits() {
        assert_eq!(decode("9").unwrap(), [0, 0, 0]);
        assert_eq!(decode("A").unwrap(), [1, 0, 0]);
        assert_eq!(decode("M").unwrap(), [1, 1, 1]);
        assert_eq!(decode("N").unwrap(), [-1, -1, -1]);
        assert_eq!(decode("Z").unwrap(), [-1, 0, 0]);
    }

    #[test]
    fn a_bad_character_is_named() {
        let error = decode("AB\"D").unwrap_err();
        assert_eq!(error.to_string(), "\\\" at position 2 is not a tryte (only 9 and A to Z are)");
    }

    #[test]
    fn a_started_tryte_is_completed() {
        assert_eq!(encode(&[1, 0, 0, 1]).unwrap(), "AA");
        assert_eq!(encode(&[0, 1]).unwrap(), "C");
    }

    proptest! {
        #[test]
        fn trytes_survive(text in "[9A-Z]{0,100}") {
            prop_assert!(is_trytes(&text));
            prop_assert_eq!(encode(&decode(&text).unwrap()).unwrap(), text);
        }

        #[test]
        fn any_text_is_decoded_or_refused(text in ".*") {
            prop_assert_eq!(decode(&text).is_ok(), is_trytes(&text));
        }

        #[test]
        fn any_numbers_are_encoded_or_refused(trits in proptest::collection::vec(-2i8..3, 0..12)) {
            prop_assert_eq!(encode(&trits).is_ok(), trits.iter().all(|trit| (-1..=1).contains(trit)));
        }
    }
}
