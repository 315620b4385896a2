//! Where the events are kept that are not too old: numbered in the order they came, the oldest leave first.

use std::sync::Arc;

use super::event::Event;

/// The number of an event in a graph, from 1 on; never used twice.
pub(super) type Id = u64;
/// No event.
pub(super) const NONE: Id = 0;

/// What an event knows of one member: that member's last event among its ancestors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Latest {
    /// The event, or [`NONE`].
    pub(super) id: Id,
    /// Its generation; 0 if there is none, or if there is a fork. It grows along a member's line.
    pub(super) generation: u64,
}

impl Latest {
    /// The ancestors include a fork by that member.
    pub(super) const FORKED: Latest = Latest { id: Id::MAX, generation: 0 };

    pub(super) fn is_forked(self) -> bool {
        self.id == Id::MAX
    }
}

/// One event, and what the algorithm found out about it.
pub(super) struct Slot {
    pub(super) event: Arc<Event>,
    /// Parents that are kept, else [`NONE`].
    pub(super) self_parent: Id,
    pub(super) other_parent: Id,
    pub(super) sequence: u64,
    pub(super) generation: u64,
    pub(super) round: u64,
    /// Whether it is its creator's first in its round.
    pub(super) is_witness: bool,
    /// Whether a unique famous witness of a decided round knows it: then what was found out about it stays.
    pub(super) settled: bool,
    /// Whether it has its place in the order.
    pub(super) received: bool,
    /// The last walk that came by.
    pub(super) mark: u64,
    /// Where it is in the list of those that the round being received knows, and how many unique famous witnesses of that
    /// round know it.
    pub(super) place: usize,
    pub(super) known_to: usize,
}

/// A queue of events with a row of [`Latest`] each. It grows by doubling, so that in the long run nothing is allocated.
pub(super) struct Ring {
    members: usize,
    slots: Vec<Option<Slot>>,
    rows: Vec<Latest>,
    first: Id,
    next: Id,
}

impl Ring {
    pub(super) fn new(members: usize) -> Ring {
        let capacity = 64;
        Ring {
            members,
            slots: (0..capacity).map(|_| None).collect(),
            rows: vec![Latest::default(); capacity * members],
            first: 1,
            next: 1,
        }
    }

    pub(super) fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    /// The numbers of all events that are kept.
    pub(super) fn ids(&self) -> std::ops::Range<Id> {
        self.first..self.next
    }

    fn place(&self, id: Id) -> usize {
        id as usize & (self.slots.len() - 1)
    }

    pub(super) fn contains(&self, id: Id) -> bool {
        (self.first..self.next).contains(&id)
    }

    pub(super) fn slot(&self, id: Id) -> Option<&Slot> {
        if self.contains(id) { self.slots[self.place(id)].as_ref() } else { None }
    }

    pub(super) fn slot_mut(&mut self, id: Id) -> Option<&mut Slot> {
        let place = self.place(id);
        if self.contains(id) { self.slots[place].as_mut() } else { None }
    }

    /// What an event knows of each member; nothing if it is not kept.
    pub(super) fn row(&self, id: Id) -> Option<&[Latest]> {
        let start = self.place(id) * self.members;
        self.contains(id).then(|| &self.rows[start..start + self.members])
    }

    /// Adds an event; what it knows is still to be set.
    pub(super) fn push(&mut self, slot: Slot) -> Id {
        if self.len() == self.slots.len() {
            self.grow();
        }
        let (id, place) = (self.next, self.place(self.next));
        self.slots[place] = Some(slot);
        self.next += 1;
        id
    }

    /// Sets what an event knows of each member.
    pub(super) fn set_row(&mut self, id: Id, row: &[Latest]) {
        let start = self.place(id) * self.members;
        if self.contains(id) {
            self.rows[start..start + self.members].copy_from_slice(row);
        }
    }

    /// Drops the oldest.
    pub(super) fn pop(&mut self) -> Option<Slot> {
        let place = self.place(self.first);
        let slot = self.slots[place].take()?;
        self.first += 1;
        Some(slot)
    }

    pub(super) fn front(&self) -> Option<&Slot> {
        self.slot(self.first)
    }

    fn grow(&mut self) {
        let mut larger = Ring {
            members: self.members,
            slots: (0..self.slots.len() * 2).map(|_| None).collect(),
            rows: vec![Latest::default(); self.rows.len() * 2],
            first: self.first,
            next: self.next,
        };
        for id in self.first..self.next {
            let (from, to, n) = (self.place(id), larger.place(id), self.members);
            larger.slots[to] = self.slots[from].take();
            larger.rows[to * n..(to + 1) * n].copy_from_slice(&self.rows[from * n..(from + 1) * n]);
        }
        *self = larger;
    }
}
