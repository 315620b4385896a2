//! From the files of the network's nodes into a store.
//!
//! An [`Importer`] is offered files, in any order and more than once, and takes them into a [`Store`] when their turn has come:
//! a file counts once more than two thirds of the nodes signed the same hash and some node's file has that hash; a record file moreover
//! when it goes on where the last one ended. What cannot be taken yet waits, is told of once, and is tried again.

mod apply;
mod decode;
mod event;
mod pending;

use std::collections::{BTreeMap, BTreeSet};

use crate::files::address_book::AddressBook;
use crate::files::balance::BalanceFile;
use crate::files::name::{self, Kind};
use crate::files::record::RecordFile;
use crate::files::{FileError, FileHash};
use crate::{EntityId, Store};
use decode::Decoded;
use pending::{Content, Pending};

pub use event::{Event, Obstacle};

/// Whose files are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Any file, without signatures: they were checked already, or nobody means harm.
    Anyone,
    /// Files that more than two thirds of these nodes signed.
    SignedBy(AddressBook),
}

/// Takes files into a store.
#[derive(Clone, Debug)]
pub struct Importer {
    shard: i64,
    trust: Trust,
    /// The files that wait, by name; signatures are with what they sign.
    pending: BTreeMap<String, Pending>,
    imported: BTreeSet<String>,
    /// The hash of the record file that was taken last.
    last: Option<FileHash>,
    unchained_up_to: Option<String>,
    told: BTreeSet<Event>,
}

impl Importer {
    /// An importer of balance files of this shard and of record files, both believed as `trust` says.
    pub fn new(shard: i64, trust: Trust) -> Self {
        Importer {
            shard,
            trust,
            pending: BTreeMap::new(),
            imported: BTreeSet::new(),
            last: None,
            unchained_up_to: None,
            told: BTreeSet::new(),
        }
    }

    /// Takes record files up to this name (included) though they do not go on where the last one ended.
    pub fn skip_chain_up_to(&mut self, name: &str) {
        self.unchained_up_to = Some(name.to_owned());
    }

    /// Whether the file of this name was taken; offering it again has no effect.
    pub fn is_imported(&self, name: &str) -> bool {
        self.imported.contains(name)
    }

    /// Offers a file of a node; one of the same node and name replaces what was offered before. Returns what there is to tell.
    pub fn offer(&mut self, node: EntityId, name: &str, content: Vec<u8>) -> Option<Event> {
        let obstacle = match name::classify(name) {
            None => Obstacle::UnknownName,
            Some((_, content_name, _)) if self.is_imported(content_name) => Obstacle::AlreadyImported,
            Some((_, content_name, signs)) => {
                let pending = self.pending.entry(content_name.to_owned()).or_default();
                pending.offer(node, signs, content);
                return None;
            }
        };
        self.tell(name, obstacle)
    }

    fn tell(&mut self, name: &str, obstacle: Obstacle) -> Option<Event> {
        let event = Event::Held { name: name.to_owned(), obstacle };
        self.told.insert(event.clone()).then_some(event)
    }

    /// Takes every file whose turn has come, and tells what happened; what was told before is not told again.
    pub fn advance(&mut self, store: &mut Store) -> Vec<Event> {
        let mut events = Vec::new();
        for kind in [Kind::Balances, Kind::Records] {
            let is_of_kind = |name: &&String| name::classify(name).is_some_and(|(known, _, _)| known == kind);
            let names: Vec<String> = self.pending.keys().filter(is_of_kind).cloned().collect();
            for name in names {
                match self.import(kind, &name, store, &mut events) {
                    Ok(rows) => {
                        self.settle(&name);
                        events.push(Event::Imported { name, rows });
                    }
                    Err(obstacle) => {
                        let blocks = kind == Kind::Records && obstacle.blocks();
                        events.extend(self.tell(&name, obstacle));
                        if blocks {
                            break;
                        }
                    }
                }
            }
        }
        events
    }

    fn settle(&mut self, name: &str) {
        self.pending.remove(name);
        self.told.retain(|event| event.name() != name);
        self.imported.insert(name.to_owned());
    }

    /// Takes one file; returns how many transactions or balances it has.
    fn import(
        &mut self,
        kind: Kind,
        name: &str,
        store: &mut Store,
        events: &mut Vec<Event>,
    ) -> Result<usize, Obstacle> {
        let hash_of = |content: &[u8]| match kind {
            Kind::Balances => Ok(BalanceFile::hash(content)),
            Kind::Records => RecordFile::read(content).map(|file| file.hash),
        };
        let pending = self.pending.get(name).cloned().unwrap_or_default();
        let (content, notes) = match &self.trust {
            Trust::Anyone => (pending.any(), Vec::new()),
            Trust::SignedBy(book) => pending.signed(book, hash_of),
        };
        events.extend(notes.into_iter().filter_map(|obstacle| self.tell(name, obstacle)));
        let content = content?;
        match kind {
            Kind::Balances => self.import_balances(&content, store),
            Kind::Records => self.import_records(name, &content, store),
        }
    }

    fn import_balances(&self, content: &Content, store: &mut Store) -> Result<usize, Obstacle> {
        let file = BalanceFile::read(&content.bytes).map_err(|error| content.bad(error))?;
        let snapshot = apply::snapshot(&file, self.shard).map_err(|error| content.bad(error))?;
        let rows = snapshot.len();
        store.insert_snapshot(snapshot);
        Ok(rows)
    }

    fn import_records(
        &mut self,
        name: &str,
        content: &Content,
        store: &mut Store,
    ) -> Result<usize, Obstacle> {
        let file = RecordFile::read(&content.bytes).map_err(|error| content.bad(error))?;
        self.check_chain(name, &file)?;
        let decoded: Result<Vec<Decoded>, FileError> = file.items.iter().map(decode::decode).collect();
        let decoded = decoded.map_err(|error| content.bad(error))?;
        apply::transactions(store, &decoded)?;
        self.last = Some(file.hash);
        Ok(decoded.len())
    }

    fn check_chain(&self, name: &str, file: &RecordFile<'_>) -> Result<(), Obstacle> {
        let is_exempt = self.unchained_up_to.as_deref().is_some_and(|last| name <= last);
        match self.last {
            Some(expected) if expected != file.previous && !is_exempt => {
                Err(Obstacle::Chain { expected, found: file.previous })
            }
            _ => Ok(()),
        }
    }
}
