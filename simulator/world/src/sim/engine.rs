//! The simulation: what happens next, to whom, and how a driver makes it go on.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use tanglegram_tangle::gossip::{Message, PeerId, codec};
use tanglegram_tangle::{Detail, Input, JobId, Millis, Node, Output, Reply, RequestId, SharedVerdicts};
use tanglegram_ternary::{Hash, Transaction};

use super::behaviour::Misbehaving;
use super::check::{self, ScenarioError};
use super::coordinator::Coordinator;
use super::fault::Timed;
use super::history::{History, Moment, Step};
use super::host::{self, Host, State};
use super::invariants::{Checker, Violation};
use super::links::{Defect, Links};
use super::mischief::Mischief;
use super::numbers::Numbers;
use super::outage::genesis;
use super::queue::Queue;
use super::scenario::Scenario;
use super::streams::Stream;
use super::swarm;
use super::trace::{Line, Trace};
use super::workload::Workload;

/// The virtual time at which every run starts, as the nodes' clocks tell it: 2023-11-14T22:13:20Z.
pub const EPOCH: Millis = 1_700_000_000_000;
/// The milestone index of the genesis.
pub const START_INDEX: u32 = 1;
/// How often disks are synced.
const SYNC_EVERY: Millis = 1_000;

/// Something that will happen.
pub(crate) enum Event {
    /// A message reaches a host on a connection of its own naming.
    Deliver { host: usize, peer: PeerId, message: Message, defect: Defect },
    /// A host's timer.
    Tick { host: usize },
    /// A host gets a connection to another that it dialled.
    Dialled { from: usize, to: usize },
    /// A host learns that a connection is gone.
    Closed { host: usize, peer: PeerId },
    /// The coordinator is due.
    Milestone,
    /// Somebody wants to send a bundle.
    Send,
    /// A spammer's next transaction.
    Spam { spammer: usize },
    /// Proof of work of users or the coordinator is done: a host has new transactions of its own.
    Made { host: usize, transactions: Vec<Arc<Transaction>> },
    /// Proof of work that a node asked for is done; `restarts` tells whether it is still the same run of the node.
    Mined { host: usize, job: JobId, restarts: u32 },
    /// A misbehaving host does what it does; `turn` tells whether it still behaves like that.
    Misdeed { host: usize, turn: u32 },
    /// All disks are synced.
    Sync,
    /// The next fault of the timetable.
    Fault,
}

/// A network, its clock, and what is going to happen.
///
/// Either [`run`](Simulation::run) it to the end of its scenario, or drive it: let time pass with
/// [`advance_to`](Simulation::advance_to), [`advance_by`](Simulation::advance_by) or [`run_until`](Simulation::run_until),
/// and in between [`apply`](Simulation::apply) faults, [`request`](Simulation::request) what the nodes' API answers, look at
/// [nodes](Simulation::node) and [violations](Simulation::violations); then [`finish`](Simulation::finish). The scenario's
/// own workload and faults happen all the while. A driver that does the same at the same virtual times gets the same run.
pub struct Simulation {
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    /// Milliseconds from the start.
    pub(crate) now: Millis,
    pub(crate) queue: Queue<Event>,
    pub(crate) hosts: Vec<Host>,
    /// Whom each node dials.
    pub(crate) dials: Vec<Vec<usize>>,
    pub(crate) links: Links,
    pub(crate) coordinator: Coordinator,
    pub(crate) workload: Workload,
    pub(crate) timetable: Vec<Timed>,
    pub(crate) next_fault: usize,
    pub(crate) last_fault: Millis,
    pub(crate) next_peer: PeerId,
    pub(crate) memory: codec::Memory,
    pub(crate) bits: Stream,
    pub(crate) verdicts: SharedVerdicts,
    /// The number of each transaction, in order of appearance.
    pub(crate) transactions: Numbers,
    pub(crate) made: u64,
    pub(crate) checker: Checker,
    pub(crate) trace: Trace,
    pub(crate) history: Option<History>,
    pub(crate) stop_at: Option<u64>,
    pub(crate) next_request: RequestId,
    pub(crate) replies: BTreeMap<RequestId, Reply>,
    pub(crate) out: Vec<Output>,
}

impl Simulation {
    /// A network at its start. The scenario is checked first.
    pub fn new(scenario: Scenario, seed: u64, mut trace: Trace) -> Result<Simulation, ScenarioError> {
        check::check(&scenario)?;
        trace.name(&scenario.nodes);
        let timetable = swarm::timetable(&scenario, seed);
        let mut simulation = Simulation {
            links: Links::new(&scenario, seed),
            workload: Workload::new(&scenario, seed),
            coordinator: Coordinator::new(&scenario.coordinator, START_INDEX)?,
            last_fault: timetable.last().map_or(0, |timed| timed.at),
            timetable,
            bits: Stream::new(seed, "corrupted bits"),
            now: 0,
            queue: Queue::new(),
            hosts: Vec::new(),
            dials: Vec::new(),
            next_fault: 0,
            next_peer: 0,
            memory: codec::Memory::default(),
            verdicts: SharedVerdicts::default(),
            transactions: Numbers::default(),
            made: 0,
            checker: Checker::new(&scenario.nodes, START_INDEX as i32, &genesis(&scenario).balances),
            trace,
            history: None,
            stop_at: None,
            next_request: 1,
            replies: BTreeMap::new(),
            out: Vec::new(),
            scenario,
            seed,
        };
        simulation.start();
        Ok(simulation)
    }

    fn start(&mut self) {
        let count = self.scenario.nodes.len();
        self.dials = vec![Vec::new(); count];
        for (from, to) in self.scenario.edges(self.seed) {
            self.dials[from].push(to);
        }
        for number in 0..count {
            let node = self.new_node(number);
            self.hosts.push(Host::new(node, Mischief::new(self.seed, &self.scenario.nodes[number])));
        }
        for number in 0..count {
            self.introduce(number);
        }
        for Misbehaving { node, behaviour } in self.scenario.misbehaving.clone() {
            self.behave(node, behaviour);
        }
        self.schedule(self.scenario.coordinator.every, Event::Milestone);
        self.schedule(SYNC_EVERY, Event::Sync);
        self.schedule_send();
        for spammer in 0..self.workload.spammers() {
            let (_, delay) = self.workload.spam_in(spammer);
            self.schedule(delay, Event::Spam { spammer });
        }
        if let Some(first) = self.timetable.first() {
            self.schedule(first.at, Event::Fault);
        }
    }

    /// Keeps how each node came to know each transaction, for [`Simulation::explain`]. To be called before time passes;
    /// it costs memory and changes nothing in the run.
    pub fn keep_history(&mut self) {
        self.history.get_or_insert_default();
        for host in &mut self.hosts {
            if let State::Up(node) | State::Paused(node, _) = &mut host.state {
                node.keep_progress(Detail::Everything);
            }
        }
    }

    /// Stops time once the trace has so many lines: the run can be looked at, but not go on, until this is lifted with
    /// `None`.
    pub fn stop_at(&mut self, event: Option<u64>) {
        self.stop_at = event;
    }

    /// Whether the event of [`Simulation::stop_at`] was reached.
    pub fn is_stopped(&self) -> bool {
        self.stop_at.is_some_and(|event| self.trace.lines() >= event)
    }

    /// Milliseconds of virtual time since the start.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// A node's clock, in milliseconds since 1970; right but for skew and jumps.
    pub fn clock(&self, node: usize) -> Millis {
        EPOCH + self.hosts[node].clock(self.now)
    }

    /// What is simulated.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The seed of all that is random.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many trace lines there are so far: the number of the last event.
    pub fn events(&self) -> u64 {
        self.trace.lines()
    }

    /// The trace so far.
    pub fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// A node by its number; `None` while it is down, or where there is none.
    pub fn node(&self, number: usize) -> Option<&Node> {
        self.hosts.get(number)?.node()
    }

    /// The address at which neighbours reach a node, on port 15600.
    pub fn address(&self, node: usize) -> IpAddr {
        host::address(node)
    }

    /// Index of the last milestone the coordinator issued.
    pub fn last_milestone(&self) -> u32 {
        self.coordinator.last
    }

    /// Whether every node runs and has the latest milestone solid that the coordinator's node knows.
    pub fn is_synced(&self) -> bool {
        let Some(node) = self.node(self.scenario.coordinator.node) else { return false };
        let last = node.latest_milestone_index();
        self.hosts
            .iter()
            .all(|host| matches!(&host.state, State::Up(node) if node.solid_milestone_index() >= last))
    }

    /// What was found so far that must not be.
    pub fn violations(&self) -> &[Violation] {
        &self.checker.violations
    }

    /// How a node came to know a transaction, in order of time. Empty where it never heard of it, or where no history was
    /// [kept](Simulation::keep_history).
    pub fn explain(&self, node: usize, hash: &Hash) -> Vec<Moment> {
        self.history.as_ref().map(|history| history.of(node, hash)).unwrap_or_default()
    }

    /// Lets everything happen up to and including a virtual time, and stands there; it never goes back. `false` if it
    /// stopped before, at the event of [`Simulation::stop_at`].
    pub fn advance_to(&mut self, at: Millis) -> bool {
        while self.step(at) {}
        if self.is_stopped() {
            return false;
        }
        self.now = self.now.max(at);
        true
    }

    /// Lets so many virtual milliseconds pass; see [`Simulation::advance_to`].
    pub fn advance_by(&mut self, millis: Millis) -> bool {
        self.advance_to(self.now.saturating_add(millis))
    }

    /// Lets events happen until a condition holds, at latest until a virtual time; tells whether it holds. It is looked at
    /// now and after every event.
    pub fn run_until(&mut self, latest: Millis, mut condition: impl FnMut(&Simulation) -> bool) -> bool {
        loop {
            if condition(self) {
                return true;
            }
            if !self.step(latest) {
                if !self.is_stopped() {
                    self.now = self.now.max(latest);
                }
                return condition(self);
            }
        }
    }

    /// Lets the next event up to a time happen; `false` if there is none.
    pub(crate) fn step(&mut self, until: Millis) -> bool {
        if self.is_stopped() {
            return false;
        }
        let Some((at, event)) = self.queue.pop(until) else { return false };
        self.now = at.max(self.now);
        self.happen(event);
        true
    }

    pub(crate) fn schedule(&mut self, at: Millis, event: Event) {
        self.queue.push(at, event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Deliver { host, peer, message, defect } => self.deliver(host, peer, message, defect),
            Event::Tick { host } => {
                // A tick that was overtaken by an earlier one has nothing to say.
                if self.hosts[host].tick_at.take_if(|at| *at <= self.now).is_some() {
                    drop(self.line(host, "tick"));
                    self.input(host, Input::Tick);
                }
            }
            Event::Dialled { from, to } => self.dialled(from, to),
            Event::Closed { host, peer } => self.closed(host, peer),
            Event::Milestone => self.milestone(),
            Event::Send => self.send(),
            Event::Spam { spammer } => self.spam(spammer),
            Event::Made { host, transactions } => self.made(host, transactions),
            Event::Mined { host, job, restarts } => self.mined(host, job, restarts),
            Event::Misdeed { host, turn } => self.misdeed(host, turn),
            Event::Sync => {
                self.hosts.iter_mut().for_each(Host::sync);
                self.schedule(self.now + SYNC_EVERY, Event::Sync);
            }
            Event::Fault => self.timed_fault(),
        }
    }

    /// Begins a line of the trace.
    pub(crate) fn line(&mut self, node: usize, what: &'static str) -> Line<'_> {
        self.trace.event(self.now, node, what)
    }

    /// Takes note for [`Simulation::explain`], where that is wanted.
    pub(crate) fn note(&mut self, node: usize, hash: Hash, step: Step) {
        let place = (self.now, self.trace.lines());
        if let Some(history) = &mut self.history {
            history.note(node, hash, place, step);
        }
    }

    /// Gives an input to a host's node and draws the consequences; a host that is down hears nothing, one that is paused later.
    pub(crate) fn input(&mut self, number: usize, input: Input) {
        let host = &mut self.hosts[number];
        let clock = EPOCH + host.clock(self.now);
        let mut out = std::mem::take(&mut self.out);
        match &mut host.state {
            State::Up(node) => node.handle(clock, input, &mut out),
            State::Paused(_, waiting) => waiting.push_back(input),
            State::Down => {}
        }
        for output in out.drain(..) {
            self.output(number, output);
        }
        self.out = out;
        self.after(number);
    }

    /// Looks at what an input changed: what became solid and confirmed, the next timeout.
    pub(crate) fn after(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let (skew, former, scheduled) = (host.skew, host.solid, host.tick_at);
        let State::Up(node) = &mut host.state else { return };
        let solid = node.solid_milestone_index();
        let timeout =
            node.next_timeout().map(|at| at.saturating_sub(EPOCH).saturating_add_signed(-skew).max(self.now));
        if solid != former || self.history.is_some() {
            host.solid = solid;
            let steps = node.take_progress();
            if solid != former {
                let digest = self.checker.solidified(self.now, number, &**node, former, &steps);
                let line = self.trace.event(self.now, number, "solid").signed("milestone", solid.into());
                drop(line.word("ledger", &digest.to_hex()[..16]));
            }
            for (hash, step) in steps {
                self.note(number, hash, step.into());
            }
        }
        if let Some(at) = timeout.filter(|&at| scheduled.is_none_or(|scheduled| at < scheduled)) {
            self.hosts[number].tick_at = Some(at);
            self.schedule(at, Event::Tick { host: number });
        }
    }

    /// The number of a transaction, and whether it appears for the first time.
    pub(crate) fn number_of(&mut self, hash: &Hash) -> (u64, bool) {
        let (number, appeared) = self.transactions.insert_full(*hash);
        (number as u64, appeared)
    }
}
