//! What there is to tell of files.

use std::fmt;

use crate::files::{FileError, FileHash};
use crate::{EntityId, store::DuplicateTime};

/// What happened to a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// It was taken.
    Imported {
        /// The file.
        name: String,
        /// How many transactions or balances it has.
        rows: usize,
    },
    /// It was not taken, or not yet.
    Held {
        /// The file.
        name: String,
        /// Why.
        obstacle: Obstacle,
    },
}

/// Why a file was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The name is that of no record or balance file.
    #[error("not a record file (.rcd), balance file (.csv) or signature (_sig): ignored")]
    UnknownName,
    /// A file of this name was taken before.
    #[error("imported already: skipped")]
    AlreadyImported,
    /// There are signatures only.
    #[error("waits for the file itself")]
    NoContent,
    /// Not enough nodes signed the same hash.
    #[error(
        "waits for signatures: {agreeing} of {nodes} nodes signed the same hash, more than two thirds have to"
    )]
    Signatures {
        /// How many signatures are good and agree.
        agreeing: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A signature is not that node's, or is none at all.
    #[error("the signature of node {node} is not good: {problem}")]
    BadSignature {
        /// The node.
        node: EntityId,
        /// What is wrong.
        problem: String,
    },
    /// A node's file is not the one that was signed.
    #[error("the file of node {node} is not the one that was signed: {problem}")]
    WrongContent {
        /// The node.
        node: EntityId,
        /// What is wrong.
        problem: String,
    },
    /// The file cannot be read.
    #[error("the file of node {node} cannot be read: {problem}")]
    Unreadable {
        /// The node.
        node: EntityId,
        /// What is wrong.
        problem: String,
    },
    /// It does not go on where the last file ended.
    #[error("waits for the file before it: it follows {found}, the last one taken is {expected}")]
    Chain {
        /// The hash of the file taken last.
        expected: FileHash,
        /// The hash it says the file before has.
        found: FileHash,
    },
    /// A transaction has the consensus time of another one.
    #[error("transaction {0} is there already: the file is held back")]
    DuplicateTime(i64),
}

impl Obstacle {
    /// Whether no later record file can be taken before this is out of the way.
    pub(super) fn blocks(&self) -> bool {
        matches!(self, Obstacle::Unreadable { .. } | Obstacle::Chain { .. } | Obstacle::DuplicateTime(_))
    }

    pub(super) fn unreadable(node: EntityId, error: &FileError) -> Self {
        Obstacle::Unreadable { node, problem: error.to_string() }
    }
}

impl From<DuplicateTime> for Obstacle {
    fn from(duplicate: DuplicateTime) -> Self {
        Obstacle::DuplicateTime(duplicate.0)
    }
}

impl Event {
    /// The file it is about.
    pub fn name(&self) -> &str {
        match self {
            Event::Imported { name, .. } | Event::Held { name, .. } => name,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Imported { name, rows } => write!(f, "{name}: imported, {rows} rows"),
            Event::Held { name, obstacle } => write!(f, "{name}: {obstacle}"),
        }
    }
}
