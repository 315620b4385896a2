//! The part of the graph that is needed to go on from a round: what a signed state holds (§7, signed state).

use std::sync::Arc;

use sha2::{Digest, Sha384};
use thiserror::Error;

use super::event::Event;
use super::graph::{Config, Graph};
use super::ring::{Id, Latest, Slot};
use super::roster::Roster;
use super::rounds::{Round, Witness};

/// An event of a [`Window`], and what the members agree on about it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The event.
    pub event: Arc<Event>,
    /// The round it was created in.
    pub round: u64,
    /// Whether it is its creator's first in that round.
    pub is_witness: bool,
    /// Whether it has its place in the order.
    pub received: bool,
    /// The members of which its ancestors include a fork.
    pub forkers: Vec<u16>,
}

/// Everything that a unique famous witness of a round or of one before it knows and that is not ancient. All members that
/// have come so far agree on it.
#[derive(Clone, Debug)]
pub struct Window {
    /// The round: everything up to it is in order.
    pub round: u64,
    /// Events of lower generations are ancient.
    pub ancient: u64,
    /// The lowest generations of unique famous witnesses in the rounds up to and including `round`, the latest last.
    pub lowest: Vec<u64>,
    /// The events by generation, those of one by hash.
    pub events: Vec<Kept>,
}

/// Why no graph can go on from a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadWindow {
    /// It has too few or too many rounds.
    #[error("a window of round {0} does not have the rounds it should have")]
    Rounds(u64),
    /// An event is none that the members could have created, or in the wrong place.
    #[error("the window's event {0} is wrong")]
    Event(usize),
}

impl Window {
    /// The SHA-384 that names it: of events their hashes count.
    pub fn digest(&self) -> [u8; 48] {
        let mut hasher = Sha384::new();
        let numbers = [self.round, self.ancient, self.lowest.len() as u64];
        numbers.iter().chain(&self.lowest).for_each(|number| hasher.update(number.to_be_bytes()));
        for kept in &self.events {
            hasher.update(kept.event.hash().0);
            hasher.update(kept.round.to_be_bytes());
            hasher.update([u8::from(kept.is_witness), u8::from(kept.received)]);
            hasher.update((kept.forkers.len() as u32).to_be_bytes());
            kept.forkers.iter().for_each(|member| hasher.update(member.to_be_bytes()));
        }
        hasher.finalize().into()
    }
}

impl Graph {
    /// The window of a round that was just decided.
    pub(super) fn window(&self, number: u64) -> Window {
        let mut events: Vec<Kept> = self.ring.ids().filter_map(|id| self.kept(id)).collect();
        events.sort_by_key(|kept| (kept.event.generation(), kept.event.hash()));
        let rounds = self.first_round..=number;
        let lowest = rounds.map(|round| self.round(round).map_or(0, |round| round.lowest)).collect();
        Window { round: number, ancient: self.ancient, lowest, events }
    }

    fn kept(&self, id: Id) -> Option<Kept> {
        let slot = self.ring.slot(id).filter(|slot| slot.settled && slot.generation >= self.ancient)?;
        let is_forker = |(_, latest): &(usize, &Latest)| latest.is_forked();
        let forkers = self
            .ring
            .row(id)?
            .iter()
            .enumerate()
            .filter(is_forker)
            .map(|(member, _)| member as u16)
            .collect();
        let &Slot { round, is_witness, received, .. } = slot;
        Some(Kept { event: slot.event.clone(), round, is_witness, received, forkers })
    }

    /// A graph that goes on from a window, which is believed as far as it can be: somebody has to have checked who signed it.
    pub fn resume(roster: Roster, config: Config, window: &Window) -> Result<Graph, BadWindow> {
        let mut graph = Graph::new(roster, config);
        let rounds = window.lowest.len() as u64;
        if rounds == 0 || rounds > window.round || rounds > graph.config.ancient_rounds {
            return Err(BadWindow::Rounds(window.round));
        }
        graph.first_round = window.round + 1 - rounds;
        graph.rounds = window.lowest.iter().map(|&lowest| Round { lowest, ..Round::default() }).collect();
        graph.undecided = window.round + 1;
        graph.ancient = window.ancient;
        for (number, kept) in window.events.iter().enumerate() {
            graph.keep(kept).ok_or(BadWindow::Event(number))?;
        }
        Ok(graph)
    }

    /// Takes an event of a window over.
    fn keep(&mut self, kept: &Kept) -> Option<()> {
        let event = &kept.event;
        let is_forker = |member: &u16| usize::from(*member) < self.roster.count();
        let is_right = usize::from(event.creator()) < self.roster.count()
            && kept.round < self.undecided
            && event.generation() >= self.ancient
            && kept.forkers.iter().all(is_forker)
            && self.find(&event.as_parent()).is_none()
            && event.is_signed(&self.roster);
        let (self_parent, other_parent) = self.parents(event).ok().filter(|_| is_right)?;
        self.chain_up(event);
        let slot = Slot {
            round: kept.round,
            is_witness: kept.is_witness,
            settled: true,
            received: kept.received,
            ..Slot::new(event.clone(), self_parent, other_parent)
        };
        let generation = slot.generation;
        let id = self.ring.push(slot);
        let itself = Latest { id, generation };
        self.know(itself, event.creator().into(), self_parent, other_parent);
        for &member in &kept.forkers {
            self.row[usize::from(member)] = Latest::FORKED;
        }
        self.ring.set_row(id, &self.row);
        if kept.is_witness && kept.round >= self.first_round {
            let witness = Witness { famous: Some(false), ..self.witness(id)? };
            self.round_mut(kept.round)?.witnesses.push(witness);
        }
        Some(())
    }
}

impl Slot {
    /// An event of which nothing is found out yet.
    pub(super) fn new(event: Arc<Event>, self_parent: Id, other_parent: Id) -> Slot {
        Slot {
            sequence: event.sequence(),
            generation: event.generation(),
            event,
            self_parent,
            other_parent,
            round: 0,
            is_witness: false,
            settled: false,
            received: false,
            mark: 0,
            place: usize::MAX,
            known_to: 0,
        }
    }
}
