//! Proof of work off the node's thread.
//!
//! One worker thread per miner does one search after the other, each on all cores: a second search at once would only
//! make both slower. The real node does the same. How many jobs wait is bounded by the connections there may be.
//!
//! In a simulated network a search takes the virtual time that a miner of a given speed needs, and is done on the spot when
//! that time has come: the same every time, on every machine.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;

use tanglegram_kernels::pow::{self, Control, NONCE_TRITS, Options, Outcome, Problem};
use tanglegram_tangle::JobId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The trits of a transaction.
pub(crate) type Trits = Box<[i8; 8019]>;

/// A finished search: its nonce, or `None` when it was cancelled.
#[derive(Debug)]
pub(crate) struct Mined {
    pub(crate) job: JobId,
    pub(crate) nonce: Option<[i8; NONCE_TRITS]>,
}

struct Job {
    id: JobId,
    trits: Trits,
    mwm: u8,
    control: Arc<Control>,
}

/// Who does proof of work, and how long it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Labour {
    /// Threads, as long as they take.
    Threads,
    /// So many hashes per virtual second.
    Virtual { hash_rate: f64 },
}

enum Queue {
    Thread(mpsc::Sender<Job>),
    Virtual { hash_rate: f64, done: UnboundedSender<Mined> },
}

/// Hands searches to the worker thread and stops them.
pub(crate) struct Miner {
    queue: Queue,
    under_way: BTreeMap<JobId, Arc<Control>>,
}

impl Miner {
    /// A miner and where its results come out. A thread ends when the miner is dropped; a running search is stopped.
    pub(crate) fn new(name: &str, labour: Labour) -> io::Result<(Self, UnboundedReceiver<Mined>)> {
        match labour {
            Labour::Threads => Self::start(name),
            Labour::Virtual { hash_rate } => {
                let (done, results) = unbounded_channel();
                let queue = Queue::Virtual { hash_rate, done };
                Ok((Self { queue, under_way: BTreeMap::new() }, results))
            }
        }
    }

    fn start(name: &str) -> io::Result<(Self, UnboundedReceiver<Mined>)> {
        let (queue, jobs) = mpsc::channel();
        let (done, results) = unbounded_channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || work(&jobs, &done))?;
        Ok((Self { queue: Queue::Thread(queue), under_way: BTreeMap::new() }, results))
    }

    /// Puts a job into the queue.
    pub(crate) fn submit(&mut self, id: JobId, trits: Trits, mwm: u8) {
        let control = Arc::new(Control::new());
        self.under_way.insert(id, Arc::clone(&control));
        let job = Job { id, trits, mwm, control };
        match &self.queue {
            // The worker lives as long as this sender; were it gone, the job would stay unanswered until cancelled.
            Queue::Thread(queue) => drop(queue.send(job)),
            Queue::Virtual { hash_rate, done } => {
                tokio::task::spawn_local(work_in_time(job, *hash_rate, done.clone()));
            }
        }
    }

    /// Stops a job, queued or running; `false` when it was not under way. Its result is not to be waited for.
    pub(crate) fn cancel(&mut self, id: JobId) -> bool {
        self.under_way.remove(&id).inspect(|control| control.cancel()).is_some()
    }

    /// Takes note of a result; `false` when the job was cancelled meanwhile, so that nobody wants it.
    pub(crate) fn finish(&mut self, id: JobId) -> bool {
        self.under_way.remove(&id).is_some()
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.under_way.values().for_each(|control| control.cancel());
    }
}

fn work(jobs: &mpsc::Receiver<Job>, done: &UnboundedSender<Mined>) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for job in jobs {
        if done.send(job.search(threads)).is_err() {
            return; // the server is gone
        }
    }
}

/// The largest minimum weight for which a simulated network finds nonces; work for more goes on until it is cancelled.
const MAX_VIRTUAL_MWM: u8 = 14;

async fn work_in_time(job: Job, hash_rate: f64, done: UnboundedSender<Mined>) {
    if job.mwm > MAX_VIRTUAL_MWM {
        return;
    }
    tokio::time::sleep(mining_time(hash_rate, usize::from(job.mwm), 1)).await;
    let _ = done.send(job.search(1)); // fails when the node stopped just now
}

/// The time a miner of so many hashes per second takes for so many transactions.
pub(crate) fn mining_time(hash_rate: f64, mwm: usize, transactions: usize) -> std::time::Duration {
    let hashes = 3_f64.powi(mwm.min(40) as i32) * transactions as f64;
    std::time::Duration::from_millis((hashes * 1000.0 / hash_rate) as u64)
}

impl Job {
    fn search(&self, threads: usize) -> Mined {
        let problem = Problem::from_transaction(&self.trits, usize::from(self.mwm));
        let nonce = match pow::search(&problem, &Options { threads, ..Options::default() }, &self.control) {
            Outcome::Found { nonce, .. } => Some(nonce),
            Outcome::Cancelled | Outcome::Exhausted => None,
        };
        Mined { job: self.id, nonce }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPOSSIBLE: u8 = 243;

    fn trits() -> Trits {
        Box::new([0; 8019])
    }

    #[test]
    fn finds_a_nonce_of_the_weight_asked_for() {
        let (mut miner, mut results) = Miner::start("test").unwrap();
        miner.submit(7, trits(), 5);
        let mined = results.blocking_recv().unwrap();
        assert_eq!(mined.job, 7);
        let hash = Problem::from_transaction(&trits(), 5).hash(&mined.nonce.unwrap());
        assert!(hash[238..].iter().all(|&trit| trit == 0));
        assert!(miner.finish(7));
    }

    #[test]
    fn a_cancelled_job_makes_way_for_the_next() {
        let (mut miner, mut results) = Miner::start("test").unwrap();
        miner.submit(1, trits(), IMPOSSIBLE);
        miner.submit(2, trits(), IMPOSSIBLE);
        miner.submit(3, trits(), 1);
        assert!(miner.cancel(2));
        assert!(miner.cancel(1));
        assert!(!miner.cancel(1));
        let mined: Vec<_> = (0..3).map(|_| results.blocking_recv().unwrap()).collect();
        assert_eq!(
            mined.iter().map(|m| (m.job, m.nonce.is_some())).collect::<Vec<_>>(),
            [(1, false), (2, false), (3, true)]
        );
        assert!(!miner.finish(1));
    }

    #[test]
    fn dropping_the_miner_stops_its_thread() {
        let (mut miner, mut results) = Miner::start("test").unwrap();
        miner.submit(1, trits(), IMPOSSIBLE);
        drop(miner);
        assert!(results.blocking_recv().unwrap().nonce.is_none());
        assert!(results.blocking_recv().is_none());
    }
}
