//! The algorithm of SWIRLDS-TR-2016-01 as its Figures 4 to 7 and the definitions of its §5 have it: sets and recursion, no
//! thought of speed, nothing shared with the real one but the events.
//!
//! The report does not say what becomes of ancient events. With them, one round is decided after the other, each by the
//! pseudocode: what the unique famous witnesses so far know is settled, ancient events are taken out of the graph, and the next
//! round is decided in what is left. As long as nothing is ancient, that is the pseudocode and nothing else.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use tanglegram_hashgraph::consensus::Event;

use crate::set::Set;

type X = usize;

/// An event in the consensus order.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) struct Placed {
    pub(crate) event: X,
    pub(crate) round_received: u64,
    pub(crate) consensus_timestamp: i64,
}

/// What is settled about an event.
#[derive(Clone, Copy)]
struct Settled {
    round: u64,
    witness: bool,
    forkers: Set,
}

/// All events of a hashgraph, and what is found out about them.
pub(crate) struct Naive<'a> {
    events: &'a [Arc<Event>],
    members: usize,
    coin_period: u64,
    ancient_rounds: u64,
    /// As the events have it, kept or not.
    named: Vec<[Option<X>; 2]>,

    // What was agreed on in the rounds before `undecided`.
    undecided: u64,
    settled: BTreeMap<X, Settled>,
    received: Set,
    lowest: BTreeMap<u64, u64>,
    ancient: u64,
    pub(crate) order: Vec<Placed>,

    // What follows from that.
    parents: Vec<[Option<X>; 2]>,
    ancestors: Vec<Set>,
    self_ancestors: Vec<Set>,
    /// For each event, the creators of which its ancestors include a fork.
    forkers: Vec<Set>,
    round: Vec<u64>,
    witness: Vec<bool>,
    famous: BTreeMap<X, Option<bool>>,
    /// How many votes were given by a coin in the elections that counted.
    pub(crate) coins: Cell<usize>,
}

impl<'a> Naive<'a> {
    /// `events`: parents first.
    pub(crate) fn new(
        events: &'a [Arc<Event>],
        members: usize,
        coin_period: u64,
        ancient_rounds: u64,
    ) -> Naive<'a> {
        assert!(events.len() <= Set::MOST);
        let by_hash: BTreeMap<_, X> = events.iter().enumerate().map(|(x, e)| (e.hash(), x)).collect();
        let named = events.iter().map(|event| {
            [event.self_parent(), event.other_parent()]
                .map(|parent| parent.map(|parent| by_hash[&parent.hash]))
        });
        let mut naive = Naive {
            events,
            members,
            coin_period,
            ancient_rounds,
            named: named.collect(),
            undecided: 1,
            settled: BTreeMap::new(),
            received: Set::default(),
            lowest: BTreeMap::new(),
            ancient: 0,
            order: Vec::new(),
            parents: Vec::new(),
            ancestors: Vec::new(),
            self_ancestors: Vec::new(),
            forkers: Vec::new(),
            round: Vec::new(),
            witness: Vec::new(),
            famous: BTreeMap::new(),
            coins: Cell::new(0),
        };
        naive.run();
        naive
    }

    fn run(&mut self) {
        loop {
            self.relate();
            self.divide_rounds();
            self.decide_fame();
            let witnesses: Vec<X> = self.witnesses(self.undecided).collect();
            if witnesses.is_empty() || witnesses.iter().any(|x| self.famous[x].is_none()) {
                return;
            }
            let judges = self.unique_famous_witnesses();
            self.find_order(&judges);
            self.settle(&judges);
        }
    }

    fn first_round(&self) -> u64 {
        self.undecided.saturating_sub(self.ancient_rounds).max(1)
    }

    fn is_kept(&self, x: X) -> bool {
        self.events[x].generation() >= self.ancient
    }

    fn relate(&mut self) {
        (self.parents, self.ancestors, self.self_ancestors) = Default::default();
        for x in 0..self.events.len() {
            let parents = self.named[x].map(|parent| parent.filter(|&parent| self.is_kept(parent)));
            let mut ancestors = Set::from_iter([x]);
            for parent in parents.into_iter().flatten() {
                ancestors.extend(&self.ancestors[parent]);
            }
            let mut line = parents[0].map_or(Set::default(), |parent| self.self_ancestors[parent]);
            line.insert(x);
            self.parents.push(parents);
            self.ancestors.push(ancestors);
            self.self_ancestors.push(line);
        }
        let forks = self.forks();
        let knows = |x: X, a: X| self.ancestors[x].contains(a);
        let known = |x: X| {
            let mut known: Set = forks
                .iter()
                .filter(|&&(a, b)| knows(x, a) && knows(x, b))
                .map(|&(a, _)| self.creator(a))
                .collect();
            let told = self.settled.iter().filter(|(y, _)| knows(x, **y));
            told.for_each(|(_, settled)| known.extend(&settled.forkers));
            known
        };
        let settled = |x: X| self.settled.get(&x).map(|settled| settled.forkers);
        self.forkers = (0..self.events.len()).map(|x| settled(x).unwrap_or_else(|| known(x))).collect();
    }

    fn creator(&self, x: X) -> usize {
        self.events[x].creator().into()
    }

    /// Two events by the same creator, neither a self-ancestor of the other.
    fn forks(&self) -> Vec<(X, X)> {
        let kept = || (0..self.events.len()).filter(|&x| self.is_kept(x));
        let is_fork = |a: X, b: X| {
            self.creator(a) == self.creator(b)
                && !self.self_ancestors[a].contains(b)
                && !self.self_ancestors[b].contains(a)
        };
        kept()
            .flat_map(|a| kept().filter(move |&b| a < b).map(move |b| (a, b)))
            .filter(|&(a, b)| is_fork(a, b))
            .collect()
    }

    fn see(&self, x: X, y: X) -> bool {
        self.ancestors[x].contains(y) && !self.forkers[x].contains(self.creator(y))
    }

    fn strongly_see(&self, x: X, y: X) -> bool {
        if !self.see(x, y) {
            return false;
        }
        let between = self.ancestors[x].iter().filter(|&z| self.see(x, z) && self.see(z, y));
        let members: Set = between.map(|z| self.creator(z)).collect();
        self.is_supermajority(members.len())
    }

    fn is_supermajority(&self, count: usize) -> bool {
        count * 3 > self.members * 2
    }

    fn witnesses(&self, round: u64) -> impl Iterator<Item = X> + '_ {
        let is_forgotten = round < self.first_round();
        (0..self.round.len())
            .filter(move |&x| !is_forgotten && self.is_kept(x) && self.witness[x] && self.round[x] == round)
    }

    /// Figure 5.
    fn divide_rounds(&mut self) {
        (self.round, self.witness) = Default::default();
        for x in 0..self.events.len() {
            if let Some(settled) = self.settled.get(&x) {
                self.round.push(settled.round);
                self.witness.push(settled.witness);
                continue;
            }
            let parents = self.parents[x].into_iter().flatten();
            let r = parents.map(|parent| self.round[parent]).max().unwrap_or(self.first_round());
            let count = self.witnesses(r).filter(|&y| self.strongly_see(x, y)).count();
            self.round.push(if self.is_supermajority(count) { r + 1 } else { r });
            self.witness.push(self.parents[x][0].is_none_or(|parent| self.round[x] > self.round[parent]));
        }
    }

    fn by_round(&self) -> Vec<X> {
        let last = self.round.iter().copied().max().unwrap_or(0);
        (self.undecided..=last).flat_map(|r| self.witnesses(r)).collect()
    }

    /// Figure 6.
    fn decide_fame(&mut self) {
        self.famous = self.witnesses(self.undecided).map(|x| (x, self.elect(x))).collect();
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
        self.undecided
    }

    fn unique_famous_witnesses(&self) -> Vec<X> {
        let famous: Vec<X> =
            self.witnesses(self.undecided).filter(|x| self.famous[x] == Some(true)).collect();
        let twins = |x: X| famous.iter().filter(|&&y| self.creator(y) == self.creator(x)).count();
        famous.iter().copied().filter(|&x| twins(x) == 1).collect()
    }

    /// Figure 7, for one round.
    fn find_order(&mut self, judges: &[X]) {
        let is_received = |x: &X| {
            !judges.is_empty()
                && self.is_kept(*x)
                && !self.received.contains(*x)
                && judges.iter().all(|&judge| self.ancestors[judge].contains(*x))
        };
        let received: Vec<X> = (0..self.events.len()).filter(is_received).collect();
        let mut order: Vec<(Placed, Vec<u8>)> = received.iter().map(|&x| self.place(x, judges)).collect();
        order.sort_by_key(|(placed, whitened)| (placed.consensus_timestamp, whitened.clone()));
        self.order.extend(order.into_iter().map(|(placed, _)| placed));
        received.into_iter().for_each(|x| self.received.insert(x));
    }

    fn place(&self, x: X, judges: &[X]) -> (Placed, Vec<u8>) {
        let mut s: Vec<i64> = judges.iter().map(|&judge| self.learned(x, judge)).collect();
        s.sort();
        let mut whitened = self.events[x].signature().to_vec();
        for &judge in judges {
            whitened.iter_mut().zip(self.events[judge].signature()).for_each(|(a, b)| *a ^= b);
        }
        (Placed { event: x, round_received: self.undecided, consensus_timestamp: s[s.len() / 2] }, whitened)
    }

    /// When the creator of `judge`, on the way to it, came to know `x`.
    fn learned(&self, x: X, judge: X) -> i64 {
        match self.parents[judge][0] {
            Some(parent) if self.ancestors[parent].contains(x) => self.learned(x, parent),
            _ => self.events[judge].timestamp(),
        }
    }

    /// Goes on to the next round.
    fn settle(&mut self, judges: &[X]) {
        let known: Set = judges.iter().flat_map(|&judge| self.ancestors[judge].iter()).collect();
        for x in known.iter() {
            let found = Settled { round: self.round[x], witness: self.witness[x], forkers: self.forkers[x] };
            self.settled.entry(x).or_insert(found);
        }
        let lowest = judges.iter().map(|&judge| self.events[judge].generation()).min();
        self.lowest.insert(self.undecided, lowest.unwrap_or(0));
        self.undecided += 1;
        let old = self.lowest.range(..self.first_round()).map(|(_, &lowest)| lowest);
        self.ancient = old.max().unwrap_or(0);
        let ancient = self.ancient;
        let events = self.events;
        self.settled.retain(|&x, _| events[x].generation() >= ancient);
    }
}
