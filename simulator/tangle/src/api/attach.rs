//! `attachToTangle`: proof of work, one request at a time, in the order they came.

use std::collections::VecDeque;
use std::sync::Arc;

use tanglegram_ternary::transaction::field;
use tanglegram_ternary::{DecodeError, Hash, Tag, Transaction, TransactionBuilder, pow};

use super::params::{Params, invalid};
use super::reply::{Failure, Object, Thrown};
use crate::node::{JobId, Millis, Node, Output, Reply, RequestId};
use crate::validity;

/// The most a hash can weigh.
const MAX_WEIGHT: i32 = 243;

/// Requests for proof of work; the front one is being worked on.
#[derive(Clone, Default)]
pub(crate) struct AttachQueue {
    requests: VecDeque<Attaching>,
    next_job: JobId,
}

/// A bundle on its way into the tangle.
#[derive(Clone)]
pub(super) struct Attaching {
    id: RequestId,
    since: Millis,
    pub(super) trunk: Hash,
    pub(super) branch: Hash,
    mwm: i32,
    /// Transactions still to be worked on, the head of the bundle first.
    ahead: VecDeque<TransactionBuilder>,
    pub(super) done: Vec<Arc<Transaction>>,
    #[cfg(feature = "mutants")]
    pub(super) mutation: crate::mutant::Mutation,
    /// What is mined now: the job and the transaction it will complete.
    current: Option<(JobId, TransactionBuilder)>,
}

impl AttachQueue {
    /// Stops the proof of work under way, if any.
    fn interrupt(&self, out: &mut Vec<Output>) {
        let current = self.requests.front().and_then(|front| front.current.as_ref());
        out.extend(current.map(|(job, _)| Output::Interrupt { job: *job }));
    }

    /// Whether a request is being worked on.
    #[cfg(feature = "mutants")]
    pub(super) fn is_busy(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Takes a request out of the queue; the one under way is interrupted instead, and leaves with its reply.
    pub(crate) fn abandon(&mut self, id: RequestId, out: &mut Vec<Output>) {
        match self.requests.iter().position(|request| request.id == id) {
            Some(0) => self.interrupt(out),
            Some(position) => drop(self.requests.remove(position)),
            None => {}
        }
    }
}

/// Starts proof of work for a bundle given head first; in the dialects that sort, in any order.
pub(super) fn attach(
    node: &mut Node,
    now: Millis,
    id: RequestId,
    params: &Params<'_>,
    out: &mut Vec<Output>,
) -> Result<(), Failure> {
    let trunk = params.hash("trunkTransaction")?;
    let branch = params.hash("branchTransaction")?;
    let mwm = params.integer("minWeightMagnitude")?;
    let trytes = params.trytes_list("trytes", field::TRANSACTION_TRYTES)?;
    let parsed: Result<Vec<_>, _> = trytes.into_iter().map(TransactionBuilder::from_trytes).collect();
    let mut ahead = parsed.map_err(|_| invalid("trytes"))?;
    if node.config.dialect.sorts_bundle {
        ahead.sort_by_key(|tx| std::cmp::Reverse(tx.number(field::CURRENT_INDEX)));
    }
    let (ahead, done, current) = (ahead.into(), Vec::new(), None);
    node.attaching.requests.push_back(Attaching {
        id,
        since: now,
        trunk,
        branch,
        mwm,
        ahead,
        done,
        #[cfg(feature = "mutants")]
        mutation: node.config.mutation,
        current,
    });
    if node.attaching.requests.len() == 1 {
        advance(node, now, out);
    }
    Ok(())
}

/// Stops the proof of work under way, if any.
pub(super) fn interrupt(node: &Node, out: &mut Vec<Output>) -> Object {
    node.attaching.interrupt(out);
    Object::new()
}

/// Takes a nonce in, or learns that the work was interrupted: the reply then has no trytes.
pub(crate) fn mined(node: &mut Node, now: Millis, job: JobId, nonce: Option<Tag>, out: &mut Vec<Output>) {
    let Some(front) = node.attaching.requests.front_mut() else { return };
    let Some((_, mut transaction)) = front.current.take_if(|(current, _)| *current == job) else { return };
    match nonce {
        Some(nonce) => {
            let transaction = transaction.set_nonce(&nonce).build();
            if let Err(refusal) = validity::check(&node.config, &node.tangle, now, &transaction) {
                let thrown = Thrown::validation(refusal.to_string());
                return finish(node, now, Err(thrown.into()), out);
            }
            front.done.push(Arc::new(transaction));
        }
        None => {
            front.ahead.clear();
            front.done.clear();
        }
    }
    advance(node, now, out);
}

/// Sends the next transaction of the front request to be mined, or replies if there is none.
fn advance(node: &mut Node, now: Millis, out: &mut Vec<Output>) {
    let Some(front) = node.attaching.requests.front_mut() else { return };
    let Some(mut transaction) = front.ahead.pop_front() else {
        // Mined head first, answered tail first.
        let trytes = front.done.drain(..).rev().map(|tx| tx.to_trytes()).collect::<Vec<_>>();
        return finish(node, now, Ok(Object::new().texts("trytes", trytes)), out);
    };
    let weight = u8::try_from(front.mwm).ok().filter(|_| (0..=MAX_WEIGHT).contains(&front.mwm));
    let (Some(mwm), Ok(())) = (weight, prepare(front, &mut transaction, now)) else {
        let text = format!("Invalid min weight magnitude: {}", front.mwm);
        return finish(node, now, Err(Thrown::illegal_argument(text).into()), out);
    };
    let job = node.attaching.next_job;
    node.attaching.next_job += 1;
    out.push(Output::Mine { job, trits: Box::new(*transaction.trits()), mwm });
    front.current = Some((job, transaction));
}

/// Sets parents and timestamps: the head approves the given trunk and branch, every other member the one behind it and
/// that trunk.
fn prepare(attaching: &Attaching, member: &mut TransactionBuilder, now: Millis) -> Result<(), DecodeError> {
    let (trunk, branch) = match attaching.done.last() {
        None => (attaching.trunk, attaching.branch),
        Some(behind) => (behind.hash(), attaching.trunk),
    };
    #[cfg(feature = "mutants")]
    let before = member.clone();
    pow::prepare(member, &trunk, &branch, i64::try_from(now).unwrap_or(i64::MAX))?;
    #[cfg(feature = "mutants")]
    super::mutate::prepared(attaching, &before, member);
    Ok(())
}

/// Replies to the front request and goes on with the next.
fn finish(node: &mut Node, now: Millis, result: Result<Object, Failure>, out: &mut Vec<Output>) {
    let Some(finished) = node.attaching.requests.pop_front() else { return };
    let duration = now.saturating_sub(finished.since);
    let reply: Reply = result.map_or_else(|failure| failure.reply(duration), |object| object.reply(duration));
    #[cfg(feature = "mutants")]
    let reply = super::mutate::attached(node, now, reply);
    out.push(Output::Reply { id: finished.id, reply });
    advance(node, now, out);
}
