//! What writes, on a thread or in a task: everything that waits at a time, with one sync.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tanglegram_tangle::Record;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::disk::{Disk, System};
use super::folder::{LogFile, write_snapshot};

/// How long after a failed write the next is tried.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long a simulated disk takes to sync.
const SYNC_TIME: Duration = Duration::from_millis(4);

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

/// The way to a writer. It ends, with everything written, when this is dropped; one in a task ends with its local set.
pub(crate) enum Jobs {
    Thread(Option<Sender<Job>>, Option<JoinHandle<()>>),
    Task(UnboundedSender<Job>),
}

impl Jobs {
    /// Puts a job into the queue. The writer lives as long as this.
    pub(crate) fn send(&self, job: Job) {
        match self {
            Jobs::Thread(jobs, _) => drop(jobs.as_ref().map(|jobs| jobs.send(job))),
            Jobs::Task(jobs) => drop(jobs.send(job)),
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        if let Jobs::Thread(jobs, thread) = self {
            drop(jobs.take());
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

/// Starts a thread that writes.
pub(crate) fn start(
    name: &str,
    log: LogFile<System>,
    base: PathBuf,
) -> io::Result<(Jobs, UnboundedReceiver<Written>)> {
    let (sender, jobs) = channel();
    let (mut writer, written) = Writer::new(log, base);
    let thread = thread::Builder::new().name(format!("data {name}")).spawn(move || writer.work(&jobs))?;
    Ok((Jobs::Thread(Some(sender), Some(thread)), written))
}

/// Starts a task that writes, to whose disk each sync takes some time.
pub(crate) fn start_local<D: Disk>(log: LogFile<D>, base: PathBuf) -> (Jobs, UnboundedReceiver<Written>) {
    let (sender, jobs) = unbounded_channel();
    let (writer, written) = Writer::new(log, base);
    tokio::task::spawn_local(writer.work_local(jobs));
    (Jobs::Task(sender), written)
}

struct Writer<D: Disk> {
    log: LogFile<D>,
    base: PathBuf,
    done: UnboundedSender<Written>,
    /// Not yet on the disk.
    waiting: Vec<Record>,
    /// What is to replace the whole file, before `waiting`.
    image: Option<Vec<Record>>,
    /// Of the last job that is in `waiting` or `image`.
    ticket: u64,
}

impl<D: Disk> Writer<D> {
    fn new(log: LogFile<D>, base: PathBuf) -> (Writer<D>, UnboundedReceiver<Written>) {
        let (done, written) = unbounded_channel();
        (Writer { log, base, done, waiting: Vec::new(), image: None, ticket: 0 }, written)
    }

    async fn work_local(mut self, mut jobs: UnboundedReceiver<Job>) {
        let mut is_behind = false;
        loop {
            match tokio::time::timeout(RETRY_AFTER, jobs.recv()).await {
                Ok(Some(job)) => self.take(job),
                Ok(None) => return,
                Err(_) if is_behind => {}
                Err(_) => continue,
            }
            tokio::time::sleep(SYNC_TIME).await;
            while let Ok(job) = jobs.try_recv() {
                self.take(job);
            }
            is_behind = !self.flush();
        }
    }

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
        if let Some(Err(error)) = last.map(|snapshot| write_snapshot(self.log.disk(), &self.base, snapshot)) {
            let _ = self.done.send(Written::NoSnapshot(error));
        }
    }
}
