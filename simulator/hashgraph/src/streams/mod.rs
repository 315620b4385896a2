//! Which files a node writes when: a record file for every few seconds of consensus time in which something was handled, and a
//! balance file for every point of a timetable.
//!
//! All nodes write the same files, and each signs them with its own key. What they hold depends on nothing but the order that
//! the network agreed on; that time passes without transactions only makes a file come earlier.

pub mod keys;
mod state;

use std::collections::VecDeque;
use std::sync::Arc;

use prost::Message;

use crate::files::FileHash;
use crate::files::balance::BalanceFile;
use crate::files::name::{self, Kind};
use crate::files::record::{Item, RecordFile, Version};
use crate::files::signature::{NodeKey, SignatureFile};
use crate::services::{Handled, Ledger};
use crate::{EntityId, SECOND};

pub use state::BadStreamState;

/// How many points of the timetable are made up for at once, when no transaction came for long; of more only the last.
const MAX_POINTS: i64 = 10_000;

/// When files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// The time that a record file covers, in nanoseconds: from one multiple of it since 1970 to the next.
    pub records: i64,
    /// From one balance file to the next, in nanoseconds: at the multiples of it since 1970.
    pub balances: i64,
}

impl Default for Timetable {
    /// Record files of 2 seconds, balances every minute.
    fn default() -> Self {
        Timetable { records: 2 * SECOND, balances: 60 * SECOND }
    }
}

impl Timetable {
    /// When the record file ends that has room for a transaction of this consensus time, in nanoseconds since 1970.
    pub fn end_of_records(&self, time: i64) -> i64 {
        let period = self.records.max(1);
        time.div_euclid(period).saturating_add(1).saturating_mul(period)
    }
}

/// A record or balance file, the same on every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFile {
    /// What it holds.
    pub kind: Kind,
    /// Its name, without a folder.
    pub name: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
    /// What a node signs.
    pub hash: FileHash,
}

impl StreamFile {
    /// The folder in which the files of a node lie, as in the store that nodes of 2019 put them in.
    pub fn folder(&self, node: EntityId) -> String {
        match self.kind {
            Kind::Records => format!("recordstreams/record{node}"),
            Kind::Balances => format!("accountBalances/balance{node}"),
        }
    }

    /// The name of the signature file.
    pub fn signature_name(&self) -> String {
        name::signature(&self.name)
    }

    /// The signature file by a node's key. This takes milliseconds.
    pub fn sign(&self, key: &NodeKey) -> Vec<u8> {
        SignatureFile::sign(self.hash, key).write()
    }
}

/// What is being written.
#[derive(Clone, Debug)]
pub struct Streams {
    timetable: Timetable,
    /// The hash of the record file before the open one.
    previous: FileHash,
    /// The transactions of the open record file.
    open: Vec<Item<'static>>,
    /// The consensus time of the first of them.
    start: i64,
    /// The consensus time of the last transaction of all; 0 before the first.
    last: i64,
    /// The hash of the open file, if it was given out because its time was over.
    given_out: Option<FileHash>,
    /// The last point of the timetable whose balances were given out.
    told: Option<i64>,
    files: VecDeque<StreamFile>,
}

impl Streams {
    /// Nothing written yet.
    pub fn new(timetable: Timetable) -> Self {
        let timetable = Timetable { records: timetable.records.max(1), balances: timetable.balances.max(1) };
        Streams {
            timetable,
            previous: FileHash::NONE,
            open: Vec::new(),
            start: 0,
            last: 0,
            given_out: None,
            told: None,
            files: VecDeque::new(),
        }
    }

    /// Learns that nothing will be handled any more at this consensus time or before, the ledger being as it is then.
    pub fn advance(&mut self, time: i64, ledger: &Ledger) {
        if !self.open.is_empty() && self.is_over(time) && self.given_out.is_none() {
            self.given_out = Some(self.give_out());
        }
        self.tell_balances(time, ledger);
    }

    /// Learns that a transaction is about to be handled at this consensus time.
    pub fn begin(&mut self, time: i64, ledger: &Ledger) {
        self.advance(time, ledger);
        if let Some(hash) = self.given_out.filter(|_| self.is_over(time)) {
            self.previous = hash;
            self.given_out = None;
            self.open.clear();
        }
    }

    /// Writes down what was handled at the time of the last [`begin`](Streams::begin).
    pub fn add(&mut self, handled: &Handled) {
        if self.open.is_empty() {
            self.start = handled.consensus;
        }
        self.last = handled.consensus;
        self.given_out = None; // too early, if it was: the file comes again as it should be
        self.open.push(Item {
            transaction: handled.transaction.clone().into(),
            record: handled.record.encode_to_vec().into(),
        });
    }

    /// The files that were finished since the last call.
    pub fn take(&mut self) -> impl Iterator<Item = StreamFile> {
        self.files.drain(..)
    }

    /// Whether the time of the open record file is over.
    fn is_over(&self, time: i64) -> bool {
        time.div_euclid(self.timetable.records) > self.start.div_euclid(self.timetable.records)
    }

    fn give_out(&mut self) -> FileHash {
        let file = RecordFile::new(Version::V2, self.previous, self.open.clone());
        self.files.push_back(StreamFile {
            kind: Kind::Records,
            name: name::record(self.start),
            bytes: file.write().into(),
            hash: file.hash,
        });
        file.hash
    }

    /// Gives out the balances at every point of the timetable before this time; at first, at the last such point.
    fn tell_balances(&mut self, time: i64, ledger: &Ledger) {
        let period = self.timetable.balances;
        let last = time.saturating_sub(1).div_euclid(period);
        let first = self.told.map_or(last, |told| told.div_euclid(period) + 1);
        let first = if last - first < MAX_POINTS { first } else { last };
        for point in first..=last {
            self.tell(point * period, ledger);
        }
    }

    fn tell(&mut self, time: i64, ledger: &Ledger) {
        let balances = ledger.accounts().iter().map(|(id, account)| (id, account.balance)).collect();
        let bytes = BalanceFile { time, balances }.write();
        self.files.push_back(StreamFile {
            kind: Kind::Balances,
            name: name::balance(time),
            hash: BalanceFile::hash(&bytes),
            bytes: bytes.into(),
        });
        self.told = Some(time);
    }
}
