//! The embedded reference node: served in this process, but asked over real HTTP on a loopback port.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use tanglegram_tangle::{ApiRequest, Input, Node, Output, Reply};
use tanglegram_wire::{Places, Running, Served, serve, serve_world};
use tanglegram_world::{NodePlan, World as WorldFile};
use thiserror::Error;

use crate::endpoint::Endpoint;
use crate::fixture::{Fixture, State};
use crate::mutant::{Mutant, NotBuilt};
use crate::provider::{Need, Provider, Refusal};
use crate::worlds::{MIRROR, MIRROR_DIALECTS, WORLDS};

/// World and state of the node for vectors that hold on every node.
const ANY: (&str, &str) = (WORLDS[0].name, "S1");
/// The world of vectors for mirror nodes.
const MIRROR_WORLD: &str = "recorded-mirror";
/// Starts the random walks of each embedded node; any number will do, but always the same.
pub const EMBEDDED_SEED: u64 = 1;

/// Why the embedded node could not be brought up.
#[derive(Debug, Error)]
#[error("the embedded node cannot be started: {0}")]
pub struct EmbeddedError(String);

/// The embedded reference, in every world and state that is asked for.
pub struct Embedded {
    dialect: String,
    mirror_dialect: String,
    fixture: Arc<Fixture>,
    worlds: BTreeMap<String, Grown>,
    shared: BTreeMap<(String, String), Serving>,
    own: Option<Serving>,
    mirror: Option<Serving>,
    mirror_world: Option<WorldFile>,
    mutant: Option<Mutant>,
}

/// A world's node, as it was in each state reached so far.
struct Grown {
    plan: NodePlan,
    states: Vec<(String, Node)>,
}

/// A node on a port of its own; gone when dropped.
pub struct Serving {
    endpoint: Endpoint,
    _running: Running,
}

impl Serving {
    /// Where its API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Embedded {
    /// The reference in a dialect such as `iri-1.8.5`, fed with the fixture's transactions.
    pub fn new(dialect: &str, fixture: Arc<Fixture>) -> Self {
        let (worlds, shared) = (BTreeMap::new(), BTreeMap::new());
        let (dialect, mirror_dialect) = (dialect.to_owned(), MIRROR_DIALECTS[0].to_owned());
        Self {
            dialect,
            mirror_dialect,
            fixture,
            worlds,
            shared,
            own: None,
            mirror: None,
            mirror_world: None,
            mutant: None,
        }
    }

    /// The same with a mirror node in this dialect.
    #[must_use]
    pub fn with_mirror_dialect(mut self, dialect: &str) -> Self {
        dialect.clone_into(&mut self.mirror_dialect);
        self
    }

    /// Builds a mistake into every node from now on, or none; the nodes so far are gone.
    ///
    /// # Errors
    /// The program was built without mutants.
    pub fn mutate(&mut self, mutant: Option<Mutant>) -> Result<(), NotBuilt> {
        Mutant::available()?;
        self.shared.clear();
        (self.own, self.mirror, self.mutant) = (None, None, mutant);
        Ok(())
    }

    /// The endpoint of the node that all vectors share which leave no traces.
    ///
    /// # Errors
    /// The world, its feed or the port is not to be had.
    pub fn shared(&mut self, need: &Need<'_>) -> Result<Endpoint, EmbeddedError> {
        if need.api == MIRROR {
            let mirror = match self.mirror.take() {
                Some(mirror) => mirror,
                None => self.start(need)?,
            };
            return Ok(self.mirror.insert(mirror).endpoint.clone());
        }
        let (world, state) = place(need);
        let key = (world.to_owned(), state.to_owned());
        if !self.shared.contains_key(&key) {
            let serving = self.start(need)?;
            self.shared.insert(key.clone(), serving);
        }
        Ok(self.shared[&key].endpoint.clone())
    }

    /// A node that nobody else asks.
    ///
    /// # Errors
    /// The world, its feed or the port is not to be had.
    pub fn start(&mut self, need: &Need<'_>) -> Result<Serving, EmbeddedError> {
        if need.api == MIRROR {
            return self.start_mirror();
        }
        let (world, state) = place(need);
        if !self.worlds.contains_key(world) {
            let grown = Grown::new(world, &self.dialect)?;
            self.worlds.insert(world.to_owned(), grown);
        }
        let unknown = || EmbeddedError(format!("there is no world {world}"));
        let grown = self.worlds.get_mut(world).ok_or_else(unknown)?;
        #[cfg_attr(not(feature = "mutants"), expect(unused_mut, reason = "only mutants change it"))]
        let mut node = grown.at(state, &self.fixture)?;
        #[cfg(feature = "mutants")]
        if let Some(Mutant::Iri(mutant)) = self.mutant {
            node.mutate(mutant);
        }
        let failed = |error: &dyn std::error::Error| EmbeddedError(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| failed(&error))?;
        let served = Served { node, ..Served::of(&grown.plan, listener, EMBEDDED_SEED) };
        let running = serve(vec![served]).map_err(|error| failed(&error))?;
        let endpoint = Endpoint::parse(&running.addr().to_string()).map_err(|error| failed(&error))?;
        Ok(Serving { endpoint, _running: running })
    }
}

impl Embedded {
    /// The mirror node of the recorded data.
    fn start_mirror(&mut self) -> Result<Serving, EmbeddedError> {
        let failed = |error: &dyn std::error::Error| EmbeddedError(error.to_string());
        let world = match self.mirror_world.take() {
            Some(world) => world,
            None => WorldFile::load(MIRROR_WORLD).map_err(|error| failed(&error))?,
        };
        let name = &self.mirror_dialect;
        let dialect = name.parse().map_err(|_| EmbeddedError(format!("there is no dialect {name}")))?;
        let world = self.mirror_world.insert(world.with_mirror_dialect(dialect));
        #[cfg(feature = "mutants")]
        for mirror in &mut world.mirrors {
            mirror.mutation = match self.mutant {
                Some(Mutant::Mirror(mutant)) => tanglegram_mirror::Mutation::only(mutant),
                _ => tanglegram_mirror::Mutation::default(),
            };
        }
        let anywhere = Places { api: Some((Ipv4Addr::LOCALHOST, 0).into()), ..Places::default() };
        let running = serve_world(world, anywhere).map_err(|error| failed(&error))?;
        let endpoint = Endpoint::parse(&running.addr().to_string()).map_err(|error| failed(&error))?;
        Ok(Serving { endpoint, _running: running })
    }
}

impl Provider for Embedded {
    async fn node_for(&mut self, need: &Need<'_>) -> Result<Endpoint, Refusal> {
        let endpoint = if need.dirties {
            self.start(need).map(|serving| self.own.insert(serving).endpoint.clone())
        } else {
            self.shared(need)
        };
        endpoint.map_err(|error| Refusal::Unusable(error.to_string()))
    }
}

fn place<'n>(need: &Need<'n>) -> (&'n str, &'n str) {
    match need.world {
        Some(world) => (world, need.state.unwrap_or("S0")),
        None => ANY,
    }
}

impl Grown {
    fn new(world: &str, dialect: &str) -> Result<Self, EmbeddedError> {
        let failed = |error: String| EmbeddedError(format!("world {world}: {error}"));
        let dialect = dialect.parse().map_err(|_| failed(format!("there is no dialect {dialect}")))?;
        let file = WorldFile::load(world).map_err(|error| failed(error.to_string()))?;
        let mut plans = file.with_dialect(dialect).nodes.into_iter();
        let plan = plans.next().ok_or_else(|| failed("it has no node".into()))?;
        Ok(Self { plan, states: Vec::new() })
    }

    /// The node in a state: a copy of the one that was fed, as far as no one has been yet.
    fn at(&mut self, state: &str, fixture: &Fixture) -> Result<Node, EmbeddedError> {
        if let Some((_, node)) = self.states.iter().find(|(name, _)| name == state) {
            return Ok(node.clone());
        }
        let reached = self.states.last().map(|(name, _)| name.as_str());
        let steps = fixture.between(reached, state);
        let (mut node, steps) = match self.states.last() {
            Some((_, node)) if !steps.is_empty() => (node.clone(), steps),
            _ => (self.plan.start(EMBEDDED_SEED), fixture.between(None, state)),
        };
        for step in steps {
            feed(&mut node, step)?;
            if !self.states.iter().any(|(name, _)| *name == step.name) {
                self.states.push((step.name.clone(), node.clone()));
            }
        }
        Ok(node)
    }
}

/// Stores a state's transactions, one by one since a small body limit takes no more.
fn feed(node: &mut Node, state: &State) -> Result<(), EmbeddedError> {
    for batch in &state.steps {
        for trytes in &batch.trytes {
            let body = serde_json::json!({ "command": "storeTransactions", "trytes": [trytes] }).to_string();
            let stored = ask(node, body).is_some_and(|reply| reply.status as u16 == 200);
            if !stored {
                return Err(EmbeddedError(format!(
                    "bundle {} of state {} is refused",
                    batch.name, state.name
                )));
            }
        }
    }
    let info =
        ask(node, r#"{"command":"getNodeInfo"}"#.to_owned()).map(|reply| reply.body).unwrap_or_default();
    let info: serde_json::Value = serde_json::from_str(&info).unwrap_or_default();
    let reached = state.wait.iter().flatten().all(|(key, value)| info.get(key) == Some(value));
    if reached { Ok(()) } else { Err(EmbeddedError(format!("state {} is not reached", state.name))) }
}

/// A request without a socket in between.
fn ask(node: &mut Node, body: String) -> Option<Reply> {
    let mut outputs = Vec::new();
    let request = ApiRequest { body, versioned: true, trusted: true };
    node.handle(now_ms(), Input::Api { id: 0, request }, &mut outputs);
    outputs.into_iter().find_map(|output| match output {
        Output::Reply { reply, .. } => Some(reply),
        _ => None,
    })
}

#[allow(clippy::disallowed_methods, reason = "the nodes served here live in real time")]
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
