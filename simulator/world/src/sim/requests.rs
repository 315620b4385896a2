//! The nodes' API inside the simulation, and the proof of work it asks for.

use tanglegram_tangle::{ApiRequest, Input, JobId, Millis, Reply, RequestId};
use tanglegram_ternary::pow::{self, Control};
use tanglegram_ternary::{Tag, TransactionBuilder};

use super::check::MAX_MWM;
use super::engine::{Event, Simulation};
use super::host::Job;

/// The id of requests the simulation makes itself; nobody waits for their replies.
pub(crate) const OWN: RequestId = 0;
/// How long a reply is waited for.
const PATIENCE: Millis = 3_600_000;

/// Why a request has no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// There is no such node.
    #[error("there is no node number {0}")]
    UnknownNode(usize),
    /// There is no such client.
    #[error("there is no client number {0}")]
    UnknownClient(usize),
    /// The node is down: the connection is refused.
    #[error("node {0} is down")]
    Down(String),
    /// The node did not answer in time, or went down before it did.
    #[error("node {node} gave no answer within {waited} ms of virtual time")]
    NoReply {
        /// The node's name.
        node: String,
        /// Milliseconds waited.
        waited: Millis,
    },
}

impl Simulation {
    /// Asks a node's API now and lets virtual time pass until it answers: none for most commands, that of the proof of work
    /// for `attachToTangle`, that of the pause where the node is paused, but never more than an hour.
    pub fn request(&mut self, node: usize, request: ApiRequest) -> Result<Reply, RequestError> {
        let id = self.ask(node, request)?;
        let since = self.now;
        let came = self.run_until(since + PATIENCE, |simulation| {
            simulation.replies.contains_key(&id) || simulation.node(node).is_none()
        });
        match self.replies.remove(&id) {
            Some(reply) if came => Ok(reply),
            _ => {
                let (node, waited) = (self.scenario.nodes[node].clone(), self.now - since);
                Err(RequestError::NoReply { node, waited })
            }
        }
    }

    /// Asks a node's API now without waiting: [`Simulation::reply`] has the answer once it is there.
    pub fn ask(&mut self, node: usize, request: ApiRequest) -> Result<RequestId, RequestError> {
        let Some(name) = self.scenario.nodes.get(node) else { return Err(RequestError::UnknownNode(node)) };
        if self.node(node).is_none() {
            return Err(RequestError::Down(name.clone()));
        }
        let id = self.next_request;
        self.next_request += 1;
        let digest = blake3::hash(request.body.as_bytes()).to_hex();
        drop(self.line(node, "request").number("id", id).word("body", &digest[..16]));
        self.input(node, Input::Api { id, request });
        Ok(id)
    }

    /// The answer to [`Simulation::ask`], once; `None` while it is not there.
    pub fn reply(&mut self, id: RequestId) -> Option<Reply> {
        self.replies.remove(&id)
    }

    /// Nobody waits for a reply any more: work for it stops.
    pub fn abandon(&mut self, node: usize, id: RequestId) {
        if node < self.hosts.len() && self.replies.remove(&id).is_none() {
            self.input(node, Input::Abandoned { id });
        }
    }

    pub(crate) fn replied(&mut self, node: usize, id: RequestId, reply: Reply) {
        if id != OWN {
            let digest = blake3::hash(reply.body.as_bytes()).to_hex();
            let line = self.line(node, "reply").number("id", id).number("status", reply.status as u64);
            drop(line.word("body", &digest[..16]));
            self.replies.insert(id, reply);
        }
    }

    /// Starts proof of work. The nonce is searched when it is due.
    pub(crate) fn mine(&mut self, node: usize, job: JobId, trits: Box<[i8; 8019]>, mwm: u8) {
        let restarts = self.hosts[node].restarts;
        self.hosts[node].jobs.insert(job, Job { trits, mwm });
        if mwm <= MAX_MWM {
            let due = self.now + self.mining_time(mwm, 1);
            self.schedule(due, Event::Mined { host: node, job, restarts });
        }
    }

    /// Virtual milliseconds that a miner of the scenario's speed takes for so many transactions.
    pub(crate) fn mining_time(&self, mwm: u8, transactions: usize) -> Millis {
        self.scenario.mining_time(mwm, transactions)
    }

    pub(crate) fn interrupt(&mut self, node: usize, job: JobId) {
        // The job ends without a nonce as soon as the node can hear it.
        if let Some(waiting) = self.hosts[node].jobs.get_mut(&job) {
            waiting.mwm = u8::MAX;
            let restarts = self.hosts[node].restarts;
            self.schedule(self.now, Event::Mined { host: node, job, restarts });
        }
    }

    /// Proof of work is due, or was interrupted.
    pub(crate) fn mined(&mut self, node: usize, job: JobId, restarts: u32) {
        if self.hosts[node].restarts != restarts {
            return;
        }
        let Some(Job { trits, mwm }) = self.hosts[node].jobs.remove(&job) else { return };
        let nonce = (mwm <= MAX_MWM).then(|| search(&trits, mwm)).flatten();
        drop(self.line(node, "mined").number("job", job).flag("found", nonce.is_some()));
        self.input(node, Input::Mined { job, nonce });
    }
}

/// The nonce with the smallest counter: the same on every machine and kernel.
fn search(trits: &[i8; 8019], mwm: u8) -> Option<Tag> {
    let transaction = TransactionBuilder::from_trits(trits).ok()?;
    Some(pow::do_pow(transaction, usize::from(mwm), 1, &Control::new()).ok()?.nonce())
}
