//! Random event graphs.

use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use tanglegram_hashgraph::consensus::{Event, KeyPair, Parent, Roster};

/// The most members of a random graph.
pub(crate) const MOST: usize = 8;

static KEYS: LazyLock<Vec<KeyPair>> =
    LazyLock::new(|| (0..MOST as u8).map(|seed| KeyPair::from_seed([seed + 1; 32])).collect());

/// A key of a member.
pub(crate) fn key(member: usize) -> &'static KeyPair {
    &KEYS[member]
}

/// The first so many members.
pub(crate) fn roster(members: usize) -> Roster {
    Roster::new(KEYS[..members].iter().map(KeyPair::public).collect()).expect("these are keys")
}

/// One event to be: who creates it, by whose event, how much older than that one's last, and whether it is a fork.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) creator: usize,
    pub(crate) other: usize,
    pub(crate) stale: usize,
    pub(crate) fork: usize,
    pub(crate) time: i64,
}

/// How events come to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) members: usize,
    /// So many of the last members fork: less than a third.
    pub(crate) forkers: usize,
    /// So many of the first members begin late, after so many steps.
    pub(crate) late: (usize, usize),
    /// In groups of so many steps the members split into two halves that hear nothing of each other but at the edge.
    pub(crate) split: usize,
    pub(crate) steps: Vec<Step>,
}

/// Any plan with so many members and steps.
pub(crate) fn plans(members: RangeInclusive<usize>, steps: Range<usize>) -> impl Strategy<Value = Plan> {
    let step = (0..MOST, 1..MOST, 0usize..12, 0usize..16, 0i64..40).prop_map(
        |(creator, other, stale, fork, time)| Step {
            creator,
            other,
            stale: stale.saturating_sub(8),
            fork: fork.saturating_sub(12),
            time,
        },
    );
    let late = (0usize..3, 0usize..40);
    let split = prop_oneof![Just(0), 1usize..30];
    (members, 0usize..3, late, split, prop::collection::vec(step, steps)).prop_map(
        |(members, forkers, late, split, steps)| {
            let forkers = forkers.min((members - 1) / 3);
            Plan { members, forkers, late: (late.0.min(members - 1), late.1), split, steps }
        },
    )
}

impl Plan {
    /// The events, parents first.
    pub(crate) fn events(&self) -> Vec<Arc<Event>> {
        let mut lines: Vec<Vec<Parent>> = vec![Vec::new(); self.members];
        let mut events = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let creator = step.creator % self.members;
            if creator < self.late.0 && number < self.late.1 {
                continue;
            }
            let event = self.event(number, creator, step, &lines);
            lines[creator].push(event.as_parent());
            events.push(Arc::new(event));
        }
        events
    }

    fn event(&self, number: usize, creator: usize, step: &Step, lines: &[Vec<Parent>]) -> Event {
        let back = if creator + self.forkers >= self.members { step.fork } else { 0 };
        let own = lines[creator].iter().rev().nth(back).copied();
        let mut other = (creator + step.other) % self.members;
        if self.split > 0 && number / self.split % 2 == 1 && other % 2 != creator % 2 {
            other = (other + 1) % self.members;
        }
        let others = lines[other].iter().rev().nth(step.stale).or(lines[other].first());
        let others = others.filter(|_| other != creator).copied();
        Event::create(key(creator), creator as u16, own, others, step.time + number as i64, Vec::new())
    }
}
