//! A member with what surrounds it: its clock, its disk, its client's side of the door.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tanglegram_hashgraph::Replica;
use tanglegram_hashgraph::node::{Input, Node, Store};
use tanglegram_hashgraph::services::{Gateway, TransactionId};
use tanglegram_tangle::Millis;

use super::mischief::Misdeed;

/// A member of the network, running.
pub(crate) type Member = Node<Replica>;

/// Whether a node runs.
pub(crate) enum State {
    Up(Box<Member>),
    /// Does nothing, but keeps what arrives.
    Paused(Box<Member>, VecDeque<Input>),
    /// Gone; what was on its disk is there.
    Down,
}

/// One machine of the network.
pub(crate) struct Host {
    pub(crate) state: State,
    /// The other one of a member that forks: it has the same key, and hears the members with odd numbers.
    pub(crate) twin: Option<Box<Member>>,
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
    /// What clients sent it that has not been handled, and when they did.
    pub(crate) promised: BTreeMap<TransactionId, (Millis, Arc<[u8]>)>,
    /// How far its clock is ahead, in milliseconds.
    pub(crate) skew: i64,
    /// What a message costs it, in milliseconds, and until when it is at work.
    pub(crate) cost: Millis,
    pub(crate) busy_until: Millis,
    /// The tick that is on its way.
    pub(crate) tick_at: Option<Millis>,
    pub(crate) restarts: u32,
    pub(crate) misdeed: Option<Misdeed>,
}

impl Host {
    pub(crate) fn new(node: Member, gateway: Gateway) -> Host {
        Host {
            state: State::Up(Box::new(node)),
            twin: None,
            store: Store::default(),
            gateway,
            promised: BTreeMap::new(),
            skew: 0,
            cost: 0,
            busy_until: 0,
            tick_at: None,
            restarts: 0,
            misdeed: None,
        }
    }

    /// The node, if it runs, paused or not.
    pub(crate) fn node(&self) -> Option<&Member> {
        match &self.state {
            State::Up(node) | State::Paused(node, _) => Some(node),
            State::Down => None,
        }
    }

    /// Whether it runs and is not paused.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    pub(crate) fn is_honest(&self) -> bool {
        self.misdeed.is_none()
    }
}
