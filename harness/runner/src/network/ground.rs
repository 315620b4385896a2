//! What a vector runs on: a tangle, or a Hedera network.

use tanglegram_world::hedera::{MIRROR, Network};
use tanglegram_world::sim::{EPOCH, Fault, Flaw, Scenario, ScenarioError, Simulation, Trace, Violation};

/// A simulated network.
pub(super) enum Ground {
    Tangle(Box<Simulation>),
    Hedera(Box<Network>, Box<Scenario>),
}

/// Whom a step asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A node of a tangle.
    Node(usize),
    /// A member of a Hedera network.
    Member(usize),
    /// The mirror node.
    Mirror,
}

impl Ground {
    pub(super) fn new(scenario: Scenario, seed: u64) -> Result<Ground, ScenarioError> {
        match scenario.lone_hedera().cloned() {
            Some(plan) => {
                Ok(Ground::Hedera(Box::new(Network::new(plan, seed, Trace::default())?), Box::new(scenario)))
            }
            None => Ok(Ground::Tangle(Box::new(Simulation::new(scenario, seed, Trace::default())?))),
        }
    }

    pub(super) fn scenario(&self) -> &Scenario {
        match self {
            Ground::Tangle(simulation) => simulation.scenario(),
            Ground::Hedera(_, scenario) => scenario,
        }
    }

    /// Milliseconds of virtual time since the start.
    pub(super) fn now(&self) -> u64 {
        match self {
            Ground::Tangle(simulation) => simulation.now(),
            Ground::Hedera(network, _) => network.now(),
        }
    }

    pub(super) fn advance_to(&mut self, at: u64) {
        match self {
            Ground::Tangle(simulation) => drop(simulation.advance_to(at)),
            Ground::Hedera(network, _) => drop(network.advance_to(at)),
        }
    }

    /// Lets time pass, up to a time, until all nodes are where they should be: those of a tangle at the last milestone, those of a
    /// Hedera network where others were at the time `since`, with all handled that clients had given them. Whether they are.
    pub(super) fn sync(&mut self, since: u64, until: u64) -> bool {
        match self {
            Ground::Tangle(simulation) => simulation.run_until(until, Simulation::is_synced),
            Ground::Hedera(network, _) => {
                network.advance_to(until);
                network.behind(since).is_empty()
            }
        }
    }

    /// Where the nodes are instead.
    pub(super) fn progress(&self, since: u64) -> String {
        let parts: Vec<String> = match self {
            Ground::Tangle(simulation) => {
                let solid = |(number, name): (usize, &String)| match simulation.node(number) {
                    Some(node) => format!("{name} {}", node.solid_milestone_index()),
                    None => format!("{name} is down"),
                };
                simulation.scenario().nodes.iter().enumerate().map(solid).collect()
            }
            Ground::Hedera(network, scenario) => {
                let name = |number: usize| scenario.base().nodes.get(number).map_or("?", String::as_str);
                let behind = network.behind(since).into_iter();
                behind.map(|(number, what)| format!("{}: {what}", name(number))).collect()
            }
        };
        let what = if matches!(self, Ground::Tangle(_)) { "solid are " } else { "" };
        format!("{what}{}", parts.join(", "))
    }

    pub(super) fn apply(&mut self, fault: Fault) -> Result<(), Flaw> {
        match self {
            Ground::Tangle(simulation) => simulation.apply(fault),
            Ground::Hedera(network, _) => network.apply(fault),
        }
    }

    pub(super) fn violations(&self) -> &[Violation] {
        match self {
            Ground::Tangle(simulation) => simulation.violations(),
            Ground::Hedera(network, _) => network.violations(),
        }
    }

    /// The time that a node thinks it is, in milliseconds since 1970; the mirror node's clock is right.
    pub(super) fn clock(&self, place: Place) -> u64 {
        match (self, place) {
            (Ground::Tangle(simulation), Place::Node(node)) => simulation.clock(node),
            (Ground::Tangle(simulation), _) => simulation.clock(0),
            (Ground::Hedera(network, _), Place::Member(member)) => network.time_of(member),
            (Ground::Hedera(network, _), _) => EPOCH + network.now(),
        }
    }
}

/// Whom a name in a step means.
pub(super) fn place(scenario: &Scenario, name: &str) -> Option<Place> {
    let number = scenario.base().number_of(name);
    match scenario.lone_hedera() {
        Some(plan) => {
            number.map(Place::Member).or_else(|| (plan.mirror && name == MIRROR).then_some(Place::Mirror))
        }
        None => number.map(Place::Node),
    }
}
