//! What waits for the disk.

use std::collections::VecDeque;
use std::io;

use tanglegram_tangle::gossip::Message;
use tanglegram_tangle::persist::is_worth_rewriting;
use tanglegram_tangle::{Node, Output, Record, Reply};
use tokio::sync::mpsc::UnboundedReceiver;

use super::disk::Disk;
use super::folder::{Stored, StoredOn};
use super::writer::{self, Job, Jobs, Written};

/// How much may be unwritten before neighbours are not listened to.
const MAX_UNWRITTEN: u64 = 50_000;

/// Hands a node's records to the writer, and holds back what must not leave before they are written.
pub(crate) struct Journal {
    name: String,
    jobs: Jobs,
    /// Tickets given out, and those known to be on the disk.
    last: u64,
    synced: u64,
    held: VecDeque<(u64, Output)>,
    /// How many records the file will have.
    records: usize,
    /// Why the last write failed, until one succeeds.
    failure: Option<String>,
}

impl Journal {
    /// Starts writing for a node, on a thread; what becomes of it comes out of the receiver, to be given to [`Journal::settle`].
    pub(crate) fn start(name: &str, stored: Stored) -> io::Result<(Journal, UnboundedReceiver<Written>)> {
        let Stored(StoredOn { log, records, base, notes }) = stored;
        notes.iter().for_each(|note| eprintln!("{name}: {note}"));
        let (jobs, written) = writer::start(name, log, base)?;
        Ok((Journal::new(name, jobs, records), written))
    }

    /// The same in a task of the local set that this is called in.
    pub(crate) fn start_local<D: Disk>(
        name: &str,
        stored: StoredOn<D>,
    ) -> (Journal, UnboundedReceiver<Written>) {
        let StoredOn { log, records, base, .. } = stored;
        let (jobs, written) = writer::start_local(log, base);
        (Journal::new(name, jobs, records), written)
    }

    fn new(name: &str, jobs: Jobs, records: usize) -> Journal {
        let (name, held) = (name.to_owned(), VecDeque::new());
        Journal { name, jobs, last: 0, synced: 0, held, records, failure: None }
    }

    /// Sends what a node has to write on its way.
    pub(crate) fn write(&mut self, node: &mut Node) {
        let records = node.take_journal();
        if records.is_empty() {
            return;
        }
        self.last += 1;
        self.records += records.len();
        let took_snapshot = records.iter().any(|record| matches!(record, Record::Snapshot { .. }));
        let is_long = took_snapshot && is_worth_rewriting(self.records, node);
        let image = is_long.then(|| node.image());
        if let Some(image) = &image {
            self.records = image.len();
        }
        self.jobs.send(Job { ticket: self.last, records, image });
    }

    /// Gives back what may be done at once, and keeps the rest until what the node knows now is written.
    pub(crate) fn hold(&mut self, output: Output) -> Option<Output> {
        let shows = matches!(
            output,
            Output::Reply { .. } | Output::Send { message: Message::Transaction { .. }, .. }
        );
        if self.synced == self.last || !shows {
            return Some(output);
        }
        self.held.push_back((self.last, output));
        None
    }

    /// Takes note of what the writer did; returns what may be done now.
    pub(crate) fn settle(&mut self, written: Written) -> Vec<Output> {
        match written {
            Written::Synced(ticket) => {
                if self.failure.take().is_some() {
                    eprintln!("{}: the ledger can be written again", self.name);
                }
                self.synced = ticket;
                let ready = self.held.iter().take_while(|(wanted, _)| *wanted <= ticket).count();
                self.held.drain(..ready).map(|(_, output)| output).collect()
            }
            Written::Failed(error) => self.fail(&error),
            Written::NoSnapshot(error) => {
                eprintln!("{}: cannot write the files of the local snapshot: {error}", self.name);
                Vec::new()
            }
        }
    }

    /// Refuses what waits: replies become failures, and neighbours are not told.
    fn fail(&mut self, error: &io::Error) -> Vec<Output> {
        let text = format!("The ledger cannot be written: {error}");
        if self.failure.as_ref() != Some(&text) {
            eprintln!("{}: {text}; requests are answered with 500 until it can", self.name);
        }
        let refuse = |output| match output {
            Output::Reply { id, .. } => Some(Output::Reply { id, reply: Reply::exception(&text) }),
            _ => None,
        };
        let refused = self.held.drain(..).filter_map(|(_, output)| refuse(output)).collect();
        self.failure = Some(text);
        refused
    }

    /// What every request is answered with while the disk takes nothing.
    pub(crate) fn refusal(&self) -> Option<Reply> {
        self.failure.as_deref().map(Reply::exception)
    }

    /// Whether everything is on the disk.
    pub(crate) fn is_written(&self) -> bool {
        self.synced == self.last
    }

    /// Whether the node may take in more.
    pub(crate) fn has_room(&self) -> bool {
        self.failure.is_none() && self.last - self.synced < MAX_UNWRITTEN
    }
}
