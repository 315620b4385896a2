//! Who knows of what: ancestors, seeing and strongly seeing (§3, §5, Figure 3), by one row per event.
//!
//! A row tells of each member the last of its events among the ancestors, as the efficient calculations of §7 do, and is
//! made from the parents' rows alone: the work does not grow with the history.

use super::graph::Graph;
use super::ring::{Id, Latest};
use crate::Bug;

impl Graph {
    /// Fills `self.row` with what an event of this creator, with these parents, knows of each member.
    pub(super) fn know(&mut self, itself: Latest, creator: usize, self_parent: Id, other_parent: Id) {
        let nothing = &self.nothing[..];
        let own = self.ring.row(self_parent).unwrap_or(nothing);
        let others = self.ring.row(other_parent).unwrap_or(nothing);
        let mut row = std::mem::take(&mut self.row);
        for member in 0..own.len() {
            row[member] = if member != creator {
                self.merge(member, own[member], others[member])
            } else if self.is_past(member, own[member], others[member]) {
                itself
            } else {
                Latest::FORKED
            };
        }
        self.row = row;
    }

    /// Whether an event is there at all and not ancient. What is, is as if it had never been.
    fn is_current(&self, latest: Latest) -> bool {
        latest.generation > 0 && latest.generation >= self.ancient
    }

    /// What an event with both in its past knows of a member.
    fn merge(&self, member: usize, a: Latest, b: Latest) -> Latest {
        if a == b {
            return a;
        }
        if a.is_forked() || b.is_forked() {
            return Latest::FORKED;
        }
        match (self.is_current(a), self.is_current(b)) {
            (_, false) => return a,
            (false, true) => return b,
            (true, true) => {}
        }
        let (old, new) = if a.generation <= b.generation { (a, b) } else { (b, a) };
        if self.is_self_ancestor(member, old, new) { new } else { Latest::FORKED }
    }

    /// Whether a new event of a member, which knows this of its self-parent's line and that by way of its other-parent, gives
    /// no fork away: whatever is known of the member is on the line.
    fn is_past(&self, member: usize, own: Latest, others: Latest) -> bool {
        if own.is_forked() || others.is_forked() {
            return false;
        }
        !self.is_current(others)
            || others.generation <= own.generation && self.is_self_ancestor(member, others, own)
    }

    /// Whether one event of a member is the other or before it on its line. Neither is ancient, and `old.generation <=
    /// new.generation`.
    fn is_self_ancestor(&self, member: usize, old: Latest, new: Latest) -> bool {
        if !self.chains[member].forked || self.config.planted.has(Bug::ForkCountsTwice) {
            return true;
        }
        let mut at = new.id;
        while let Some(slot) = self.ring.slot(at) {
            if slot.generation <= old.generation {
                return at == old.id;
            }
            at = slot.self_parent;
        }
        false
    }

    /// Whether an event that knows this row can see the event `y` (§5): `y` is an ancestor, and among the ancestors is no
    /// fork by its creator.
    pub(super) fn sees(&self, row: &[Latest], y: Id) -> bool {
        let Some(slot) = self.ring.slot(y) else { return false };
        let creator = usize::from(slot.event.creator());
        let (known, wanted) = (row[creator], Latest { id: y, generation: slot.generation });
        known.generation >= wanted.generation && self.is_self_ancestor(creator, wanted, known)
    }

    /// Fills `self.strong` with the witnesses of a round that an event with the row `self.row` can strongly see (§5, Figure
    /// 3), by creator, and says how many there are. To strongly see one is to see events of more than two thirds of the
    /// members that see it.
    ///
    /// What the event sees of a member is a line of self-ancestors, since a fork would hide all of it; and what an earlier
    /// one on the line sees, a later one sees too, unless by a fork that the event would know as well. So the last one of
    /// each member answers for all.
    pub(super) fn see_strongly(&mut self, round: u64) -> usize {
        self.strong.fill(ABSENT);
        let (mut strong, mut seers) = (std::mem::take(&mut self.strong), std::mem::take(&mut self.seers));
        let mut wanted = std::mem::take(&mut self.wanted);
        seers.fill(0);
        wanted.fill(u64::MAX);
        let witnesses = self.round(round).map_or(&[][..], |round| &round.witnesses);
        for (place, witness) in witnesses.iter().enumerate() {
            if self.sees(&self.row, witness.id) {
                strong[usize::from(witness.creator)] = place as u16;
                wanted[usize::from(witness.creator)] = witness.generation;
            }
        }
        for latest in &self.row {
            let row = self.ring.row(latest.id).unwrap_or(&[]);
            for (creator, known) in row.iter().enumerate() {
                seers[creator] += u16::from(known.generation >= wanted[creator]);
            }
        }
        let mut count = 0;
        for creator in 0..strong.len() {
            let is_strong = strong[creator] != ABSENT && self.is_enough(seers[creator].into());
            count += usize::from(is_strong);
            strong[creator] = if is_strong { strong[creator] } else { ABSENT };
        }
        (self.strong, self.seers, self.wanted) = (strong, seers, wanted);
        count
    }

    /// Whether an event is strongly seen by way of so many members.
    fn is_enough(&self, members: usize) -> bool {
        let is_majority = || 2 * members > self.roster.count();
        self.roster.is_supermajority(members) || self.config.planted.has(Bug::WeaklySeen) && is_majority()
    }
}

/// No witness.
pub(super) const ABSENT: u16 = u16::MAX;
