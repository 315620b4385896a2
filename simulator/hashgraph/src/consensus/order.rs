//! The consensus order: round received, consensus timestamp, ties (§4, Figure 7), and the end of events that are too old.

use std::cmp::Ordering;
use std::sync::Arc;

use super::event::Event;
use super::graph::Graph;
use super::ring::{Id, NONE, Slot};
use crate::{Bug, Planted};

/// An event that has its place in the consensus order.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The event.
    pub event: Arc<Event>,
    /// The first round all of whose unique famous witnesses know it.
    pub round_received: u64,
    /// The median of the times at which they came to know it, in nanoseconds since 1970. It does not decrease within a
    /// round, but may from one round to the next.
    pub consensus_timestamp: i64,
}

/// What is needed for one round, kept to be used again.
#[derive(Default)]
pub(super) struct Sorting {
    /// The number of the last walk.
    walk: u64,
    /// What the unique famous witnesses know and that has no place yet.
    known: Vec<Id>,
    /// When each of them came to know it: `members` places for each.
    times: Vec<i64>,
    judges: Vec<Id>,
    line: Vec<Id>,
    stack: Vec<Id>,
    received: Vec<(i64, Id)>,
}

impl Graph {
    /// Orders what can be ordered, one decided round after the other (Figure 7).
    pub(super) fn find_order(&mut self) {
        while self.round(self.undecided).is_some_and(|round| round.is_decided()) {
            let round = self.undecided;
            let mut sorting = std::mem::take(&mut self.sorting);
            self.judge(round, &mut sorting);
            self.receive(round, &mut sorting);
            for &id in &sorting.known {
                self.ring.slot_mut(id).into_iter().for_each(|slot| slot.settled = true);
            }
            self.sorting = sorting;
            self.undecided += 1;
            self.expire(round);
            self.settle(round);
            if self.config.state_rounds > 0 && round.is_multiple_of(self.config.state_rounds) {
                self.windows.push_back(self.window(round));
            }
        }
    }

    /// Finds for every event that the unique famous witnesses of a round know when each of them came to know it.
    fn judge(&mut self, number: u64, sorting: &mut Sorting) {
        sorting.known.clear();
        sorting.times.clear();
        sorting.judges.clear();
        let Some(round) = self.round(number) else { return };
        sorting.judges.extend(round.unique_famous().map(|witness| witness.id));
        let lowest = round.unique_famous().map(|witness| witness.generation).min();
        let places = sorting.judges.len();
        for place in 0..places {
            sorting.walk += 1;
            self.walk(sorting, sorting.judges[place]);
        }
        if let (Some(round), Some(lowest)) = (self.round_mut(number), lowest) {
            round.lowest = lowest;
        }
    }

    /// Goes along a witness's self-ancestors, the oldest first, and from each to what it is the first to know. What has a
    /// place already is not looked at again, nor what is before it: all of that has one too.
    fn walk(&mut self, sorting: &mut Sorting, judge: Id) {
        let mut at = judge;
        sorting.line.clear();
        while self.is_open(at) {
            sorting.line.push(at);
            at = self.ring.slot(at).map_or(NONE, |slot| slot.self_parent);
        }
        while let Some(learner) = sorting.line.pop() {
            let time = self.ring.slot(learner).map_or(0, |slot| slot.event.timestamp());
            sorting.stack.push(learner);
            while let Some(id) = sorting.stack.pop() {
                self.note(sorting, id, time);
            }
        }
    }

    /// Whether an event has no place yet and may still get one.
    fn is_open(&self, id: Id) -> bool {
        self.ring.slot(id).is_some_and(|slot| !slot.received && slot.generation >= self.ancient)
    }

    fn note(&mut self, sorting: &mut Sorting, id: Id, time: i64) {
        if !self.is_open(id) {
            return;
        }
        let judges = sorting.judges.len();
        let Some(slot) = self.ring.slot_mut(id).filter(|slot| slot.mark != sorting.walk) else { return };
        slot.mark = sorting.walk;
        if sorting.known.get(slot.place) != Some(&id) {
            (slot.place, slot.known_to) = (sorting.known.len(), 0);
            sorting.known.push(id);
            sorting.times.resize(sorting.times.len() + judges, 0);
        }
        sorting.times[slot.place * judges + slot.known_to] = time;
        slot.known_to += 1;
        sorting.stack.extend([slot.other_parent, slot.self_parent]);
    }

    /// Gives a place to every event that all of the unique famous witnesses know.
    fn receive(&mut self, round: u64, sorting: &mut Sorting) {
        sorting.received.clear();
        let (judges, planted) = (sorting.judges.len(), self.config.planted);
        for (place, &id) in sorting.known.iter().enumerate() {
            let is_received = |slot: &&mut Slot| {
                slot.known_to == judges || planted.has(Bug::MostJudges) && 3 * slot.known_to > 2 * judges
            };
            let Some(slot) = self.ring.slot_mut(id).filter(is_received) else { continue };
            slot.received = true;
            let times = &mut sorting.times[place * judges..place * judges + slot.known_to];
            sorting.received.push((median(times, planted), id));
        }
        let whitener = match planted.has(Bug::UnwhitenedTies) {
            true => [0; 64],
            false => self.whitener(&sorting.judges),
        };
        sorting.received.sort_unstable_by(|a, b| self.compare(&whitener, a, b));
        for &(consensus_timestamp, id) in &sorting.received {
            let Some(slot) = self.ring.slot(id) else { continue };
            let event = slot.event.clone();
            self.ordered.push_back(Ordered { event, round_received: round, consensus_timestamp });
        }
    }

    /// The signatures of all unique famous witnesses of a round, one over the other.
    fn whitener(&self, judges: &[Id]) -> [u8; 64] {
        let mut whitener = [0; 64];
        for judge in judges.iter().filter_map(|&id| self.ring.slot(id)) {
            whitener.iter_mut().zip(judge.event.signature()).for_each(|(sum, byte)| *sum ^= byte);
        }
        whitener
    }

    /// By consensus timestamp, then by whitened signature (§4).
    fn compare(&self, whitener: &[u8; 64], a: &(i64, Id), b: &(i64, Id)) -> Ordering {
        let whitened = |id: Id| {
            let signature = self.ring.slot(id).map_or(&[0; 64], |slot| slot.event.signature());
            signature.iter().zip(whitener).map(|(byte, white)| byte ^ white)
        };
        a.0.cmp(&b.0).then_with(|| whitened(a.1).cmp(whitened(b.1)))
    }

    /// Forgets rounds and events that are too old. An event is ancient if its generation is below that of every unique
    /// famous witness so many rounds back; all members agree on that, so none still orders what another has forgotten (and what
    /// that means for younger events, [`settle`](Graph::settle) sees to).
    fn expire(&mut self, decided: u64) {
        while self.first_round + self.config.ancient_rounds <= decided {
            let Some(round) = self.rounds.pop_front() else { break };
            self.first_round += 1;
            self.ancient = self.ancient.max(round.lowest);
        }
        while self.ring.front().is_some_and(|slot| slot.generation < self.ancient) {
            let id = self.ring.ids().start;
            let Some(slot) = self.ring.pop() else { break };
            self.chains[usize::from(slot.event.creator())].remove(slot.sequence, id);
        }
    }
}

/// The median of the times at which the unique famous witnesses came to know an event (§4, Figure 7); of two in the middle the
/// later.
fn median(times: &mut [i64], planted: Planted) -> i64 {
    times.sort_unstable();
    if planted.has(Bug::MeanTime) {
        return (times.iter().map(|&time| i128::from(time)).sum::<i128>() / times.len() as i128) as i64;
    }
    times[if planted.has(Bug::EarliestTime) { 0 } else { times.len() / 2 }]
}
