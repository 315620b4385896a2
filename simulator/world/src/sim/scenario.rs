//! What is simulated: which nodes, how they are connected, who sends what, what goes wrong.
//!
//! Nodes are named; everywhere else they are numbers, positions in [`Scenario::nodes`]. Random streams are named after nodes
//! and links, so that adding or removing one leaves the draws of all others as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use tanglegram_tangle::{Config, Dialect, Millis, Planted};
use tanglegram_ternary::Address;
use tanglegram_ternary::merkle::KeyTree;

use super::behaviour::Misbehaving;
use super::engine::START_INDEX;
use super::fault::{Fault, Timed};
use super::links;
use crate::hedera::Plan;

/// The depth of the simulation's own coordinator's key tree.
pub const DEFAULT_KEY_DEPTH: usize = 8;

/// A network and its fate.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The names of the nodes.
    pub nodes: Vec<String>,
    /// Who is connected to whom.
    pub topology: Topology,
    /// How messages travel.
    pub link: LinkModel,
    /// Links that are not like the others.
    pub links: Vec<LinkOverride>,
    /// Minimum weight magnitude; proof of work is real, so small numbers are quick.
    pub mwm: u8,
    /// Which version's rules the nodes follow.
    pub dialect: Dialect,
    /// Further settings of each node (`max-depth`, limits …). Genesis, coordinator, `mwm`, dialect, ports and who may connect
    /// are the scenario's own. Empty: IRI's testnet defaults for all, and any number of neighbours.
    pub configs: Vec<Config>,
    /// What is wrong with the nodes on purpose: nothing, but in tests.
    pub planted: Planted,
    /// Funds at the genesis besides those of the workload's accounts, which share what is left of the supply.
    pub funds: BTreeMap<Address, i64>,
    /// Who issues milestones.
    pub coordinator: CoordinatorPlan,
    /// Hashes per virtual second of a miner: proof of work takes virtual time.
    pub hash_rate: f64,
    /// Who sends transactions.
    pub workload: Workload,
    /// Nodes that misbehave from the start.
    pub misbehaving: Vec<Misbehaving>,
    /// What goes wrong, at milliseconds from the start.
    pub faults: Vec<Timed>,
    /// What goes wrong at random besides.
    pub swarm: Option<Swarm>,
    /// A network of Hedera nodes besides; without nodes of a tangle, it is alone.
    pub hedera: Option<Box<Plan>>,
    /// Virtual milliseconds from start to end.
    pub duration: Millis,
    /// Within so many virtual milliseconds after the last fault every honest node must have caught up.
    pub recovery: Millis,
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            nodes: names(4),
            topology: Topology::Regular { degree: 3 },
            link: LinkModel::default(),
            links: Vec::new(),
            mwm: 1,
            dialect: Dialect::default(),
            configs: Vec::new(),
            planted: Planted::default(),
            funds: BTreeMap::new(),
            coordinator: CoordinatorPlan::default(),
            hash_rate: 1e6,
            workload: Workload::default(),
            misbehaving: Vec::new(),
            faults: Vec::new(),
            swarm: None,
            hedera: None,
            duration: 120_000,
            recovery: 90_000,
        }
    }
}

/// The names `n0`, `n1`, … of so many nodes.
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number}")).collect()
}

impl Scenario {
    /// The Hedera network where it is all there is, else the tangle: what faults are about.
    pub fn base(&self) -> &Scenario {
        self.lone_hedera().map_or(self, |plan| &plan.base)
    }

    /// The same with another [`Scenario::base`].
    pub fn with_base(&self, base: Scenario) -> Scenario {
        match self.lone_hedera() {
            Some(plan) => Scenario { hedera: Some(Box::new(Plan { base, ..plan.clone() })), ..self.clone() },
            None => base,
        }
    }

    /// The Hedera network where there is no tangle.
    pub fn lone_hedera(&self) -> Option<&Plan> {
        self.hedera.as_deref().filter(|_| self.nodes.is_empty())
    }

    /// Whether there is a Hedera network and no tangle.
    pub fn is_hedera_alone(&self) -> bool {
        self.lone_hedera().is_some()
    }

    /// The number of the node of this name.
    pub fn number_of(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node == name)
    }

    /// The pairs of nodes that are connected in a run with this seed, each once, the lower number first.
    pub fn edges(&self, seed: u64) -> BTreeSet<(usize, usize)> {
        links::edges(&self.topology, self.nodes.len(), seed)
    }

    /// The most milestones that can be due before the end: that of the run, or of the time to recover from the last fault.
    pub fn most_milestones(&self) -> u64 {
        let drawn = self.swarm.as_ref().map(|_| self.duration);
        let last_fault = self.faults.iter().map(|timed| timed.at).max().max(drawn).unwrap_or(0);
        let end = self.duration.max(last_fault.saturating_add(self.recovery));
        end / self.coordinator.every.max(1)
    }

    /// About how many bundles are sent in the whole run, by users, spammers and misbehaving nodes.
    pub fn most_sends(&self) -> f64 {
        let spam: f64 = self.workload.spammers.iter().map(|(_, rate)| rate).sum();
        let seconds = self.duration as f64 / 1_000.0;
        let begun = self.faults.iter().filter_map(|timed| match &timed.fault {
            Fault::Behave(_, behaviour) => Some(behaviour),
            _ => None,
        });
        let misdeeds = self.misbehaving.iter().map(|one| &one.behaviour).chain(begun);
        let deeds: f64 = misdeeds.map(|behaviour| behaviour.most_deeds(self.duration)).sum();
        (self.workload.rate + spam) * seconds + deeds
    }

    /// The same run spelled out: what this seed draws as topology and swarm is written into the scenario, so that it can be
    /// reduced piece by piece.
    pub fn explicit(&self, seed: u64) -> Scenario {
        if let Some(plan) = self.lone_hedera() {
            return Scenario { hedera: Some(Box::new(plan.explicit(seed))), ..self.clone() };
        }
        Scenario {
            topology: Topology::Explicit(self.edges(seed).into_iter().collect()),
            faults: super::swarm::timetable(self, seed),
            swarm: None,
            ..self.clone()
        }
    }

    /// The scenario without a node, and without what concerns only that node; the other nodes move up. `None` where that
    /// node is the coordinator's or the last.
    pub fn without_node(&self, node: usize) -> Option<Scenario> {
        if node == self.coordinator.node { None } else { self.without_any(node) }
    }

    /// The same for any node but the last: where it is the coordinator's, the first takes its place.
    pub(crate) fn without_any(&self, node: usize) -> Option<Scenario> {
        if node >= self.nodes.len() || self.nodes.len() == 1 {
            return None;
        }
        let renumber = |number: usize| renumbered(number, node);
        let mut smaller = self.clone();
        smaller.nodes.remove(node);
        if node < smaller.configs.len() {
            smaller.configs.remove(node);
        }
        smaller.coordinator.node = renumber(self.coordinator.node).unwrap_or(0);
        if let Topology::Explicit(pairs) = &mut smaller.topology {
            *pairs = pairs.iter().filter_map(|&(a, b)| Some((renumber(a)?, renumber(b)?))).collect();
        }
        smaller.links.retain_mut(|link| match (renumber(link.from), renumber(link.to)) {
            (Some(from), Some(to)) => {
                (link.from, link.to) = (from, to);
                true
            }
            _ => false,
        });
        smaller.misbehaving = self.misbehaving.iter().filter_map(|one| one.renumbered(&renumber)).collect();
        smaller.faults = self.faults.iter().filter_map(|timed| timed.renumbered(&renumber)).collect();
        Some(smaller)
    }
}

/// What number a node has once another is gone; `None` where it is that one.
pub(crate) fn renumbered(number: usize, gone: usize) -> Option<usize> {
    (number != gone).then(|| number - usize::from(number > gone))
}

/// Who is connected to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Each node to the next, the last to the first.
    Ring,
    /// Everybody to everybody.
    Complete,
    /// Each node to `degree` others, at random, connected.
    Regular {
        /// Neighbours of each node.
        degree: usize,
    },
    /// A ring in which each node knows `near` on each side, and as many long links as nodes.
    SmallWorld {
        /// Neighbours on each side.
        near: usize,
    },
    /// These pairs.
    Explicit(Vec<(usize, usize)>),
}

impl Topology {
    /// How many pairs of so many nodes are connected, at most.
    pub fn most_links(&self, nodes: usize) -> usize {
        match self {
            Topology::Ring => nodes,
            Topology::Complete => nodes.saturating_mul(nodes.saturating_sub(1)) / 2,
            Topology::Regular { degree } => nodes.saturating_mul(*degree).div_ceil(2),
            Topology::SmallWorld { near } => nodes.saturating_mul(near.saturating_add(1)),
            Topology::Explicit(pairs) => pairs.len(),
        }
    }
}

/// How messages travel along a link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkModel {
    /// Milliseconds on the way: drawn once for each link, the same both ways.
    pub latency: Range<Millis>,
    /// Up to so many milliseconds are added at random to each message.
    pub jitter: Millis,
    /// Bytes per second; 0: no limit.
    pub bandwidth: u64,
    /// The share of messages that are lost.
    pub loss: f64,
    /// The share of messages that arrive twice.
    pub duplication: f64,
    /// The share of messages with a flipped bit.
    pub corruption: f64,
    /// Later messages may overtake earlier ones.
    pub reordering: bool,
}

impl Default for LinkModel {
    fn default() -> Self {
        LinkModel {
            latency: 10..100,
            jitter: 5,
            bandwidth: 0,
            loss: 0.0,
            duplication: 0.0,
            corruption: 0.0,
            reordering: false,
        }
    }
}

/// A link that is not like the others.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkOverride {
    /// Number of a node.
    pub from: usize,
    /// Number of another.
    pub to: usize,
    /// Only messages from the first to the second; otherwise both ways.
    pub one_way: bool,
    /// How messages travel between them.
    pub model: LinkModel,
}

/// Who issues milestones.
#[derive(Clone, Debug)]
pub struct CoordinatorPlan {
    /// Number of the node at which the coordinator works.
    pub node: usize,
    /// Milliseconds between milestones.
    pub every: Millis,
    /// What it signs with.
    pub keys: Keys,
    /// How many messages of its own may precede a milestone, each joining one more tip to what it confirms. 0: a milestone
    /// stands on two tips that random walks select; otherwise on the oldest tips.
    pub checkpoints: usize,
}

impl CoordinatorPlan {
    /// For how many milestones there are keys: that of the genesis' index and the one before it sign none.
    pub fn keys_for_milestones(&self) -> u64 {
        let depth = match &self.keys {
            Keys::Depth(depth) => *depth,
            Keys::Tree(tree) => tree.depth(),
        };
        (1_u64 << depth.min(63)).saturating_sub(u64::from(START_INDEX) + 1)
    }
}

impl Default for CoordinatorPlan {
    fn default() -> Self {
        CoordinatorPlan { node: 0, every: 10_000, keys: Keys::Depth(DEFAULT_KEY_DEPTH), checkpoints: 0 }
    }
}

/// What a coordinator signs with.
#[derive(Clone)]
pub enum Keys {
    /// A tree of `2^depth` keys of the simulation's own; at most 2^20.
    Depth(usize),
    /// A world's own tree.
    Tree(Arc<KeyTree>),
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keys::Depth(depth) => write!(f, "Depth({depth})"),
            Keys::Tree(tree) => write!(f, "Tree({})", tree.root()),
        }
    }
}

/// Who sends transactions.
///
/// Sends are numbered from 0. What send `n` is, by whom and when, depends on the seed and `n` alone (and on the state of the
/// network), so that leaving some out leaves the others as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Bundles per virtual second in the whole network.
    pub rate: f64,
    /// The share of bundles that move funds.
    pub value_share: f64,
    /// How many transactions a bundle that moves nothing has: drawn from this range.
    pub bundle_sizes: Range<usize>,
    /// Accounts that hold funds; they share what the scenario's `funds` leave of the supply.
    pub accounts: usize,
    /// Whether accounts spend what they received. If not, each pays once, from its share of the genesis: then what is paid does
    /// not depend on when the nodes confirm what.
    pub respend: bool,
    /// `depth` of tip selection.
    pub depth: i32,
    /// The share of value bundles that spend what is spent by another at the same time.
    pub double_spends: f64,
    /// The share of bundles attached to tips chosen long ago.
    pub lazy_tips: f64,
    /// Nodes that send besides, without any choice of tips but their own last transaction: number and bundles per second.
    pub spammers: Vec<(usize, f64)>,
    /// Only these sends happen; `None`: all. Spam is not numbered.
    pub only: Option<BTreeSet<u64>>,
}

impl Default for Workload {
    fn default() -> Self {
        Workload {
            rate: 1.0,
            value_share: 0.1,
            bundle_sizes: 1..2,
            accounts: 8,
            respend: true,
            depth: 3,
            double_spends: 0.0,
            lazy_tips: 0.0,
            spammers: Vec::new(),
            only: None,
        }
    }
}

/// Faults drawn at random, each of which ends before the next begins, in the first 60 % of a run. At most half of the nodes
/// are cut off and one is down or paused at a time, and all is healed in the end, so that the network can always recover.
#[derive(Clone, Debug, PartialEq)]
pub struct Swarm {
    /// How many faults.
    pub faults: usize,
    /// The longest a fault lasts, in milliseconds.
    pub longest: Millis,
    /// How many nodes misbehave besides, each in one way drawn at random, from the start until all is healed: less than a
    /// third of the nodes, and never the coordinator's.
    pub misbehaving: usize,
}
