//! `addNeighbors`, `removeNeighbors`, `getNeighbors`.

use super::params::{Params, text};
use super::reply::{Failure, Object, Thrown};
use crate::gossip::{AddressFault, Shown};
use crate::node::{Millis, Node, Output};
use crate::planted::Bug;

impl From<AddressFault> for Failure {
    fn from(fault: AddressFault) -> Failure {
        match fault {
            AddressFault::NoScheme => Thrown::NULL_POINTER,
            other => Thrown::illegal_argument(other.to_string()),
        }
        .into()
    }
}

pub(super) fn add(node: &mut Node, now: Millis, params: &Params<'_>) -> Result<Object, Failure> {
    let added = count(params, |uri| node.network.add(&node.config, now, uri))?;
    Ok(Object::new().plain("addedNeighbors", added))
}

pub(super) fn remove(node: &mut Node, params: &Params<'_>, out: &mut Vec<Output>) -> Result<Object, Failure> {
    let removed = count(params, |uri| node.network.remove(&node.config, uri, out))?;
    Ok(Object::new().plain("removedNeighbors", removed))
}

/// Applies `change` to one URI after the other and counts successes; what was changed before a failure stays.
fn count(
    params: &Params<'_>,
    mut change: impl FnMut(&str) -> Result<bool, AddressFault>,
) -> Result<usize, Failure> {
    let mut changed = 0;
    for uri in params.list("uris")? {
        changed += usize::from(change(text(uri)?)?);
    }
    Ok(changed)
}

pub(super) fn list(node: &Node) -> Result<Object, Failure> {
    let neighbors = node.network.list()?;
    let always = node.config.planted.has(Bug::AlwaysConnected);
    Ok(Object::new().list("neighbors", neighbors, |out, mut neighbor| {
        neighbor.connected |= always;
        out.push_str(&shown(&neighbor).nested());
    }))
}

fn shown(neighbor: &Shown) -> Object {
    let metrics = &neighbor.metrics;
    Object::new()
        .text("address", &neighbor.address)
        .text("domain", &neighbor.domain)
        .plain("numberOfAllTransactions", metrics.all)
        .plain("numberOfRandomTransactionRequests", metrics.random_requests)
        .plain("numberOfNewTransactions", metrics.new)
        .plain("numberOfInvalidTransactions", metrics.invalid)
        .plain("numberOfStaleTransactions", metrics.stale)
        .plain("numberOfSentTransactions", metrics.sent)
        .plain("numberOfDroppedSentPackets", metrics.dropped)
        .text("connectionType", "tcp")
        .plain("connected", neighbor.connected)
}
