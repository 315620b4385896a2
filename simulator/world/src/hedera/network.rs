//! The network: what happens next, and to whom.

use std::sync::Arc;

use tanglegram_hashgraph::consensus::{KeyPair, Roster};
use tanglegram_hashgraph::gossip::Message;
use tanglegram_hashgraph::node::{Input, Node, Output, Seat};
use tanglegram_hashgraph::services::{Gateway, Genesis, ResponseCode, TransactionId};
use tanglegram_hashgraph::streams::StreamFile;
use tanglegram_hashgraph::{MILLISECOND, Planted, Replica};
use tanglegram_mirror::ingest::Event as Intake;
use tanglegram_tangle::Millis;

use super::check::Checker;
use super::client::{Clients, Order, member_account, member_key, sent_at};
use super::history::{History, Step};
use super::host::{Host, Member, State};
use super::mischief::{self, Misdeed};
use super::plan::{self, Plan};
use super::watch::{Upload, Watcher};
use crate::sim::{
    Defect, EPOCH, Fate, Files, Invariant, Line, Links, Queue, ScenarioError, Stream, Timed, Trace, Violation,
};
use crate::sim::{check_scenario, timetable};

/// How often the accounts of all are looked at.
const LOOK_EVERY: Millis = 1_000;
/// How often a member that sends garbage does.
const GARBAGE_EVERY: Millis = 700;
/// How many transactions may wait at a node.
const ROOM: usize = 10_000;

/// Something that will happen.
pub(crate) enum Event {
    /// A message reaches a member.
    Deliver { from: usize, to: usize, message: Message, defect: Defect },
    /// A member's timer.
    Tick { host: usize },
    /// A client sends a transaction.
    Send,
    /// A member sends garbage.
    Garbage { host: usize },
    /// Everybody's accounts are looked at.
    Look,
    /// A file and its signature reach the store that the mirror node reads.
    Stored(Box<Upload>),
    /// The next fault of the timetable.
    Fault,
}

/// A network of Hedera nodes, its clock, and what is going to happen.
pub struct Network {
    pub(crate) plan: Plan,
    pub(crate) seed: u64,
    /// Milliseconds from the start.
    pub(crate) now: Millis,
    queue: Queue<Event>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) links: Links,
    roster: Roster,
    keys: Vec<Arc<KeyPair>>,
    pub(crate) clients: Clients,
    genesis: Genesis,
    pub(crate) timetable: Vec<Timed>,
    pub(crate) next_fault: usize,
    pub(crate) last_fault: Millis,
    bits: Stream,
    rubbish: Stream,
    /// How many transfers the workload had so far, and how many transactions were sent.
    orders: u64,
    pub(crate) sent: u64,
    /// Since when no group of members that hear each other is more than two thirds of all.
    pub(crate) split_since: Option<Millis>,
    pub(crate) checker: Checker,
    pub(crate) watcher: Option<Watcher>,
    pub(crate) trace: Trace,
    pub(crate) stop_at: Option<u64>,
    pub(crate) history: Option<History>,
    out: Vec<Output>,
}

impl Network {
    /// A network at its start.
    pub fn new(plan: Plan, seed: u64, mut trace: Trace) -> Result<Network, ScenarioError> {
        check_scenario(&plan.base)?;
        let names = plan.base.nodes.clone();
        trace.name(&names);
        let keys: Vec<_> = names.iter().map(|name| Arc::new(member_key(seed, name))).collect();
        let roster = Roster::new(keys.iter().map(|key| key.public()).collect());
        let timetable = timetable(&plan.base, seed);
        let clients = Clients::new(&plan, seed);
        let mut network = Network {
            links: Links::new(&plan.base, seed),
            genesis: clients.genesis(seed),
            clients,
            last_fault: timetable.last().map_or(0, |timed| timed.at),
            timetable,
            next_fault: 0,
            roster: roster.map_err(|_| ScenarioError::Nodes(names.len()))?,
            keys,
            now: 0,
            queue: Queue::new(),
            hosts: Vec::new(),
            bits: Stream::new(seed, "flipped bits"),
            rubbish: Stream::new(seed, "garbage"),
            orders: 0,
            sent: 0,
            split_since: None,
            checker: Checker::new(&names),
            watcher: plan.mirror.then(|| Watcher::new(names.len(), seed)),
            trace,
            stop_at: None,
            history: None,
            out: Vec::new(),
            plan,
            seed,
        };
        network.start();
        Ok(network)
    }

    fn start(&mut self) {
        for number in 0..self.plan.base.nodes.len() {
            let node = Node::new(self.seat(number), self.replica(number));
            let host = Host::new(node, self.gateway(number));
            self.hosts.push(host);
            // Not all at once.
            let first = Stream::new(self.seed, &format!("start {}", self.plan.base.nodes[number])).below(200);
            self.schedule(first, Event::Tick { host: number });
        }
        for (host, misdeed) in plan::misbehaving(&self.plan, self.seed) {
            self.hosts[host].misdeed = Some(misdeed);
            drop(self.line(host, "misbehaves").word("how", misdeed.name()));
            match misdeed {
                Misdeed::Fork => {
                    let mut seat = self.seat(host);
                    seat.seed ^= 1;
                    self.hosts[host].twin = Some(Box::new(Node::new(seat, self.replica(host))));
                }
                Misdeed::Garbage => self.schedule(GARBAGE_EVERY, Event::Garbage { host }),
                _ => {}
            }
        }
        self.schedule(LOOK_EVERY, Event::Look);
        if let Some(gap) = self.clients.gap() {
            self.schedule(gap, Event::Send);
        }
        if let Some(first) = self.timetable.first() {
            self.schedule(first.at, Event::Fault);
        }
    }

    pub(crate) fn seat(&self, number: usize) -> Seat {
        let restarts = self.hosts.get(number).map_or(0, |host| host.restarts);
        let name = &self.plan.base.nodes[number];
        let mut settings = self.plan.settings;
        settings.consensus.planted = self.planted(number);
        Seat {
            roster: self.roster.clone(),
            me: number as u16,
            key: self.keys[number].clone(),
            settings,
            seed: Stream::new(self.seed, &format!("node {name} start {restarts}")).seed(),
        }
    }

    pub(crate) fn gateway(&self, number: usize) -> Gateway {
        Gateway::new(member_account(number), ROOM)
    }

    /// What a member starts with.
    pub(crate) fn replica(&self, number: usize) -> Replica {
        Replica::new(&self.genesis, self.plan.timetable).with_planted(self.planted(number))
    }

    fn planted(&self, number: usize) -> Planted {
        if self.plan.planted.0 == number { self.plan.planted.1 } else { Planted::default() }
    }

    /// Milliseconds of virtual time since the start.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// When the run ends by itself.
    pub fn end(&self) -> Millis {
        self.plan.base.duration.max(self.recovered_at())
    }

    /// By when all must have recovered from the last fault.
    pub(crate) fn recovered_at(&self) -> Millis {
        self.last_fault.saturating_add(self.plan.base.recovery)
    }

    /// The names of the members.
    pub fn names(&self) -> &[String] {
        &self.plan.base.nodes
    }

    /// A member, if it runs, paused or not.
    pub fn node(&self, number: usize) -> Option<&Node<Replica>> {
        self.hosts.get(number)?.node()
    }

    /// Whether a member runs and is not paused.
    pub fn is_up(&self, number: usize) -> bool {
        self.hosts.get(number).is_some_and(Host::is_up)
    }

    /// How many transactions the members agreed on.
    pub fn handled(&self) -> usize {
        self.checker.handled_count()
    }

    /// What must not be, so far.
    pub fn violations(&self) -> &[Violation] {
        &self.checker.violations
    }

    /// Stops time once the trace has so many lines.
    pub fn stop_at(&mut self, event: Option<u64>) {
        self.stop_at = event;
    }

    /// The trace so far.
    pub fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    fn is_stopped(&self) -> bool {
        self.stop_at.is_some_and(|event| self.trace.lines() >= event)
    }

    /// Lets time pass up to and including a time; whether it got there.
    pub fn advance_to(&mut self, until: Millis) -> bool {
        while !self.is_stopped()
            && let Some((at, event)) = self.queue.pop(until)
        {
            self.now = at;
            self.happen(event);
        }
        if !self.is_stopped() {
            self.now = self.now.max(until);
        }
        !self.is_stopped()
    }

    pub(crate) fn schedule(&mut self, at: Millis, event: Event) {
        self.queue.push(at, event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Deliver { from, to, message, defect } => self.deliver(from, to, message, defect),
            Event::Tick { host } => self.tick(host),
            Event::Send => self.send(),
            Event::Garbage { host } => self.garbage(host),
            Event::Look => self.look(),
            Event::Stored(upload) => self.stored(*upload),
            Event::Fault => self.timed_fault(),
        }
    }

    pub(crate) fn line(&mut self, node: usize, what: &'static str) -> Line<'_> {
        self.trace.event(self.now, node, what)
    }

    /// A member's clock in nanoseconds since 1970.
    fn clock(&mut self, host: usize) -> i64 {
        let mut millis = self.time_of(host) as i64;
        if self.hosts[host].misdeed == Some(Misdeed::WrongTime) {
            millis += self.rubbish.below(7_200_000) as i64 - 3_600_000;
        }
        millis * MILLISECOND
    }

    fn deliver(&mut self, from: usize, to: usize, message: Message, defect: Defect) {
        let (cost, busy_until) = (self.hosts[to].cost, self.hosts[to].busy_until);
        if cost > 0 && self.now < busy_until {
            let again = Event::Deliver { from, to, message, defect };
            return self.schedule(busy_until, again);
        }
        self.hosts[to].busy_until = self.now + cost;
        let Some(message) = self.damaged(message, defect) else {
            drop(self.line(to, "unreadable").node("from", from));
            return;
        };
        let (what, count) = match &message {
            Message::Sync(_) => ("sync", 0),
            Message::Reply(_, events) => ("reply", events.len()),
            Message::Events(events) => ("events", events.len()),
            Message::State(_) => ("state", 1),
        };
        drop(self.line(to, what).node("from", from).number("events", count as u64));
        if let Message::Reply(_, events) | Message::Events(events) = &message {
            self.note_events(to, from, events);
        }
        self.input(to, Input::Message { from: from as u16, message });
    }

    /// What is left of a message with a flipped bit.
    fn damaged(&mut self, message: Message, defect: Defect) -> Option<Message> {
        match (defect, message) {
            (Defect::None, message) => Some(message),
            (_, Message::Events(mut events)) if !events.is_empty() => {
                let place = self.bits.index(events.len());
                events[place] = Arc::new(mischief::flipped(&events[place].encode(), &mut self.bits)?);
                Some(Message::Events(events))
            }
            _ => None,
        }
    }

    fn tick(&mut self, number: usize) {
        if self.hosts[number].tick_at.is_none_or(|at| at <= self.now) {
            self.hosts[number].tick_at = None;
            self.input(number, Input::Tick);
        }
    }

    /// Gives an input to a member and draws the consequences; one that is down hears nothing, one that is paused later.
    pub(crate) fn input(&mut self, number: usize, input: Input) {
        let clock = self.clock(number);
        let mut out = std::mem::take(&mut self.out);
        let host = &mut self.hosts[number];
        let mut told = Vec::new();
        match &mut host.state {
            State::Up(node) => {
                for_twin(&mut host.twin, &input, clock, &mut told);
                node.handle(clock, input, &mut out);
            }
            State::Paused(_, waiting) if !matches!(input, Input::Tick) => waiting.push_back(input),
            State::Paused(..) | State::Down => {}
        }
        for output in told {
            if let Output::Send { to, message } = output
                && to % 2 == 1
            {
                self.transmit(number, to.into(), message);
            }
        }
        for output in out.drain(..) {
            self.output(number, output);
        }
        self.out = out;
        self.after(number);
    }

    fn output(&mut self, number: usize, output: Output) {
        self.hosts[number].store.keep(&output);
        let is_forker = self.hosts[number].misdeed == Some(Misdeed::Fork);
        match output {
            Output::Send { to, .. } if is_forker && to % 2 == 1 => {}
            Output::Send { to, message } => self.transmit(number, to.into(), message),
            Output::Consensus { number: place, ordered, first } => {
                let line =
                    self.line(number, "order").number("place", place).number("round", ordered.round_received);
                drop(line.number("member", ordered.event.creator().into()).signed("consensus", first.0));
                if self.hosts[number].is_honest() {
                    self.checker.ordered(self.now, number, place, &ordered, first.0);
                }
            }
            Output::CaughtUp { round } => {
                drop(self.line(number, "caught-up").number("round", round));
                self.checker.begins_again(number);
            }
            Output::Keep { .. } | Output::KeepState(_) | Output::Busy(_) => {}
        }
    }

    fn transmit(&mut self, from: usize, to: usize, message: Message) {
        let misdeed = self.hosts[from].misdeed;
        let Some(message) = mischief::twisted(misdeed, from, to, self.now, message) else { return };
        let link = self.links.number(from, to);
        let bytes = if self.links.is_narrow(link) { size(&message) } else { 0 };
        for fate in self.links.send(self.now, link, bytes).into_iter().flatten() {
            if let Fate::Arrives { at, defect } = fate {
                self.schedule(at, Event::Deliver { from, to, message: message.clone(), defect });
            }
        }
    }

    /// Looks at what an input changed: what was handled, when the next tick is due.
    pub(crate) fn after(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let (skew, scheduled) = (host.skew, host.tick_at);
        let State::Up(node) = &mut host.state else { return };
        let handled: Vec<_> = node.application_mut().take_handled().collect();
        let files: Vec<_> = node.application_mut().take_files().collect();
        let timeout = node.next_timeout().div_euclid(MILLISECOND) + 1 - EPOCH as i64 - skew;
        let late = self.now + 2 * (self.plan.settings.sync_every / MILLISECOND) as Millis;
        let at = (timeout.max(0) as Millis).clamp(self.now + 1, late + 1);
        for handled in &handled {
            self.note_handled(number, handled);
            self.hosts[number].gateway.handled(handled);
            self.hosts[number].promised.remove(&handled.id);
            if self.hosts[number].is_honest() && self.checker.handled(self.now, number, handled) {
                self.is_decided_by_enough(number, handled.id.valid_start);
            }
        }
        files.iter().for_each(|file| self.note_file(number, &file.name, Step::Written));
        if self.hosts[number].is_honest() {
            for file in files {
                self.checker.wrote(self.now, number, &file);
                self.upload(number, file);
            }
        }
        if scheduled.is_none_or(|scheduled| at < scheduled || scheduled < self.now) {
            self.hosts[number].tick_at = Some(at);
            self.schedule(at, Event::Tick { host: number });
        }
    }

    /// What was sent after the network had fallen apart cannot be decided before it is whole again.
    fn is_decided_by_enough(&mut self, number: usize, valid_start: i64) {
        let Some(since) = self.split_since else { return };
        let sent = sent_at(valid_start).div_euclid(MILLISECOND) - EPOCH as i64;
        if sent > since as i64 + 1 {
            let what = format!(
                "a transaction sent at {sent} ms is handled, though no two thirds hear each other since {since} ms"
            );
            self.checker.report(Invariant::Agreement, number, self.now, what);
        }
    }

    fn send(&mut self) {
        let order = self.clients.order((EPOCH + self.now) as i64 * MILLISECOND);
        let number = self.orders;
        self.orders += 1;
        if self.plan.only.as_ref().is_none_or(|only| only.contains(&number)) {
            self.place(order);
        }
        if let Some(gap) = self.clients.gap() {
            self.schedule(self.now + gap, Event::Send);
        }
    }

    fn place(&mut self, order: Order) {
        self.sent += 1;
        let Order { node, id, bytes, again } = order;
        self.submit(node, id, bytes.into());
        if let Some((other, bytes)) = again {
            self.submit(other, id, bytes.into());
        }
    }

    /// A client gives a node a transaction: what it says to it. A node that is down or paused says nothing.
    pub(crate) fn submit(
        &mut self,
        number: usize,
        id: TransactionId,
        bytes: Arc<[u8]>,
    ) -> Option<ResponseCode> {
        let clock = self.clock(number);
        let host = &mut self.hosts[number];
        let State::Up(node) = &mut host.state else { return None };
        let submitted = host.gateway.submit(node.application().ledger(), clock, &bytes);
        let is_taken = submitted.code == ResponseCode::OK;
        if is_taken {
            host.promised.insert(id, (self.now, bytes.clone()));
        }
        let line = self.line(number, "submit").text("id", &id.to_string());
        drop(line.number("code", submitted.code.number() as u64));
        self.note(number, id, Step::Submitted(submitted.code));
        if is_taken {
            self.input(number, Input::Submit(bytes));
        }
        Some(submitted.code)
    }

    /// A member puts a file into the store.
    fn upload(&mut self, number: usize, file: StreamFile) {
        let Some(watcher) = &mut self.watcher else { return };
        if let Some((at, upload)) = watcher.upload(self.now, number, file) {
            self.schedule(at, Event::Stored(Box::new(upload)));
        }
    }

    /// From now on this becomes of the files of a member.
    pub(crate) fn change_files(&mut self, number: usize, files: Files) {
        let Some(watcher) = &mut self.watcher else { return };
        for (at, upload) in watcher.change(self.now, number, files) {
            self.schedule(at, Event::Stored(Box::new(upload)));
        }
    }

    /// A file and its signature are in the store: the mirror node takes in what it can.
    fn stored(&mut self, upload: Upload) {
        let (member, name) = (upload.member, upload.file.name.clone());
        drop(self.line(member, "stored").text("file", &name));
        let Some(mut watcher) = self.watcher.take() else { return };
        for event in watcher.stored(upload) {
            self.imported(member, &watcher, event);
        }
        self.watcher = Some(watcher);
    }

    fn imported(&mut self, member: usize, watcher: &Watcher, event: Intake) {
        match event {
            Intake::Held { name, obstacle } => {
                drop(self.line(member, "refused").text("file", &name).text("why", &obstacle.to_string()));
            }
            Intake::Imported { name, .. } => {
                drop(self.line(member, "imported").text("file", &name));
                self.note_file(self.hosts.len(), &name, Step::Imported);
                let timetable = self.plan.timetable;
                if let Some(what) = watcher.compare(&name, &self.checker, &self.genesis, timetable) {
                    self.checker.report(Invariant::Mirror, member, self.now, what);
                }
            }
        }
    }

    fn garbage(&mut self, number: usize) {
        let clock = self.clock(number);
        let members = self.hosts.len();
        let key = self.keys[number].clone();
        let events = mischief::garbage(&mut self.rubbish, members, &key, clock);
        let to = self.rubbish.index(members);
        if to != number && self.hosts[number].is_up() {
            self.transmit(number, to, Message::Events(events));
        }
        self.schedule(self.now + GARBAGE_EVERY, Event::Garbage { host: number });
    }

    fn look(&mut self) {
        self.checker.second(self.now);
        for (number, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.is_honest()) {
            if let Some(node) = host.node() {
                self.checker.accounts(self.now, number, node.application().ledger());
            }
        }
        self.schedule(self.now + LOOK_EVERY, Event::Look);
    }
}

/// Lets the other one of a forking member have its part: what members with odd numbers say, and the ticks.
fn for_twin(twin: &mut Option<Box<Member>>, input: &Input, clock: i64, told: &mut Vec<Output>) {
    let Some(twin) = twin else { return };
    match input {
        Input::Message { from, .. } if from % 2 == 0 => {}
        Input::Message { .. } | Input::Tick => twin.handle(clock, input.clone(), told),
        Input::Submit(_) => {}
    }
    twin.application_mut().take_handled().for_each(drop);
    twin.application_mut().take_files().for_each(drop);
}

/// About how many bytes a message has.
fn size(message: &Message) -> usize {
    let known = |tips: usize, signatures: usize| 24 + 58 * tips + 66 * signatures;
    match message {
        Message::Sync(at) => known(at.tips.len(), at.signatures.len()),
        Message::Reply(at, events) => {
            known(at.tips.len(), at.signatures.len()) + events.iter().map(|event| event.size()).sum::<usize>()
        }
        Message::Events(events) => events.iter().map(|event| event.size()).sum(),
        Message::State(signed) => {
            let events = signed.state.window.events.iter().map(|kept| kept.event.size()).sum::<usize>();
            events + signed.state.application.len()
        }
    }
}
