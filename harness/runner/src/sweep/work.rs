//! Running the seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use tanglegram_world::hedera::Run;
use tanglegram_world::sim::{Scenario, ScenarioError, Trace};
use tanglegram_world::{World, world_text};
use tokio::time::Instant;

use super::results::{Header, Results, SeedResult};
use super::shard::{Seeds, Shard};
use super::store::{Store, StoreError};

/// How long results may wait to be synced: what a power cut costs at most, besides the runs under way.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// What is swept.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The world as the command line names it.
    pub world: String,
    /// What is simulated.
    pub scenario: Scenario,
    /// With which seeds.
    pub seeds: Seeds,
}

/// Why a sweep ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The world cannot be simulated.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The file of results cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No thread can be started.
    #[error("no thread can be started: {0}")]
    Thread(std::io::Error),
}

/// Who is told how a sweep goes.
pub trait Progress {
    /// It begins, with so many seeds in this shard of which so many were done before.
    fn begins(&mut self, seeds: usize, done: usize);
    /// A seed is done.
    fn done(&mut self, result: &SeedResult);
    /// Whether to stop now.
    fn is_over(&self) -> bool;
}

impl Sweep {
    /// A sweep of a world.
    pub fn new(name: &str, world: &World, seeds: Seeds) -> Sweep {
        Sweep { world: name.to_owned(), scenario: world.scenario.clone(), seeds }
    }

    /// What its files of results say they are.
    pub fn header(&self) -> Header {
        let mut scenario = world_text(&self.scenario, 0, "");
        if let Some(plan) = &self.scenario.hedera {
            scenario.push_str(&format!("{plan:?}"));
        }
        Header {
            world: self.world.clone(),
            scenario: blake3::hash(scenario.as_bytes()).to_hex().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seeds: self.seeds.to_string(),
        }
    }

    /// What becomes of one seed.
    pub fn seed(&self, seed: u64) -> Result<SeedResult, ScenarioError> {
        let run =
            || Run::new(self.scenario.clone(), seed, Trace::default()).map(|run| SeedResult::of(&run.run()));
        // A simulator that breaks down is a finding like any other, and no reason to lose the rest.
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|cause| Ok(SeedResult::broken(seed, text_of(&*cause))))
    }
}

fn text_of(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("unknown").to_owned()
}

/// Runs those seeds of a shard whose results are not in `folder` yet, so many at a time; returns all of the shard's.
/// Whatever ends this process, the results so far are kept but for those of the last moment.
pub fn run(
    sweep: &Arc<Sweep>,
    shard: Shard,
    jobs: usize,
    folder: &Path,
    progress: &mut dyn Progress,
) -> Result<Results, SweepError> {
    Run::new(sweep.scenario.clone(), 0, Trace::default())?;
    let unusable = |source| StoreError::Io { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let (mut store, mut results) = Store::open(&folder.join(shard.file_name()), &sweep.header())?;
    results.retain(|seed, _| sweep.seeds.contains(*seed));
    let left: Vec<u64> = sweep.seeds.of(shard).filter(|seed| !results.contains_key(seed)).collect();
    progress.begins(results.len() + left.len(), results.len());
    let (sender, receiver) = mpsc::channel();
    start(sweep, left, jobs, &sender)?;
    drop(sender);
    let mut synced = Instant::now();
    loop {
        match receiver.recv_timeout(SYNC_EVERY) {
            Ok(result) => {
                let result: SeedResult = result?;
                store.add(&result);
                progress.done(&result);
                results.insert(result.seed, result);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if synced.elapsed() >= SYNC_EVERY {
            store.sync()?;
            synced = Instant::now();
        }
        if progress.is_over() {
            break;
        }
    }
    store.sync()?;
    Ok(results)
}

type Outcome = Result<SeedResult, ScenarioError>;

/// Starts threads that take one seed after the other; they end when there is no seed left or nobody listens any more.
fn start(
    sweep: &Arc<Sweep>,
    left: Vec<u64>,
    jobs: usize,
    sender: &Sender<Outcome>,
) -> Result<(), SweepError> {
    let (left, next) = (Arc::new(left), Arc::new(AtomicUsize::new(0)));
    for _ in 0..jobs.clamp(1, left.len().max(1)) {
        let (sweep, left, next, sender) = (sweep.clone(), left.clone(), next.clone(), sender.clone());
        let work = move || {
            while let Some(&seed) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
                if sender.send(sweep.seed(seed)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("sweep".into()).spawn(work).map_err(SweepError::Thread)?;
    }
    Ok(())
}
