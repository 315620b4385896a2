//! Transactions: 2673 trytes, parsed once, immutable, and known by the Curl-P-81 hash of all their trits.

mod builder;
pub mod field;

use std::fmt;

pub use builder::TransactionBuilder;
use field::{Field, TRANSACTION_BYTES, TRANSACTION_TRITS, TRANSACTION_TRYTES};

use tanglegram_kernels::curl::{self, Rounds};

use crate::{Address, DecodeError, Hash, Tag, Trit, t5b1, trits, trytes, wots::Fragment};

/// All trits of one transaction.
pub type TransactionTrits = [Trit; TRANSACTION_TRITS];

/// A parsed transaction. Equality is equality of all its trits.
#[derive(Clone)]
pub struct Transaction {
    bytes: Box<[u8; TRANSACTION_BYTES]>,
    hash: Hash,
    address: Address,
    value: i64,
    value_overflows: bool,
    obsolete_tag: Tag,
    timestamp: i64,
    current_index: i64,
    last_index: i64,
    bundle: Hash,
    trunk: Hash,
    branch: Hash,
    tag: Tag,
    attachment_timestamp: i64,
    attachment_timestamp_lower_bound: i64,
    attachment_timestamp_upper_bound: i64,
    nonce: Tag,
}

impl Transaction {
    /// Parses exactly 2673 trytes.
    pub fn from_trytes(text: &str) -> Result<Self, DecodeError> {
        let mut trits = [0; TRANSACTION_TRITS];
        trytes::decode_into(text, &mut trits)?;
        Ok(Self::parse(pack(&trits), &trits, hash_of(&trits)))
    }

    /// Parses several texts of 2673 trytes and hashes them side by side; one result for each, in order.
    pub fn from_trytes_many<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Result<Self, DecodeError>> {
        let decoded: Vec<_> = texts.into_iter().map(TransactionBuilder::from_trytes).collect();
        // What could not be decoded takes part as an empty input, so that positions stay the same.
        let inputs: Vec<&[Trit]> = decoded
            .iter()
            .map(|decoded| decoded.as_ref().map_or(&[][..], |builder| &builder.trits()[..]))
            .collect();
        let hashes = curl::hash_many(&inputs, Rounds::P81);
        let parse = |(decoded, hash): (Result<TransactionBuilder, _>, _)| {
            decoded
                .map(|builder| Self::parse(pack(builder.trits()), builder.trits(), Hash::from_trits(&hash)))
        };
        decoded.into_iter().zip(hashes).map(parse).collect()
    }

    /// Parses exactly 8019 trits.
    pub fn from_trits(trits: &[Trit]) -> Result<Self, DecodeError> {
        DecodeError::check_length("trits", TRANSACTION_TRITS, trits.len())?;
        trits::validate(trits)?;
        Ok(Self::parse(pack(trits), trits, hash_of(trits)))
    }

    /// Parses exactly 1604 t5b1 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        t5b1::validate(bytes, TRANSACTION_TRITS)?;
        let (mut packed, mut trits) = (Box::new([0; TRANSACTION_BYTES]), [0; TRANSACTION_TRITS]);
        packed.copy_from_slice(bytes);
        t5b1::unpack_into(bytes, &mut trits);
        Ok(Self::parse(packed, &trits, hash_of(&trits)))
    }

    /// Reads the fields of 8019 valid trits.
    fn parse(bytes: Box<[u8; TRANSACTION_BYTES]>, trits: &[Trit], hash: Hash) -> Self {
        let number = |field: Field| trits::to_i64(&trits[field.range()]);
        let hash_in = |field: Field| Hash::from_slice(&trits[field.range()]);
        let tag_in = |field: Field| Tag::from_slice(&trits[field.range()]);
        Self {
            bytes,
            hash,
            address: hash_in(field::ADDRESS),
            value: number(field::USABLE_VALUE),
            value_overflows: trits[field::UNUSABLE_VALUE.range()].iter().any(|&trit| trit != 0),
            obsolete_tag: tag_in(field::OBSOLETE_TAG),
            timestamp: number(field::TIMESTAMP),
            current_index: number(field::CURRENT_INDEX),
            last_index: number(field::LAST_INDEX),
            bundle: hash_in(field::BUNDLE),
            trunk: hash_in(field::TRUNK),
            branch: hash_in(field::BRANCH),
            tag: tag_in(field::TAG),
            attachment_timestamp: number(field::ATTACHMENT_TIMESTAMP),
            attachment_timestamp_lower_bound: number(field::ATTACHMENT_TIMESTAMP_LOWER_BOUND),
            attachment_timestamp_upper_bound: number(field::ATTACHMENT_TIMESTAMP_UPPER_BOUND),
            nonce: tag_in(field::NONCE),
        }
    }

    /// All 8019 trits.
    pub fn trits(&self) -> TransactionTrits {
        let mut trits = [0; TRANSACTION_TRITS];
        t5b1::unpack_into(&self.bytes[..], &mut trits);
        trits
    }

    /// The 2673 trytes.
    pub fn to_trytes(&self) -> String {
        let mut text = vec![0; TRANSACTION_TRYTES];
        trytes::encode_into(&self.trits(), &mut text);
        trytes::ascii(text)
    }

    /// The t5b1 form.
    pub fn as_bytes(&self) -> &[u8; TRANSACTION_BYTES] {
        &self.bytes
    }

    /// The Curl-P-81 hash of all trits.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The address that receives or spends.
    pub fn address(&self) -> Address {
        self.address
    }

    /// What the address receives (spends, if negative): the low 33 trits of the value field.
    pub fn value(&self) -> i64 {
        self.value
    }

    /// True if a value trit beyond the usable 33 is not 0; such a transaction is invalid.
    pub fn value_overflows(&self) -> bool {
        self.value_overflows
    }

    /// The tag that the bundle hash covers.
    pub fn obsolete_tag(&self) -> Tag {
        self.obsolete_tag
    }

    /// When the bundle was made, in seconds since 1970 by its maker's clock.
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The position in the bundle; 0 for the tail.
    pub fn current_index(&self) -> i64 {
        self.current_index
    }

    /// The last position in the bundle, that of the head.
    pub fn last_index(&self) -> i64 {
        self.last_index
    }

    /// The bundle hash it claims.
    pub fn bundle(&self) -> Hash {
        self.bundle
    }

    /// The first approved transaction; inside of a bundle the next member.
    pub fn trunk(&self) -> Hash {
        self.trunk
    }

    /// The second approved transaction.
    pub fn branch(&self) -> Hash {
        self.branch
    }

    /// The tag that may change when a bundle is attached again.
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// When it was attached, in milliseconds since 1970; 0 if not stated.
    pub fn attachment_timestamp(&self) -> i64 {
        self.attachment_timestamp
    }

    /// The lower bound of the attachment timestamp; no rule looks at it.
    pub fn attachment_timestamp_lower_bound(&self) -> i64 {
        self.attachment_timestamp_lower_bound
    }

    /// The upper bound of the attachment timestamp; no rule looks at it.
    pub fn attachment_timestamp_upper_bound(&self) -> i64 {
        self.attachment_timestamp_upper_bound
    }

    /// What the proof of work found.
    pub fn nonce(&self) -> Tag {
        self.nonce
    }

    /// The 6561 trits of the signature fragment or message.
    pub fn signature_fragment_trits(&self) -> [Trit; field::SIGNATURE.len] {
        let mut trits = [0; field::SIGNATURE.len];
        t5b1::unpack_into(&self.bytes[..t5b1::bytes_for(field::SIGNATURE.len)], &mut trits);
        trits
    }

    /// The signature field as 27 blocks of 243 trits: WOTS segments, or siblings of a Merkle path.
    pub fn signature_fragment(&self) -> Fragment {
        let trits = self.signature_fragment_trits();
        let (segments, _) = trits.as_chunks();
        std::array::from_fn(|i| Hash::from_trits(&segments[i]))
    }

    /// What the bundle hash covers, address to last index, as two blocks of 243 trits.
    pub fn essence(&self) -> [Hash; 2] {
        essence_of(&self.trits())
    }

    /// True for the member of a bundle with index 0.
    pub fn is_tail(&self) -> bool {
        self.current_index == 0
    }
}

impl PartialEq for Transaction {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Transaction {}

impl fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transaction")
            .field("hash", &self.hash)
            .field("address", &self.address)
            .field("value", &self.value)
            .field("index", &format_args!("{}/{}", self.current_index, self.last_index))
            .field("bundle", &self.bundle)
            .field("trunk", &self.trunk)
            .field("branch", &self.branch)
            .finish_non_exhaustive()
    }
}

/// What the bundle hash covers.
fn essence_of(trits: &TransactionTrits) -> [Hash; 2] {
    let (blocks, _) = trits[field::ESSENCE.range()].as_chunks();
    [Hash::from_trits(&blocks[0]), Hash::from_trits(&blocks[1])]
}

/// The t5b1 form of 8019 trits.
fn pack(trits: &[Trit]) -> Box<[u8; TRANSACTION_BYTES]> {
    let mut bytes = Box::new([0; TRANSACTION_BYTES]);
    t5b1::pack_into(trits, &mut bytes[..]);
    bytes
}

/// The Curl-P-81 hash of valid trits.
fn hash_of(trits: &[Trit]) -> Hash {
    Hash::from_trits(&curl::hash(trits, Rounds::P81))
}
