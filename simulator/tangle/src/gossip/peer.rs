//! One connection to a neighbour.

use std::net::IpAddr;

use super::Handshake;
use super::requests::Place;
use crate::node::Millis;

/// Names a connection; chosen by the driver, never used twice.
pub type PeerId = u64;

/// What was counted on a connection, under the names of getNeighbors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metrics {
    pub(crate) all: u64,
    pub(crate) random_requests: u64,
    pub(crate) new: u64,
    pub(crate) invalid: u64,
    pub(crate) stale: u64,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

/// The greetings of a connection, each the time it was sent and the port its sender listens on; that of who dialled first.
pub(crate) type Order = ((Millis, u16), (Millis, u16));

/// A connection, from the moment it is open.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    /// The name it was dialled by, or its address.
    pub(crate) domain: String,
    /// The port it listens on: known when dialled, told by the handshake otherwise.
    pub(crate) port: Option<u16>,
    /// When the connection was opened.
    pub(crate) since: Millis,
    /// This node dialled.
    pub(crate) dialled: bool,
    /// Which of two connections to the same neighbour stays: the one with the lower order, which both sides see alike.
    /// Known with the handshake.
    pub(crate) order: Order,
    /// The handshake is done.
    pub(crate) ready: bool,
    pub(crate) metrics: Metrics,
    /// The place of the last request it was asked for in this round.
    pub(crate) asked: Place,
    /// It was asked for something since it was last looked at what the milestones lack.
    pub(crate) approached: bool,
    /// Until when it counts as being behind, since it asked for something.
    pub(crate) behind_until: Millis,
    /// How many messages it is owed while it is behind.
    pub(crate) owed: usize,
    /// It got a tip in this round without wanting anything.
    pub(crate) entertained: bool,
}

impl Peer {
    /// The connection's [order](Peer::order), this node listening on `port` and the other side having said `handshake`.
    pub(crate) fn order(&self, port: u16, handshake: &Handshake) -> Order {
        let [ours, theirs] = [(self.since, port), (handshake.timestamp, handshake.port)];
        if self.dialled { (ours, theirs) } else { (theirs, ours) }
    }

    /// Whether this is the neighbour at that address.
    pub(crate) fn is_at(&self, ip: IpAddr, port: u16) -> bool {
        self.ip == ip && self.port == Some(port)
    }
}
