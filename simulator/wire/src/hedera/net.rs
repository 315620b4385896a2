//! The consensus nodes of one network, all on one thread, and what goes between them.

use std::collections::VecDeque;
use std::sync::Arc;

use tanglegram_hashgraph::consensus::{KeyPair, Roster};
use tanglegram_hashgraph::gossip::Message;
use tanglegram_hashgraph::node::{Input, Node, Output, Seat, Settings};
use tanglegram_hashgraph::services::messages::{Query, Response};
use tanglegram_hashgraph::services::{Gateway, Genesis, ResponseCode};
use tanglegram_hashgraph::streams::{StreamFile, Timetable};
use tanglegram_hashgraph::{EntityId, Replica, SECOND};

use crate::clock;

/// From one sync that a node begins to the next, in nanoseconds.
const SYNC_EVERY: i64 = SECOND / 20;

/// How far behind the order of events time has passed for sure: events that bring nothing leave no mark in the times of those
/// after them.
const MARGIN: i64 = SECOND;

/// A consensus node and its door for clients.
struct Member {
    node: Node<Replica>,
    gateway: Gateway,
}

/// A message on its way.
struct Parcel {
    from: u16,
    to: u16,
    message: Message,
}

/// All nodes of a network.
pub(super) struct Net {
    members: Vec<Member>,
    parcels: VecDeque<Parcel>,
    out: Vec<Output>,
    files: VecDeque<(u16, StreamFile)>,
}

impl Net {
    /// A network that starts, whose nodes have room for so many transactions; `None` if it has no nodes, or too many.
    pub(super) fn new(genesis: &Genesis, timetable: Timetable, room: usize) -> Option<Net> {
        let seed = |member: usize| [u8::try_from(member % 255).unwrap_or(0) + 1; 32];
        let keys: Vec<Arc<KeyPair>> =
            (0..genesis.nodes.len()).map(|member| Arc::new(KeyPair::from_seed(seed(member)))).collect();
        let roster = Roster::new(keys.iter().map(|key| key.public()).collect()).ok()?;
        let settings =
            Settings { sync_every: SYNC_EVERY, max_pending: room.saturating_mul(2), ..Settings::default() };
        let member = |((me, account), key): ((u16, &EntityId), &Arc<KeyPair>)| {
            let seat = Seat { roster: roster.clone(), me, key: Arc::clone(key), settings, seed: me.into() };
            let node = Node::new(seat, Replica::new(genesis, timetable));
            Member { node, gateway: Gateway::new(*account, room) }
        };
        let members = (0..).zip(&genesis.nodes).zip(&keys).map(member).collect();
        Some(Net { members, parcels: VecDeque::new(), out: Vec::new(), files: VecDeque::new() })
    }

    /// Takes a transaction of a node's client.
    pub(super) fn submit(&mut self, member: u16, bytes: &[u8]) -> ResponseCode {
        let now = clock::nanos();
        let Some(Member { node, gateway }) = self.members.get_mut(usize::from(member)) else {
            return ResponseCode::BUSY;
        };
        let submitted = gateway.submit(node.application().ledger(), now, bytes);
        if submitted.code == ResponseCode::OK {
            self.input(member, now, Input::Submit(bytes.into()));
        }
        submitted.code
    }

    /// Answers the query of a node's client.
    pub(super) fn answer(&mut self, member: u16, query: &Query) -> Response {
        let now = clock::nanos();
        let Some(Member { node, gateway }) = self.members.get_mut(usize::from(member)) else {
            return Response::default();
        };
        let answered = gateway.answer(node.application().ledger(), now, query);
        if let Some(payment) = answered.payment {
            self.input(member, now, Input::Submit(payment.into()));
        }
        answered.response
    }

    /// Lets every node do what it is time for, and all that follows from it; returns when the next has something to do, in
    /// nanoseconds since 1970.
    pub(super) fn advance(&mut self) -> i64 {
        let now = clock::nanos();
        for member in (0..).take(self.members.len()) {
            if self.members[usize::from(member)].node.next_timeout() <= now {
                self.input(member, now, Input::Tick);
            }
        }
        while let Some(Parcel { from, to, message }) = self.parcels.pop_front() {
            self.input(to, now, Input::Message { from, message });
        }
        self.members.iter().map(|member| member.node.next_timeout()).min().unwrap_or(i64::MAX)
    }

    /// The files that nodes finished since the last call, each with the number of its node.
    pub(super) fn take_files(&mut self) -> impl Iterator<Item = (u16, StreamFile)> {
        self.files.drain(..)
    }

    /// Gives a node an input, and sees to what it wants done.
    fn input(&mut self, member: u16, now: i64, input: Input) {
        let Some(Member { node, gateway }) = self.members.get_mut(usize::from(member)) else { return };
        node.handle(now, input, &mut self.out);
        let mut passed = None;
        for output in self.out.drain(..) {
            match output {
                Output::Send { to, message } => self.parcels.push_back(Parcel { from: member, to, message }),
                Output::Consensus { first, .. } => passed = Some(first.0.saturating_sub(MARGIN)),
                // Nothing outlives this process; a node takes more than its gateway lets in.
                Output::Keep { .. } | Output::KeepState(_) | Output::CaughtUp { .. } | Output::Busy(_) => {}
            }
        }
        let Some(passed) = passed else { return };
        let replica = node.application_mut();
        replica.advance(passed);
        replica.take_handled().for_each(|handled| gateway.handled(&handled));
        self.files.extend(replica.take_files().map(|file| (member, file)));
    }
}
