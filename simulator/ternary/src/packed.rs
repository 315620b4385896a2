//! Fixed-size trit strings in packed form: hashes, addresses and tags.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{DecodeError, Trit, t5b1, trits, trytes};

/// `TRITS` trits as `TRYTES` trytes of text and, inside, as `BYTES` t5b1 bytes. See [`Hash`](type@Hash) and [`Tag`].
///
/// Values are ordered by their bytes: a total order, the same everywhere, that means nothing more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packed<const TRITS: usize, const TRYTES: usize, const BYTES: usize>([u8; BYTES]);

/// 243 trits, 81 trytes: a transaction hash, bundle hash, seed or address.
pub type Hash = Packed<243, 81, 49>;

/// A hash that money is kept at: the Kerl hash of the digests of a private key, without checksum.
pub type Address = Hash;

/// 81 trits, 27 trytes: a tag, obsolete tag or nonce.
pub type Tag = Packed<81, 27, 17>;

impl<const TRITS: usize, const TRYTES: usize, const BYTES: usize> Packed<TRITS, TRYTES, BYTES> {
    /// All trits 0, all trytes `9`.
    pub const NULL: Self = Self([0; BYTES]);

    /// Parses exactly `TRYTES` characters of the tryte alphabet.
    pub fn from_trytes(text: &str) -> Result<Self, DecodeError> {
        let mut trits = [0; TRITS];
        trytes::decode_into(text, &mut trits)?;
        Ok(Self::from_trits(&trits))
    }

    /// Parses at most `TRYTES` characters and completes them with `9`.
    pub fn from_trytes_padded(text: &str) -> Result<Self, DecodeError> {
        let mut trits = [0; TRITS];
        match trits.get_mut(..trytes::TRITS_PER_TRYTE * text.len()) {
            Some(start) => trytes::decode_into(text, start)?,
            None => DecodeError::check_length("trytes", TRYTES, text.len())?,
        }
        Ok(Self::from_trits(&trits))
    }

    /// Packs trits; every number must be -1, 0 or 1 (see [`trits::validate`]).
    pub fn from_trits(trits: &[Trit; TRITS]) -> Self {
        Self::from_slice(trits)
    }

    /// Packs a slice that is known to have the right length.
    pub(crate) fn from_slice(trits: &[Trit]) -> Self {
        debug_assert!(trits.len() == TRITS && trits::validate(trits).is_ok(), "exactly {TRITS} trits");
        let mut bytes = [0; BYTES];
        t5b1::pack_into(trits, &mut bytes);
        Self(bytes)
    }

    /// Takes over a t5b1 form of exactly `BYTES` bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        t5b1::validate(bytes, TRITS)?;
        let mut packed = [0; BYTES];
        packed.copy_from_slice(bytes);
        Ok(Self(packed))
    }

    /// Takes over a t5b1 form that is known to be valid.
    pub(crate) fn from_valid_bytes(bytes: [u8; BYTES]) -> Self {
        debug_assert!(t5b1::validate(&bytes, TRITS).is_ok(), "a t5b1 form of {TRITS} trits");
        Self(bytes)
    }

    /// The t5b1 form.
    pub fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// The single trits.
    pub fn trits(&self) -> [Trit; TRITS] {
        let mut trits = [0; TRITS];
        t5b1::unpack_into(&self.0, &mut trits);
        trits
    }

    /// The text form, in ASCII.
    pub fn to_trytes(&self) -> [u8; TRYTES] {
        let mut text = [0; TRYTES];
        trytes::encode_into(&self.trits(), &mut text);
        text
    }

    /// How many trits at the end are 0: the weight of a transaction hash.
    pub fn trailing_zeros(&self) -> u32 {
        (0..TRITS).rev().take_while(|&index| self.trit(index) == 0).count() as u32
    }

    /// The last trit. It is 0 in every Kerl hash, so also in every address that can be spent from.
    pub fn last_trit(&self) -> Trit {
        self.trit(TRITS - 1)
    }

    fn trit(&self, index: usize) -> Trit {
        t5b1::trit(&self.0, index)
    }

    /// True for [`Self::NULL`].
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }

    /// The number that the first `count` trits stand for, at most [`trits::I64_TRITS`].
    pub fn low_i64(&self, count: usize) -> i64 {
        trits::to_i64(&self.trits()[..count.min(trits::I64_TRITS).min(TRITS)])
    }
}

impl<const TRITS: usize, const TRYTES: usize, const BYTES: usize> Default for Packed<TRITS, TRYTES, BYTES> {
    fn default() -> Self {
        Self::NULL
    }
}

impl<const TRITS: usize, const TRYTES: usize, const BYTES: usize> fmt::Display
    for Packed<TRITS, TRYTES, BYTES>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_trytes();
        formatter.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl<const TRITS: usize, const TRYTES: usize, const BYTES: usize> fmt::Debug
    for Packed<TRITS, TRYTES, BYTES>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<const TRITS: usize, const TRYTES: usize, const BYTES: usize> FromStr for Packed<TRITS, TRYTES, BYTES> {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        Self::from_trytes(text)
    }
}

impl<const TRITS: usize, const TRYTES: usize, const BYTES: usize> Serialize for Packed<TRITS, TRYTES, BYTES> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const TRITS: usize, const TRYTES: usize, const BYTES: usize> Deserialize<'de>
    for Packed<TRITS, TRYTES, BYTES>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn null_is_all_nines() {
        assert_eq!(Hash::NULL.to_string(), "9".repeat(81));
        assert_eq!(Hash::NULL.trailing_zeros(), 243);
        assert!(Hash::default().is_null());
    }

    #[test]
    fn weight_counts_trits_not_trytes() {
        let hash = Hash::from_trytes(&("9".repeat(77) + "AC99")).unwrap();
        assert_eq!(hash.trailing_zeros(), 2 * 3 + 1);
        assert_eq!(hash.last_trit(), 0);
        assert_eq!(Hash::from_trytes(&"Z".repeat(81)).unwrap().last_trit(), 0);
        assert_eq!(Hash::from_trytes(&"N".repeat(81)).unwrap().last_trit(), -1);
    }

    #[test]
    fn short_tags_are_completed() {
        assert_eq!(Tag::from_trytes_padded("TANGLE").unwrap().to_string(), format!("{:9<27}", "TANGLE"));
        let error = Tag::from_trytes_padded(&"A".repeat(28)).unwrap_err();
        assert_eq!(error.to_string(), "expected 27 trytes, got 28");
    }

    #[test]
    fn json_form_is_the_text() {
        let hash = Hash::from_trytes(&"LOVE".repeat(21)[..81]).unwrap();
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(json, format!("\"{hash}\""));
        assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), hash);
        assert!(serde_json::from_str::<Hash>("\"SHORT\"").is_err());
    }

    proptest! {
        #[test]
        fn all_forms_agree(text in "[9A-Z]{81}") {
            let hash: Hash = text.parse().unwrap();
            prop_assert_eq!(Hash::from_trits(&hash.trits()), hash);
            prop_assert_eq!(Hash::from_bytes(hash.as_bytes()).unwrap(), hash);
            prop_assert_eq!(hash.to_string(), text);
        }

        #[test]
        fn any_text_is_parsed_exactly_or_refused(text in "\\PC{0,90}") {
            if let Ok(hash) = Hash::from_trytes(&text) {
                prop_assert_eq!(hash.to_string(), text);
            }
        }

        #[test]
        fn any_bytes_are_taken_exactly_or_refused(bytes in proptest::collection::vec(any::<u8>(), 47..51)) {
            if let Ok(hash) = Hash::from_bytes(&bytes) {
                prop_assert_eq!(&hash.as_bytes()[..], &bytes[..]);
                prop_assert_eq!(Hash::from_trits(&hash.trits()), hash);
            }
        }
    }
}
