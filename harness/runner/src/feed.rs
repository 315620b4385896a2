//! A node behind a URL, fed with the fixture's transactions if the user says that it was started for them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tanglegram_target::{
    Client, Endpoint, Fixture, Limits, MIRROR, Need, Provider, Refusal, Request, State, World,
};
use tanglegram_vector::shorten;
use tokio::time::{Instant, sleep};

use crate::preflight::preflight;

/// Longest wait for a node to reach a state after its transactions were stored.
const PATIENCE: Duration = Duration::from_secs(120);
/// How transactions are fed: some nodes take a milestone for one only when it is broadcast.
const FEEDING: [&str; 2] = ["storeTransactions", "broadcastTransactions"];
/// Pause between two looks at it.
const POLL: Duration = Duration::from_millis(200);

/// A node that is already running somewhere.
#[derive(Debug)]
pub struct Remote {
    endpoint: Endpoint,
    limits: Limits,
    feeding: Option<Feeding>,
}

/// The world that the node was started for, and how far it has been fed.
#[derive(Debug)]
struct Feeding {
    world: &'static World,
    fixture: Arc<Fixture>,
    reached: Option<String>,
}

impl Remote {
    /// A node whose state is its own: only vectors that hold on every node can be run.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Self { endpoint, limits, feeding: None }
    }

    /// A node that was started on the fixture's genesis and coordinator as `world` says, and is to be fed; it is asked
    /// with that world's credentials unless the endpoint has some.
    #[must_use]
    pub fn fed(mut self, world: &'static World, fixture: Arc<Fixture>) -> Self {
        if let (Some(credentials), None) = (world.credentials, self.endpoint.authorization()) {
            self.endpoint = self.endpoint.clone().with_basic(credentials).unwrap_or(self.endpoint);
        }
        self.feeding = Some(Feeding { world, fixture, reached: None });
        self
    }

    /// Where the node's API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn advance(&mut self, state: &str) -> Result<(), Refusal> {
        let Some(feeding) = &mut self.feeding else { return Ok(()) };
        let mut client = Client::new(self.endpoint.clone(), self.limits);
        if feeding.reached.is_none() {
            feeding.expect_genesis(&mut client).await?;
        }
        let fixture = feeding.fixture.clone();
        for next in fixture.between(feeding.reached.as_deref(), state) {
            store(next, feeding.world.one_by_one, &mut client).await?;
            settle(next, &mut client).await?;
            feeding.reached = Some(next.name.clone());
        }
        Ok(())
    }
}

impl Provider for Remote {
    async fn node_for(&mut self, need: &Need<'_>) -> Result<Endpoint, Refusal> {
        let Some(world) = need.world else { return Ok(self.endpoint.clone()) };
        match &self.feeding {
            None if need.api == MIRROR => Err(Refusal::Skip(format!(
                "needs a mirror node that has the data of the fixture world {world} (see --world)"
            ))),
            None => Err(Refusal::Skip(format!("needs the fixture world {world} (see --feed)"))),
            Some(feeding) if feeding.world.name != world => {
                let fed = feeding.world.name;
                Err(Refusal::Skip(format!("needs the fixture world {world}, but the node is fed as {fed}")))
            }
            Some(_) => {
                if let Some(state) = need.state {
                    self.advance(state).await?;
                }
                Ok(self.endpoint.clone())
            }
        }
    }
}

impl Feeding {
    /// The node must not have anything but its genesis yet, else no state can be relied on.
    async fn expect_genesis(&self, client: &mut Client) -> Result<(), Refusal> {
        let info = preflight(client).await.map_err(Refusal::Unusable)?;
        let first = self.fixture.states.first().and_then(|state| state.wait.as_ref());
        let start = first.and_then(|wait| wait.get("latestMilestoneIndex")).and_then(Value::as_i64);
        if start.is_some_and(|start| start != info.latest) {
            let wanted = start.unwrap_or_default();
            return Err(Refusal::Unusable(format!(
                "--feed needs a node that was just started on the fixture's genesis: its latest milestone is {}, not {wanted}",
                info.latest
            )));
        }
        Ok(())
    }
}

/// Stores and broadcasts the transactions of a state, bundle by bundle.
async fn store(state: &State, one_by_one: bool, client: &mut Client) -> Result<(), Refusal> {
    for batch in &state.steps {
        let size = if one_by_one { 1 } else { batch.trytes.len().max(1) };
        for trytes in batch.trytes.chunks(size) {
            let failed = |why: String| {
                let (state, batch) = (&state.name, &batch.name);
                Refusal::Unusable(format!("feeding state {state}: storing bundle {batch} failed: {why}"))
            };
            for command in FEEDING {
                send(command, trytes, client).await.map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// One call with transactions.
async fn send(command: &str, trytes: &[String], client: &mut Client) -> Result<(), String> {
    let body = serde_json::json!({ "command": command, "trytes": trytes }).to_string();
    let reply = client
        .exchange(&Request::command(body).may_be_repeated())
        .await
        .map_err(|error| error.to_string())?;
    if reply.status.as_u16() == 200 {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&reply.body[..reply.body.len().min(400)]);
    let why = format!("{} `{}`", reply.status.as_u16(), shorten(&text, 120));
    Err(format!("{why}; does the node have the fixture's settings?"))
}

/// Waits until getNodeInfo shows what the state demands.
async fn settle(state: &State, client: &mut Client) -> Result<(), Refusal> {
    let Some(wait) = &state.wait else { return Ok(()) };
    let request = Request::command(r#"{"command":"getNodeInfo"}"#).may_be_repeated();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reply = client.exchange(&request).await.map_err(|error| Refusal::Unusable(error.to_string()))?;
        let info: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let lacking = wait.iter().find(|(key, value)| info.get(key.as_str()) != Some(*value));
        match lacking {
            None => return Ok(()),
            Some((key, value)) if Instant::now() >= deadline => {
                let got = info.get(key).map_or("nothing".to_owned(), Value::to_string);
                let patience = PATIENCE.as_secs();
                return Err(Refusal::Unusable(format!(
                    "state {} was not reached within {patience} s: {key} is {}, not {value}; start the node anew (fed in part, it cannot be fed again)",
                    state.name,
                    shorten(&got, 80)
                )));
            }
            Some(_) => sleep(POLL).await,
        }
    }
}
