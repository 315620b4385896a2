//! How messages travel between nodes: latency, loss, and who is cut off from whom.

use std::collections::{BTreeMap, BTreeSet};

use tanglegram_tangle::Millis;

use super::fault::{Fault, Scope, Tweak};
use super::scenario::{LinkModel, LinkOverride, Scenario, Topology};
use super::streams::{Draws, Stream};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never arrives.
    Lost,
    /// Arrives at this time.
    Arrives {
        /// In milliseconds from the start.
        at: Millis,
        /// What is wrong with it then.
        defect: Defect,
    },
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Nothing.
    None,
    /// One of its bits was flipped.
    Bit,
    /// It is longer than the protocol allows.
    Oversize,
}

/// A change to some links.
#[derive(Clone, Debug)]
pub enum Change {
    /// Messages travel like this.
    Model(LinkModel),
    /// One property is different.
    Tweak(Tweak),
    /// All is as the scenario says.
    Restore,
}

/// The way from one node to another.
struct Link {
    from: usize,
    to: usize,
    model: LinkModel,
    /// Where in the range of latencies this link lies, of 2^32: the same both ways.
    place: u64,
    /// When the last message arrives, and when the link is free to take the next.
    last_arrival: Millis,
    free: Millis,
    jitter: Draws,
    echo: Draws,
    loss: Draws,
    duplication: Draws,
    corruption: Draws,
}

impl Link {
    fn latency(&self) -> Millis {
        let span = self.model.latency.end.saturating_sub(self.model.latency.start);
        self.model.latency.start + ((span * self.place) >> 32)
    }

    /// What becomes of a message of so many bytes sent now: once or, duplicated, twice. Every message draws from every
    /// stream whose share is not 0, whatever becomes of it.
    fn send(&mut self, now: Millis, bytes: usize) -> [Option<Fate>; 2] {
        let (jitter, lost) = (self.jitter.below(self.model.jitter + 1), self.loss.chance(self.model.loss));
        let flips = self.corruption.chance(self.model.corruption);
        let twice = self.duplication.chance(self.model.duplication);
        if lost {
            return [Some(Fate::Lost), None];
        }
        let first = Fate::Arrives {
            at: self.arrival(now, jitter, bytes),
            defect: if flips { Defect::Bit } else { Defect::None },
        };
        let again = twice.then(|| {
            let jitter = self.echo.below(self.model.jitter + 1);
            Fate::Arrives { at: self.arrival(now, jitter, bytes), defect: Defect::None }
        });
        [Some(first), again]
    }

    fn arrival(&mut self, now: Millis, jitter: Millis, bytes: usize) -> Millis {
        let on_the_wire = (bytes as u64 * 1000).checked_div(self.model.bandwidth).unwrap_or(0);
        let sent = now.max(self.free) + on_the_wire;
        self.free = sent;
        let at = sent + self.latency() + jitter;
        let at = if self.model.reordering { at } else { at.max(self.last_arrival) };
        self.last_arrival = at.max(self.last_arrival);
        at
    }
}

/// All links of a network.
pub struct Links {
    seed: u64,
    names: Vec<String>,
    model: LinkModel,
    overrides: Vec<LinkOverride>,
    changes: Vec<(Scope, Change)>,
    numbers: BTreeMap<(usize, usize), usize>,
    links: Vec<Link>,
    /// The group each node is in; messages pass within a group.
    groups: Option<Vec<usize>>,
    /// Ordered pairs that do not hear.
    muted: BTreeSet<(usize, usize)>,
}

impl Links {
    /// Links as the scenario has them, with this seed's draws.
    pub fn new(scenario: &Scenario, seed: u64) -> Links {
        Links {
            seed,
            names: scenario.nodes.clone(),
            model: scenario.link.clone(),
            overrides: scenario.links.clone(),
            changes: Vec::new(),
            numbers: BTreeMap::new(),
            links: Vec::new(),
            groups: None,
            muted: BTreeSet::new(),
        }
    }

    /// The number of the way from one node to another, under which it is used from then on.
    pub fn number(&mut self, from: usize, to: usize) -> usize {
        if let Some(&number) = self.numbers.get(&(from, to)) {
            return number;
        }
        let link = self.open(from, to);
        self.links.push(link);
        self.numbers.insert((from, to), self.links.len() - 1);
        self.links.len() - 1
    }

    fn open(&self, from: usize, to: usize) -> Link {
        let (a, b) = (&self.names[from], &self.names[to]);
        let draws = |purpose: &str| Draws::new(self.seed, &format!("{purpose} {a}>{b}"));
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        let mut model = self.original(from, to);
        for (_, change) in self.changes.iter().filter(|(scope, _)| scope.covers(from, to)) {
            self.change(&mut model, (from, to), change);
        }
        Link {
            from,
            to,
            model,
            place: Draws::new(self.seed, &format!("latency {low}-{high}")).below(1 << 32),
            last_arrival: 0,
            free: 0,
            jitter: draws("jitter"),
            echo: draws("echo"),
            loss: draws("loss"),
            duplication: draws("duplication"),
            corruption: draws("corruption"),
        }
    }

    /// The link as the scenario has it.
    fn original(&self, from: usize, to: usize) -> LinkModel {
        let is_it = |link: &&LinkOverride| {
            (link.from, link.to) == (from, to) || !link.one_way && (link.to, link.from) == (from, to)
        };
        self.overrides.iter().rev().find(is_it).map_or(&self.model, |link| &link.model).clone()
    }

    fn change(&self, model: &mut LinkModel, (from, to): (usize, usize), change: &Change) {
        match change {
            Change::Model(new) => *model = new.clone(),
            Change::Tweak(tweak) => tweak.change(model),
            Change::Restore => *model = self.original(from, to),
        }
    }

    /// Lets a fault of the links happen; those of nodes and of the coordinator are none.
    pub(crate) fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::Partition(groups) => self.partition(&groups),
            Fault::OneWay(from, to) => self.mute(&from, &to),
            Fault::Isolate(node) => self.isolate(node),
            Fault::Heal => self.heal(),
            Fault::Link(scope, model) => self.alter(scope, Change::Model(model)),
            Fault::Tweak(scope, tweak) => self.alter(scope, Change::Tweak(tweak)),
            Fault::RestoreLinks(scope) => self.alter(scope, Change::Restore),
            Fault::Crash(_)
            | Fault::PowerLoss(_)
            | Fault::Restart(_)
            | Fault::Pause(_)
            | Fault::Resume(_)
            | Fault::Slow(..)
            | Fault::Skew(..)
            | Fault::Jump(..)
            | Fault::StopCoordinator
            | Fault::StartCoordinator
            | Fault::Equivocate
            | Fault::Behave(..)
            | Fault::Files(..) => {}
        }
    }

    /// Changes links, those that are opened later too.
    pub fn alter(&mut self, scope: Scope, change: Change) {
        for number in 0..self.links.len() {
            let Link { from, to, ref model, .. } = self.links[number];
            if scope.covers(from, to) {
                let mut model = model.clone();
                self.change(&mut model, (from, to), &change);
                self.links[number].model = model;
            }
        }
        if scope == Scope::All && !matches!(change, Change::Tweak(_)) {
            self.changes.clear();
        }
        self.changes.push((scope, change));
    }

    /// Cuts the network into groups; nodes in none form one more.
    pub fn partition(&mut self, groups: &[Vec<usize>]) {
        let mut group_of = vec![groups.len(); self.names.len()];
        for (number, group) in groups.iter().enumerate() {
            group.iter().for_each(|&node| group_of[node] = number);
        }
        self.groups = Some(group_of);
    }

    /// Cuts the ways from the first nodes to the second.
    pub fn mute(&mut self, from: &[usize], to: &[usize]) {
        self.muted.extend(from.iter().flat_map(|&from| to.iter().map(move |&to| (from, to))));
    }

    /// Cuts all ways from and to a node.
    pub fn isolate(&mut self, node: usize) {
        for other in (0..self.names.len()).filter(|&other| other != node) {
            self.muted.extend([(node, other), (other, node)]);
        }
    }

    /// Opens all ways again.
    pub fn heal(&mut self) {
        self.groups = None;
        self.muted.clear();
    }

    /// Whether the way from one node to another is open.
    pub fn passes(&self, from: usize, to: usize) -> bool {
        self.groups.as_ref().is_none_or(|groups| groups[from] == groups[to])
            && (self.muted.is_empty() || !self.muted.contains(&(from, to)))
    }

    /// Milliseconds from one node to another, without jitter.
    pub fn latency(&mut self, from: usize, to: usize) -> Millis {
        let number = self.number(from, to);
        self.links[number].latency()
    }

    /// Whether the size of messages matters on a link.
    pub fn is_narrow(&self, number: usize) -> bool {
        self.links[number].model.bandwidth > 0
    }

    /// What becomes of a message of so many bytes sent now: once or, duplicated, twice.
    pub fn send(&mut self, now: Millis, number: usize, bytes: usize) -> [Option<Fate>; 2] {
        let (from, to) = (self.links[number].from, self.links[number].to);
        let passes = self.passes(from, to);
        let fates = self.links[number].send(now, bytes);
        if passes { fates } else { [Some(Fate::Lost), None] }
    }
}

/// The pairs of nodes that are connected, each once, the lower first.
pub(crate) fn edges(topology: &Topology, nodes: usize, seed: u64) -> BTreeSet<(usize, usize)> {
    let mut stream = Stream::new(seed, "topology");
    let ring =
        |near: usize| (0..nodes).flat_map(move |a| (1..=near).map(move |step| (a, (a + step) % nodes)));
    let pairs: Vec<(usize, usize)> = match topology {
        Topology::Ring => ring(1).collect(),
        Topology::Complete => (0..nodes).flat_map(|a| (0..a).map(move |b| (a, b))).collect(),
        Topology::Regular { degree } => regular(nodes, *degree, &mut stream),
        Topology::SmallWorld { near } => {
            let mut pairs: Vec<_> = ring((*near).min(nodes)).collect();
            pairs.extend((0..nodes).map(|_| (stream.index(nodes), stream.index(nodes))));
            pairs
        }
        Topology::Explicit(pairs) => pairs.clone(),
    };
    pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect()
}

/// A random permutation closed to a ring, which connects all, once for every two neighbours a node shall have.
fn regular(nodes: usize, degree: usize, stream: &mut Stream) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for _ in 0..degree.min(nodes).div_ceil(2) {
        let order = stream.sample(nodes, nodes);
        pairs.extend(order.iter().copied().zip(order.iter().copied().cycle().skip(1)));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::names;

    fn scenario(nodes: usize) -> Scenario {
        let link =
            LinkModel { loss: 0.2, jitter: 50, duplication: 0.1, reordering: true, ..LinkModel::default() };
        Scenario { nodes: names(nodes), link, ..Scenario::default() }
    }

    fn fates(links: &mut Links, from: usize, to: usize) -> Vec<[Option<Fate>; 2]> {
        let number = links.number(from, to);
        (0..50).map(|now| links.send(now * 10, number, 100)).collect()
    }

    #[test]
    fn what_a_link_draws_does_not_depend_on_other_links_or_nodes() {
        let mut alone = Links::new(&scenario(2), 7);
        let expected = fates(&mut alone, 0, 1);
        let mut crowded = Links::new(&scenario(9), 7);
        fates(&mut crowded, 3, 8);
        fates(&mut crowded, 1, 0);
        assert_eq!(fates(&mut crowded, 0, 1), expected);
        assert_ne!(fates(&mut Links::new(&scenario(2), 8), 0, 1), expected);
    }

    #[test]
    fn loss_changes_no_arrival_of_what_is_not_lost() {
        let mut lossless = scenario(2);
        lossless.link.loss = 0.0;
        let (with, without) =
            (fates(&mut Links::new(&scenario(2), 7), 0, 1), fates(&mut Links::new(&lossless, 7), 0, 1));
        let arrived = with.iter().zip(&without).filter(|(with, _)| with[0] != Some(Fate::Lost));
        assert!(arrived.clone().count() < 50);
        // Only the echo of a message may differ, since fewer messages have one.
        assert!(arrived.into_iter().all(|(with, without)| with[0] == without[0]));
    }

    #[test]
    fn a_change_holds_for_links_opened_before_and_after() {
        let mut links = Links::new(&scenario(4), 1);
        let (before, _) = (links.number(0, 1), links.number(2, 3));
        links.alter(Scope::Node(1), Change::Tweak(Tweak::Bandwidth(9)));
        let after = links.number(1, 2);
        assert!(links.is_narrow(before) && links.is_narrow(after) && !links.is_narrow(1));
        links.alter(Scope::All, Change::Restore);
        assert!(!links.is_narrow(before) && !links.is_narrow(after));
    }
}
