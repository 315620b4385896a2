//! One connection to a neighbour.

use std::net::IpAddr;

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

/// A connection, from the moment it is open.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    /// The name it was dialled by, or its address.
    pub(crate) domain: String,
    /// The port it listens on: known when dialled, told by the handshake otherwise.
    pub(crate) port: Option<u16>,
    /// The handshake is done.
    pub(crate) ready: bool,
    pub(crate) metrics: Metrics,
    /// How many of the requests it was asked for in this round.
    pub(crate) asked: usize,
    /// It got a tip in this round without wanting anything.
    pub(crate) entertained: bool,
}

impl Peer {
    /// Whether this is the neighbour at that address.
    pub(crate) fn is_at(&self, ip: IpAddr, port: u16) -> bool {
        self.ip == ip && self.port == Some(port)
    }
}
