//! Record files: the transactions of a few seconds with their records.

use std::borrow::Cow;

use prost::Message;

use super::bytes::{Bytes, put_sized};
use super::hapi::{Transaction, TransactionBody, TransactionRecord};
use super::{FileError, FileHash};

/// Starts the hash of the file before.
const PREVIOUS: u8 = 1;
/// Starts a transaction with its record.
const RECORD: u8 = 2;
/// Starts a signature, which means nothing here.
const SIGNATURE: u8 = 3;

/// How a record file is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// All bytes at once.
    V1,
    /// The header, then the hash of all that follows.
    V2,
}

impl Version {
    fn number(self) -> i32 {
        match self {
            Version::V1 => 1,
            Version::V2 => 2,
        }
    }
}

/// A transaction and its record, as protobuf bytes: see [`hapi::Transaction`](super::hapi::Transaction) and
/// [`hapi::TransactionRecord`](super::hapi::TransactionRecord).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The transaction.
    pub transaction: Cow<'a, [u8]>,
    /// Its record.
    pub record: Cow<'a, [u8]>,
}

impl Item<'static> {
    /// A transaction with this body, unsigned, and its record.
    pub fn new(body: &TransactionBody, record: &TransactionRecord) -> Self {
        let transaction = Transaction { body_bytes: body.encode_to_vec(), ..Transaction::default() };
        Item {
            transaction: Cow::Owned(transaction.encode_to_vec()),
            record: Cow::Owned(record.encode_to_vec()),
        }
    }
}

/// A record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFile<'a> {
    /// How it is hashed.
    pub version: Version,
    /// The version of the Hedera API; 3 in 2019.
    pub api_version: i32,
    /// The hash of the file before; [`FileHash::NONE`] in the first.
    pub previous: FileHash,
    /// The transactions in order of consensus.
    pub items: Vec<Item<'a>>,
    /// The file's own hash.
    pub hash: FileHash,
}

impl<'a> RecordFile<'a> {
    /// A record file of these transactions, with its hash.
    pub fn new(version: Version, previous: FileHash, items: Vec<Item<'a>>) -> Self {
        let mut file = RecordFile { version, api_version: 3, previous, items, hash: FileHash::NONE };
        file.hash = file.hash_of(&file.header(), &file.body());
        file
    }

    /// Reads a record file.
    ///
    /// # Errors
    /// When the bytes are no whole record file of a known version.
    pub fn read(file: &'a [u8]) -> Result<Self, FileError> {
        let mut bytes = Bytes::new(file);
        let version = match bytes.int("the format version")? {
            1 => Version::V1,
            2 => Version::V2,
            other => return Err(FileError::Version(other)),
        };
        let api_version = bytes.int("the API version")?;
        bytes.marker(PREVIOUS, "the hash of the file before (0x01)")?;
        let previous = bytes.hash("the hash of the file before")?;
        let (header, body) = file.split_at(bytes.position());
        let (items, hashed) = read_items(&mut bytes, body)?;
        let mut record_file = RecordFile { version, api_version, previous, items, hash: FileHash::NONE };
        record_file.hash = record_file.hash_of(header, &hashed);
        Ok(record_file)
    }

    /// The bytes of the file.
    pub fn write(&self) -> Vec<u8> {
        let mut file = self.header();
        file.extend(self.body());
        file
    }

    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(57);
        header.extend(self.version.number().to_be_bytes());
        header.extend(self.api_version.to_be_bytes());
        header.push(PREVIOUS);
        header.extend(self.previous.0);
        header
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for item in &self.items {
            body.push(RECORD);
            put_sized(&mut body, &item.transaction);
            put_sized(&mut body, &item.record);
        }
        body
    }

    fn hash_of(&self, header: &[u8], body: &[u8]) -> FileHash {
        match self.version {
            Version::V1 => FileHash::of(&[header, body]),
            Version::V2 => FileHash::of(&[header, &FileHash::of(&[body]).0]),
        }
    }
}

/// The transactions of a body, and the bytes of it that are hashed: all but signatures.
fn read_items<'a>(
    bytes: &mut Bytes<'a>,
    body: &'a [u8],
) -> Result<(Vec<Item<'a>>, Cow<'a, [u8]>), FileError> {
    let (mut items, mut hashed) = (Vec::new(), Cow::Borrowed(body));
    let start = bytes.position();
    while !bytes.is_at_end() {
        let at = bytes.position();
        match bytes.byte("a record")? {
            RECORD => {
                let transaction = Cow::Borrowed(bytes.sized("a transaction")?);
                items.push(Item { transaction, record: Cow::Borrowed(bytes.sized("a record")?) });
            }
            SIGNATURE => {
                bytes.sized("a signature")?;
                let left_out = hashed.len() - (body.len() - (at - start));
                hashed = [&hashed[..left_out], &body[bytes.position() - start..]].concat().into();
            }
            found => {
                return Err(FileError::Marker {
                    at,
                    found,
                    expected: "a record (0x02) or a signature (0x03)",
                });
            }
        }
    }
    Ok((items, hashed))
}
