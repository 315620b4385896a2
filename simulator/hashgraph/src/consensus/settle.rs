//! What follows for all other events from what the members agreed on in a round.
//!
//! What is found out about an event follows from its ancestors, so that it is the same for every member that knows it. But
//! members forget ancient events, each when it has come so far itself. So that this makes no difference either, the end of
//! every decided round is a new beginning, the same for all:
//!
//! - An event that a unique famous witness of this round or an earlier one knows is *settled*: everybody who decides the round
//!   has found out the same about it, and that stays: its round, whether it is a witness, and which forks it knows of.
//! - Ancient events are as if they had never been. An event whose parents are ancient has none.
//! - What was found out about all the other events is found out again from these.
//!
//! The elections of the next round thus are those of a graph which everybody has who decided this one, however long ago and
//! whatever else it knows; one who goes on from a [`Window`](super::window::Window) has nothing else to begin with.
//!
//! Where no member forks and none is far behind, finding out again changes nothing, and is left out.

use super::graph::Graph;
use super::ring::{Id, Slot};
use super::rounds::Round;

impl Graph {
    /// Begins anew after a round was decided.
    pub(super) fn settle(&mut self, decided: u64) {
        self.unsettled = self.unsettled.max(self.ring.ids().start);
        while self.ring.slot(self.unsettled).is_some_and(|slot| !self.is_unsettled(slot)) {
            self.unsettled += 1;
        }
        let changed = self.drop_ancient_witnesses(decided);
        let is_cut = self
            .rounds_after(decided)
            .any(|round| round.witnesses.iter().any(|witness| witness.generation < self.ancient));
        if is_cut || self.is_touched(changed) {
            self.derive_again(decided);
        }
    }

    fn is_unsettled(&self, slot: &Slot) -> bool {
        !slot.settled && slot.generation >= self.ancient
    }

    fn rounds_after(&self, decided: u64) -> impl Iterator<Item = &Round> {
        self.rounds.iter().skip((decided + 1).saturating_sub(self.first_round) as usize)
    }

    /// Takes ancient witnesses off the lists of the rounds up to this one. The last round that has less witnesses than before,
    /// be it that it is forgotten.
    fn drop_ancient_witnesses(&mut self, decided: u64) -> u64 {
        let (mut changed, ancient) = (self.first_round - 1, self.ancient);
        for (number, round) in (self.first_round..=decided).zip(&mut self.rounds) {
            let before = round.witnesses.len();
            round.witnesses.retain(|witness| witness.generation >= ancient);
            if round.witnesses.len() < before {
                changed = number;
            }
        }
        changed
    }

    /// Whether something else might be found out about an event that is not settled: a fork is only one as long as both of
    /// its events are there; a parent may have become ancient; and so may the witnesses that gave it its round.
    fn is_touched(&self, changed: u64) -> bool {
        let is_touched = |slot: &Slot| {
            let parents = [slot.event.self_parent(), slot.event.other_parent()];
            changed > 0 && slot.round <= changed + 1
                || parents.into_iter().flatten().any(|parent| parent.generation < self.ancient)
        };
        let mut unsettled = self.unsettled_ids().filter_map(|id| self.ring.slot(id));
        self.chains.iter().any(|chain| chain.forked)
            || unsettled.any(|slot| self.is_unsettled(slot) && is_touched(slot))
    }

    fn unsettled_ids(&self) -> std::ops::Range<Id> {
        self.unsettled..self.ring.ids().end
    }

    /// Finds everything out again about events that are not settled.
    fn derive_again(&mut self, decided: u64) {
        let ring = &self.ring;
        let is_settled = |id| ring.slot(id).is_some_and(|slot| slot.settled);
        for round in &mut self.rounds {
            round.witnesses.retain(|witness| is_settled(witness.id));
        }
        // Of later rounds no event is settled.
        self.rounds.truncate((decided + 1 - self.first_round) as usize);
        for id in self.unsettled_ids() {
            if self.ring.slot(id).is_some_and(|slot| self.is_unsettled(slot)) {
                self.derive(id);
            }
        }
    }
}
