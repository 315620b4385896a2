//! A scenario's faults on turmoil hosts.

use std::net::IpAddr;
use std::time::Duration;

use tanglegram_world::sim::{Change, Fault, Links, Scenario, Scope, Tweak, node_address};
use turmoil::Sim;

use super::machine::{Machines, at_once};
use super::{MAX_NODES, SimulatedError};
use crate::faulty::only_in_the_queue;

/// Why a scenario cannot run on turmoil hosts with this seed, if it cannot.
pub fn refusal(scenario: &Scenario, seed: u64) -> Option<SimulatedError> {
    if scenario.nodes.len() > MAX_NODES {
        return Some(SimulatedError::Nodes(scenario.nodes.len()));
    }
    only_in_the_queue(scenario, seed).map(|what| SimulatedError::Fault { what })
}

/// What is wrong with the network now.
pub(crate) struct Weather {
    /// Who is cut off from whom, and how long messages take.
    links: Links,
    nodes: usize,
}

impl Weather {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Weather {
        Weather { links: Links::new(scenario, seed), nodes: scenario.nodes.len() }
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let nodes = self.nodes;
        (0..nodes).flat_map(move |a| (0..nodes).filter(move |b| *b != a).map(move |b| (a, b)))
    }

    /// Has turmoil's network be like this.
    pub(crate) fn settle(&mut self, sim: &Sim<'_>) {
        for (from, to) in self.pairs() {
            let (here, there) = (node_address(from), node_address(to));
            if self.links.passes(from, to) {
                sim.repair_oneway(here, there);
            } else {
                sim.partition_oneway(here, there);
            }
        }
    }

    /// Has turmoil's messages take as long as the links say.
    pub(crate) fn delay(&mut self, sim: &Sim<'_>) {
        for (a, b) in self.pairs().filter(|(a, b)| a < b) {
            let latency = self.links.latency(a, b).max(self.links.latency(b, a));
            sim.set_link_latency(node_address(a), node_address(b), Duration::from_millis(latency));
        }
    }

    /// Lets a fault happen. What makes no sense in the present state, such as the restart of a node that runs, is left out.
    pub(crate) fn apply(&mut self, fault: &Fault, machines: &Machines, sim: &mut Sim<'_>) {
        match fault {
            Fault::Partition(groups) => self.links.partition(groups),
            Fault::OneWay(from, to) => self.links.mute(from, to),
            Fault::Isolate(node) => self.links.isolate(*node),
            Fault::Heal => self.links.heal(),
            Fault::Link(scope, model) => self.alter(machines, *scope, Change::Model(model.clone())),
            Fault::Tweak(scope, tweak) => self.alter(machines, *scope, Change::Tweak(*tweak)),
            Fault::RestoreLinks(scope) => self.alter(machines, *scope, Change::Restore),
            other => return on_machine(other, machines, sim),
        }
        self.settle(sim);
        self.delay(sim);
    }

    fn alter(&mut self, machines: &Machines, scope: Scope, change: Change) {
        let lasting = match &change {
            Change::Model(model) => Some(Change::Model(at_once(model.clone()))),
            Change::Tweak(Tweak::Delay(_)) => None,
            other => Some(other.clone()),
        };
        if let Some(change) = lasting {
            machines.ways.change(|links| links.alter(scope, change));
        }
        self.links.alter(scope, change);
    }
}

/// A fault of one machine, or of the coordinator.
fn on_machine(fault: &Fault, machines: &Machines, sim: &mut Sim<'_>) {
    match *fault {
        Fault::Crash(node) | Fault::PowerLoss(node) if machines.running(node).is_some() => {
            // Before the host: what is dropped with it must be the last.
            machines.stopped(node);
            sim.crash(node_address(node));
        }
        Fault::Restart(node) => {
            let address: IpAddr = node_address(node);
            if machines.running(node).is_none() && !sim.is_host_running(address) {
                sim.bounce(address);
            }
        }
        Fault::Pause(node) => machines.running(node).iter().for_each(|host| host.pause()),
        Fault::Resume(node) => machines.resume(node),
        Fault::Slow(node, cost) => machines.set_cost(node, cost),
        Fault::Skew(node, skew) => machines.set_skew(node, skew),
        Fault::Jump(node, by) => machines.set_skew(node, machines.skew(node).saturating_add(by)),
        Fault::StopCoordinator => machines.set_issues(false),
        Fault::StartCoordinator => machines.set_issues(true),
        _ => {}
    }
}
