//! What is simulated.

use tanglegram_hashgraph::node::Settings;
use tanglegram_hashgraph::streams::Timetable;
use tanglegram_hashgraph::{Planted, SECOND};

use super::mischief::Misdeed;
use crate::sim::Scenario;

/// The most members of a simulated network.
pub(crate) const MOST_MEMBERS: usize = 100;

/// A network of Hedera nodes and its fate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Nodes, links, faults, swarm and times, as for a tangle; all else in it is without meaning here.
    pub base: Scenario,
    /// How nodes go about things.
    pub settings: Settings,
    /// CryptoTransfers per virtual second that clients send to the network.
    pub rate: f64,
    /// Accounts of clients.
    pub accounts: usize,
    /// The share of transfers that clients send to two nodes.
    pub duplicates: f64,
    /// The share of transfers that cannot be done: the payer has not got that much.
    pub failing: f64,
    /// When members write files.
    pub timetable: Timetable,
    /// Whether there is a mirror node that reads them.
    pub mirror: bool,
    /// Members that do not keep the rules: less than a third, if anything is to be expected of the others.
    pub misbehaving: Vec<(usize, Misdeed)>,
    /// So many more members misbehave, drawn from the seed, each in a way drawn from it.
    pub swarm_misbehaving: usize,
    /// What is wrong with one member on purpose, and which: nothing, but in tests.
    pub planted: (usize, Planted),
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            base: Scenario { topology: crate::sim::Topology::Complete, ..Scenario::default() },
            settings: Settings::default(),
            rate: 2.0,
            accounts: 8,
            duplicates: 0.0,
            failing: 0.0,
            timetable: Timetable { records: 2 * SECOND, balances: 10 * SECOND },
            mirror: false,
            misbehaving: Vec::new(),
            swarm_misbehaving: 0,
            planted: (0, Planted::default()),
        }
    }
}
