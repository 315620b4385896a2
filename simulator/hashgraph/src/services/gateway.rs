//! What clients meet at one node.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::{Envelope, TransactionId};
use super::history::{Handled, KEPT};
use super::{Ledger, ResponseCode};
use crate::EntityId;

/// The door of one node: what it sent on and what has not come back yet. No part of the state that nodes agree on.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(super) node: EntityId,
    room: usize,
    /// What was submitted and not handled yet, with the time when it cannot be any more.
    pending: BTreeMap<TransactionId, i64>,
    by_end: BTreeSet<(i64, TransactionId)>,
}

/// What a node says to a transaction that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// What the client is told. [`ResponseCode::OK`]: the node has to submit the transaction to the network.
    pub code: ResponseCode,
    /// Which transaction it is, if that can be told.
    pub id: Option<TransactionId>,
}

impl Gateway {
    /// The door of the node with this account. While `room` transactions wait to be handled, further ones are refused with
    /// [`ResponseCode::BUSY`].
    pub fn new(node: EntityId, room: usize) -> Self {
        Gateway { node, room, pending: BTreeMap::new(), by_end: BTreeSet::new() }
    }

    /// The node's account.
    pub fn node(&self) -> EntityId {
        self.node
    }

    /// How many transactions were submitted and wait to be handled.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Takes a transaction of a client, at a time of the node's clock in nanoseconds since 1970.
    pub fn submit(&mut self, ledger: &Ledger, now: i64, bytes: &[u8]) -> Submitted {
        match Envelope::open(bytes) {
            Err(code) => Submitted { code, id: None },
            Ok(envelope) => {
                let code = self.take(ledger, now, &envelope).err().unwrap_or(ResponseCode::OK);
                Submitted { code, id: Some(envelope.id) }
            }
        }
    }

    pub(super) fn take(
        &mut self,
        ledger: &Ledger,
        now: i64,
        envelope: &Envelope,
    ) -> Result<(), ResponseCode> {
        self.give_up(now);
        if self.pending.len() >= self.room {
            return Err(ResponseCode::BUSY);
        }
        if self.pending.contains_key(&envelope.id) {
            return Err(ResponseCode::DUPLICATE_TRANSACTION);
        }
        ledger.check(envelope, now, self.node)?;
        // Whatever becomes of it, it is not handled as valid after that, by any clock that is less than this wrong.
        let end = envelope.id.valid_start.saturating_add(envelope.duration).saturating_add(KEPT);
        self.pending.insert(envelope.id, end);
        self.by_end.insert((end, envelope.id));
        Ok(())
    }

    /// Whether a transaction was submitted and not handled yet.
    pub fn is_waiting(&self, id: &TransactionId) -> bool {
        self.pending.contains_key(id)
    }

    /// Learns that the network handled a transaction.
    pub fn handled(&mut self, handled: &Handled) {
        if handled.node == self.node
            && let Some(end) = self.pending.remove(&handled.id)
        {
            self.by_end.remove(&(end, handled.id));
        }
    }

    /// Gives up what can no longer be handled.
    fn give_up(&mut self, now: i64) {
        while let Some((_, id)) = self.by_end.first().filter(|(end, _)| *end < now).copied() {
            self.by_end.pop_first();
            self.pending.remove(&id);
        }
    }
}
