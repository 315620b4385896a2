//! What is simulated: how many nodes, how they are connected, what happens to them.

use std::ops::Range;

use tanglegram_tangle::{Dialect, Millis};

use super::links;

/// A network and its fate.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// How many nodes; they are called `n0`, `n1`, ….
    pub nodes: usize,
    /// Who is connected to whom.
    pub topology: Topology,
    /// How messages travel.
    pub link: LinkModel,
    /// Minimum weight magnitude; proof of work is real, so small numbers are quick.
    pub mwm: u8,
    /// Which version's rules the nodes follow.
    pub dialect: Dialect,
    /// Milliseconds between milestones, which node `n0`'s coordinator issues.
    pub milestone_every: Millis,
    /// Depth of the coordinator's key tree: there are `2^depth` milestones.
    pub key_depth: usize,
    /// Hashes per virtual second of a miner.
    pub hash_rate: f64,
    /// Who sends transactions.
    pub workload: Workload,
    /// What goes wrong, at milliseconds from the start.
    pub faults: Vec<Timed>,
    /// What goes wrong at random besides.
    pub swarm: Option<Swarm>,
    /// Virtual milliseconds from start to end.
    pub duration: Millis,
    /// Within so many virtual milliseconds after the last fault every honest node must have caught up.
    pub recovery: Millis,
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            nodes: 4,
            topology: Topology::Regular { degree: 3 },
            link: LinkModel::default(),
            mwm: 1,
            dialect: Dialect::default(),
            milestone_every: 10_000,
            key_depth: 8,
            hash_rate: 1e6,
            workload: Workload::default(),
            faults: Vec::new(),
            swarm: None,
            duration: 120_000,
            recovery: 90_000,
        }
    }
}

impl Scenario {
    /// The pairs of nodes that are neighbours, each once, the lower number first; `seed` draws random topologies.
    pub fn edges(&self, seed: u64) -> Vec<(usize, usize)> {
        links::edges(&self.topology, self.nodes, seed).into_iter().collect()
    }
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

/// How messages travel along a link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkModel {
    /// Milliseconds on the way: drawn once for each link.
    pub latency: Range<Millis>,
    /// Milliseconds added at random to each message.
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

/// Who sends transactions.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Bundles per virtual second in the whole network.
    pub rate: f64,
    /// The share of bundles that move funds.
    pub value_share: f64,
    /// Accounts that hold funds.
    pub accounts: usize,
    /// `depth` of tip selection.
    pub depth: i32,
    /// The share of value bundles that spend what was spent before.
    pub double_spends: f64,
    /// The share of bundles attached to tips chosen long ago.
    pub lazy_tips: f64,
}

impl Default for Workload {
    fn default() -> Self {
        Workload { rate: 1.0, value_share: 0.1, accounts: 8, depth: 3, double_spends: 0.0, lazy_tips: 0.0 }
    }
}

/// A fault and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// Milliseconds from the start.
    pub at: Millis,
    /// What happens.
    pub fault: Fault,
}

/// Something that goes wrong, or right again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Messages pass only within each group; nodes that are in none form one more.
    Partition(Vec<Vec<usize>>),
    /// Messages from the first nodes to the second are lost, but not the other way.
    OneWay(Vec<usize>, Vec<usize>),
    /// No message from or to this node passes.
    Isolate(usize),
    /// All messages pass again.
    Heal,
    /// The node stops; what it had not yet written is lost.
    Crash(usize),
    /// A stopped node starts from what it had written.
    Restart(usize),
    /// The node does nothing until it is resumed; messages wait.
    Pause(usize),
    /// The node goes on.
    Resume(usize),
    /// Every message takes the node so many milliseconds.
    Slow(usize, Millis),
    /// The node's clock is so many milliseconds ahead (or behind).
    Skew(usize, i64),
    /// From now on messages travel like this.
    Link(LinkModel),
    /// The coordinator issues no milestone until it is started again.
    StopCoordinator,
    /// The coordinator goes on.
    StartCoordinator,
}

/// Faults drawn at random. At most a minority of the nodes is down, paused or cut off at a time, and all is healed in the end,
/// so that the network can always recover.
#[derive(Clone, Debug, PartialEq)]
pub struct Swarm {
    /// How many faults.
    pub faults: usize,
    /// The longest a fault lasts, in milliseconds.
    pub longest: Millis,
}
