//! Random event graphs.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use tanglegram_hashgraph::consensus::{Event, KeyPair, Parent, Roster};

/// The most members of a random graph.
pub(crate) const MOST: usize = 8;

static KEYS: LazyLock<Vec<KeyPair>> =
    LazyLock::new(|| (0..MOST as u8).map(|seed| KeyPair::from_seed([seed + 1; 32])).collect());

/// The first so many members.
pub(crate) fn roster(members: usize) -> Roster {
    Roster::new(KEYS[..members].iter().map(KeyPair::public).collect()).expect("these are keys")
}

/// One event to be: who creates it, by whose event, how much older than that one's last, and how far before the creator's last
/// event if it is a fork; and, if it is one, whether nobody hears of it until somebody digs it up.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) creator: usize,
    pub(crate) other: usize,
    pub(crate) stale: usize,
    pub(crate) fork: usize,
    pub(crate) hidden: bool,
    pub(crate) dig: usize,
    pub(crate) time: i64,
}

/// How events come to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) members: usize,
    /// So many of the last members fork: less than a third.
    pub(crate) forkers: usize,
    /// So many of the first members are asleep, from a step on and for so many.
    pub(crate) asleep: (usize, usize, usize),
    /// In groups of so many steps the members split into two halves that hear nothing of each other but at the edge.
    pub(crate) split: usize,
    pub(crate) steps: Vec<Step>,
}

/// Any plan with so many members and steps.
pub(crate) fn plans(members: RangeInclusive<usize>, steps: Range<usize>) -> impl Strategy<Value = Plan> {
    // In calm ones much comes in order, and much becomes ancient; in rough ones elections take long.
    prop_oneof![
        plans_like(0, members.clone(), steps.clone()),
        plans_like(1, members.clone(), steps.clone()),
        plans_like(6, members, steps)
    ]
}

/// Plans of which every tenth or so divides the four voters evenly for so long that coins are tossed.
pub(crate) fn divided(steps: Range<usize>) -> impl Strategy<Value = Plan> {
    plans_like(1, 4..=4, steps)
}

fn plans_like(
    noise: u32,
    members: RangeInclusive<usize>,
    steps: Range<usize>,
) -> impl Strategy<Value = Plan> {
    let stale = prop_oneof![20 => Just(0), 2 * noise => 1usize..4, noise => 4usize..30];
    let fork = prop_oneof![4 => Just(0), 2 => 1usize..4, 1 => 4usize..60];
    let dig = prop_oneof![3 => Just(0), 1 => 1usize..8];
    let step = (0..MOST, 1..MOST, stale, fork, any::<bool>(), dig, 0i64..40).prop_map(
        |(creator, other, stale, fork, hidden, dig, time)| Step {
            creator,
            other,
            stale,
            fork,
            hidden,
            dig,
            time,
        },
    );
    let asleep = (0usize..3, 0usize..150, 0usize..150);
    let split = prop_oneof![10 => Just(0), noise => 1usize..30];
    (members, 0usize..3, asleep, split, prop::collection::vec(step, steps)).prop_map(
        |(members, forkers, asleep, split, steps)| {
            let most = (members - 1) / 3;
            let asleep = (asleep.0.min(most), asleep.1, asleep.2);
            Plan { members, forkers: forkers.min(most), asleep, split, steps }
        },
    )
}

/// Signs an event for its creator, or pretends to.
type Sign = fn(creator: usize, own: Option<Parent>, other: Option<Parent>, time: i64) -> Event;

impl Plan {
    /// The events, parents first. Their signatures are right.
    pub(crate) fn signed_events(&self) -> Vec<Arc<Event>> {
        self.events_by(|creator, own, other, time| {
            Event::create(&KEYS[creator], creator as u16, own, other, time, Vec::new())
        })
    }

    /// The events, parents first. Their signatures look as random as others, but are none.
    pub(crate) fn events(&self) -> Vec<Arc<Event>> {
        self.events_by(unsigned)
    }

    fn events_by(&self, sign: Sign) -> Vec<Arc<Event>> {
        let mut lines: Vec<Vec<Parent>> = vec![Vec::new(); self.members];
        let mut hidden: Vec<Vec<Parent>> = vec![Vec::new(); self.members];
        let mut events: Vec<Arc<Event>> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let creator = step.creator % self.members;
            let (sleepers, from, length) = self.asleep;
            if creator < sleepers && (from..from + length).contains(&number) {
                continue;
            }
            let (own, mut other) = self.parents(number, creator, step, &lines);
            let found = other.and_then(|other| {
                hidden[usize::from(other.creator)].iter().rev().nth(step.dig.checked_sub(1)?)
            });
            other = found.copied().or(other);
            let event = sign(creator, own, other, step.time + number as i64);
            // Two forks may be the same event.
            if events.iter().all(|known| known.hash() != event.hash()) {
                let is_fork = self.is_forker(creator) && step.fork > 0;
                let line = if is_fork && step.hidden { &mut hidden } else { &mut lines };
                line[creator].push(event.as_parent());
                events.push(Arc::new(event));
            }
        }
        events
    }

    fn is_forker(&self, member: usize) -> bool {
        member + self.forkers >= self.members
    }

    fn parents(
        &self,
        number: usize,
        creator: usize,
        step: &Step,
        lines: &[Vec<Parent>],
    ) -> (Option<Parent>, Option<Parent>) {
        let back = if self.is_forker(creator) { step.fork } else { 0 };
        let own = lines[creator].iter().rev().nth(back).copied();
        let mut other = (creator + step.other) % self.members;
        if self.split > 0 && number / self.split % 2 == 1 && other % 2 != creator % 2 {
            other = (other + 1) % self.members;
        }
        let others = lines[other].iter().rev().nth(step.stale).or(lines[other].first());
        (own, others.filter(|_| other != creator).copied())
    }
}

/// News of a fork that only one knows of, who then is not heard of for long: four members, the last of which forks.
#[derive(Clone, Debug)]
pub(crate) struct LateNews {
    /// At this step the forking member creates an event that only member 2 ever hears of.
    forked: usize,
    /// So many steps later member 2 creates an event that tells of it,
    told: usize,
    /// and so many later again somebody hears of that.
    heard: usize,
    steps: Vec<(usize, usize)>,
}

/// Any such plan.
pub(crate) fn late_news() -> impl Strategy<Value = LateNews> {
    let steps = prop::collection::vec((0usize..12, 0usize..3), 120..220);
    (4usize..40, 1usize..25, 10usize..80, steps).prop_map(|(forked, told, heard, steps)| LateNews {
        forked,
        told,
        heard,
        steps,
    })
}

impl LateNews {
    /// The events, and in which order they come to somebody who hears nothing of member 2 for as long as most others.
    pub(crate) fn events(&self) -> (Vec<Arc<Event>>, Vec<usize>) {
        let (told, heard) = (self.forked + self.told, self.forked + self.told + self.heard);
        let mut tips: [Option<Parent>; 4] = [None; 4];
        let (mut secret, mut events, mut late) = (None, Vec::new(), Vec::new());
        for (number, &(creator, other)) in self.steps.iter().enumerate() {
            let awake: &[usize] = if (told..heard).contains(&number) { &[0, 1, 3] } else { &[0, 1, 2, 3] };
            let creator = awake[creator % awake.len()];
            let near: Vec<usize> = awake.iter().copied().filter(|&other| other != creator).collect();
            let mut add = |creator: usize, own, other| {
                let event = unsigned(creator, own, other, events.len() as i64);
                let parent = event.as_parent();
                events.push(Arc::new(event));
                parent
            };
            if number == self.forked {
                secret = Some(add(3, tips[3], tips[0]));
                late.push(number);
            }
            if number == told {
                tips[2] = Some(add(2, tips[2], secret));
                late.push(number + 1);
            }
            let other = if number == heard { tips[2] } else { tips[near[other % near.len()]] };
            let creator = if number == heard { creator % 2 } else { creator };
            tips[creator] = Some(add(creator, tips[creator], other));
        }
        let order = self.delayed(events.len(), &late, heard + 2);
        (events, order)
    }

    /// The numbers below `count`, with these not before their time.
    fn delayed(&self, count: usize, late: &[usize], time: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|x| if late.contains(x) { (time.max(*x), 0, *x) } else { (*x, 1, *x) });
        order
    }
}

/// An event whose signature looks as random as others, but is none.
fn unsigned(creator: usize, own: Option<Parent>, other: Option<Parent>, time: i64) -> Event {
    let signed = |signature| Event::from_parts(creator as u16, own, other, time, Vec::new(), signature);
    signed(noise(&signed([0; 64]).hash().0))
}

/// As many bytes as a signature has, which depend on all of these.
fn noise(bytes: &[u8]) -> [u8; 64] {
    let fold = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut draw = bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold);
    let mut out = [0; 64];
    for chunk in out.chunks_mut(8) {
        draw = draw.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (draw ^ (draw >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        chunk.copy_from_slice(&(mixed ^ (mixed >> 29)).to_be_bytes());
    }
    out
}

/// The parents of each event by number.
pub(crate) fn parents(events: &[Arc<Event>]) -> Vec<Vec<usize>> {
    let numbers: BTreeMap<_, usize> = events.iter().enumerate().map(|(x, event)| (event.hash(), x)).collect();
    let parents = |event: &Arc<Event>| {
        let named = [event.self_parent(), event.other_parent()];
        named.into_iter().flatten().map(|parent| numbers[&parent.hash]).collect()
    };
    events.iter().map(parents).collect()
}

/// The same events in another order, parents first still: those of some members come later than those of others, up to so late
/// that they are too old.
pub(crate) fn shuffled(events: &[Arc<Event>], delays: &[usize]) -> Vec<usize> {
    let parents = parents(events);
    let mut due: Vec<usize> = Vec::new();
    for (x, event) in events.iter().enumerate() {
        let delay = delays[usize::from(event.creator()) % delays.len()] + delays[x % delays.len()] % 8;
        let after = parents[x].iter().map(|&parent| due[parent]).max();
        due.push((x + delay).max(after.unwrap_or(0)));
    }
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|&x| (due[x], x));
    order
}

/// For each member how much later its events come.
pub(crate) fn delays() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![3 => Just(0), 1 => 1usize..20, 1 => 20usize..200], 11)
}
