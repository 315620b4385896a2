//! What a substrate other than the event queue needs to run the same scenario.

use std::net::IpAddr;

use tanglegram_tangle::{Config, CoordinatorConfig, Detail, Millis, Node};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone::Coordinator as Identity;

use super::check::{self, ScenarioError};
use super::fault::Timed;
use super::outage::genesis;
use super::scenario::Scenario;
use super::streams::Stream;
use super::transport::PORT;
use super::{host, swarm, workload};

impl Scenario {
    /// Whether it can be simulated.
    pub fn check(&self) -> Result<(), ScenarioError> {
        check::check(self)
    }

    /// What goes wrong in a run with this seed, in order of time: what the scenario says, and what the swarm draws.
    pub fn timetable(&self, seed: u64) -> Vec<Timed> {
        swarm::timetable(self, seed)
    }

    /// The settings of a node, for the coordinator that signs with this tree.
    pub fn node_config(&self, number: usize, tree: &KeyTree) -> Config {
        let identity = Identity::of(tree);
        let written = self.configs.get(number);
        let validate = written.is_none_or(|config| config.coordinator.validate);
        let mut config = Config::testnet(genesis(self), CoordinatorConfig { identity, validate });
        match written {
            Some(written) => {
                let (genesis, coordinator) = (config.genesis, config.coordinator);
                config = Config::clone(written);
                (config.genesis, config.coordinator) = (genesis, coordinator);
            }
            None => config.max_neighbors = self.nodes.len(),
        }
        config.dialect = self.dialect;
        config.mwm = self.mwm;
        config.auto_tethering = true;
        config.gossip_port = PORT;
        config.planted = self.planted;
        config
    }

    /// What starts the random walks of a node that was started again so many times.
    pub fn node_seed(&self, seed: u64, number: usize, restarts: u32) -> u64 {
        let name = &self.nodes[number];
        Stream::new(seed, &format!("node {name} start {restarts}")).seed()
    }

    /// Virtual milliseconds that a miner of the scenario's speed takes for so many transactions of this minimum weight.
    pub fn mining_time(&self, mwm: u8, transactions: usize) -> Millis {
        workload::mining_time(self.hash_rate, mwm, transactions)
    }
}

/// Has a node keep what an [`Inspector`](super::Inspector) looks at.
pub fn equip(node: &mut Node) {
    node.keep_journal();
    node.keep_progress(Detail::Confirmations);
}

/// The address at which a scenario's node is reached, in every substrate.
pub fn node_address(number: usize) -> IpAddr {
    host::address(number)
}
