//! The files in which the nodes of a Hedera network of 2019 write down what happened: read and written.
//!
//! A node writes a record file (`.rcd`) for every few seconds and a balance file (`.csv`) for every few minutes, and signs each in a
//! file of its own (`…_sig`). Nothing here depends on who reads them.

pub mod address_book;
pub mod balance;
mod bytes;
pub mod hapi;
pub mod name;
pub mod record;
pub mod results;
pub mod signature;

use std::fmt;

use sha2::{Digest, Sha384};

use crate::hex;

/// A SHA-384 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileHash(pub [u8; 48]);

impl FileHash {
    /// What stands for the file before the first.
    pub const NONE: FileHash = FileHash([0; 48]);

    /// The hash of some pieces one after the other.
    pub fn of(pieces: &[&[u8]]) -> Self {
        let mut hasher = Sha384::new();
        pieces.iter().for_each(|piece| hasher.update(piece));
        FileHash(hasher.finalize().into())
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It ends too early.
    #[error("the file ends at byte {at}, within {what}")]
    Truncated {
        /// What is cut off.
        what: &'static str,
        /// The length of the file.
        at: usize,
    },
    /// A byte that says what follows is none of those known.
    #[error("byte {at} is {found:#04x}, which starts nothing known here; {expected} was expected")]
    Marker {
        /// Where it stands.
        at: usize,
        /// What stands there.
        found: u8,
        /// What may stand there.
        expected: &'static str,
    },
    /// A length is negative.
    #[error("{what} has the negative length {length}")]
    Length {
        /// Of what.
        what: &'static str,
        /// The length as written.
        length: i32,
    },
    /// The format has a version that is not known.
    #[error("version {0} of the record file format is not known: 1 and 2 are")]
    Version(i32),
    /// There is more than there should be.
    #[error("{0} bytes follow after the end")]
    Trailing(usize),
    /// A line of a balance file is not as it should be.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A message is no protobuf of its kind.
    #[error("{what} is malformed: {problem}")]
    Message {
        /// Which message.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A public key of the address book cannot be read.
    #[error("the public key of node {node} is no X.509 RSA key in hexadecimal digits: {problem}")]
    Key {
        /// The node.
        node: String,
        /// What is wrong.
        problem: String,
    },
}
