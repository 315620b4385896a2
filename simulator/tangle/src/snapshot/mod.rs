//! Local snapshots: the ledger at a milestone, and what is needed to go on from there without what came before.
//!
//! - [`files`]: the pair of text files that nodes exchange;
//! - `take`: when a snapshot is due, and what is in it;
//! - `prune`: forgetting what a snapshot makes superfluous.

pub mod files;
mod prune;
mod take;

use std::collections::BTreeMap;

use tanglegram_ternary::{Address, Hash};

use crate::config::Genesis;

pub use take::SnapshotError;
pub(crate) use take::Watch;

/// The ledger at a milestone, and the transactions on which a tangle above it may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The milestone's tail; the null hash for a genesis.
    pub hash: Hash,
    /// The milestone's index.
    pub index: i32,
    /// Its date, in seconds since 1970: older transactions are refused.
    pub timestamp: i64,
    /// Iotas per address; their sum is [`SUPPLY`](crate::SUPPLY).
    pub balances: BTreeMap<Address, i64>,
    /// Transactions that count as solid though their past may be unknown, with the milestone index they belong to.
    pub solid_entry_points: BTreeMap<Hash, i32>,
    /// Milestones above this one that are known to exist, with their indices: worth asking the neighbours for.
    pub seen_milestones: BTreeMap<Hash, i32>,
}

impl Snapshot {
    /// A genesis as a snapshot: its only solid entry point is the null hash.
    pub fn of_genesis(genesis: &Genesis) -> Snapshot {
        Snapshot {
            hash: Hash::NULL,
            index: genesis.index,
            timestamp: genesis.timestamp,
            balances: genesis.balances.clone(),
            solid_entry_points: BTreeMap::from([(Hash::NULL, genesis.index)]),
            seen_milestones: BTreeMap::new(),
        }
    }
}

/// Which snapshot a node stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Initial {
    pub(crate) hash: Hash,
    pub(crate) index: i32,
    /// Seconds since 1970.
    pub(crate) timestamp: i64,
}
