//! A node with what surrounds it: its connections, its clock, its disk.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

use tanglegram_tangle::gossip::PeerId;
use tanglegram_tangle::{Disk, Input, JobId, Millis, Node};
use tanglegram_ternary::Hash;

use super::mischief::Mischief;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remote {
    pub(crate) host: usize,
    /// What the other side calls the connection.
    pub(crate) peer: PeerId,
    /// The way there: a number of [`Links`](super::links::Links).
    pub(crate) link: usize,
}

/// Whether a node runs.
pub(crate) enum State {
    Up(Box<Node>),
    /// Does nothing, but keeps what arrives.
    Paused(Box<Node>, VecDeque<Input>),
    /// Gone; what was on its disk is there.
    Down,
}

/// Proof of work a node asked for.
pub(crate) struct Job {
    pub(crate) trits: Box<[i8; 8019]>,
    pub(crate) mwm: u8,
}

/// One machine of the network.
pub(crate) struct Host {
    pub(crate) state: State,
    pub(crate) connections: BTreeMap<PeerId, Remote>,
    /// How far its clock is ahead, in milliseconds.
    pub(crate) skew: i64,
    /// What a message costs it, in milliseconds, and until when it is at work.
    pub(crate) cost: Millis,
    pub(crate) busy_until: Millis,
    /// The tick that is on its way.
    pub(crate) tick_at: Option<Millis>,
    pub(crate) disk: Disk,
    /// How many transactions were on disk at the last sync, and the solid milestone then.
    pub(crate) synced: (usize, Hash),
    pub(crate) restarts: u32,
    /// The solid milestone when it was last looked at.
    pub(crate) solid: i32,
    /// Proof of work under way.
    pub(crate) jobs: BTreeMap<JobId, Job>,
    /// Whether it keeps the rules.
    pub(crate) mischief: Mischief,
}

impl Host {
    pub(crate) fn new(node: Node, mischief: Mischief) -> Host {
        Host {
            solid: node.solid_milestone_index(),
            state: State::Up(Box::new(node)),
            connections: BTreeMap::new(),
            skew: 0,
            cost: 0,
            busy_until: 0,
            tick_at: None,
            disk: Disk::default(),
            synced: (0, Hash::NULL),
            restarts: 0,
            jobs: BTreeMap::new(),
            mischief,
        }
    }

    /// The node, if it runs and is not paused.
    pub(crate) fn up(&mut self) -> Option<&mut Node> {
        match &mut self.state {
            State::Up(node) => Some(node),
            _ => None,
        }
    }

    /// The node, if there is one.
    pub(crate) fn node(&self) -> Option<&Node> {
        match &self.state {
            State::Up(node) | State::Paused(node, _) => Some(node),
            State::Down => None,
        }
    }

    /// Syncs the disk of a host that runs.
    pub(crate) fn sync(&mut self) {
        if let State::Up(node) | State::Paused(node, _) = &mut self.state {
            self.disk.sync(node);
            self.synced = (node.transaction_count(), node.solid_milestone());
        }
    }

    /// The time as this host sees it.
    pub(crate) fn clock(&self, now: Millis) -> Millis {
        now.saturating_add_signed(self.skew)
    }
}

/// The address of a host: 10.x.y.z, numbered from 10.0.0.1.
pub(crate) fn address(host: usize) -> IpAddr {
    let [_, x, y, z] = (host as u32 + 1).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, x, y, z))
}

/// Whose address that is.
pub(crate) fn host_at(address: &str) -> Option<usize> {
    let octets = address.parse::<Ipv4Addr>().ok().filter(|address| address.octets()[0] == 10)?.octets();
    (u32::from_be_bytes([0, octets[1], octets[2], octets[3]]) as usize).checked_sub(1)
}
