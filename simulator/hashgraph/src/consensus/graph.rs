//! The graph of all events that a member knows and that are not too old.

use std::collections::VecDeque;
use std::sync::Arc;

use thiserror::Error;

use crate::Planted;

use super::chain::Chain;
use super::event::{Event, EventHash, Parent};
use super::order::{Ordered, Sorting};
use super::ring::{Id, Latest, NONE, Ring, Slot};
use super::roster::Roster;
use super::rounds::Round;
use super::window::Window;

/// What all members of a network must set alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Every so many rounds of an election voters may toss a coin: `c` in Figure 6. More than 2.
    pub coin_period: u64,
    /// For how many rounds after their own, at least, events are kept. At least 1.
    pub ancient_rounds: u64,
    /// After every so many rounds there is a [`Window`] for a signed state; 0: never.
    pub state_rounds: u64,
    /// What is wrong with the algorithm on purpose: nothing, but in tests.
    pub planted: Planted,
}

impl Default for Config {
    fn default() -> Config {
        Config { coin_period: 10, ancient_rounds: 26, state_rounds: 16, planted: Planted::default() }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is in the graph now.
    New,
    /// It was there before.
    Known,
}

/// Why an event is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejected {
    /// It is by nobody of the network.
    #[error("there is no member {0}")]
    Stranger(u16),
    /// The signature is not the creator's.
    #[error("event {0:?} is not signed by its creator")]
    Signature(EventHash),
    /// A parent is not known, and not too old either: it has to come first.
    #[error("parent {:?} of event {event:?} is not known", .parent.hash)]
    MissingParent {
        /// The event.
        event: EventHash,
        /// What it says of the parent.
        parent: Parent,
    },
    /// The parents are of the wrong creator, or other than the event says.
    #[error("event {0:?} says something wrong of its parents")]
    WrongParent(EventHash),
    /// It is too old to matter.
    #[error("event {0:?} is ancient")]
    Ancient(EventHash),
}

/// All events known that are not too old, and how far the members agree on their order.
///
/// Work and memory for an event do not grow with the number of events before it.
pub struct Graph {
    pub(super) roster: Roster,
    pub(super) config: Config,
    pub(super) ring: Ring,
    pub(super) chains: Vec<Chain>,
    /// From `first_round` on.
    pub(super) rounds: VecDeque<Round>,
    pub(super) first_round: u64,
    /// The first round in which somebody's fame is not decided.
    pub(super) undecided: u64,
    /// Events of lower generations are ancient.
    pub(super) ancient: u64,
    /// All events with lower numbers are settled or ancient.
    pub(super) unsettled: Id,
    pub(super) ordered: VecDeque<Ordered>,
    pub(super) windows: VecDeque<Window>,
    pub(super) sorting: Sorting,
    /// Rows for the event at hand.
    pub(super) row: Vec<Latest>,
    pub(super) nothing: Vec<Latest>,
    pub(super) strong: Vec<u16>,
    pub(super) seers: Vec<u16>,
    pub(super) wanted: Vec<u64>,
}

impl Graph {
    /// A graph without events.
    pub fn new(roster: Roster, config: Config) -> Graph {
        let members = roster.count();
        Graph {
            config: Config {
                coin_period: config.coin_period.max(3),
                ancient_rounds: config.ancient_rounds.max(1),
                ..config
            },
            ring: Ring::new(members),
            chains: (0..members).map(|_| Chain::default()).collect(),
            rounds: VecDeque::from([Round::default()]),
            first_round: 1,
            undecided: 1,
            ancient: 0,
            unsettled: 0,
            ordered: VecDeque::new(),
            windows: VecDeque::new(),
            sorting: Sorting::default(),
            row: vec![Latest::default(); members],
            nothing: vec![Latest::default(); members],
            strong: vec![0; members],
            seers: vec![0; members],
            wanted: vec![0; members],
            roster,
        }
    }

    /// Takes an event whose parents are known, or too old to be, and finds what it decides. What gets its place in the order
    /// is told by [`take_ordered`](Graph::take_ordered).
    pub fn insert(&mut self, event: Arc<Event>) -> Result<Inserted, Rejected> {
        self.take(event, true)
    }

    /// The same for an event of which it is sure already that its creator signed it, such as one's own.
    pub fn insert_verified(&mut self, event: Arc<Event>) -> Result<Inserted, Rejected> {
        self.take(event, false)
    }

    fn take(&mut self, event: Arc<Event>, is_foreign: bool) -> Result<Inserted, Rejected> {
        let creator = usize::from(event.creator());
        if creator >= self.roster.count() {
            return Err(Rejected::Stranger(event.creator()));
        }
        if self.find(&event.as_parent()).is_some() {
            return Ok(Inserted::Known);
        }
        if event.generation() < self.ancient {
            return Err(Rejected::Ancient(event.hash()));
        }
        let (self_parent, other_parent) = self.parents(&event)?;
        if is_foreign && !event.is_signed(&self.roster) {
            return Err(Rejected::Signature(event.hash()));
        }
        self.add(event, self_parent, other_parent);
        Ok(Inserted::New)
    }

    /// The parents, [`NONE`] where there is none or where it is ancient.
    pub(super) fn parents(&self, event: &Event) -> Result<(Id, Id), Rejected> {
        let wrong = Rejected::WrongParent(event.hash());
        let is_right = |claim: &Parent| claim.sequence > 0 && claim.generation > 0;
        let own = event.self_parent().copied();
        let other = event.other_parent().copied();
        if own.iter().chain(&other).any(|claim| !is_right(claim))
            || own.is_some_and(|claim| claim.creator != event.creator())
            || other.is_some_and(|claim| claim.creator == event.creator())
        {
            return Err(wrong);
        }
        let id = |claim: Option<Parent>| match claim {
            None => Ok(NONE),
            Some(claim) => self.parent(event, &claim),
        };
        Ok((id(own)?, id(other)?))
    }

    fn parent(&self, event: &Event, claim: &Parent) -> Result<Id, Rejected> {
        if claim.generation < self.ancient {
            return Ok(NONE);
        }
        if usize::from(claim.creator) >= self.roster.count() {
            return Err(Rejected::WrongParent(event.hash()));
        }
        let Some(id) = self.find(claim) else {
            return Err(Rejected::MissingParent { event: event.hash(), parent: *claim });
        };
        let is_right = self.ring.slot(id).is_some_and(|slot| slot.generation == claim.generation);
        if is_right { Ok(id) } else { Err(Rejected::WrongParent(event.hash())) }
    }

    fn add(&mut self, event: Arc<Event>, self_parent: Id, other_parent: Id) {
        // A fork shows on the chain before it shows in any row.
        self.chain_up(&event);
        let id = self.ring.push(Slot::new(event, self_parent, other_parent));
        if self.derive(id) {
            self.find_order();
        }
    }

    /// Adds an event to its creator's line, the number that it will have being the next one.
    pub(super) fn chain_up(&mut self, event: &Event) {
        let chain = &mut self.chains[usize::from(event.creator())];
        let last = chain.last().and_then(|id| self.ring.slot(id));
        chain.forked |= last.is_some_and(|last| {
            let is_parent = event.self_parent().is_some_and(|parent| parent.hash == last.event.hash());
            last.generation >= self.ancient && !is_parent
        });
        chain.push(event.sequence(), self.ring.ids().end);
    }

    /// Finds out what follows for an event from its parents: what it knows, its round, whether it is a witness, and whom it
    /// elects. Tells whether it is a witness that counts.
    pub(super) fn derive(&mut self, id: Id) -> bool {
        let Some(slot) = self.ring.slot(id) else { return false };
        let (creator, itself) =
            (usize::from(slot.event.creator()), Latest { id, generation: slot.generation });
        let [self_parent, other_parent] =
            [slot.self_parent, slot.other_parent].map(|id| self.unless_ancient(id));
        self.know(itself, creator, self_parent, other_parent);
        self.ring.set_row(id, &self.row);
        let round = self.divide_rounds(self_parent, other_parent);
        let is_witness = self.is_witness(round, self_parent);
        if let Some(slot) = self.ring.slot_mut(id) {
            (slot.self_parent, slot.other_parent) = (self_parent, other_parent);
            (slot.round, slot.is_witness) = (round, is_witness);
        }
        if is_witness && let Some((number, place)) = self.add_witness(id) {
            self.decide_fame(number, place);
            return true;
        }
        false
    }

    fn unless_ancient(&self, id: Id) -> Id {
        let is_current = self.ring.slot(id).is_some_and(|slot| slot.generation >= self.ancient);
        if is_current { id } else { NONE }
    }

    /// The event that somebody says is a parent.
    pub(super) fn find(&self, claim: &Parent) -> Option<Id> {
        let chain = self.chains.get(usize::from(claim.creator))?;
        let is_it = |&id: &Id| self.ring.slot(id).is_some_and(|slot| slot.event.hash() == claim.hash);
        chain.at(claim.sequence).find(is_it)
    }

    /// What got its place in the order since this was last called, in that order.
    pub fn take_ordered(&mut self) -> impl Iterator<Item = Ordered> {
        self.ordered.drain(..)
    }

    /// What is to go into signed states since this was last called.
    pub fn take_windows(&mut self) -> impl Iterator<Item = Window> {
        self.windows.drain(..)
    }

    /// Who takes part.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether no event is kept.
    pub fn is_empty(&self) -> bool {
        self.ring.len() == 0
    }

    /// The last round whose events are all in order; 0 at first.
    pub fn decided_round(&self) -> u64 {
        self.undecided - 1
    }

    /// The generation below which events are ancient.
    pub fn ancient_generation(&self) -> u64 {
        self.ancient
    }

    /// Whether an event is kept, or too old to be.
    pub fn is_known(&self, event: &Parent) -> bool {
        event.generation < self.ancient || self.find(event).is_some()
    }

    /// Whether an event has no place in the order yet, but may get one.
    pub fn is_undecided(&self, event: &Parent) -> bool {
        let slot = self.find(event).and_then(|id| self.ring.slot(id));
        event.generation >= self.ancient && slot.is_none_or(|slot| !slot.received)
    }

    /// The round in which an event was created, if it is kept.
    pub fn round_created(&self, event: &Parent) -> Option<u64> {
        self.ring.slot(self.find(event)?).map(|slot| slot.round)
    }

    /// Whether a member is known to have created two events with the same sequence: a fork (§3).
    pub fn is_forker(&self, member: u16) -> bool {
        self.chains.get(usize::from(member)).is_some_and(|chain| chain.forked)
    }
}
