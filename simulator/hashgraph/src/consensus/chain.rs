//! One member's events, by sequence.

use std::collections::VecDeque;

use super::ring::Id;

/// The events of one member that are kept, the lowest sequence first; those of a fork one after the other as they came.
#[derive(Default)]
pub(super) struct Chain {
    events: VecDeque<(u64, Id)>,
    /// Whether two events of the same sequence were seen: a fork.
    pub(super) forked: bool,
}

impl Chain {
    /// The events with this sequence: more than one in a fork.
    pub(super) fn at(&self, sequence: u64) -> impl Iterator<Item = Id> {
        let start = self.first_from(sequence);
        self.events.range(start..).take_while(move |entry| entry.0 == sequence).map(|entry| entry.1)
    }

    /// All from this sequence on.
    pub(super) fn from(&self, sequence: u64) -> impl Iterator<Item = Id> {
        self.events.range(self.first_from(sequence)..).map(|entry| entry.1)
    }

    /// The last event.
    pub(super) fn last(&self) -> Option<Id> {
        self.events.back().map(|entry| entry.1)
    }

    fn first_from(&self, sequence: u64) -> usize {
        // Without a fork or a gap the place can be told from the first.
        let guess = self.events.front().map_or(0, |front| sequence.saturating_sub(front.0)) as usize;
        let is_first =
            |place: usize| place == 0 || self.events.get(place - 1).is_some_and(|e| e.0 < sequence);
        match self.events.get(guess) {
            Some(entry) if entry.0 == sequence && is_first(guess) => guess,
            _ => self.events.partition_point(|entry| entry.0 < sequence),
        }
    }

    /// Adds an event.
    pub(super) fn push(&mut self, sequence: u64, id: Id) {
        let is_taken = self.at(sequence).next().is_some();
        self.forked |= is_taken;
        match self.events.back() {
            Some(last) if last.0 > sequence => {
                let place = self.events.partition_point(|entry| entry.0 <= sequence);
                self.events.insert(place, (sequence, id));
            }
            _ => self.events.push_back((sequence, id)),
        }
    }

    /// Forgets an event.
    pub(super) fn remove(&mut self, sequence: u64, id: Id) {
        let start = self.first_from(sequence);
        if let Some(place) = (start..self.events.len()).find(|&place| self.events[place] == (sequence, id)) {
            self.events.remove(place);
        }
    }
}
