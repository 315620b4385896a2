//! A node's data folder: what it acknowledged is there after a crash.
//!
//! ```text
//! Node::take_journal -> Journal -> writer (thread): append, sync -> Journal -> replies and broadcasts that waited
//! ```
//!
//! Nothing that shows a state of the node leaves it before that state is on the disk: replies and transactions for
//! neighbours wait until everything the node had taken in by then is synced. What comes in meanwhile is written together,
//! with one sync for all. While nothing is unwritten nothing waits.
//!
//! Where the disk does not take what is written (it is full, or gone), requests are answered with 500 and neighbours are not
//! listened to, until a later try succeeds.

mod disk;
mod folder;
mod journal;
mod writer;

use std::io;
use std::path::PathBuf;

use tanglegram_tangle::RestoreError;
use tanglegram_tangle::persist::log::LogError;
use tanglegram_tangle::snapshot::files::SnapshotFileError;

pub(crate) use disk::System;
pub(crate) use disk::{Disk, DiskFile};
pub use folder::Stored;
pub(crate) use folder::open;
pub(crate) use journal::Journal;
pub(crate) use writer::Written;

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Another process works with it.
    #[error("the data folder {} is in use by another process{}", folder.display(), owner(process.as_ref()))]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The other process, if it told.
        process: Option<String>,
    },
    /// The system refuses something.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The ledger is not what was written, or another one's.
    #[error("{}: {source}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: LogError,
    },
    /// The records make no node.
    #[error("{}: {source}", path.display())]
    Restore {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: RestoreError,
    },
    /// The files of the local snapshot to start from cannot be read.
    #[error("the local snapshot {}: {source}", base.display())]
    Snapshot {
        /// What the names of its files start with.
        base: PathBuf,
        /// What is wrong.
        source: SnapshotFileError,
    },
}

fn owner(process: Option<&String>) -> String {
    process.map_or_else(String::new, |process| format!(" (number {process})"))
}
