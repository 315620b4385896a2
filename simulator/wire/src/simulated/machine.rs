//! A node on a turmoil host, from its disk to its sockets.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tanglegram_tangle::gossip::Message;
use tanglegram_tangle::{Config, Input, Millis, Node, SharedVerdicts};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_world::sim::{
    self, EPOCH, Inspector, LinkModel, Nodes, START_INDEX, Scenario, ScenarioError, Trace, equip,
    node_address,
};
use tokio::sync::Notify;
use tokio::task::spawn_local;

use super::disk::SimulatedDisk;
use super::net::{self, Dial, Flows, Neighbors};
use super::run::USERS;
use crate::access::Access;
use crate::clock::Clock;
use crate::data::{self, Journal};
use crate::gossip::{self, Around, Ways};
use crate::host::Host;
use crate::issuer::Milestones;
use crate::miner::Labour;
use crate::net::Starting;
use crate::server::Connections;

/// Where the nodes' APIs listen.
pub const API_PORT: u16 = 14_265;

/// Where the nodes listen for neighbours.
const GOSSIP_PORT: u16 = 15_600;

/// The folder of a node's data on its own disk.
const FOLDER: &str = "/data";

/// What the machines of a network have in common.
pub struct Machines {
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) tree: Arc<KeyTree>,
    /// What time it is, in milliseconds since 1970: whoever steps the simulation sets it before.
    time: Rc<Cell<Millis>>,
    pub(crate) inspector: RefCell<Inspector>,
    /// What becomes of gossip messages, besides what turmoil does to them.
    pub(crate) ways: Rc<Ways>,
    verdicts: SharedVerdicts,
    flows: Flows,
    /// The nodes that run.
    running: RefCell<Vec<Option<Rc<Host>>>>,
    /// Told when a node that was paused is to go on.
    resumptions: Vec<Notify>,
    /// What a message costs each node, in milliseconds.
    costs: RefCell<Vec<Millis>>,
    /// The solid milestone of each node that is known to be on its disk.
    durable: RefCell<Vec<i32>>,
    /// The clock of each machine, which goes on while its node does not run.
    clocks: Vec<Clock>,
    /// Whether the coordinator is to issue milestones: not before its interval has passed once.
    issues: Cell<bool>,
}

impl Machines {
    /// The machines of a scenario, before any of them is started.
    ///
    /// # Errors
    /// The scenario makes no sense.
    pub fn new(scenario: Scenario, seed: u64, trace: Trace) -> Result<Rc<Machines>, ScenarioError> {
        scenario.check()?;
        let (tree, time) = (scenario.coordinator.tree()?, Rc::new(Cell::new(EPOCH)));
        let count = scenario.nodes.len();
        let places = (0..count).map(|number| SocketAddr::new(node_address(number), GOSSIP_PORT)).collect();
        let links = sim::Links::new(&without_latency(&scenario), seed);
        Ok(Rc::new(Machines {
            inspector: RefCell::new(Inspector::new(&scenario, trace)),
            ways: Rc::new(Ways::new(links, places, Clock::of(Rc::clone(&time)))),
            verdicts: SharedVerdicts::default(),
            flows: Flows::default(),
            running: RefCell::new(vec![None; count]),
            resumptions: (0..count).map(|_| Notify::new()).collect(),
            costs: RefCell::new(vec![0; count]),
            durable: RefCell::new(vec![START_INDEX as i32; count]),
            clocks: (0..count).map(|_| Clock::of(Rc::clone(&time))).collect(),
            issues: Cell::new(false),
            tree,
            time,
            seed,
            scenario,
        }))
    }

    /// Sets the time, in milliseconds from the start.
    pub fn set_time(&self, now: Millis) {
        self.time.set(EPOCH + now);
    }

    /// Milliseconds from the start.
    pub(crate) fn now(&self) -> Millis {
        self.time.get() - EPOCH
    }

    /// How many machines there are.
    pub(crate) fn len(&self) -> usize {
        self.clocks.len()
    }

    pub(crate) fn running(&self, number: usize) -> Option<Rc<Host>> {
        self.running.borrow().get(number).cloned().flatten()
    }

    /// Takes note that a machine stopped.
    pub(crate) fn stopped(&self, number: usize) {
        self.running.borrow_mut()[number] = None;
    }

    /// Checks a node, if it runs.
    pub(crate) fn inspect(&self, number: usize) {
        let Some(host) = self.running(number) else { return };
        let is_written = host.is_written();
        host.with_node(|node| {
            self.inspector.borrow_mut().look(self.now(), number, node);
            if is_written {
                self.durable.borrow_mut()[number] = node.solid_milestone_index();
            }
        });
    }

    /// Lets a node that was paused go on, in its own time: on its own host.
    pub(crate) fn resume(&self, number: usize) {
        self.resumptions[number].notify_one();
    }

    /// From now on every message of a neighbour takes a node so many milliseconds, also after a restart.
    pub(crate) fn set_cost(&self, number: usize, cost: Millis) {
        self.costs.borrow_mut()[number] = cost;
        self.running(number).iter().for_each(|host| host.set_cost(cost));
    }

    /// Shows a node that runs.
    pub fn with_node<T>(&self, number: usize, look: impl FnOnce(&mut Node) -> T) -> Option<T> {
        Some(self.running(number)?.with_node(look))
    }

    /// Sets a machine's clock that far ahead, or behind.
    pub(crate) fn set_skew(&self, number: usize, skew: i64) {
        self.clocks[number].set_skew(skew);
        self.running(number).iter().for_each(|host| host.set_skew(skew));
    }

    pub(crate) fn skew(&self, number: usize) -> i64 {
        self.clocks[number].skew()
    }

    /// Stops the coordinator, or lets it go on.
    pub(crate) fn set_issues(&self, issues: bool) {
        self.issues.set(issues);
        self.running(self.scenario.coordinator.node).iter().for_each(|host| host.set_issues(issues));
    }

    fn config(&self, number: usize) -> Config {
        self.scenario.node_config(number, &self.tree)
    }
}

impl Nodes for &Machines {
    fn look(&mut self, number: usize, see: &mut dyn FnMut(&mut Node, Millis)) -> bool {
        let Some(host) = self.running(number).filter(|host| !host.is_paused()) else { return false };
        let now = host.now();
        host.with_node(|node| see(node, now));
        true
    }
}

/// The scenario with links that take no time: turmoil's network has the latency.
fn without_latency(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.link = at_once(scenario.link);
    for link in &mut scenario.links {
        link.model = at_once(link.model.clone());
    }
    scenario
}

/// A link that takes no time.
pub(crate) fn at_once(link: LinkModel) -> LinkModel {
    LinkModel { latency: 0..0, ..link }
}

/// The machine of one node.
pub struct Machine {
    machines: Rc<Machines>,
    number: usize,
    /// Whom the node dials.
    dials: Vec<usize>,
    starts: Cell<u32>,
}

impl Machine {
    /// The machine of the node of that number.
    pub fn new(machines: &Rc<Machines>, number: usize) -> Machine {
        let edges = machines.scenario.edges(machines.seed).into_iter();
        let dials = edges.filter(|(from, _)| *from == number).map(|(_, to)| to).collect();
        Machine { machines: Rc::clone(machines), number, dials, starts: Cell::new(0) }
    }

    /// Starts the node from what is on the disk of the turmoil host this is called on, and runs it until the host stops.
    ///
    /// # Errors
    /// The disk holds no node.
    pub async fn run(self: Rc<Self>) -> turmoil::Result {
        let machines = &self.machines;
        let starts = self.starts.replace(self.starts.get() + 1);
        let seed = machines.scenario.node_seed(machines.seed, self.number, starts);
        let (mut node, stored) =
            data::open(SimulatedDisk, Path::new(FOLDER), None, (machines.config(self.number), seed))?;
        node.share_verdicts(machines.verdicts.clone());
        equip(&mut node);
        if starts > 0 {
            let durable = machines.durable.borrow()[self.number];
            machines.inspector.borrow_mut().restarted(machines.now(), self.number, &mut node, durable);
        }
        let name = &machines.scenario.nodes[self.number];
        let api = net::bind(API_PORT).await?;
        let around = self.around().await?;
        let starting = Starting {
            name: name.clone(),
            node,
            access: Access { auth: None, trusted: [USERS].into() },
            milestones: self.milestones(),
            journal: Some(Journal::start_local(name, stored)),
            clock: machines.clocks[self.number].clone(),
            labour: Labour::Virtual { hash_rate: machines.scenario.hash_rate },
        };
        let connections = Connections::new();
        spawn_local(Rc::clone(&connections).sweep());
        let prepared = starting.prepare()?;
        let host = Rc::clone(&prepared.host);
        host.set_issues(machines.issues.get());
        host.set_cost(machines.costs.borrow()[self.number]);
        self.observe(&host);
        machines.running.borrow_mut()[self.number] = Some(Rc::clone(&host));
        let _tasks = prepared.start(api, Some(around), &connections, &gossip::places()).await?;
        loop {
            machines.resumptions[self.number].notified().await;
            host.resume();
        }
    }

    async fn around(&self) -> std::io::Result<Around<Neighbors, Dial>> {
        let flows = self.machines.flows.clone();
        let listener = Neighbors { listener: net::bind(GOSSIP_PORT).await?, flows: flows.clone() };
        let uri = |&to: &usize| format!("tcp://{}:{GOSSIP_PORT}", node_address(to));
        let ways = Some((self.number, Rc::clone(&self.machines.ways)));
        Ok(Around { listener, dialer: Dial { flows }, neighbors: self.dials.iter().map(uri).collect(), ways })
    }

    /// The coordinator, where it works on this machine.
    fn milestones(&self) -> Option<Milestones> {
        let plan = &self.machines.scenario.coordinator;
        (plan.node == self.number).then(|| Milestones {
            tree: Arc::clone(&self.machines.tree),
            interval: Duration::from_millis(plan.every),
            checkpoints: plan.checkpoints,
        })
    }

    /// Has what the node takes in written to the trace.
    fn observe(&self, host: &Host) {
        let (machines, number) = (Rc::downgrade(&self.machines), self.number);
        host.observe(Rc::new(move |input| {
            if let Some(machines) = machines.upgrade() {
                let now = machines.now();
                tell(&mut machines.inspector.borrow_mut().trace, now, number, input);
            }
        }));
    }
}

/// The line of an input.
fn tell(trace: &mut Trace, now: Millis, node: usize, input: &Input) {
    match input {
        Input::Received { peer, message } => match message {
            Message::Transaction { transaction, requested } => {
                let hash = transaction.hash();
                let asks = *requested != hash;
                drop(
                    trace
                        .event(now, node, "received")
                        .number("peer", *peer)
                        .hash("hash", &hash)
                        .flag("asks", asks),
                );
            }
            Message::Handshake(_) => drop(trace.event(now, node, "handshake").number("peer", *peer)),
            Message::Heartbeat { .. } => drop(trace.event(now, node, "heartbeat").number("peer", *peer)),
            Message::Garbled => drop(trace.event(now, node, "garbage").number("peer", *peer)),
        },
        Input::Connected { peer, ip, .. } => {
            drop(trace.event(now, node, "connected").number("peer", *peer).word("to", &ip.to_string()));
        }
        Input::Disconnected { peer } => drop(trace.event(now, node, "disconnected").number("peer", *peer)),
        Input::Api { id, request } => {
            drop(
                trace
                    .event(now, node, "request")
                    .number("id", *id)
                    .number("length", request.body.len() as u64),
            );
        }
        Input::Mined { job, nonce } => {
            drop(trace.event(now, node, "mined").number("job", *job).flag("found", nonce.is_some()))
        }
        Input::Store { transactions } => {
            for transaction in transactions {
                drop(trace.event(now, node, "made").hash("hash", &transaction.hash()));
            }
        }
        Input::Tick => drop(trace.event(now, node, "tick")),
        _ => {}
    }
}
