//! `addNeighbors`, `removeNeighbors`, `getNeighbors`.

use super::params::{Params, text};
use super::reply::{Failure, Object, Thrown};
use crate::dialect::Dialect;
use crate::neighbors::{AddressFault, Neighbors, Shown};
use crate::node::Node;

impl From<AddressFault> for Failure {
    fn from(fault: AddressFault) -> Failure {
        match fault {
            AddressFault::NoScheme => Thrown::NULL_POINTER,
            other => Thrown::illegal_argument(other.to_string()),
        }
        .into()
    }
}

pub(super) fn add(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    count(node, params, Neighbors::add).map(|added| Object::new().plain("addedNeighbors", added))
}

pub(super) fn remove(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    count(node, params, Neighbors::remove).map(|removed| Object::new().plain("removedNeighbors", removed))
}

/// Applies `change` to one URI after the other and counts successes; what was changed before a failure stays.
fn count(
    node: &mut Node,
    params: &Params<'_>,
    change: fn(&mut Neighbors, Dialect, &str) -> Result<bool, AddressFault>,
) -> Result<usize, Failure> {
    let mut changed = 0;
    for uri in params.list("uris")? {
        changed += usize::from(change(&mut node.neighbors, node.config.dialect, text(uri)?)?);
    }
    Ok(changed)
}

pub(super) fn list(node: &Node) -> Result<Object, Failure> {
    let neighbors = node.neighbors.list()?;
    Ok(Object::new().list("neighbors", neighbors, |out, neighbor| out.push_str(&shown(&neighbor).nested())))
}

fn shown(neighbor: &Shown<'_>) -> Object {
    const COUNTERS: [&str; 7] = [
        "numberOfAllTransactions",
        "numberOfRandomTransactionRequests",
        "numberOfNewTransactions",
        "numberOfInvalidTransactions",
        "numberOfStaleTransactions",
        "numberOfSentTransactions",
        "numberOfDroppedSentPackets",
    ];
    let place = Object::new().text("address", &neighbor.address).text("domain", neighbor.domain);
    let counted = COUNTERS.into_iter().fold(place, |object, counter| object.plain(counter, 0));
    counted.text("connectionType", "tcp").plain("connected", false)
}
