//! Which witnesses are famous: virtual voting (§4, Figure 6).

use super::ancestry::ABSENT;
use super::graph::Graph;
use super::rounds::{Round, Witness};
use crate::Bug;

/// What a witness makes of the votes it collects.
#[derive(Clone, Copy)]
struct Ballot {
    vote: bool,
    decides: bool,
}

impl Graph {
    /// Holds all elections that a new witness, the `place`th of its round, takes part in (Figure 6): those of earlier
    /// witnesses in which it votes, and its own, in which only later witnesses that came before it vote.
    pub(super) fn decide_fame(&mut self, number: u64, place: usize) {
        for earlier in self.undecided..number {
            for candidate in 0..self.round(earlier).map_or(0, |round| round.witnesses.len()) {
                self.vote(earlier, candidate, number, place);
            }
        }
        if number < self.undecided {
            // Too late: of a round with a decision no further witness becomes famous (§5).
            self.set_fame(number, place, false);
            return;
        }
        for later in number + 1..=self.last_round() {
            for voter in 0..self.round(later).map_or(0, |round| round.witnesses.len()) {
                self.vote(number, place, later, voter);
            }
        }
    }

    /// Lets a witness of round `later` vote on one of round `earlier`.
    fn vote(&mut self, earlier: u64, candidate: usize, later: u64, voter: usize) {
        let Some(ballot) = self.ballot(earlier, candidate, later, voter) else { return };
        let Some(round) = self.round_mut(earlier) else { return };
        let witness = &mut round.witnesses[candidate];
        let distance = (later - earlier) as usize;
        while witness.votes.len() < distance {
            witness.votes.push(Vec::new());
        }
        witness.votes[distance - 1].push(ballot.vote);
        if ballot.decides {
            self.set_fame(earlier, candidate, ballot.vote);
        }
    }

    /// The vote of a witness; `None` where the election is over.
    fn ballot(&self, earlier: u64, candidate: usize, later: u64, voter: usize) -> Option<Ballot> {
        let (x, y) = (&self.round(earlier)?.witnesses[candidate], &self.round(later)?.witnesses[voter]);
        if x.famous.is_some() {
            return None;
        }
        let distance = later - earlier;
        if distance == 1 {
            let row = self.ring.row(y.id)?;
            return Some(Ballot { vote: self.sees(row, x.id), decides: false });
        }
        let (yes, no) = collect(x, y, distance);
        let planted = self.config.planted;
        let (vote, most) = (yes >= no, yes.max(no));
        let is_majority = planted.has(Bug::MajorityDecides) && 2 * most > yes + no;
        let supermajority = self.roster.is_supermajority(most) || is_majority;
        let is_coin_round =
            distance.is_multiple_of(self.config.coin_period) && !planted.has(Bug::NoCoinRound);
        Some(match is_coin_round {
            false => Ballot { vote, decides: supermajority },
            true => Ballot { vote: if supermajority { vote } else { y.coin }, decides: false },
        })
    }

    fn set_fame(&mut self, round: u64, place: usize, famous: bool) {
        let Some(Round { witnesses, .. }) = self.round_mut(round) else { return };
        witnesses[place].famous = Some(famous);
        witnesses[place].votes = Vec::new();
    }
}

/// How many of the witnesses one round before `y` that it strongly sees hold `x` for famous, and how many do not.
fn collect(x: &Witness, y: &Witness, distance: u64) -> (usize, usize) {
    let votes = x.votes.get(distance as usize - 2).map_or(&[][..], Vec::as_slice);
    let strong = y.strong.iter().filter(|&&place| place != ABSENT);
    strong.fold((0, 0), |(yes, no), &place| match votes.get(usize::from(place)) {
        Some(true) => (yes + 1, no),
        _ => (yes, no + 1),
    })
}
