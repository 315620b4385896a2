//! What of a node outlives it: records to be written as they come, from which a node is made again.
//!
//! A node that keeps a journal ([`Node::keep_journal`]) tells with [`Node::take_journal`] what has happened since that is to be
//! kept. Replaying all records in their order ([`Node::restore`]) makes a node with the same tangle, milestones, ledger and
//! spent addresses. When a node forgot much of what was written, [`Node::image`] is a shorter way to say the rest.
//!
//! Who writes the records, and when a write counts as done, is the driver's matter: [`log`] has their form in a file,
//! [`Disk`] keeps them in memory.

pub mod log;

use std::sync::Arc;

use tanglegram_ternary::{Address, Hash, Transaction};

use crate::config::Config;
use crate::node::{Millis, Node};
use crate::planted::Bug;
use crate::snapshot::{Initial, Snapshot};
use crate::verdicts::SharedVerdicts;

/// Something that is to be kept.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// The snapshot to start from, instead of the configured genesis. Only the first record can be that.
    Start {
        /// The snapshot.
        snapshot: Arc<Snapshot>,
    },
    /// A transaction that a milestone up to the starting snapshot's confirmed.
    Confirmed {
        /// The transaction.
        transaction: Arc<Transaction>,
        /// When it arrived, in seconds since 1970.
        arrived: u32,
        /// The milestone that confirmed it.
        index: i32,
        /// It is the tail of that milestone itself.
        is_milestone: bool,
    },
    /// An address that was spent from, by a transaction that is forgotten.
    Spent {
        /// The address.
        address: Address,
    },
    /// A transaction was stored.
    Stored {
        /// The transaction.
        transaction: Arc<Transaction>,
        /// When it arrived, in seconds since 1970.
        arrived: u32,
    },
    /// The node took a local snapshot and stands on it from here on.
    Snapshot {
        /// The snapshot.
        snapshot: Arc<Snapshot>,
        /// What milestones up to this index confirmed was forgotten; `None`: nothing.
        pruned: Option<i32>,
    },
}

/// Why no node can be made from records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A record that belongs to the beginning comes later.
    #[error("record {record}: what a node starts with comes after what happened to it")]
    Late {
        /// Position of the record, from 0.
        record: usize,
    },
    /// A snapshot was taken of another tangle than the one in the records.
    #[error(
        "record {record}: a snapshot of milestone {index} ({hash}), which the transactions before it do not confirm"
    )]
    Foreign {
        /// Position of the record, from 0.
        record: usize,
        /// The milestone's index.
        index: i32,
        /// The milestone's hash.
        hash: Hash,
    },
}

impl Node {
    /// Begins to keep a journal; see [`Node::take_journal`].
    pub fn keep_journal(&mut self) {
        self.journal.get_or_insert_default();
    }

    /// What happened since the last call and is to be kept; nothing without [`Node::keep_journal`].
    pub fn take_journal(&mut self) -> Vec<Record> {
        self.journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn journal(&mut self, record: impl FnOnce() -> Record) {
        if let Some(journal) = &mut self.journal {
            journal.push(record());
        }
    }

    /// A node as it was when the last of these records was written. `seed` starts the stream of its random walks, `verdicts` are
    /// those it shares with others. It keeps a journal, which is empty.
    pub fn restore(
        config: Config,
        seed: u64,
        verdicts: Option<SharedVerdicts>,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Node, RestoreError> {
        let mut records = records.into_iter().enumerate().peekable();
        let mut node = match records.next_if(|(_, record)| matches!(record, Record::Start { .. })) {
            Some((_, Record::Start { snapshot })) => Node::from_snapshot(config, seed, &snapshot),
            _ => Node::new(config, seed),
        };
        if let Some(verdicts) = verdicts {
            node.share_verdicts(verdicts);
        }
        while let Some((position, record)) = records.next() {
            if node.config.planted.has(Bug::LastRecordLost) && records.peek().is_none() {
                break;
            }
            node.replay(position, record)?;
        }
        node.keep_journal();
        Ok(node)
    }

    fn replay(&mut self, position: usize, record: Record) -> Result<(), RestoreError> {
        match record {
            Record::Stored { transaction, arrived } => {
                self.store(Millis::from(arrived) * 1_000, transaction);
            }
            Record::Confirmed { transaction, arrived, index, is_milestone } => {
                if let Some(id) = self.tangle.insert_confirmed(transaction, arrived, index)
                    && is_milestone
                {
                    self.milestones.restore(index, id);
                }
            }
            Record::Spent { address } => self.spent.mark(address),
            Record::Snapshot { snapshot, pruned } => {
                let (index, hash) = (snapshot.index, snapshot.hash);
                if index > self.ledger.index || self.confirmed_by(&hash) != Some(index) {
                    return Err(RestoreError::Foreign { record: position, index, hash });
                }
                self.adopt(&snapshot, pruned);
            }
            Record::Start { .. } => return Err(RestoreError::Late { record: position }),
        }
        Ok(())
    }

    /// Records that make the node as it is, without what it forgot.
    pub fn image(&self) -> Vec<Record> {
        let tangle = &self.tangle;
        let Initial { index: initial, .. } = *tangle.initial();
        let mut records = vec![Record::Start { snapshot: Arc::new(self.snapshot()) }];
        records.extend(self.spent.known().map(|address| Record::Spent { address }));
        let (below, above): (Vec<_>, Vec<_>) =
            tangle.arrivals().iter().copied().partition(|&id| tangle.is_confirmed_by(id, initial));
        records.extend(below.into_iter().filter_map(|id| {
            let (vertex, transaction) = (tangle.vertex(id), tangle.shared(id)?);
            let index = vertex.snapshot_index;
            let is_milestone = self.milestones.at(index) == Some(id);
            Some(Record::Confirmed { transaction, arrived: vertex.arrived, index, is_milestone })
        }));
        records.extend(above.into_iter().filter_map(|id| {
            Some(Record::Stored { transaction: tangle.shared(id)?, arrived: tangle.vertex(id).arrived })
        }));
        records
    }
}

/// Records in memory: the disk of a simulated node.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    records: Vec<Record>,
}

impl Disk {
    /// Writes what happened to a node since the last time; the node must keep a journal. What it does not get to write is lost
    /// with the node.
    pub fn sync(&mut self, node: &mut Node) {
        self.records.append(&mut node.take_journal());
        if is_worth_rewriting(self.records.len(), node) {
            self.records = node.image();
        }
    }

    /// The node that was written; see [`Node::restore`].
    pub fn restore(
        &self,
        config: Config,
        seed: u64,
        verdicts: Option<SharedVerdicts>,
    ) -> Result<Node, RestoreError> {
        Node::restore(config, seed, verdicts, self.records.iter().cloned())
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// Whether most of so many records tell of what the node forgot.
pub fn is_worth_rewriting(records: usize, node: &Node) -> bool {
    records > 2 * node.transaction_count() + 1_000
}
