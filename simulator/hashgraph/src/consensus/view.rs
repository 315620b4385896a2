//! What a graph found out about its events, for those who draw it.

use std::sync::Arc;

use super::event::Event;
use super::graph::Graph;
use super::ring::{Id, Slot};

/// An event, and what is known of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The event.
    pub event: Arc<Event>,
    /// The round it was created in (§4).
    pub round: u64,
    /// Whether it is its creator's first in that round (§4).
    pub is_witness: bool,
    /// Whether it is famous, once decided; `None` for what is no witness, too (§5).
    pub famous: Option<bool>,
    /// Whether it has its place in the order (§6).
    pub is_ordered: bool,
}

impl Graph {
    /// The last so many events that are kept, in the order they came, which is after their parents.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = Seen> {
        let ids = self.ring.ids();
        let first = ids.end.saturating_sub(count as Id).max(ids.start);
        (first..ids.end).filter_map(|id| self.ring.slot(id).map(|slot| self.seen(id, slot)))
    }

    fn seen(&self, id: Id, slot: &Slot) -> Seen {
        let witness =
            self.round(slot.round).and_then(|round| round.witnesses.iter().find(|one| one.id == id));
        Seen {
            event: Arc::clone(&slot.event),
            round: slot.round,
            is_witness: slot.is_witness,
            famous: witness.and_then(|witness| witness.famous),
            is_ordered: slot.received,
        }
    }
}
