//! Vectors with networks of their own: they are simulated on all cores, while those that ask a node wait for its replies.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tanglegram_target::Fixture;
use tanglegram_vector::Vector;
use tanglegram_world::sim::Scenario;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::network;
use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::run::replay_network;
use crate::snapshot::Recorded;
use crate::verdict::Verdict;

/// The verdict on a vector, and how long it took.
type Judged = (Verdict, Duration);

/// The simulations of a run. Those that are not done when it is dropped are broken off.
pub(crate) struct Networks(BTreeMap<String, oneshot::Receiver<Judged>>);

impl Networks {
    /// Begins to simulate the networks of a plan, in its order.
    pub(crate) fn start(plan: &Plan<'_>) -> Networks {
        let (mut results, mut tasks) = (BTreeMap::new(), VecDeque::new());
        for vector in plan.networks.iter().cloned() {
            let (judged, result) = oneshot::channel();
            results.insert(vector.path.clone(), result);
            tasks.push_back(Task { vector, judged });
        }
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(tasks.len());
        let work = Arc::new(Work {
            tasks: Mutex::new(tasks),
            dialect: plan.dialect.clone(),
            fixture: plan.fixture.clone(),
            recorded: plan.recorded.clone(),
        });
        for _ in 0..threads {
            let work = work.clone();
            thread::spawn(move || work.run());
        }
        Networks(results)
    }

    /// The verdict on a vector, once it is there.
    pub(crate) async fn judged(&mut self, vector: &Vector) -> Judged {
        let lost = || {
            let error = "its network was not simulated to the end".to_owned();
            (network::failed(vector, vector.span, 0, error), Duration::ZERO)
        };
        match self.0.remove(&vector.path) {
            Some(result) => result.await.unwrap_or_else(|_| lost()),
            None => lost(),
        }
    }
}

struct Task {
    vector: Arc<Vector>,
    judged: oneshot::Sender<Judged>,
}

/// What the threads do together.
struct Work {
    tasks: Mutex<VecDeque<Task>>,
    dialect: String,
    fixture: Arc<Fixture>,
    recorded: Arc<Recorded>,
}

impl Work {
    /// Takes one task after the other until there is none.
    fn run(&self) {
        let Ok(runtime) = runtime::Builder::new_current_thread().build() else { return };
        while let Some(task) = self.next() {
            self.judge(task, &runtime);
        }
    }

    fn next(&self) -> Option<Task> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn judge(&self, task: Task, runtime: &Runtime) {
        let Task { vector, mut judged } = task;
        let started = Instant::now();
        let verdict = runtime.block_on(async {
            tokio::select! {
                biased;
                () = judged.closed() => None,
                verdict = self.verdict(&vector) => verdict,
            }
        });
        if let Some(verdict) = verdict {
            // Nobody may be waiting any more.
            let _ = judged.send((verdict, started.elapsed()));
        }
    }

    async fn verdict(&self, vector: &Vector) -> Option<Verdict> {
        let item = Prepared::new(vector, &self.fixture);
        let dialect = self.dialect.parse().unwrap_or_default();
        let change = |scenario: &mut Scenario| scenario.dialect = dialect;
        replay_network(&item, change, &mut &*self.recorded).await
    }
}
