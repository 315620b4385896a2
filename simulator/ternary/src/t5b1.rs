//! t5b1, the byte form of trits on the wire: five trits a byte, the signed byte is `sum(t[i] * 3^i)`.
//!
//! A last byte may hold fewer than five trits. Text is packed and unpacked without a detour over single trits: fifteen
//! trits are both three bytes and five trytes, so each byte is made of one whole tryte and parts of its neighbours.

use crate::{DecodeError, Trit, trytes};

/// Trits in one byte.
pub const TRITS_PER_BYTE: usize = 5;

/// The largest magnitude of a byte of five trits.
const LIMIT: i8 = 121;

/// Bytes needed for a number of trits.
pub const fn bytes_for(trits: usize) -> usize {
    trits.div_ceil(TRITS_PER_BYTE)
}

/// The five trits of every valid byte; other entries are unused.
static TRITS: [[Trit; TRITS_PER_BYTE]; 256] = {
    let mut table = [[0; TRITS_PER_BYTE]; 256];
    let mut index = 0;
    while index < 243 {
        let (mut rest, mut place) = (index, 0);
        while place < TRITS_PER_BYTE {
            table[(index - 121) as i8 as u8 as usize][place] = (rest % 3) as Trit - 1;
            rest /= 3;
            place += 1;
        }
        index += 1;
    }
    table
};

/// Packs trits. They must be trits and `bytes` must be `bytes_for(trits.len())` long.
pub fn pack_into(trits: &[Trit], bytes: &mut [u8]) {
    debug_assert_eq!(bytes.len(), bytes_for(trits.len()), "room for exactly these trits");
    for (byte, chunk) in bytes.iter_mut().zip(trits.chunks(TRITS_PER_BYTE)) {
        *byte = chunk.iter().rev().fold(0i8, |sum, &trit| sum.wrapping_mul(3).wrapping_add(trit)) as u8;
    }
}

/// Packs trits into a new vector; an error if a number is no trit.
pub fn pack(trits: &[Trit]) -> Result<Vec<u8>, DecodeError> {
    crate::trits::validate(trits)?;
    let mut bytes = vec![0; bytes_for(trits.len())];
    pack_into(trits, &mut bytes);
    Ok(bytes)
}

/// Unpacks bytes that [`validate`] accepted into all of `trits`.
pub fn unpack_into(bytes: &[u8], trits: &mut [Trit]) {
    for (chunk, &byte) in trits.chunks_mut(TRITS_PER_BYTE).zip(bytes) {
        chunk.copy_from_slice(&TRITS[usize::from(byte)][..chunk.len()]);
    }
}

/// Unpacks exactly `count` trits; an error if the number of bytes or one of them is wrong.
pub fn unpack(bytes: &[u8], count: usize) -> Result<Vec<Trit>, DecodeError> {
    validate(bytes, count)?;
    let mut trits = vec![0; count];
    unpack_into(bytes, &mut trits);
    Ok(trits)
}

/// `Ok` if `bytes` are the packed form of some `count` trits.
pub fn validate(bytes: &[u8], count: usize) -> Result<(), DecodeError> {
    DecodeError::check_length("bytes", bytes_for(count), bytes.len())?;
    let full = count / TRITS_PER_BYTE;
    check_range(bytes, 0..full, LIMIT)?;
    check_range(bytes, full..bytes.len(), crate::trits::max_value(count % TRITS_PER_BYTE) as i8)
}

/// `Ok` if the magnitude of every byte in a range is at most `limit`.
fn check_range(bytes: &[u8], range: std::ops::Range<usize>, limit: i8) -> Result<(), DecodeError> {
    let start = range.start;
    match bytes[range].iter().position(|&byte| (byte as i8).unsigned_abs() > limit as u8) {
        None => Ok(()),
        Some(index) => {
            Err(DecodeError::Byte { position: start + index, found: bytes[start + index] as i8, limit })
        }
    }
}

/// Packs a text of trytes; `bytes` must be `bytes_for(3 * text.len())` long.
pub fn pack_trytes_into(text: &[u8], bytes: &mut [u8]) -> Result<(), DecodeError> {
    debug_assert_eq!(bytes.len(), bytes_for(3 * text.len()), "room for exactly these trytes");
    for (group, out) in bytes.chunks_mut(3).enumerate() {
        let start = 5 * group;
        let mut values = [0; 5];
        for (offset, value) in values.iter_mut().take(text.len() - start).enumerate() {
            *value = trytes::value_at(text, start + offset)?;
        }
        out.copy_from_slice(&join(values)[..out.len()]);
    }
    Ok(())
}

/// Writes packed trytes as text; `bytes` must be valid and `bytes_for(3 * text.len())` long.
pub fn unpack_trytes_into(bytes: &[u8], text: &mut [u8]) {
    for (chars, packed) in text.chunks_mut(5).zip(bytes.chunks(3)) {
        let byte = |index: usize| packed.get(index).map_or(0, |&byte| byte as i8);
        for (char, value) in chars.iter_mut().zip(split([byte(0), byte(1), byte(2)])) {
            *char = trytes::to_char(value);
        }
    }
}

/// Five trytes (3 trits each) as three bytes (5 trits each).
#[inline]
fn join(trytes: [i8; 5]) -> [u8; 3] {
    let (low1, high1) = (low_trits::<9>(trytes[1]), high_trits::<9>(trytes[1]));
    let (low3, high3) = (low_trits::<3>(trytes[3]), high_trits::<3>(trytes[3]));
    [trytes[0] + 27 * low1, high1 + 3 * trytes[2] + 81 * low3, high3 + 9 * trytes[4]].map(|byte| byte as u8)
}

/// Three bytes (5 trits each) as five trytes (3 trits each).
#[inline]
fn split(bytes: [i8; 3]) -> [i8; 5] {
    let (low0, high0) = (low_trits::<27>(bytes[0]), high_trits::<27>(bytes[0]));
    let (low1, rest1) = (low_trits::<3>(bytes[1]), high_trits::<3>(bytes[1]));
    let (middle1, high1) = (low_trits::<27>(rest1), high_trits::<27>(rest1));
    let (low2, high2) = (low_trits::<9>(bytes[2]), high_trits::<9>(bytes[2]));
    [low0, high0 + 9 * low1, middle1, high1 + 3 * low2, high2]
}

/// The balanced remainder of a number of trits modulo a power of 3.
#[inline]
fn low_trits<const POWER: i8>(value: i8) -> i8 {
    value - POWER * high_trits::<POWER>(value)
}

/// A number of trits without its low ones: the nearest quotient by a power of 3.
#[inline]
fn high_trits<const POWER: i8>(value: i8) -> i8 {
    let (value, power) = (i32::from(value), i32::from(POWER));
    // Offset by a multiple of the power so that the division rounds down, not towards 0.
    ((value + power * 43 + power / 2) / power - 43) as i8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn trits_survive(trits in proptest::collection::vec(-1i8..=1, 0..200)) {
            prop_assert_eq!(unpack(&pack(&trits).unwrap(), trits.len()).unwrap(), trits);
        }

        #[test]
        fn text_and_trits_pack_alike(text in "[9A-Z]{0,60}") {
            let trits = trytes::decode(&text).unwrap();
            let mut bytes = vec![0; bytes_for(trits.len())];
            pack_trytes_into(text.as_bytes(), &mut bytes).unwrap();
            prop_assert_eq!(&bytes, &pack(&trits).unwrap());
            let mut back = vec![0; text.len()];
            unpack_trytes_into(&bytes, &mut back);
            prop_assert_eq!(trytes::ascii(back), text);
        }

        #[test]
        fn any_bytes_are_unpacked_exactly_or_refused(bytes: Vec<u8>, count in 0usize..300) {
            if let Ok(trits) = unpack(&bytes, count) {
                prop_assert_eq!(pack(&trits).unwrap(), bytes);
            }
        }

        #[test]
        fn arbitrary_bytes_of_the_right_length(bytes in proptest::collection::vec(any::<u8>(), 49)) {
            let valid = bytes[..48].iter().all(|&b| (b as i8).unsigned_abs() <= 121) && (bytes[48] as i8).unsigned_abs() <= 13;
            prop_assert_eq!(validate(&bytes, 243).is_ok(), valid);
        }
    }
}
