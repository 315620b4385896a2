//! The thread that writes: everything that waits at a time, with one sync.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tanglegram_tangle::Record;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::folder::{LogFile, write_snapshot};

/// How long after a failed write the next is tried.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Something to be written.
pub(crate) struct Job {
    /// Counts the jobs.
    pub(crate) ticket: u64,
    pub(crate) records: Vec<Record>,
    /// Everything the file shall have from now on, these records included.
    pub(crate) image: Option<Vec<Record>>,
}

/// What became of jobs.
#[derive(Debug)]
pub(crate) enum Written {
    /// All up to this ticket are on the disk.
    Synced(u64),
    /// The disk does not take them; they are tried again.
    Failed(io::Error),
    /// The files of a local snapshot could not be written; the ledger is none the worse.
    NoSnapshot(io::Error),
}

/// Starts the thread; it ends, with everything written, when the sender is gone.
pub(crate) fn start(
    name: &str,
    log: LogFile,
    base: PathBuf,
) -> io::Result<(Sender<Job>, UnboundedReceiver<Written>, JoinHandle<()>)> {
    let (sender, jobs) = channel();
    let (done, written) = unbounded_channel();
    let mut writer = Writer { log, base, done, waiting: Vec::new(), image: None, ticket: 0 };
    let thread = thread::Builder::new().name(format!("data {name}")).spawn(move || writer.work(&jobs))?;
    Ok((sender, written, thread))
}

struct Writer {
    log: LogFile,
    base: PathBuf,
    done: UnboundedSender<Written>,
    /// Not yet on the disk.
    waiting: Vec<Record>,
    /// What is to replace the whole file, before `waiting`.
    image: Option<Vec<Record>>,
    /// Of the last job that is in `waiting` or `image`.
    ticket: u64,
}

impl Writer {
    fn work(&mut self, jobs: &Receiver<Job>) {
        let mut is_behind = false;
        loop {
            let next = if is_behind {
                jobs.recv_timeout(RETRY_AFTER)
            } else {
                jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match next {
                Ok(job) => [job].into_iter().chain(jobs.try_iter()).for_each(|job| self.take(job)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            is_behind = !self.flush();
        }
    }

    fn take(&mut self, job: Job) {
        self.ticket = job.ticket;
        match job.image {
            Some(image) => {
                self.snapshots(&job.records);
                self.waiting.clear();
                self.image = Some(image);
            }
            None => self.waiting.extend(job.records),
        }
    }

    /// Writes what is waiting; `false` when the disk did not take it.
    fn flush(&mut self) -> bool {
        let result = self.try_flush();
        let is_done = result.is_ok();
        let _ = self.done.send(match result {
            Ok(()) => Written::Synced(self.ticket),
            Err(error) => Written::Failed(error),
        });
        is_done
    }

    fn try_flush(&mut self) -> io::Result<()> {
        if let Some(image) = &self.image {
            self.log.rewrite(image)?;
            self.image = None;
        }
        if !self.waiting.is_empty() {
            self.log.append(&self.waiting)?;
            let written = std::mem::take(&mut self.waiting);
            self.snapshots(&written);
        }
        Ok(())
    }

    /// Writes the files of the last snapshot among these records.
    fn snapshots(&self, records: &[Record]) {
        let last = records.iter().rev().find_map(|record| match record {
            Record::Snapshot { snapshot, .. } => Some(snapshot),
            _ => None,
        });
        if let Some(Err(error)) = last.map(|snapshot| write_snapshot(&self.base, snapshot)) {
            let _ = self.done.send(Written::NoSnapshot(error));
        }
    }
}
