//! A node's copy of what the network agreed on.

use std::collections::VecDeque;
use std::sync::Arc;

use prost::Message;

use crate::services::{Genesis, Handled, Ledger};
use crate::streams::{StreamFile, Streams, Timetable};
use crate::{Application, BadState, Bug, Planted, Timestamp};

/// The ledger and the files that tell what happened to it: the same on all nodes.
///
/// Whoever drives the node takes out what was [handled](Replica::take_handled), and the [files](Replica::take_files) to sign
/// and publish.
#[derive(Clone, Debug)]
pub struct Replica {
    ledger: Ledger,
    streams: Streams,
    timetable: Timetable,
    handled: VecDeque<Arc<Handled>>,
    planted: Planted,
}

#[derive(Clone, PartialEq, Message)]
struct ReplicaState {
    #[prost(bytes = "vec", tag = "1")]
    ledger: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    streams: Vec<u8>,
}

impl Replica {
    /// The copy of a network that starts.
    pub fn new(genesis: &Genesis, timetable: Timetable) -> Self {
        Replica {
            ledger: Ledger::new(genesis),
            streams: Streams::new(timetable),
            timetable,
            handled: VecDeque::new(),
            planted: Planted::default(),
        }
    }

    /// The same with something wrong on purpose.
    pub fn with_planted(self, planted: Planted) -> Self {
        Replica { ledger: self.ledger.with_planted(planted), planted, ..self }
    }

    /// The accounts and what was handled lately.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Learns that nothing will be handled any more at this consensus time (in nanoseconds since 1970) or before: files whose
    /// time is over need not wait for the next transaction. This changes nothing that nodes agree on.
    pub fn advance(&mut self, time: i64) {
        self.streams.advance(time, &self.ledger);
    }

    /// What was handled since the last call, in order.
    pub fn take_handled(&mut self) -> impl Iterator<Item = Arc<Handled>> {
        self.handled.drain(..)
    }

    /// The files that were finished since the last call, in order.
    pub fn take_files(&mut self) -> impl Iterator<Item = StreamFile> {
        self.streams.take()
    }
}

impl Application for Replica {
    fn handle(&mut self, consensus: Timestamp, member: u16, transaction: &[u8]) {
        let Some(node) = self.ledger.node(member) else { return };
        let is_late = self.planted.has(Bug::BalancesLate);
        if !is_late {
            self.streams.begin(consensus.0, &self.ledger);
        }
        let handled = self.ledger.handle(consensus.0, node, transaction);
        if is_late {
            self.streams.begin(consensus.0, &self.ledger);
        }
        if let Some(handled) = handled {
            self.streams.add(&handled);
            self.handled.push_back(handled);
        }
    }

    fn state(&self) -> Vec<u8> {
        ReplicaState { ledger: self.ledger.write(), streams: self.streams.write() }.encode_to_vec()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), BadState> {
        let bad = |problem: &dyn ToString| BadState(problem.to_string());
        let state = ReplicaState::decode(state).map_err(|error| bad(&error))?;
        let ledger = Ledger::read(&state.ledger).map_err(|error| bad(&error))?;
        let streams = Streams::read(self.timetable, &state.streams).map_err(|error| bad(&error))?;
        (self.ledger, self.streams) = (ledger.with_planted(self.planted), streams);
        Ok(())
    }
}
