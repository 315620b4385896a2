//! What is simulated.

use std::collections::BTreeSet;

use tanglegram_hashgraph::node::Settings;
use tanglegram_hashgraph::streams::Timetable;
use tanglegram_hashgraph::{Planted, SECOND};

use super::mischief::Misdeed;
use crate::sim::{Fault, Scenario, Stream, renumbered};

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
    /// Of the transfers only those with these numbers are sent, counted from 0; all if `None`.
    pub only: Option<BTreeSet<u64>>,
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
            only: None,
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

impl Plan {
    /// The same run spelled out: what this seed draws as faults and misbehaving members is written into the plan, so that it can
    /// be reduced piece by piece; what it draws for a coordinator, which a hashgraph has not, is left out.
    pub fn explicit(&self, seed: u64) -> Plan {
        let mut base = self.base.explicit(seed);
        let nothing = |fault: &Fault| {
            matches!(fault, Fault::StopCoordinator | Fault::StartCoordinator | Fault::Equivocate)
        };
        base.faults.retain(|timed| !nothing(&timed.fault));
        Plan { base, misbehaving: misbehaving(self, seed), swarm_misbehaving: 0, ..self.clone() }
    }

    /// The plan without a member, and without what concerns only that member; the others move up. `None` where that is the
    /// last, or as many as a third of the rest would misbehave.
    pub fn without_member(&self, member: usize) -> Option<Plan> {
        let base = self.base.without_any(member)?;
        let others = self.misbehaving.iter();
        let misbehaving: Vec<_> =
            others.filter_map(|(number, misdeed)| Some((renumbered(*number, member)?, *misdeed))).collect();
        let is_safe = 3 * misbehaving.len() < base.nodes.len();
        is_safe.then(|| Plan { base, misbehaving, ..self.clone() })
    }
}

/// Who misbehaves: whom the plan names, and whom the seed draws.
pub(super) fn misbehaving(plan: &Plan, seed: u64) -> Vec<(usize, Misdeed)> {
    let mut chosen = plan.misbehaving.clone();
    let mut stream = Stream::new(seed, "misbehaving members");
    let count = plan.base.nodes.len();
    for host in stream.sample(count, count) {
        if chosen.len() >= plan.misbehaving.len() + plan.swarm_misbehaving {
            break;
        }
        if chosen.iter().all(|(known, _)| *known != host) {
            chosen.push((host, Misdeed::ALL[stream.index(Misdeed::ALL.len())]));
        }
    }
    chosen
}
