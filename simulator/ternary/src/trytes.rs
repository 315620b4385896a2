//! Trytes: three trits written as one of `9ABCDEFGHIJKLMNOPQRSTUVWXYZ`.

use crate::{DecodeError, Trit};

/// The tryte alphabet: `9` is 0, `A` to `M` are 1 to 13, `N` to `Z` are -13 to -1.
pub const ALPHABET: &[u8; 27] = b"9ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Trits in one tryte.
pub const TRITS_PER_TRYTE: usize = 3;

/// The three trits of every byte of text, and 1 behind them if it is outside of the alphabet.
static DECODED: [[Trit; TRITS_PER_TRYTE + 1]; 256] = {
    let mut table = [[0, 0, 0, 1]; 256];
    let mut index = 0;
    while index < 27 {
        // Trits of value + 13 in 0, 1, 2 are those of the value in -1, 0, 1, shifted by one each.
        let raised = (index + 13) % 27;
        let trits = [raised % 3, raised / 3 % 3, raised / 9];
        table[ALPHABET[index] as usize] =
            [trits[0] as Trit - 1, trits[1] as Trit - 1, trits[2] as Trit - 1, 0];
        index += 1;
    }
    table
};

/// The characters of the values -13..=13, at `value + 13`; the length spares a bounds check.
static ENCODED: [u8; 32] = {
    let mut table = [0; 32];
    let mut index = 0;
    while index < 27 {
        table[(index + 13) % 27] = ALPHABET[index];
        index += 1;
    }
    table
};

/// True if the byte is of the alphabet.
fn is_tryte(byte: u8) -> bool {
    DECODED[usize::from(byte)][TRITS_PER_TRYTE] == 0
}

/// The character of three trits.
#[inline]
fn to_char([low, middle, high]: [Trit; TRITS_PER_TRYTE]) -> u8 {
    ENCODED[(low + 3 * middle + 9 * high + 13) as usize % ENCODED.len()]
}

/// True if `text` consists of nothing but trytes (also if it is empty).
pub fn is_trytes(text: &str) -> bool {
    text.bytes().all(is_tryte)
}

/// `Ok` if `text` consists of nothing but trytes, else where it does not.
pub fn check(text: &str) -> Result<(), DecodeError> {
    match text.bytes().position(|byte| !is_tryte(byte)) {
        None => Ok(()),
        Some(position) => Err(DecodeError::Tryte { position, found: text.as_bytes()[position] }),
    }
}

/// Writes the trits of `text` into `trits`, which must have three times as many (else they are unspecified, as they are
/// after any error).
pub fn decode_into(text: &str, trits: &mut [Trit]) -> Result<(), DecodeError> {
    DecodeError::check_length("trytes", trits.len() / TRITS_PER_TRYTE, text.len())?;
    let mut invalid = 0;
    // Without a way out of the loop it runs several times as fast.
    for (chunk, byte) in trits.chunks_exact_mut(TRITS_PER_TRYTE).zip(text.bytes()) {
        let [trits @ .., flag] = &DECODED[usize::from(byte)];
        chunk.copy_from_slice(trits);
        invalid |= flag;
    }
    if invalid == 0 { Ok(()) } else { check(text) }
}

/// The trits of `text`, of any length.
pub fn decode(text: &str) -> Result<Vec<Trit>, DecodeError> {
    let mut trits = vec![0; text.len() * TRITS_PER_TRYTE];
    decode_into(text, &mut trits)?;
    Ok(trits)
}

/// Writes `trits` as text into `text`; trits that do not fill a last tryte are completed with 0.
///
/// The numbers must be trits and `text` must have room for them.
pub fn encode_into(trits: &[Trit], text: &mut [u8]) {
    let (chunks, rest) = trits.as_chunks::<TRITS_PER_TRYTE>();
    let (whole, last) = text.split_at_mut(chunks.len());
    for (byte, chunk) in whole.iter_mut().zip(chunks) {
        *byte = to_char(*chunk);
    }
    if let ([byte, ..], [low, middle @ ..]) = (last, rest) {
        *byte = to_char([*low, middle.first().copied().unwrap_or(0), 0]);
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
