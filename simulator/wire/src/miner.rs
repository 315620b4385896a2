//! Proof of work off the node's thread.
//!
//! One worker thread per miner does one search after the other, each on all cores: a second search at once would only
//! make both slower. The real node does the same. How many jobs wait is bounded by the connections there may be.

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

/// Hands searches to the worker thread and stops them.
pub(crate) struct Miner {
    queue: mpsc::Sender<Job>,
    under_way: BTreeMap<JobId, Arc<Control>>,
}

impl Miner {
    /// A miner and where its results come out. The thread ends when the miner is dropped; a running search is stopped.
    pub(crate) fn start(name: &str) -> io::Result<(Self, UnboundedReceiver<Mined>)> {
        let (queue, jobs) = mpsc::channel();
        let (done, results) = unbounded_channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || work(&jobs, &done))?;
        Ok((Self { queue, under_way: BTreeMap::new() }, results))
    }

    /// Puts a job into the queue.
    pub(crate) fn submit(&mut self, id: JobId, trits: Trits, mwm: u8) {
        let control = Arc::new(Control::new());
        self.under_way.insert(id, Arc::clone(&control));
        // The worker lives as long as this sender; were it gone, the job would stay unanswered until cancelled.
        let _ = self.queue.send(Job { id, trits, mwm, control });
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
        let problem = Problem::from_transaction(&job.trits, usize::from(job.mwm));
        let nonce = match pow::search(&problem, &Options { threads, ..Options::default() }, &job.control) {
            Outcome::Found { nonce, .. } => Some(nonce),
            Outcome::Cancelled | Outcome::Exhausted => None,
        };
        if done.send(Mined { job: job.id, nonce }).is_err() {
            return; // the server is gone
        }
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
