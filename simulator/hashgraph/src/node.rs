//! A consensus node: one member of a network, without sockets and without a clock.

mod restart;
mod signing;
mod syncing;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::consensus::{Config, Event, Graph, KeyPair, Ordered, Parent, Roster, Transaction};
use crate::gossip::Message;
use crate::state::SignedState;
use crate::{Application, Bug, MILLISECOND, Planted, Timestamp};

pub use restart::{BadStore, Store};

/// How a node goes about things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What all members must set alike.
    pub consensus: Config,
    /// Nanoseconds from one sync to the next that the node begins.
    pub sync_every: i64,
    /// How many transactions may wait for an event.
    pub max_pending: usize,
    /// How many bytes of transactions an event may bring.
    pub max_event_bytes: usize,
    /// How many events may wait for their parents.
    pub max_waiting: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            consensus: Config::default(),
            sync_every: 200 * MILLISECOND,
            max_pending: 10_000,
            max_event_bytes: 256 * 1024,
            max_waiting: 10_000,
        }
    }
}

/// Something that happens to a node.
#[derive(Clone, Debug)]
pub enum Input {
    /// Another member's message came.
    Message {
        /// The member.
        from: u16,
        /// What it says.
        message: Message,
    },
    /// Somebody submits a transaction to this node.
    Submit(Transaction),
    /// The time of [`Node::next_timeout`] has come.
    Tick,
}

/// Something that a node wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send this.
    Send {
        /// To this member.
        to: u16,
        /// The message.
        message: Message,
    },
    /// Keep this event. Those with `is_own` must be safe before anything that follows is sent: a node that forgets them and
    /// creates others instead forks.
    Keep {
        /// The event.
        event: Arc<Event>,
        /// Whether the node created it.
        is_own: bool,
    },
    /// Keep this state, instead of any former one; events that are ancient to it are not needed any more.
    KeepState(Arc<SignedState>),
    /// An event got its place in the order, and the application was given its transactions: the first at `first`, each
    /// further one a nanosecond later.
    Consensus {
        /// How many events got a place before it.
        number: u64,
        /// The event, its round and its own time.
        ordered: Ordered,
        /// The consensus timestamp of its first transaction.
        first: Timestamp,
    },
    /// The node went on from another's signed state: it handled nothing itself from where it was up to this round.
    CaughtUp {
        /// The state's round.
        round: u64,
    },
    /// There is no room for a submitted transaction: it is not taken.
    Busy(Transaction),
}

/// Which member of which network a node is.
#[derive(Clone)]
pub struct Seat {
    /// All members.
    pub roster: Roster,
    /// Its number among them.
    pub me: u16,
    /// Its private key.
    pub key: Arc<KeyPair>,
    /// How it goes about things.
    pub settings: Settings,
    /// Decides with whom it syncs when.
    pub seed: u64,
}

/// A member of a network.
///
/// Whoever owns it gives it [`Input`]s with the time, in nanoseconds since 1970 by its own clock, does what the [`Output`]s
/// say, in their order, and calls again at [`next_timeout`](Node::next_timeout).
pub struct Node<A> {
    me: u16,
    key: Arc<KeyPair>,
    settings: Settings,
    graph: Graph,
    application: A,
    /// The last event it created.
    tip: Option<OwnTip>,
    pending: VecDeque<Transaction>,
    /// Events of its own with transactions that have no place yet.
    open: VecDeque<Arc<Event>>,
    /// Events that came before their parents.
    waiting: VecDeque<Arc<Event>>,
    last_consensus: i64,
    placed: u64,
    handled: u64,
    /// The last state it signed, and the last one that enough members signed.
    forming: Option<SignedState>,
    complete: Option<Arc<SignedState>>,
    next_sync: i64,
    draw: u64,
}

/// The last event of one's own.
#[derive(Clone, Copy)]
struct OwnTip {
    parent: Parent,
    timestamp: i64,
}

impl<A: Application> Node<A> {
    /// A member that knows nothing yet.
    pub fn new(seat: Seat, application: A) -> Node<A> {
        Node {
            me: seat.me,
            key: seat.key,
            graph: Graph::new(seat.roster, seat.settings.consensus),
            settings: seat.settings,
            application,
            tip: None,
            pending: VecDeque::new(),
            open: VecDeque::new(),
            waiting: VecDeque::new(),
            last_consensus: 0,
            placed: 0,
            handled: 0,
            forming: None,
            complete: None,
            next_sync: 0,
            draw: seat.seed,
        }
    }

    /// Takes an input in.
    pub fn handle(&mut self, now: i64, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Tick => self.tick(now, out),
            Input::Submit(transaction) => self.submit(transaction, out),
            Input::Message { from, message } => self.message(now, from, message, out),
        }
    }

    /// When the node wants a [`Input::Tick`], in nanoseconds since 1970.
    pub fn next_timeout(&self) -> i64 {
        self.next_sync
    }

    /// What it hands transactions to.
    pub fn application(&self) -> &A {
        &self.application
    }

    /// The same, to be asked things that change something in it, but nothing that members agree on.
    pub fn application_mut(&mut self) -> &mut A {
        &mut self.application
    }

    /// The events it knows.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Its number in the roster.
    pub fn member(&self) -> u16 {
        self.me
    }

    /// How many transactions it, or the state it went on from, has handled.
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// How many events have their place in the order, to it.
    pub fn placed(&self) -> u64 {
        self.placed
    }

    /// How many transactions wait for an event.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The last state that more than two thirds of the members signed.
    pub fn signed_state(&self) -> Option<&Arc<SignedState>> {
        self.complete.as_ref()
    }

    fn submit(&mut self, transaction: Transaction, out: &mut Vec<Output>) {
        let fits = transaction.len() <= crate::consensus::MAX_TRANSACTION_BYTES;
        if fits && self.pending.len() < self.settings.max_pending {
            self.pending.push_back(transaction);
        } else {
            out.push(Output::Busy(transaction));
        }
    }

    /// Hands everything that got its place to the application, and signs states where they are due.
    fn deliver(&mut self, out: &mut Vec<Output>) {
        let windows: Vec<_> = self.graph.take_windows().collect();
        let ordered: Vec<Ordered> = self.graph.take_ordered().collect();
        let mut windows = windows.into_iter().peekable();
        for ordered in ordered {
            while let Some(window) = windows.next_if(|window| window.round < ordered.round_received) {
                self.sign(window);
            }
            self.hand_over(ordered, out);
        }
        windows.for_each(|window| self.sign(window));
    }

    /// Each event has a time of its own, later than any before: that of consensus, if that is later, and else a nanosecond after
    /// the last. Its first transaction has the same, each further one a nanosecond more.
    fn hand_over(&mut self, ordered: Ordered, out: &mut Vec<Output>) {
        let event = &ordered.event;
        let earliest = match self.planted().has(Bug::TimesRepeat) {
            true => self.last_consensus,
            false => self.last_consensus.saturating_add(1),
        };
        let first = ordered.consensus_timestamp.max(earliest);
        self.last_consensus = first;
        for (transaction, time) in event.transactions().iter().zip(first..) {
            self.application.handle(Timestamp(time), event.creator(), transaction);
            self.last_consensus = time;
            self.handled += 1;
        }
        if event.creator() == self.me {
            self.open.retain(|open| open.hash() != event.hash());
        }
        out.push(Output::Consensus { number: self.placed, ordered, first: Timestamp(first) });
        self.placed += 1;
    }

    fn planted(&self) -> Planted {
        self.settings.consensus.planted
    }

    /// Gives transactions of its own events that became ancient without a place another chance.
    fn revive(&mut self) {
        let ancient = self.graph.ancient_generation();
        while self.open.front().is_some_and(|event| event.generation() < ancient)
            && let Some(event) = self.open.pop_front()
        {
            if !self.planted().has(Bug::TransactionsForgotten) {
                event.transactions().iter().rev().for_each(|lost| self.pending.push_front(lost.clone()));
            }
        }
    }
}
