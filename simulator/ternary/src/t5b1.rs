//! t5b1, the byte form of trits on the wire: five trits a byte, the signed byte is `sum(t[i] * 3^i)`.
//!
//! A last byte may hold fewer than five trits.

use crate::{DecodeError, Trit};

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
    let (groups, rest) = trits.as_chunks();
    for (byte, group) in bytes.iter_mut().zip(groups) {
        *byte = pack_group(*group);
    }
    if let (Some(byte), false) = (bytes.last_mut(), rest.is_empty()) {
        *byte = rest.iter().rev().fold(0, |sum, trit| sum * 3 + trit) as u8;
    }
}

/// Packs five trits: the products of one multiplication add up in its fifth byte.
#[inline]
fn pack_group(trits: [Trit; TRITS_PER_BYTE]) -> u8 {
    const POWERS: u64 = u64::from_le_bytes([81, 27, 9, 3, 1, 0, 0, 0]);
    const SIGNS: u64 = 0x80_8080_8080;
    const ONES: u64 = 0x01_0101_0101;
    let [a, b, c, d, e] = trits.map(|trit| trit as u8);
    let bytes = u64::from(u32::from_le_bytes([a, b, c, d])) | u64::from(e) << 32;
    // Raised by one each, no byte is negative, and neither this sum nor the products carry over into the next byte.
    let raised = ((bytes & !SIGNS) + ONES) ^ (bytes & SIGNS);
    ((raised.wrapping_mul(POWERS) >> 32) as u8).wrapping_sub(LIMIT as u8)
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
    let (groups, rest) = trits.as_chunks_mut();
    for (group, &byte) in groups.iter_mut().zip(bytes) {
        *group = TRITS[usize::from(byte)];
    }
    for (trit, last) in rest.iter_mut().zip(bytes.last().map_or([0; 5], |&byte| TRITS[usize::from(byte)])) {
        *trit = last;
    }
}

/// The trit at an index of bytes that [`validate`] accepted.
pub(crate) fn trit(bytes: &[u8], index: usize) -> Trit {
    TRITS[usize::from(bytes[index / TRITS_PER_BYTE])][index % TRITS_PER_BYTE]
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
    let invalid = |byte: &u8| (*byte as i8).unsigned_abs() > limit as u8;
    // Without a way out of the loop it runs many times as fast.
    if !bytes[range.clone()].iter().fold(false, |found, byte| found | invalid(byte)) {
        return Ok(());
    }
    match bytes[range].iter().position(invalid) {
        None => Ok(()),
        Some(index) => {
            Err(DecodeError::Byte { position: start + index, found: bytes[start + index] as i8, limit })
        }
    }
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
        fn a_byte_is_its_sum(trits in proptest::collection::vec(-1i8..=1, 1..20)) {
            let sums: Vec<u8> = trits.chunks(5).map(|five| crate::trits::to_i64(five) as u8).collect();
            prop_assert_eq!(pack(&trits).unwrap(), sums);
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
