//! A node and the world around it: requests in, replies out, proof of work in between.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use tanglegram_tangle::{ApiRequest, Input, Node, Output, Reply, RequestId};
use tanglegram_ternary::Tag;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use crate::clock;
use crate::miner::{Mined, Miner};

/// Drives one node on one thread.
pub(crate) struct Host {
    inner: RefCell<Inner>,
    next: Cell<RequestId>,
}

/// What became of a request.
pub(crate) enum Answer {
    /// The node knew at once.
    Now(Reply),
    /// The reply comes after proof of work.
    Later(Pending),
}

impl Host {
    pub(crate) fn new(node: Node, miner: Miner) -> Self {
        let inner = Inner { node, miner, waiting: BTreeMap::new(), outputs: Vec::new() };
        Self { inner: RefCell::new(inner), next: Cell::new(0) }
    }

    /// The most UTF-16 units of a body the node takes.
    pub(crate) fn max_body_length(&self) -> usize {
        self.inner.borrow().node.config().limits.max_body_length
    }

    /// Asks the node.
    pub(crate) fn ask(self: &Rc<Self>, request: ApiRequest) -> Answer {
        let id = self.next.get();
        self.next.set(id + 1);
        let mut inner = self.inner.borrow_mut();
        if let Some(reply) = inner.run(Input::Api { id, request }, Some(id)) {
            return Answer::Now(reply);
        }
        let (sender, reply) = oneshot::channel();
        inner.waiting.insert(id, sender);
        Answer::Later(Pending { host: Rc::clone(self), request: id, reply })
    }

    /// Gives the node an input that is nobody's request.
    pub(crate) fn input(&self, input: Input) {
        self.inner.borrow_mut().run(input, None);
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
    /// Requests that wait for proof of work.
    waiting: BTreeMap<RequestId, oneshot::Sender<Reply>>,
    /// Empty between inputs; kept for its capacity.
    outputs: Vec<Output>,
}

impl Inner {
    /// Gives the node an input and does what it asks for; returns the reply to the request `asked`, if it came.
    fn run(&mut self, input: Input, asked: Option<RequestId>) -> Option<Reply> {
        let mut outputs = mem::take(&mut self.outputs);
        let (mut answer, mut interrupted) = (None, Vec::new());
        self.node.handle(clock::now(), input, &mut outputs);
        loop {
            for output in outputs.drain(..) {
                match output {
                    Output::Reply { id, reply } if Some(id) == asked => answer = Some(reply),
                    Output::Reply { id, reply } => self.deliver(id, reply),
                    Output::Mine { job, trits, mwm } => self.miner.submit(job, trits, mwm),
                    Output::Interrupt { job } if self.miner.cancel(job) => interrupted.push(job),
                    _ => {} // an interrupt that came too late (the result is on its way), or gossip
                }
            }
            let Some(job) = interrupted.pop() else { break };
            self.node.handle(clock::now(), Input::Mined { job, nonce: None }, &mut outputs);
        }
        self.outputs = outputs;
        answer
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
