//! What one member knows and another does not: the heart of gossip about gossip (§3).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::chain::Chain;
use super::event::{Event, EventHash, Parent};
use super::graph::Graph;
use super::ring::Id;

/// The most ends of a forked line that are told.
const MAX_ENDS: usize = 8;

/// The last event of a member's line that somebody knows; a member that forks has several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The member.
    pub creator: u16,
    /// The event's sequence.
    pub sequence: u64,
    /// Its hash.
    pub hash: EventHash,
}

/// What somebody lacks.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// The events, parents first.
    pub events: Vec<Arc<Event>>,
    /// Whether events are lacking besides that are not kept any more.
    pub has_gap: bool,
}

impl Graph {
    /// How far every member's line is known.
    pub fn tips(&self) -> Vec<Tip> {
        let mut tips = Vec::with_capacity(self.chains.len());
        for chain in &self.chains {
            if chain.forked {
                tips.extend(self.ends(chain).into_iter().rev().take(MAX_ENDS).filter_map(|id| self.tip(id)));
            } else {
                tips.extend(chain.last().and_then(|id| self.tip(id)));
            }
        }
        tips
    }

    /// The last event known of a member that does not fork, as a parent.
    pub fn last_of(&self, member: u16) -> Option<Parent> {
        let chain = self.chains.get(usize::from(member)).filter(|chain| !chain.forked)?;
        self.ring.slot(chain.last()?).map(|slot| slot.event.as_parent())
    }

    fn tip(&self, id: Id) -> Option<Tip> {
        let event = &self.ring.slot(id)?.event;
        Some(Tip { creator: event.creator(), sequence: event.sequence(), hash: event.hash() })
    }

    /// The events of a line that have no child on it.
    fn ends(&self, chain: &Chain) -> BTreeSet<Id> {
        let mut ends: BTreeSet<Id> = chain.from(0).collect();
        for id in chain.from(0) {
            ends.remove(&self.ring.slot(id).map_or(0, |slot| slot.self_parent));
        }
        ends
    }

    /// What somebody lacks who has these tips and holds events under the generation `ancient` for ancient: at most so many
    /// events.
    pub fn missing(&self, tips: &[Tip], ancient: u64, most: usize) -> Missing {
        let mut ids: Vec<Id> = Vec::new();
        let mut has_gap = false;
        for (member, chain) in self.chains.iter().enumerate() {
            let tips = || tips.iter().filter(move |tip| usize::from(tip.creator) == member);
            match chain.forked {
                true => ids.extend(self.not_before(chain, tips())),
                false => {
                    let tip = tips().max_by_key(|tip| tip.sequence);
                    let start = tip.map_or(0, |tip| self.after(tip));
                    has_gap |= self.is_gap(chain, tip, ancient);
                    ids.extend(chain.from(start));
                }
            }
        }
        ids.sort_unstable();
        let events = ids.into_iter().filter_map(|id| self.ring.slot(id)).map(|slot| slot.event.clone());
        Missing { events: events.take(most).collect(), has_gap }
    }

    /// The sequence after a tip; 0 if the line is another one, in which case there is a fork to tell of.
    fn after(&self, tip: &Tip) -> u64 {
        let here = |&id: &Id| self.ring.slot(id).is_some_and(|slot| slot.event.hash() == tip.hash);
        let chain = &self.chains[usize::from(tip.creator)];
        match chain.at(tip.sequence).next() {
            Some(id) if !here(&id) => 0,
            _ => tip.sequence.saturating_add(1),
        }
    }

    /// Whether the first event kept of a line is one whose parent somebody lacks and wants.
    fn is_gap(&self, chain: &Chain, tip: Option<&Tip>, ancient: u64) -> bool {
        let Some(first) = chain.from(0).next().and_then(|id| self.ring.slot(id)) else { return false };
        let Some(parent) = first.event.self_parent() else { return false };
        parent.generation >= ancient && tip.is_none_or(|tip| tip.sequence < parent.sequence)
    }

    /// The events of a forked line that are before none of these tips.
    fn not_before<'a>(&self, chain: &Chain, tips: impl Iterator<Item = &'a Tip>) -> BTreeSet<Id> {
        let mut left: BTreeSet<Id> = chain.from(0).collect();
        for tip in tips {
            let is_it = |id: &Id| self.ring.slot(*id).is_some_and(|slot| slot.event.hash() == tip.hash);
            let mut at = chain.at(tip.sequence).find(is_it);
            while let Some(id) = at.filter(|id| left.remove(id)) {
                at = self.ring.slot(id).map(|slot| slot.self_parent);
            }
        }
        left
    }
}
