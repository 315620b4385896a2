//! The event heap: what happens next, to whom, and what follows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use tanglegram_tangle::gossip::{Message, PeerId, codec};
use tanglegram_tangle::{
    ApiRequest, Config, CoordinatorConfig, Genesis, Input, Millis, Node, Output, RestoreError, SUPPLY,
    SharedVerdicts,
};
use tanglegram_ternary::milestone::Coordinator as Identity;
use tanglegram_ternary::{Hash, Transaction};

use super::coordinator::Coordinator;
use super::faults;
use super::host::{self, Host, Remote, State};
use super::invariants::{Checker, Violation};
use super::links::{self, Fate, Links};
use super::scenario::{Fault, Scenario, Timed};
use super::streams::Stream;
use super::trace::Trace;
use super::wallet;
use super::workload::{self, Workload};

/// The virtual time at which every run starts: 2023-11-14T22:13:20Z.
const EPOCH: Millis = 1_700_000_000_000;
/// The milestone index of the genesis.
const START_INDEX: u32 = 1;
/// Nodes listen for neighbours on this port.
const PORT: u16 = 15_600;
/// How often a node's disk is synced.
const SYNC_EVERY: Millis = 1_000;

/// Something that will happen.
enum Event {
    /// A message reaches a host on a connection of its own naming.
    Deliver { host: usize, peer: PeerId, message: Message, corrupt: bool },
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
    /// Proof of work is done: a host has new transactions of its own.
    Mined { host: usize, transactions: Vec<Arc<Transaction>> },
    /// All disks are synced.
    Sync,
    /// The next fault of the timetable.
    Fault,
}

/// An event's place in time; events of the same time happen in the order they were scheduled.
type Place = (Millis, u64);

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The digest over all events: the same for the same scenario and seed, on every machine.
    pub digest: String,
    /// How many events there were.
    pub events: u64,
    /// Virtual milliseconds.
    pub duration: Millis,
    /// Milestones issued.
    pub milestones: u32,
    /// Transactions that users and coordinator made.
    pub transactions: u64,
    /// The index of each node's latest solid milestone; `None` where it is down.
    pub solid: Vec<Option<i32>>,
    /// What must not be.
    pub violations: Vec<Violation>,
}

/// A network, its clock, and what is going to happen.
pub struct Simulation {
    scenario: Scenario,
    seed: u64,
    /// Milliseconds from the start.
    now: Millis,
    heap: BinaryHeap<Reverse<Place>>,
    events: BTreeMap<Place, Event>,
    scheduled: u64,
    hosts: Vec<Host>,
    links: Links,
    coordinator: Coordinator,
    workload: Workload,
    timetable: Vec<Timed>,
    next_fault: usize,
    next_peer: PeerId,
    memory: codec::Memory,
    bits: Stream,
    verdicts: SharedVerdicts,
    transactions: u64,
    checker: Checker,
    trace: Trace,
    out: Vec<Output>,
}

/// Why a scenario cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The coordinator's key tree would be too large.
    #[error("a coordinator with 2^{0} keys cannot be made: at most 2^20")]
    KeyDepth(usize),
    /// A fault names a node that is not there.
    #[error("the fault at {at} ms names node n{node}, but there are only {nodes}")]
    UnknownNode {
        /// Time of the fault in milliseconds.
        at: Millis,
        /// Number of the node.
        node: usize,
        /// How many there are.
        nodes: usize,
    },
}

impl Simulation {
    /// A network at its start.
    pub fn new(scenario: Scenario, seed: u64, trace: Trace) -> Result<Simulation, ScenarioError> {
        check(&scenario)?;
        let coordinator = Coordinator::new(scenario.key_depth, START_INDEX)
            .ok_or(ScenarioError::KeyDepth(scenario.key_depth))?;
        let mut simulation = Simulation {
            links: Links::new(scenario.link.clone(), seed),
            workload: Workload::new(scenario.workload.clone(), seed),
            timetable: faults::timetable(&scenario, seed),
            bits: Stream::new(seed, "corrupted bits"),
            now: 0,
            heap: BinaryHeap::new(),
            events: BTreeMap::new(),
            scheduled: 0,
            hosts: Vec::new(),
            coordinator,
            next_fault: 0,
            next_peer: 0,
            memory: codec::Memory::default(),
            verdicts: SharedVerdicts::default(),
            transactions: 0,
            checker: Checker::default(),
            trace,
            out: Vec::new(),
            scenario,
            seed,
        };
        simulation.start();
        Ok(simulation)
    }

    fn start(&mut self) {
        for number in 0..self.scenario.nodes {
            let node = self.new_node(number);
            self.hosts.push(Host::new(node));
        }
        for number in 0..self.scenario.nodes {
            self.introduce(number);
        }
        self.schedule(self.scenario.milestone_every, Event::Milestone);
        self.schedule(SYNC_EVERY, Event::Sync);
        self.schedule_send();
        if let Some(first) = self.timetable.first() {
            self.schedule(first.at, Event::Fault);
        }
    }

    /// Runs to the scenario's end.
    pub fn run(mut self) -> Report {
        while self.step() {}
        self.finish()
    }

    /// Lets the next event happen; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(Reverse(place)) = self.heap.pop() else { return false };
        if place.0 > self.scenario.duration {
            return false;
        }
        self.now = place.0;
        if let Some(event) = self.events.remove(&place) {
            self.happen(event);
        }
        true
    }

    fn schedule(&mut self, at: Millis, event: Event) {
        let place = (at, self.scheduled);
        self.scheduled += 1;
        self.heap.push(Reverse(place));
        self.events.insert(place, event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Deliver { host, peer, message, corrupt } => self.deliver(host, peer, message, corrupt),
            Event::Tick { host } => {
                self.hosts[host].tick_at = None;
                self.trace.event(self.now, host, "tick", format_args!(""));
                self.input(host, Input::Tick);
            }
            Event::Dialled { from, to } => self.dialled(from, to),
            Event::Closed { host, peer } => self.closed(host, peer),
            Event::Milestone => self.milestone(),
            Event::Send => self.send(),
            Event::Mined { host, transactions } => {
                for transaction in &transactions {
                    self.trace.event(
                        self.now,
                        host,
                        "mined",
                        format_args!(",\"tx\":\"{}\"", short(transaction)),
                    );
                }
                self.input(host, Input::Store { transactions });
            }
            Event::Sync => {
                self.hosts.iter_mut().for_each(Host::sync);
                self.schedule(self.now + SYNC_EVERY, Event::Sync);
            }
            Event::Fault => self.fault(),
        }
    }

    fn deliver(&mut self, host: usize, peer: PeerId, message: Message, corrupt: bool) {
        if !self.hosts[host].connections.contains_key(&peer) {
            return;
        }
        let busy_until = self.hosts[host].busy_until;
        if busy_until > self.now {
            return self.schedule(busy_until, Event::Deliver { host, peer, message, corrupt });
        }
        self.hosts[host].busy_until = self.now + self.hosts[host].cost;
        let message = if corrupt { self.corrupted(&message) } else { Some(message) };
        match message {
            Some(message) => {
                self.trace_message(host, peer, &message);
                self.input(host, Input::Received { peer, message });
            }
            // The stream of messages makes no sense any more: the receiver hangs up.
            None => {
                self.hang_up(host, peer);
                self.input(host, Input::Disconnected { peer });
            }
        }
    }

    fn trace_message(&mut self, host: usize, peer: PeerId, message: &Message) {
        match message {
            Message::Transaction { transaction, requested } => self.trace.event(
                self.now,
                host,
                "received",
                format_args!(
                    ",\"peer\":{peer},\"tx\":\"{}\",\"wants\":{}",
                    short(transaction),
                    *requested != transaction.hash()
                ),
            ),
            Message::Handshake(_) => {
                self.trace.event(self.now, host, "handshake", format_args!(",\"peer\":{peer}"));
            }
            _ => self.trace.event(self.now, host, "other", format_args!(",\"peer\":{peer}")),
        }
    }

    /// The message after one of its bits was flipped; `None` if no message can be read from that.
    fn corrupted(&mut self, message: &Message) -> Option<Message> {
        let mut bytes = Vec::new();
        codec::encode(message, &mut bytes);
        let bit = self.bits.index(bytes.len() * 8);
        *bytes.get_mut(bit / 8)? ^= 1 << (bit % 8);
        let mut decoder = codec::Decoder::default();
        decoder.push(&bytes);
        decoder.next(&mut self.memory).ok().flatten()
    }

    /// Gives an input to a host's node and draws the consequences; a host that is down hears nothing, one that is paused later.
    fn input(&mut self, number: usize, input: Input) {
        let host = &mut self.hosts[number];
        let clock = EPOCH + host.clock(self.now);
        match &mut host.state {
            State::Up(node) => node.handle(clock, input, &mut self.out),
            State::Paused(_, waiting) => return waiting.push_back(input),
            State::Down => return,
        }
        for output in std::mem::take(&mut self.out) {
            self.output(number, output);
        }
        self.after(number);
    }

    /// Looks at what an input changed: the solid milestone, the next timeout.
    fn after(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let (skew, former, scheduled) = (host.skew, host.solid, host.tick_at);
        let State::Up(node) = &host.state else { return };
        let solid = node.solid_milestone_index();
        let timeout = node.next_timeout().map(|at| (at - EPOCH).saturating_add_signed(-skew).max(self.now));
        if solid != former {
            let digest = self.checker.solidified(self.now, number, node, former);
            let details = format_args!(",\"milestone\":{solid},\"ledger\":\"{}\"", &digest.to_hex()[..16]);
            self.trace.event(self.now, number, "solid", details);
        }
        host.solid = solid;
        if let Some(at) = timeout.filter(|&at| scheduled.is_none_or(|scheduled| at < scheduled)) {
            host.tick_at = Some(at);
            self.schedule(at, Event::Tick { host: number });
        }
    }

    fn output(&mut self, from: usize, output: Output) {
        match output {
            Output::Send { peer, message } => self.transmit(from, peer, message),
            Output::Connect { host, .. } => {
                let to = host::host_at(&host).filter(|&to| to < self.hosts.len());
                if let Some(to) = to.filter(|&to| self.links.passes(from, to) && self.links.passes(to, from))
                {
                    let there_and_back = 2 * self.links.latency(from, to);
                    self.schedule(self.now + there_and_back, Event::Dialled { from, to });
                }
            }
            Output::Disconnect { peer } => self.hang_up(from, peer),
            // Nobody asks or mines over the API here.
            _ => {}
        }
    }

    fn transmit(&mut self, from: usize, peer: PeerId, message: Message) {
        let Some(&Remote { host: to, peer: remote }) = self.hosts[from].connections.get(&peer) else {
            return;
        };
        let bytes = if self.links.model.bandwidth > 0 { encoded_len(&message) } else { 0 };
        for fate in self.links.send(self.now, from, to, bytes).into_iter().flatten() {
            match fate {
                Fate::Lost => self.trace.event(self.now, from, "lost", format_args!(",\"peer\":{peer}")),
                Fate::Arrives { at, corrupt } => {
                    let message = message.clone();
                    self.schedule(at, Event::Deliver { host: to, peer: remote, message, corrupt });
                }
            }
        }
    }

    /// A host closes a connection; the other side learns it later.
    fn hang_up(&mut self, number: usize, peer: PeerId) {
        let Some(remote) = self.hosts[number].connections.remove(&peer) else { return };
        self.trace.event(self.now, number, "closed", format_args!(",\"peer\":{peer}"));
        let latency = self.links.latency(number, remote.host);
        self.schedule(self.now + latency, Event::Closed { host: remote.host, peer: remote.peer });
    }

    fn closed(&mut self, number: usize, peer: PeerId) {
        if self.hosts[number].connections.remove(&peer).is_some() {
            self.trace.event(self.now, number, "disconnected", format_args!(",\"peer\":{peer}"));
            self.input(number, Input::Disconnected { peer });
        }
    }

    fn dialled(&mut self, from: usize, to: usize) {
        if self.hosts[from].up().is_none() || self.hosts[to].up().is_none() {
            return;
        }
        let (near, far) = (self.next_peer, self.next_peer + 1);
        self.next_peer += 2;
        self.hosts[from].connections.insert(near, Remote { host: to, peer: far });
        self.hosts[to].connections.insert(far, Remote { host: from, peer: near });
        self.trace.event(self.now, from, "connected", format_args!(",\"peer\":{near},\"to\":\"n{to}\""));
        let (here, there) = (host::address(from), host::address(to));
        self.input(to, Input::Connected { peer: far, ip: here, dialled: None });
        let dialled = Some((there.to_string(), PORT));
        self.input(from, Input::Connected { peer: near, ip: there, dialled });
    }

    fn milestone(&mut self) {
        self.schedule(self.now + self.scenario.milestone_every, Event::Milestone);
        let clock = EPOCH + self.hosts[0].clock(self.now);
        let Some(node) = self.hosts[0].up().filter(|_| !self.coordinator.stopped) else { return };
        let (trunk, branch) = node.milestone_parents();
        if let Some(members) = self.coordinator.issue(clock, self.scenario.mwm, (&trunk, &branch)) {
            self.mined_later(0, members);
        }
    }

    fn schedule_send(&mut self) {
        if let Some(delay) = self.workload.next_in() {
            self.schedule(self.now + delay, Event::Send);
        }
    }

    fn send(&mut self) {
        self.schedule_send();
        let number = self.workload.choose(self.hosts.len());
        let conflict = self.send_from(number, None);
        if let Some(conflict) = conflict {
            let other = self.workload.choose(self.hosts.len());
            self.send_from(other, Some(conflict));
        }
    }

    /// Sends a bundle from a host, of the workload's or given; what is returned conflicts with it.
    fn send_from(
        &mut self,
        number: usize,
        members: Option<Vec<tanglegram_ternary::TransactionBuilder>>,
    ) -> Option<Vec<tanglegram_ternary::TransactionBuilder>> {
        let clock = EPOCH + self.hosts[number].clock(self.now);
        let node = self.hosts[number].up()?;
        let (members, conflict) = match members {
            Some(members) => (members, None),
            None => {
                let wish = self.workload.wish(node, clock)?;
                (wish.members, wish.conflict)
            }
        };
        let (trunk, branch) = self.workload.parents(node)?;
        let attached = workload::attach(members, (&trunk, &branch), self.scenario.mwm, clock)?;
        self.mined_later(number, attached);
        conflict
    }

    /// Gives transactions to a host once a miner of the scenario's speed would have them.
    fn mined_later(&mut self, host: usize, transactions: Vec<Transaction>) {
        let hashes = 3_f64.powi(i32::from(self.scenario.mwm)) * transactions.len() as f64;
        let delay = (hashes * 1000.0 / self.scenario.hash_rate) as Millis;
        self.transactions += transactions.len() as u64;
        let transactions = transactions.into_iter().map(Arc::new).collect();
        self.schedule(self.now + delay, Event::Mined { host, transactions });
    }

    fn fault(&mut self) {
        let Some(Timed { fault, .. }) = self.timetable.get(self.next_fault).cloned() else { return };
        self.next_fault += 1;
        if let Some(next) = self.timetable.get(self.next_fault) {
            self.schedule(next.at, Event::Fault);
        }
        self.trace.event(self.now, 0, "fault", format_args!(",\"fault\":\"{fault:?}\""));
        self.apply(fault);
    }

    fn apply(&mut self, fault: Fault) {
        match fault {
            Fault::Partition(groups) => self.links.partition(self.hosts.len(), &groups),
            Fault::OneWay(from, to) => self.links.mute(&from, &to),
            Fault::Isolate(node) => self.links.isolate(self.hosts.len(), node),
            Fault::Heal => self.links.heal(),
            Fault::Crash(node) => self.crash(node),
            Fault::Restart(node) => self.restart(node),
            Fault::Pause(node) => self.pause(node),
            Fault::Resume(node) => self.resume(node),
            Fault::Slow(node, cost) => self.hosts[node].cost = cost,
            Fault::Skew(node, skew) => self.hosts[node].skew = skew,
            Fault::Link(model) => self.links.model = model,
            Fault::StopCoordinator => self.coordinator.stopped = true,
            Fault::StartCoordinator => self.coordinator.stopped = false,
        }
    }

    fn crash(&mut self, number: usize) {
        let peers: Vec<PeerId> = self.hosts[number].connections.keys().copied().collect();
        for peer in peers {
            self.hang_up(number, peer);
        }
        let host = &mut self.hosts[number];
        host.state = State::Down;
        host.solid = START_INDEX as i32;
    }

    fn restart(&mut self, number: usize) {
        let State::Down = self.hosts[number].state else { return };
        self.hosts[number].restarts += 1;
        match self.restored_node(number) {
            Ok(node) => self.hosts[number].state = State::Up(Box::new(node)),
            // It stays down, which is a violation in the end; the trace says why.
            Err(error) => self.trace.event(
                self.now,
                number,
                "unreadable",
                format_args!(",\"error\":{:?}", error.to_string()),
            ),
        }
        self.introduce(number);
    }

    fn pause(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let state = std::mem::replace(&mut host.state, State::Down);
        host.state = match state {
            State::Up(node) => State::Paused(node, std::collections::VecDeque::new()),
            other => other,
        };
    }

    fn resume(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let state = std::mem::replace(&mut host.state, State::Down);
        let State::Paused(node, waiting) = state else {
            host.state = state;
            return;
        };
        host.state = State::Up(node);
        for input in waiting {
            self.input(number, input);
        }
        // Its timer may have passed meanwhile.
        self.input(number, Input::Tick);
    }

    fn new_node(&self, number: usize) -> Node {
        let mut node = Node::new(self.config(), self.node_seed(number, 0));
        node.keep_journal();
        node.share_verdicts(self.verdicts.clone());
        node
    }

    /// The node that a host's disk has.
    fn restored_node(&self, number: usize) -> Result<Node, RestoreError> {
        let host = &self.hosts[number];
        let seed = self.node_seed(number, host.restarts);
        host.disk.restore(self.config(), seed, Some(self.verdicts.clone()))
    }

    fn node_seed(&self, number: usize, restarts: u32) -> u64 {
        Stream::new(self.seed, &format!("node n{number} start {restarts}")).seed()
    }

    fn config(&self) -> Config {
        let accounts = self.scenario.workload.accounts.max(1);
        let share = SUPPLY / accounts as i64;
        let mut balances: BTreeMap<_, _> =
            (0..accounts).map(|account| (wallet::address(account, 0), share)).collect();
        balances.insert(Hash::NULL, SUPPLY - share * accounts as i64);
        let genesis =
            Genesis { balances, index: START_INDEX as i32, timestamp: (EPOCH / 1000) as i64 - 86_400 };
        let identity = Identity::of(&self.coordinator.tree);
        let mut config = Config::testnet(genesis, CoordinatorConfig { identity, validate: true });
        config.dialect = self.scenario.dialect;
        config.mwm = self.scenario.mwm;
        config.max_neighbors = self.scenario.nodes;
        config.auto_tethering = true;
        config.gossip_port = PORT;
        config
    }

    /// Tells a node of the neighbours it is to dial: those of each link dials that has the lower number.
    fn introduce(&mut self, number: usize) {
        let edges = links::edges(&self.scenario.topology, self.scenario.nodes, self.seed);
        let uris: Vec<String> = edges
            .into_iter()
            .filter(|&(from, _)| from == number)
            .map(|(_, to)| format!("\"tcp://{}:{PORT}\"", host::address(to)))
            .collect();
        let body = format!("{{\"command\":\"addNeighbors\",\"uris\":[{}]}}", uris.join(","));
        let request = ApiRequest { body, versioned: true, trusted: true };
        self.input(number, Input::Api { id: 0, request });
    }

    fn finish(mut self) -> Report {
        let at = self.now.max(self.scenario.duration);
        let due = at.saturating_sub(self.scenario.recovery) + EPOCH;
        let expected = self
            .coordinator
            .issued
            .range(..)
            .filter(|(_, time)| **time <= due)
            .map(|(index, _)| *index)
            .max();
        let expected = expected.unwrap_or(START_INDEX);
        for (number, host) in self.hosts.iter().enumerate() {
            match host.node() {
                Some(node) => self.checker.finished(at, number, node, expected),
                None => self.checker.down(at, number),
            }
        }
        Report {
            digest: self.trace.digest(),
            events: self.trace.lines(),
            duration: at,
            milestones: self.coordinator.last - START_INDEX,
            transactions: self.transactions,
            solid: self.hosts.iter().map(|host| host.node().map(Node::solid_milestone_index)).collect(),
            violations: self.checker.violations,
        }
    }
}

/// Refuses what cannot be simulated before anything is built.
fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    for Timed { at, fault } in &scenario.faults {
        if let Some(node) = nodes_of(fault).into_iter().find(|&node| node >= scenario.nodes) {
            return Err(ScenarioError::UnknownNode { at: *at, node, nodes: scenario.nodes });
        }
    }
    Ok(())
}

fn nodes_of(fault: &Fault) -> Vec<usize> {
    match fault {
        Fault::Partition(groups) => groups.concat(),
        Fault::OneWay(from, to) => [from.as_slice(), to].concat(),
        Fault::Isolate(node)
        | Fault::Crash(node)
        | Fault::Restart(node)
        | Fault::Pause(node)
        | Fault::Resume(node)
        | Fault::Slow(node, _)
        | Fault::Skew(node, _) => vec![*node],
        Fault::Heal | Fault::Link(_) | Fault::StopCoordinator | Fault::StartCoordinator => Vec::new(),
    }
}

/// The first nine trytes of a transaction's hash.
fn short(transaction: &Transaction) -> impl std::fmt::Display {
    let trytes = transaction.hash().to_trytes();
    let mut text = String::with_capacity(9);
    text.extend(trytes[..9].iter().copied().map(char::from));
    text
}

fn encoded_len(message: &Message) -> usize {
    let mut bytes = Vec::new();
    codec::encode(message, &mut bytes);
    bytes.len()
}
