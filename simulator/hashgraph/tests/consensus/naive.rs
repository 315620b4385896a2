//! The algorithm of SWIRLDS-TR-2016-01 as its Figures 4 to 7 and the definitions of its §5 have it: sets and recursion, no
//! thought of speed, nothing shared with the real one but the events.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tanglegram_hashgraph::consensus::Event;

type X = usize;

/// All events of a hashgraph, and what is found out about them.
pub(crate) struct Naive<'a> {
    events: &'a [Arc<Event>],
    members: usize,
    coin_period: u64,
    parents: Vec<[Option<X>; 2]>,
    ancestors: Vec<BTreeSet<X>>,
    self_ancestors: Vec<BTreeSet<X>>,
    /// For each event, the creators of which its ancestors include a fork.
    forkers: Vec<BTreeSet<u16>>,
    round: Vec<u64>,
    witness: Vec<bool>,
    famous: BTreeMap<X, Option<bool>>,
    /// How many votes were given by a coin.
    pub(crate) coins: Cell<usize>,
}

/// An event in the consensus order.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) struct Placed {
    pub(crate) event: X,
    pub(crate) round_received: u64,
    pub(crate) consensus_timestamp: i64,
}

impl<'a> Naive<'a> {
    /// `events`: parents first.
    pub(crate) fn new(events: &'a [Arc<Event>], members: usize, coin_period: u64) -> Naive<'a> {
        let mut naive = Naive {
            events,
            members,
            coin_period,
            parents: Vec::new(),
            ancestors: Vec::new(),
            self_ancestors: Vec::new(),
            forkers: Vec::new(),
            round: Vec::new(),
            witness: Vec::new(),
            famous: BTreeMap::new(),
            coins: Cell::new(0),
        };
        naive.relate();
        naive.divide_rounds();
        naive.decide_fame();
        naive
    }

    fn relate(&mut self) {
        let by_hash: BTreeMap<_, X> = self.events.iter().enumerate().map(|(x, e)| (e.hash(), x)).collect();
        for (x, event) in self.events.iter().enumerate() {
            let parents = [event.self_parent(), event.other_parent()];
            let parents = parents.map(|parent| parent.map(|parent| by_hash[&parent.hash]));
            let mut ancestors = BTreeSet::from([x]);
            for parent in parents.into_iter().flatten() {
                ancestors.extend(&self.ancestors[parent]);
            }
            let mut line = parents[0].map_or(BTreeSet::new(), |parent| self.self_ancestors[parent].clone());
            line.insert(x);
            self.parents.push(parents);
            self.ancestors.push(ancestors);
            self.self_ancestors.push(line);
            self.forkers.push(self.forkers_known_to(x));
        }
    }

    fn creator(&self, x: X) -> u16 {
        self.events[x].creator()
    }

    /// A fork: two events by the same creator, neither a self-ancestor of the other.
    fn forkers_known_to(&self, x: X) -> BTreeSet<u16> {
        let is_fork = |a: X, b: X| {
            self.creator(a) == self.creator(b)
                && !self.self_ancestors[a].contains(&b)
                && !self.self_ancestors[b].contains(&a)
        };
        let known = &self.ancestors[x];
        known.iter().filter(|&&a| known.iter().any(|&b| is_fork(a, b))).map(|&a| self.creator(a)).collect()
    }

    fn see(&self, x: X, y: X) -> bool {
        self.ancestors[x].contains(&y) && !self.forkers[x].contains(&self.creator(y))
    }

    fn strongly_see(&self, x: X, y: X) -> bool {
        let between = self.ancestors[x].iter().filter(|&&z| self.see(x, z) && self.see(z, y));
        let members: BTreeSet<u16> = between.map(|&z| self.creator(z)).collect();
        self.see(x, y) && self.is_supermajority(members.len())
    }

    fn is_supermajority(&self, count: usize) -> bool {
        count * 3 > self.members * 2
    }

    fn witnesses(&self, round: u64) -> impl Iterator<Item = X> + '_ {
        (0..self.round.len()).filter(move |&x| self.witness[x] && self.round[x] == round)
    }

    /// Figure 5.
    fn divide_rounds(&mut self) {
        for x in 0..self.events.len() {
            let parents = self.parents[x].into_iter().flatten();
            let r = parents.map(|parent| self.round[parent]).max().unwrap_or(1);
            let count = self.witnesses(r).filter(|&y| self.strongly_see(x, y)).count();
            self.round.push(if self.is_supermajority(count) { r + 1 } else { r });
            self.witness.push(self.parents[x][0].is_none_or(|parent| self.round[x] > self.round[parent]));
        }
    }

    fn by_round(&self) -> Vec<X> {
        let mut witnesses: Vec<X> = (0..self.events.len()).filter(|&x| self.witness[x]).collect();
        witnesses.sort_by_key(|&x| self.round[x]);
        witnesses
    }

    /// Figure 6.
    fn decide_fame(&mut self) {
        for x in self.by_round() {
            let famous = self.elect(x);
            self.famous.insert(x, famous);
        }
    }

    fn elect(&self, x: X) -> Option<bool> {
        let mut votes: BTreeMap<X, bool> = BTreeMap::new();
        for y in self.by_round().into_iter().filter(|&y| self.round[y] > self.round[x]) {
            let d = self.round[y] - self.round[x];
            if d == 1 {
                votes.insert(y, self.see(y, x));
                continue;
            }
            let s: Vec<X> = self.witnesses(self.round[y] - 1).filter(|&w| self.strongly_see(y, w)).collect();
            let yes = s.iter().filter(|&w| votes[w]).count();
            let v = yes >= s.len() - yes;
            let t = if v { yes } else { s.len() - yes };
            if !d.is_multiple_of(self.coin_period) {
                if self.is_supermajority(t) {
                    return Some(v);
                }
                votes.insert(y, v);
            } else if self.is_supermajority(t) {
                votes.insert(y, v);
            } else {
                self.coins.set(self.coins.get() + 1);
                votes.insert(y, self.events[y].signature()[32] & 1 == 1);
            }
        }
        None
    }

    /// The first round with a witness whose fame is not decided, or without a witness.
    pub(crate) fn first_undecided_round(&self) -> u64 {
        let is_decided = |r: u64| {
            self.witnesses(r).next().is_some() && self.witnesses(r).all(|y| self.famous[&y].is_some())
        };
        (1..).find(|&r| !is_decided(r)).unwrap_or(u64::MAX)
    }

    fn unique_famous_witnesses(&self, r: u64) -> Vec<X> {
        let famous: Vec<X> = self.witnesses(r).filter(|x| self.famous[x] == Some(true)).collect();
        let twins = |x: X| famous.iter().filter(|&&y| self.creator(y) == self.creator(x)).count();
        famous.iter().copied().filter(|&x| twins(x) == 1).collect()
    }

    /// Figure 7.
    pub(crate) fn find_order(&self) -> Vec<Placed> {
        let mut order: Vec<(Placed, Vec<u8>)> =
            (0..self.events.len()).filter_map(|x| self.place(x)).collect();
        order.sort_by_key(|(placed, whitened)| {
            (placed.round_received, placed.consensus_timestamp, whitened.clone())
        });
        order.into_iter().map(|(placed, _)| placed).collect()
    }

    fn place(&self, x: X) -> Option<(Placed, Vec<u8>)> {
        let is_known = |judges: &[X]| judges.iter().all(|&judge| self.ancestors[judge].contains(&x));
        let rounds = (1..self.first_undecided_round()).map(|r| (r, self.unique_famous_witnesses(r)));
        let (round_received, judges) = rounds.into_iter().find(|(_, judges)| is_known(judges))?;
        let mut s: Vec<i64> = judges.iter().map(|&judge| self.learned(x, judge)).collect();
        s.sort();
        let mut whitened = self.events[x].signature().to_vec();
        for &judge in &judges {
            whitened.iter_mut().zip(self.events[judge].signature()).for_each(|(a, b)| *a ^= b);
        }
        Some((Placed { event: x, round_received, consensus_timestamp: s[s.len() / 2] }, whitened))
    }

    /// When the creator of `judge`, on the way to it, came to know `x`.
    fn learned(&self, x: X, judge: X) -> i64 {
        match self.parents[judge][0] {
            Some(parent) if self.ancestors[parent].contains(&x) => self.learned(x, parent),
            _ => self.events[judge].timestamp(),
        }
    }
}
