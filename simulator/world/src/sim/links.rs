//! How messages travel between nodes: latency, loss, and who is cut off from whom.

use std::collections::{BTreeMap, BTreeSet};

use tanglegram_tangle::Millis;

use super::scenario::{LinkModel, Topology};
use super::streams::Stream;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Lost,
    /// Arrives at this time, with a bit flipped or not.
    Arrives {
        at: Millis,
        corrupt: bool,
    },
}

/// All links of a network.
pub(crate) struct Links {
    pub(crate) model: LinkModel,
    latencies: BTreeMap<(usize, usize), Millis>,
    /// When the last message on a link arrives, and when it is free to take the next.
    busy: BTreeMap<(usize, usize), (Millis, Millis)>,
    /// The group each node is in; messages pass within a group.
    groups: Option<Vec<usize>>,
    /// Ordered pairs that do not hear.
    muted: BTreeSet<(usize, usize)>,
    latency: Stream,
    jitter: Stream,
    loss: Stream,
    duplication: Stream,
    corruption: Stream,
}

impl Links {
    pub(crate) fn new(model: LinkModel, seed: u64) -> Links {
        Links {
            model,
            latencies: BTreeMap::new(),
            busy: BTreeMap::new(),
            groups: None,
            muted: BTreeSet::new(),
            latency: Stream::new(seed, "latency"),
            jitter: Stream::new(seed, "jitter"),
            loss: Stream::new(seed, "loss"),
            duplication: Stream::new(seed, "duplication"),
            corruption: Stream::new(seed, "corruption"),
        }
    }

    /// Cuts the network into groups; nodes in none form one more.
    pub(crate) fn partition(&mut self, nodes: usize, groups: &[Vec<usize>]) {
        let group_of = |node| groups.iter().position(|group| group.contains(&node)).unwrap_or(groups.len());
        self.groups = Some((0..nodes).map(group_of).collect());
    }

    pub(crate) fn mute(&mut self, from: &[usize], to: &[usize]) {
        self.muted.extend(from.iter().flat_map(|&from| to.iter().map(move |&to| (from, to))));
    }

    pub(crate) fn isolate(&mut self, nodes: usize, node: usize) {
        for other in (0..nodes).filter(|&other| other != node) {
            self.muted.extend([(node, other), (other, node)]);
        }
    }

    pub(crate) fn heal(&mut self) {
        self.groups = None;
        self.muted.clear();
    }

    pub(crate) fn passes(&self, from: usize, to: usize) -> bool {
        self.groups.as_ref().is_none_or(|groups| groups[from] == groups[to])
            && !self.muted.contains(&(from, to))
    }

    /// The way of a link, in milliseconds: the same in both directions.
    pub(crate) fn latency(&mut self, from: usize, to: usize) -> Millis {
        let Links { latencies, latency, model, .. } = self;
        let span = model.latency.end.saturating_sub(model.latency.start).max(1);
        *latencies
            .entry((from.min(to), from.max(to)))
            .or_insert_with(|| model.latency.start + latency.below(span))
    }

    /// What becomes of a message of so many bytes sent now: once or, duplicated, twice.
    pub(crate) fn send(&mut self, now: Millis, from: usize, to: usize, bytes: usize) -> [Option<Fate>; 2] {
        if !self.passes(from, to) || self.loss.chance(self.model.loss) {
            return [Some(Fate::Lost), None];
        }
        let first = self.arrival(now, from, to, bytes);
        let again =
            self.duplication.chance(self.model.duplication).then(|| self.arrival(now, from, to, bytes));
        [Some(first), again]
    }

    fn arrival(&mut self, now: Millis, from: usize, to: usize, bytes: usize) -> Fate {
        let latency = self.latency(from, to) + self.jitter.below(self.model.jitter + 1);
        let corrupt = self.corruption.chance(self.model.corruption);
        let on_the_wire = (bytes as u64 * 1000).checked_div(self.model.bandwidth).unwrap_or(0);
        let (last_arrival, free) = self.busy.entry((from, to)).or_default();
        let sent = now.max(*free) + on_the_wire;
        *free = sent;
        let at = if self.model.reordering { sent + latency } else { (sent + latency).max(*last_arrival) };
        *last_arrival = at.max(*last_arrival);
        Fate::Arrives { at, corrupt }
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
            let mut pairs: Vec<_> = ring(*near).collect();
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
    for _ in 0..degree.div_ceil(2) {
        let order = stream.sample(nodes, nodes);
        pairs.extend(order.iter().copied().zip(order.iter().copied().cycle().skip(1)));
    }
    pairs
}
