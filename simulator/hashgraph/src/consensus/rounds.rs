//! Rounds and witnesses (§4, Figure 5).

use super::graph::Graph;
use super::ring::Id;

/// The first event of a member in a round.
pub(super) struct Witness {
    pub(super) id: Id,
    pub(super) creator: u16,
    pub(super) generation: u64,
    /// The middle bit of its signature: its coin.
    pub(super) coin: bool,
    /// Whether it is famous, once decided.
    pub(super) famous: Option<bool>,
    /// Whether the witnesses of each later round think so, in the order of their rounds' lists.
    pub(super) votes: Vec<Vec<bool>>,
    /// Which witness of the round before it strongly sees, by creator.
    pub(super) strong: Vec<u16>,
}

/// The witnesses of a round, in the order they came.
#[derive(Default)]
pub(super) struct Round {
    pub(super) witnesses: Vec<Witness>,
    /// The lowest generation among its unique famous witnesses, once they are known.
    pub(super) lowest: u64,
}

impl Round {
    /// Whether it has witnesses, and the fame of all is decided.
    pub(super) fn is_decided(&self) -> bool {
        !self.witnesses.is_empty() && self.witnesses.iter().all(|witness| witness.famous.is_some())
    }

    /// Its unique famous witnesses (§5): no other famous one is by the same creator.
    pub(super) fn unique_famous(&self) -> impl Iterator<Item = &Witness> {
        let famous = || self.witnesses.iter().filter(|witness| witness.famous == Some(true));
        famous().filter(move |one| famous().all(|other| other.id == one.id || other.creator != one.creator))
    }
}

impl Graph {
    /// A round, if it has witnesses and is not forgotten.
    pub(super) fn round(&self, number: u64) -> Option<&Round> {
        self.rounds.get(number.checked_sub(self.first_round)? as usize)
    }

    pub(super) fn round_mut(&mut self, number: u64) -> Option<&mut Round> {
        self.rounds.get_mut(number.checked_sub(self.first_round)? as usize)
    }

    /// The last round there is.
    pub(super) fn last_round(&self) -> u64 {
        self.first_round + self.rounds.len() as u64 - 1
    }

    /// The round of an event whose row is `self.row` (Figure 5): the highest of its parents', or one more if it strongly sees
    /// more than two thirds of that one's witnesses. Without parents it is the first that is not forgotten.
    pub(super) fn divide_rounds(&mut self, self_parent: Id, other_parent: Id) -> u64 {
        let rounds = [self_parent, other_parent].map(|id| self.ring.slot(id).map(|slot| slot.round));
        let highest = rounds.into_iter().flatten().max();
        let round = highest.unwrap_or(self.first_round);
        let strong = if highest.is_some() { self.see_strongly(round) } else { 0 };
        if self.roster.is_supermajority(strong) { round + 1 } else { round }
    }

    /// Whether an event is the first of its creator in its round (Figure 5).
    pub(super) fn is_witness(&self, round: u64, self_parent: Id) -> bool {
        self.ring.slot(self_parent).is_none_or(|parent| round > parent.round)
    }

    /// Notes the event `id`, whose row is `self.row`, as a witness, and says where in its round's list it is. `None` if the
    /// round is forgotten.
    pub(super) fn add_witness(&mut self, id: Id) -> Option<(u64, usize)> {
        let number = self.ring.slot(id)?.round;
        if number < self.first_round {
            return None;
        }
        while self.last_round() < number {
            self.rounds.push_back(Round::default());
        }
        self.see_strongly(number - 1);
        let witness = Witness { strong: self.strong.clone(), ..self.witness(id)? };
        let round = self.round_mut(number)?;
        round.witnesses.push(witness);
        Some((number, round.witnesses.len() - 1))
    }

    /// An event as a witness that sees nothing yet.
    pub(super) fn witness(&self, id: Id) -> Option<Witness> {
        let slot = self.ring.slot(id)?;
        let signature = slot.event.signature();
        Some(Witness {
            id,
            creator: slot.event.creator(),
            generation: slot.generation,
            coin: signature[signature.len() / 2] & 1 == 1,
            famous: None,
            votes: Vec::new(),
            strong: Vec::new(),
        })
    }
}
