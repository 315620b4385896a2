//! The run itself: item by item, with an end whatever the target does.

use std::time::Duration;

use tanglegram_target::{Client, Endpoint, Limits, MIRROR, Need, Provider, Refusal, World};
use tanglegram_vector::ANY_WORLD;
use tanglegram_world::sim::Scenario;
use tokio::time::Instant;

use crate::execute::execute;
use crate::network;
use crate::plan::Plan;
use crate::preflight::{mirror_preflight, preflight};
use crate::prepare::Prepared;
use crate::snapshot::Snapshots;
use crate::verdict::{Outcome, Verdict};

/// Exchanges that may use up their whole time before the target is given up.
const TIMEOUTS: usize = 3;

/// How a run is bounded.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Bounds on each exchange.
    pub limits: Limits,
    /// Longest time for the whole run.
    pub total: Duration,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every vector has its verdict.
    Complete,
    /// The target cannot be used any more, for this reason; the rest was not run.
    Unusable(String),
}

/// Runs a plan; `observe` gets each outcome as it is there, skipped ones first.
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
    let mut runner = Runner { plan, provider, options, client: None, timeouts: 0 };
    for item in &plan.items {
        if Instant::now() >= deadline {
            return Ending::Unusable(format!("the run took longer than {} s", options.total.as_secs()));
        }
        let started = Instant::now();
        let (verdict, gone) = match tokio::time::timeout_at(deadline, runner.item(item)).await {
            Ok(Ok(done)) => done,
            Ok(Err(why)) => return Ending::Unusable(why),
            Err(_) => continue,
        };
        observe(Outcome { vector: item.vector, verdict, elapsed: started.elapsed() });
        if let Some(why) = gone {
            return Ending::Unusable(why);
        }
    }
    Ending::Complete
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
    plan: &'r Plan<'r>,
    provider: &'r mut P,
    options: &'r RunOptions,
    client: Option<Client>,
    timeouts: usize,
}

impl<P: Provider> Runner<'_, P> {
    /// The verdict on one vector, and why the run cannot go on if it cannot.
    async fn item(&mut self, item: &Prepared<'_>) -> Result<(Verdict, Option<String>), String> {
        let vector = item.vector;
        let mut recorded = self.plan.recorded;
        let dialect = self.plan.dialect.parse().unwrap_or_default();
        let speak = |scenario: &mut Scenario| scenario.dialect = dialect;
        if let Some(verdict) = replay_network(item, speak, &mut recorded).await {
            return Ok((verdict, None));
        }
        let need = Need {
            api: vector.api(),
            world: Some(vector.world.as_str()).filter(|world| *world != ANY_WORLD),
            state: vector.state.as_deref(),
            dirties: vector.dirties,
        };
        let endpoint = match self.provider.node_for(&need).await {
            Ok(endpoint) => endpoint,
            Err(Refusal::Skip(reason)) => return Ok((Verdict::Skip(reason), None)),
            Err(Refusal::Unusable(why)) => return Err(why),
        };
        let limits = self.options.limits;
        let client = match &mut self.client {
            Some(client) if *client.endpoint() == endpoint => client,
            slot => slot.insert(Client::new(endpoint, limits)),
        };
        let executed = execute(item, client).await;
        let gone = match executed.broken {
            Some(error) => {
                self.timeouts += usize::from(error.is_timeout());
                self.still_there(item).await.err()
            }
            None => None,
        };
        Ok((executed.verdict, gone))
    }

    /// After an exchange without reply: does the target answer at all?
    async fn still_there(&mut self, item: &Prepared<'_>) -> Result<(), String> {
        if self.timeouts >= TIMEOUTS {
            return Err(format!("the target let {} requests run out of time", self.timeouts));
        }
        let Some(client) = &self.client else { return Ok(()) };
        let endpoint = credited(client.endpoint(), item);
        let mut fresh = Client::new(endpoint, self.options.limits);
        let answer = if item.vector.api() == MIRROR {
            mirror_preflight(&mut fresh).await
        } else {
            preflight(&mut fresh).await.map(drop)
        };
        answer.map_err(|why| format!("the target stopped answering: {why}"))
    }
}

/// The endpoint with the credentials of the vector's world, where it has some.
fn credited(endpoint: &Endpoint, item: &Prepared<'_>) -> Endpoint {
    let credentials = World::find(&item.vector.world).and_then(|world| world.credentials);
    let credited = credentials.map(|credentials| endpoint.clone().with_basic(credentials));
    credited.and_then(Result::ok).unwrap_or_else(|| endpoint.clone())
}
