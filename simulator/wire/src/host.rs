//! A node and the world around it: requests in, replies out, proof of work in between, and what neighbours say.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::IpAddr;
use std::rc::Rc;

use tanglegram_tangle::gossip::{Message, PeerId};
use tanglegram_tangle::{ApiRequest, Input, Millis, Node, Output, Reply, RequestId};
use tanglegram_ternary::Tag;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep_until};

use crate::clock::Clock;
use crate::data::{Journal, Written};
use crate::gossip::Links;
use crate::miner::{Mined, Miner};

/// Neighbours' messages that a paused node keeps; more are lost.
const MAX_HELD: usize = 50_000;

/// Told of every input of a node before the node is.
pub(crate) type Observer = Rc<dyn Fn(&Input)>;

/// Drives one node on one thread.
pub(crate) struct Host {
    inner: RefCell<Inner>,
    next: Cell<RequestId>,
    clock: Clock,
    /// What a neighbour's message costs, in milliseconds, and until when the node is at work on one.
    cost: Cell<Millis>,
    busy_until: Cell<Option<Instant>>,
    /// Whether its coordinator, if it has one, issues milestones.
    issues: Cell<bool>,
}

/// What became of a request.
pub(crate) enum Answer {
    /// The node knew at once.
    Now(Reply),
    /// The reply comes after proof of work, or after what it tells is on the disk.
    Later(Pending),
}

impl Host {
    pub(crate) fn new(node: Node, miner: Miner, journal: Option<Journal>, clock: Clock) -> Self {
        let inner = Inner {
            node,
            miner,
            links: None,
            journal,
            waiting: BTreeMap::new(),
            outputs: Vec::new(),
            held: None,
            observer: None,
            clock: clock.clone(),
        };
        Self {
            inner: RefCell::new(inner),
            next: Cell::new(0),
            clock,
            cost: Cell::new(0),
            busy_until: Cell::new(None),
            issues: Cell::new(true),
        }
    }

    /// The time on the node's clock.
    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Sets the node's clock that many milliseconds ahead, or behind.
    pub(crate) fn set_skew(&self, skew: i64) {
        self.clock.set_skew(skew);
        self.inner.borrow().links.iter().for_each(Links::nudge);
    }

    /// From now on every message of a neighbour takes the node so many milliseconds.
    pub(crate) fn set_cost(&self, cost: Millis) {
        self.cost.set(cost);
    }

    /// Whether its coordinator is to issue milestones.
    pub(crate) fn issues(&self) -> bool {
        self.issues.get() && !self.is_paused()
    }

    /// Stops its coordinator, or lets it go on.
    pub(crate) fn set_issues(&self, issues: bool) {
        self.issues.set(issues);
    }

    /// Has the node do nothing until it is resumed; what comes in waits.
    pub(crate) fn pause(&self) {
        self.inner.borrow_mut().held.get_or_insert_default();
    }

    /// Whether the node does nothing.
    pub(crate) fn is_paused(&self) -> bool {
        self.inner.borrow().held.is_some()
    }

    /// Lets a paused node take in what waited, and go on.
    pub(crate) fn resume(&self) {
        let mut inner = self.inner.borrow_mut();
        let Some(held) = inner.held.take() else { return };
        for input in held {
            inner.run(input, None);
        }
        // Its timer may have passed meanwhile.
        inner.run(Input::Tick, None);
        inner.links.iter().for_each(Links::nudge);
    }

    /// Whether everything the node knows is on its disk.
    pub(crate) fn is_written(&self) -> bool {
        self.inner.borrow().journal.as_ref().is_none_or(Journal::is_written)
    }

    /// Has everything told that the node takes in.
    pub(crate) fn observe(&self, observer: Observer) {
        self.inner.borrow_mut().observer = Some(observer);
    }

    /// Waits until the node has time for a neighbour's message.
    pub(crate) async fn turn(&self) {
        let cost = Duration::from_millis(self.cost.get());
        if !cost.is_zero() {
            let free = self.busy_until.get().map_or_else(Instant::now, |until| until.max(Instant::now()));
            self.busy_until.set(Some(free + cost));
            sleep_until(free + cost).await;
        }
    }

    /// The most UTF-16 units of a body the node takes.
    pub(crate) fn max_body_length(&self) -> usize {
        self.inner.borrow().node.config().limits.max_body_length
    }

    /// Which mistake the node makes.
    #[cfg(feature = "mutants")]
    pub(crate) fn mutation(&self) -> tanglegram_tangle::Mutation {
        self.inner.borrow().node.config().mutation
    }

    /// Asks the node.
    pub(crate) fn ask(self: &Rc<Self>, request: ApiRequest) -> Answer {
        let id = self.next.get();
        self.next.set(id + 1);
        let mut inner = self.inner.borrow_mut();
        if let Some(refusal) = inner.journal.as_ref().and_then(Journal::refusal) {
            return Answer::Now(refusal);
        }
        if let Some(reply) = inner.run(Input::Api { id, request }, Some(id)) {
            return Answer::Now(reply);
        }
        let (sender, reply) = oneshot::channel();
        inner.waiting.insert(id, sender);
        Answer::Later(Pending { host: Rc::clone(self), request: id, reply })
    }

    /// Gives the node an input that is nobody's request; lost while the disk takes nothing.
    pub(crate) fn input(&self, input: Input) {
        let mut inner = self.inner.borrow_mut();
        if inner.has_room() {
            inner.run(input, None);
        }
    }

    /// Does what had to wait for the disk, until the writer is gone.
    pub(crate) async fn follow(self: Rc<Self>, mut written: UnboundedReceiver<Written>) {
        while let Some(written) = written.recv().await {
            self.inner.borrow_mut().settle(written);
        }
    }

    /// Gives the node a way to its neighbours.
    pub(crate) fn join(&self, links: Links) {
        self.inner.borrow_mut().links = Some(links);
    }

    /// Tells the node of an open connection; what it says comes out of the receiver. `None` for a node without neighbours.
    pub(crate) fn connected(
        &self,
        ip: IpAddr,
        dialled: Option<(String, u16)>,
    ) -> Option<(PeerId, Receiver<Message>)> {
        let mut inner = self.inner.borrow_mut();
        let (peer, queue) = inner.links.as_mut()?.open();
        inner.run(Input::Connected { peer, ip, dialled }, None);
        if let Some(oldest) = inner.links.as_ref().and_then(Links::overdue) {
            inner.disconnected(oldest);
        }
        Some((peer, queue))
    }

    /// Gives the node a neighbour's message; `false` when it hung up, now or before.
    pub(crate) fn received(&self, peer: PeerId, message: Message) -> bool {
        let mut inner = self.inner.borrow_mut();
        let is_open = |inner: &Inner| inner.links.as_ref().is_some_and(|links| links.is_open(peer));
        if !is_open(&inner) {
            return false;
        }
        inner.links.iter_mut().for_each(|links| links.heard(peer));
        if inner.has_room() {
            inner.run(Input::Received { peer, message }, None);
        }
        is_open(&inner)
    }

    /// Tells the node that a connection is gone, unless it hung up itself.
    pub(crate) fn disconnected(&self, peer: PeerId) {
        self.inner.borrow_mut().disconnected(peer);
    }

    /// Looks at or changes the node directly, as its coordinator does.
    pub(crate) fn with_node<T>(&self, look: impl FnOnce(&mut Node) -> T) -> T {
        look(&mut self.inner.borrow_mut().node)
    }

    /// Hands mined nonces to the node until the miner is gone.
    pub(crate) async fn collect(self: Rc<Self>, mut results: UnboundedReceiver<Mined>) {
        while let Some(Mined { job, nonce }) = results.recv().await {
            let mut inner = self.inner.borrow_mut();
            if inner.miner.finish(job) {
                inner.run(Input::Mined { job, nonce: nonce.map(|trits| Tag::from_trits(&trits)) }, None);
            }
        }
    }
}

struct Inner {
    node: Node,
    miner: Miner,
    /// The way to its neighbours, for a node that has any.
    links: Option<Links>,
    /// The way to its disk, for a node that has one.
    journal: Option<Journal>,
    /// Requests that wait for proof of work or the disk.
    waiting: BTreeMap<RequestId, oneshot::Sender<Reply>>,
    /// Empty between inputs; kept for its capacity.
    outputs: Vec<Output>,
    /// What came in while the node is paused.
    held: Option<VecDeque<Input>>,
    observer: Option<Observer>,
    clock: Clock,
}

impl Inner {
    /// Gives the node an input and does what it asks for; returns the reply to the request `asked`, if it came.
    fn run(&mut self, input: Input, asked: Option<RequestId>) -> Option<Reply> {
        if let Some(held) = &mut self.held {
            let is_lost = match input {
                Input::Tick => true, // it gets one when it goes on
                Input::Received { .. } => held.len() >= MAX_HELD,
                _ => false,
            };
            if !is_lost {
                held.push_back(input);
            }
            return None;
        }
        let mut outputs = mem::take(&mut self.outputs);
        let (mut answer, mut inputs) = (None, vec![input]);
        while let Some(input) = inputs.pop() {
            if let Some(observer) = &self.observer {
                observer(&input);
            }
            self.node.handle(self.clock.now(), input, &mut outputs);
            self.journal.iter_mut().for_each(|journal| journal.write(&mut self.node));
            for output in outputs.drain(..) {
                let output = match &mut self.journal {
                    Some(journal) => journal.hold(output),
                    None => Some(output),
                };
                match output {
                    Some(Output::Reply { id, reply }) if Some(id) == asked => answer = Some(reply),
                    Some(output) => inputs.extend(self.perform(output)),
                    None => {}
                }
            }
        }
        self.outputs = outputs;
        if let Some(links) = &self.links {
            links.wake_at(self.node.next_timeout());
        }
        answer
    }

    /// Does what the node asks for; returns what there is to tell it about that at once.
    fn perform(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Reply { id, reply } => self.deliver(id, reply),
            Output::Mine { job, trits, mwm } => self.miner.submit(job, trits, mwm),
            Output::Interrupt { job } => {
                // An interrupt that comes too late is none: the result is on its way.
                return self.miner.cancel(job).then_some(Input::Mined { job, nonce: None });
            }
            Output::Send { peer, message } => {
                let sent = self.links.as_ref().is_none_or(|links| links.send(peer, message));
                return (!sent).then_some(Input::Dropped { peer });
            }
            Output::Disconnect { peer } => {
                self.links.as_mut().map(|links| links.close(peer));
            }
            Output::Connect { host, port } => {
                self.links.iter().for_each(|links| links.dial((host.clone(), port)))
            }
            _ => {}
        }
        None
    }

    fn has_room(&self) -> bool {
        self.journal.as_ref().is_none_or(Journal::has_room)
    }

    fn settle(&mut self, written: Written) {
        let outputs = self.journal.as_mut().map(|journal| journal.settle(written));
        for output in outputs.into_iter().flatten() {
            if let Some(input) = self.perform(output) {
                self.run(input, None);
            }
        }
    }

    fn disconnected(&mut self, peer: PeerId) {
        if self.links.as_mut().is_some_and(|links| links.close(peer)) {
            self.run(Input::Disconnected { peer }, None);
        }
    }

    fn deliver(&mut self, request: RequestId, reply: Reply) {
        if let Some(waiting) = self.waiting.remove(&request) {
            let _ = waiting.send(reply); // fails when the client left just now
        }
    }

    /// Stops the work for a request whose client is gone.
    fn abandon(&mut self, id: RequestId) {
        if self.waiting.remove(&id).is_some() {
            self.run(Input::Abandoned { id }, None);
        }
    }
}

/// A request under way. Dropping it (the client is gone) stops the work done for it.
pub(crate) struct Pending {
    host: Rc<Host>,
    request: RequestId,
    reply: oneshot::Receiver<Reply>,
}

impl Pending {
    /// The reply; `None` when the node gave the request up, which it does for no reason of its own.
    pub(crate) async fn reply(mut self) -> Option<Reply> {
        (&mut self.reply).await.ok()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.host.inner.borrow_mut().abandon(self.request);
    }
}
