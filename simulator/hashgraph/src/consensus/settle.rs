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
        } else {
            #[cfg(test)]
            tests::derive_again_in_vain(self, decided);
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

#[cfg(test)]
#[path = "../../tests/consensus/graphs.rs"]
#[allow(dead_code, reason = "the tests of the whole need more of it")]
mod graphs;

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::ring::Latest;
    use super::graphs::{Plan, plans, roster, shuffled};
    use super::*;
    use crate::consensus::{Config, Inserted, Rejected};

    thread_local! {
        /// How often it was left out to find out again.
        static LEFT_OUT: Cell<usize> = const { Cell::new(0) };
    }

    /// What is found out about events that are not settled, and about those that stand for election.
    fn findings(graph: &Graph) -> BTreeSet<String> {
        let known = |id: Id| {
            let row = graph.ring.row(id).unwrap_or(&[]);
            row.iter().map(|&latest| known_of(graph, latest)).collect()
        };
        let unsettled = graph.unsettled_ids().filter_map(|id| {
            let slot = graph.ring.slot(id).filter(|slot| graph.is_unsettled(slot))?;
            let known: Vec<_> = known(id);
            Some(format!("{id}: round {}, witness {}, knows {known:?}", slot.round, slot.is_witness))
        });
        let elections = (graph.undecided..=graph.last_round()).flat_map(|number| {
            let ids = move |number: u64| -> Vec<Id> {
                let witnesses = graph.round(number).map(|round| &round.witnesses);
                witnesses.into_iter().flatten().map(|witness| witness.id).collect()
            };
            graph.round(number).into_iter().flat_map(move |round| &round.witnesses).map(move |witness| {
                let before = ids(number - 1);
                let sees: BTreeSet<_> =
                    witness.strong.iter().filter_map(|&place| before.get(usize::from(place))).collect();
                let votes = (number + 1..).zip(&witness.votes);
                let votes: BTreeSet<_> =
                    votes.flat_map(|(later, votes)| ids(later).into_iter().zip(votes)).collect();
                format!(
                    "{}: famous {:?}, strongly sees {sees:?}, votes {votes:?}",
                    witness.id, witness.famous
                )
            })
        });
        unsettled.chain(elections).collect()
    }

    /// What counts of what is known of a member: nothing where it is ancient.
    fn known_of(graph: &Graph, latest: Latest) -> Option<Latest> {
        (latest.is_forked() || latest.generation >= graph.ancient.max(1)).then_some(latest)
    }

    /// Finds everything out again where that was left out: it is as before.
    pub(super) fn derive_again_in_vain(graph: &mut Graph, decided: u64) {
        LEFT_OUT.set(LEFT_OUT.get() + 1);
        let before = findings(graph);
        graph.derive_again(decided);
        assert_eq!(findings(graph), before);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_left_out_would_change_nothing(
            plan in plans(4..=7, 150..300),
            is_honest in prop::bool::weighted(0.75),
            ancient_rounds in 1..5_u64,
            delays in graphs::delays(),
        ) {
            // Where somebody forks it is left out less often.
            let plan = Plan { forkers: if is_honest { 0 } else { plan.forkers }, ..plan };
            let events = plan.events();
            let config = Config { ancient_rounds, state_rounds: 0, ..Config::default() };
            let mut graph = Graph::new(roster(plan.members), config);
            LEFT_OUT.set(0);
            for x in shuffled(&events, &delays) {
                let inserted = graph.insert_verified(events[x].clone());
                prop_assert!(matches!(inserted, Ok(Inserted::New) | Err(Rejected::Ancient(_))));
            }
            prop_assert!(LEFT_OUT.get() as u64 <= graph.decided_round());
        }
    }
}
