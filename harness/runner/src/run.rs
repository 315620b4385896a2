//! The run itself: group by group of vectors, with an end whatever the target does.

use std::time::Duration;

use tanglegram_target::{Client, Endpoint, Limits, Need, Provider, Refusal};
use tanglegram_vector::ANY_WORLD;
use tanglegram_world::sim::Scenario;
use tokio::time::{Instant, timeout_at};

use crate::crew::Crew;
use crate::execute::execute;
use crate::network;
use crate::networks::Networks;
use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::snapshot::Snapshots;
use crate::verdict::{Outcome, Verdict};

/// How a run is bounded.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Bounds on each exchange.
    pub limits: Limits,
    /// Longest time for the whole run.
    pub total: Duration,
    /// How many vectors may be under way at once, where they leave no traces in the node; 0 counts as 1.
    pub jobs: usize,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every vector has its verdict.
    Complete,
    /// The target cannot be used any more, for this reason; the rest was not run.
    Unusable(String),
}

/// Runs a plan; `observe` gets each outcome in the order of the plan, whatever the number of jobs, skipped ones first.
pub async fn run<'l, P: Provider>(
    plan: &'l Plan<'l>,
    provider: &mut P,
    options: &RunOptions,
    observe: &mut dyn FnMut(Outcome<'l>),
) -> Ending {
    for (vector, reason) in &plan.skipped {
        observe(Outcome { vector, verdict: Verdict::Skip(reason.clone()), elapsed: Duration::ZERO });
    }
    let deadline = Instant::now() + options.total;
    let networks = Networks::start(plan);
    let mut runner = Runner { provider, options, crew: Crew::new(options.limits), networks };
    for group in plan.items.chunk_by(may_be_together) {
        let ended = timeout_at(deadline, runner.group(group, observe)).await;
        let late = || Err(format!("the run took longer than {} s", options.total.as_secs()));
        if let Err(why) = ended.unwrap_or_else(|_| late()) {
            return Ending::Unusable(why);
        }
    }
    Ending::Complete
}

/// Whether two vectors may be under way at once: they need the same, and leave no traces.
fn may_be_together(one: &Prepared<'_>, other: &Prepared<'_>) -> bool {
    place(one) == place(other) && !one.vector.is_alone() && !other.vector.is_alone()
}

fn place<'i>(item: &'i Prepared<'_>) -> (&'i str, &'i str, Option<&'i str>) {
    (item.vector.api(), &item.vector.world, item.vector.state.as_deref())
}

/// Runs one vector against the node that a client speaks to, in whatever state it is.
pub async fn replay(item: &Prepared<'_>, client: &mut Client) -> Verdict {
    execute(item, client).await.verdict
}

/// Runs a vector in the network it has, if it has one, after something about that was changed, such as the dialect.
pub async fn replay_network(
    item: &Prepared<'_>,
    change: impl FnOnce(&mut Scenario),
    snapshots: &mut dyn Snapshots,
) -> Option<Verdict> {
    let network = item.vector.network.as_ref()?;
    Some(network::execute(item, network, change, snapshots).await)
}

struct Runner<'r, P> {
    provider: &'r mut P,
    options: &'r RunOptions,
    crew: Crew,
    networks: Networks,
}

impl<P: Provider> Runner<'_, P> {
    /// Runs vectors that may be under way at once; an error if the run cannot go on.
    async fn group<'l>(
        &mut self,
        group: &'l [Prepared<'l>],
        observe: &mut dyn FnMut(Outcome<'l>),
    ) -> Result<(), String> {
        let Some(first) = group.first() else { return Ok(()) };
        if first.vector.network.is_some() {
            let (verdict, elapsed) = self.networks.judged(first.vector).await;
            observe(Outcome { vector: first.vector, verdict, elapsed });
            return Ok(());
        }
        match self.node_for(first).await {
            Ok(endpoint) => self.crew.work(group, &endpoint, self.options.jobs, observe).await,
            Err(Refusal::Unusable(why)) => Err(why),
            Err(Refusal::Skip(reason)) => {
                for item in group {
                    let verdict = Verdict::Skip(reason.clone());
                    observe(Outcome { vector: item.vector, verdict, elapsed: Duration::ZERO });
                }
                Ok(())
            }
        }
    }

    async fn node_for(&mut self, item: &Prepared<'_>) -> Result<Endpoint, Refusal> {
        let vector = item.vector;
        let need = Need {
            api: vector.api(),
            world: Some(vector.world.as_str()).filter(|world| *world != ANY_WORLD),
            state: vector.state.as_deref(),
            dirties: vector.dirties,
        };
        self.provider.node_for(&need).await
    }
}
