//! Refuses scenarios that cannot be simulated, before anything is built, and says which part is wrong.

use std::collections::BTreeSet;
use std::ops::Range;

use tanglegram_tangle::Millis;

use super::behaviour::{Behaviour, Misbehaving};
use super::fault::{Fault, Scope, Timed, Tweak};
use super::scenario::{Keys, LinkModel, Scenario, Topology, Workload};

/// The most nodes of a network.
pub const MAX_NODES: usize = 10_000;
/// The most connections of a network.
pub const MAX_LINKS: usize = 500_000;
/// The most bundles that are sent in a run.
pub const MAX_SENDS: f64 = 1e7;
/// The longest run: a virtual year.
pub const MAX_DURATION: Millis = 366 * 24 * 3_600_000;
/// Deepest key tree that is made.
const MAX_KEY_DEPTH: usize = 20;
/// The largest minimum weight for which the simulation finds nonces.
pub const MAX_MWM: u8 = 14;
/// The most transactions of a message bundle, accounts, sends per second.
const MAX_BUNDLE: usize = 100;
const MAX_ACCOUNTS: usize = 10_000;
const MAX_RATE: f64 = 10_000.0;
/// The longest delay of anything on a link, in milliseconds.
const MAX_DELAY: Millis = 24 * 3_600_000;

/// Why a scenario cannot be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// No node, or too many.
    #[error("a network has 1 to {MAX_NODES} nodes, not {0}")]
    Nodes(usize),
    /// A name that is none.
    #[error(
        "`{0}` cannot be the name of a node: 1 to 200 bytes without quotes, backslashes and control characters"
    )]
    Name(String),
    /// Two nodes of one name.
    #[error("two nodes are called `{0}`")]
    DuplicateName(String),
    /// The coordinator's key tree would be too large.
    #[error("a coordinator with 2^{0} keys cannot be made: at most 2^{MAX_KEY_DEPTH}")]
    KeyDepth(usize),
    /// The coordinator works at a node that is not there.
    #[error("the coordinator is at node number {node}, but there are only {nodes}")]
    Coordinator {
        /// Number of the node.
        node: usize,
        /// How many there are.
        nodes: usize,
    },
    /// Some number is out of its range.
    #[error("{what} must be {range}, not {value}")]
    Range {
        /// Which number.
        what: &'static str,
        /// Its range, in words.
        range: &'static str,
        /// What was given.
        value: String,
    },
    /// The genesis gives away more than there is, or less than nothing.
    #[error("the funds of the genesis are not between 0 and the supply")]
    Funds,
    /// A connected pair is none.
    #[error("connection {index} of the topology: {source}")]
    Edge {
        /// Its position in the list.
        index: usize,
        /// What is wrong.
        source: Flaw,
    },
    /// A link override is wrong.
    #[error("link {index}: {source}")]
    Link {
        /// Its position in [`Scenario::links`].
        index: usize,
        /// What is wrong.
        source: Flaw,
    },
    /// A misbehaving node is wrong.
    #[error("misbehaving node {index}: {source}")]
    Misbehaving {
        /// Its position in [`Scenario::misbehaving`].
        index: usize,
        /// What is wrong.
        source: Flaw,
    },
    /// A fault is wrong.
    #[error("fault {index}, at {at} ms: {source}")]
    Fault {
        /// Its position in [`Scenario::faults`].
        index: usize,
        /// Its time in milliseconds.
        at: Millis,
        /// What is wrong.
        source: Flaw,
    },
}

/// What is wrong with a fault, a link or a misbehaving node.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It names a node that is not there.
    #[error("there is no node number {node}, there are only {nodes} (from 0)")]
    UnknownNode {
        /// Number of the node.
        node: usize,
        /// How many there are.
        nodes: usize,
    },
    /// It happens after the end.
    #[error("the run ends before, at {duration} ms")]
    AfterEnd {
        /// Milliseconds from the start to the end.
        duration: Millis,
    },
    /// It names a node twice where that makes no sense.
    #[error("node number {0} is named twice")]
    Twice(usize),
    /// It names no node.
    #[error("it names no node")]
    Nobody,
    /// Some number is out of its range.
    #[error("{what} must be {range}, not {value}")]
    Range {
        /// Which number.
        what: &'static str,
        /// Its range, in words.
        range: &'static str,
        /// What was given.
        value: String,
    },
    /// More nodes are out of order than there may be.
    #[error("{faulty} of {nodes} nodes would be out of order at once: at least one must be left")]
    TooMany {
        /// How many.
        faulty: usize,
        /// Of how many.
        nodes: usize,
    },
    /// A node that is down cannot crash or pause again.
    #[error("node number {0} is down or paused already")]
    AlreadyDown(usize),
    /// Only a node that is down can be restarted.
    #[error("node number {0} is not down: there is nothing to restart")]
    NotDown(usize),
    /// Only a paused node can be resumed.
    #[error("node number {0} is not paused: there is nothing to resume")]
    NotPaused(usize),
}

/// Refuses what cannot be simulated.
pub(crate) fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    let nodes = scenario.nodes.len();
    if !(1..=MAX_NODES).contains(&nodes) {
        return Err(ScenarioError::Nodes(nodes));
    }
    let is_odd = |letter: char| letter.is_control() || "\"\\".contains(letter);
    let is_name = |name: &str| (1..=200).contains(&name.len()) && !name.chars().any(is_odd);
    if let Some(odd) = scenario.nodes.iter().find(|name| !is_name(name)) {
        return Err(ScenarioError::Name(odd.clone()));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = scenario.nodes.iter().find(|name| !names.insert(name.as_str())) {
        return Err(ScenarioError::DuplicateName(twice.clone()));
    }
    check_coordinator(scenario)?;
    check_numbers(scenario)?;
    check_workload(&scenario.workload, nodes)?;
    let links = scenario.topology.most_links(nodes);
    if links > MAX_LINKS {
        return Err(out_of_range("the number of connections", "at most 500000", links));
    }
    if scenario.most_sends() > MAX_SENDS {
        let value = format!("about {:.0}", scenario.most_sends());
        return Err(out_of_range("the number of bundles in a whole run", "at most 10000000", value));
    }
    if let Topology::Explicit(pairs) = &scenario.topology {
        for (index, &(a, b)) in pairs.iter().enumerate() {
            pair(a, b, nodes).map_err(|source| ScenarioError::Edge { index, source })?;
        }
    }
    for (index, link) in scenario.links.iter().enumerate() {
        let checked = pair(link.from, link.to, nodes).and_then(|()| check_model(&link.model));
        checked.map_err(|source| ScenarioError::Link { index, source })?;
    }
    check_misbehaving(&scenario.misbehaving, nodes)?;
    check_faults(scenario)
}

fn check_coordinator(scenario: &Scenario) -> Result<(), ScenarioError> {
    let (plan, nodes) = (&scenario.coordinator, scenario.nodes.len());
    if plan.node >= nodes {
        return Err(ScenarioError::Coordinator { node: plan.node, nodes });
    }
    match plan.keys {
        Keys::Depth(depth) if depth > MAX_KEY_DEPTH => Err(ScenarioError::KeyDepth(depth)),
        _ => Ok(()),
    }
}

fn out_of_range(what: &'static str, range: &'static str, value: impl ToString) -> ScenarioError {
    ScenarioError::Range { what, range, value: value.to_string() }
}

fn check_numbers(scenario: &Scenario) -> Result<(), ScenarioError> {
    if scenario.coordinator.every == 0 {
        return Err(out_of_range("the time between milestones", "at least 1 ms", 0));
    }
    if scenario.mwm > MAX_MWM {
        return Err(out_of_range("mwm", "at most 14", scenario.mwm));
    }
    if !(1.0..=1e15).contains(&scenario.hash_rate) {
        return Err(out_of_range("the hash rate", "1 to 10^15 hashes per second", scenario.hash_rate));
    }
    if !(1..=MAX_DURATION).contains(&scenario.duration) {
        return Err(out_of_range("the duration", "1 ms to 366 days", scenario.duration));
    }
    let funds: Option<i64> = scenario
        .funds
        .values()
        .try_fold(0_i64, |sum, &balance| (balance >= 0).then(|| sum.checked_add(balance)).flatten());
    if funds.is_none_or(|sum| sum > tanglegram_tangle::SUPPLY) {
        return Err(ScenarioError::Funds);
    }
    if let Some(swarm) = &scenario.swarm {
        if swarm.faults > 10_000 {
            return Err(out_of_range("the number of the swarm's faults", "at most 10000", swarm.faults));
        }
        if swarm.misbehaving * 3 >= scenario.nodes.len().max(1) && swarm.misbehaving > 0 {
            let range = "less than a third of the nodes";
            return Err(out_of_range(
                "the number of the swarm's misbehaving nodes",
                range,
                swarm.misbehaving,
            ));
        }
    }
    let flaw = |flaw| match flaw {
        Flaw::Range { what, range, value } => ScenarioError::Range { what, range, value },
        source => ScenarioError::Link { index: 0, source },
    };
    check_model(&scenario.link).map_err(flaw)
}

fn check_workload(workload: &Workload, nodes: usize) -> Result<(), ScenarioError> {
    let shares = [
        ("value_share", workload.value_share),
        ("double_spends", workload.double_spends),
        ("lazy_tips", workload.lazy_tips),
    ];
    if let Some((what, share)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
        return Err(out_of_range(what, "a share from 0 to 1", share));
    }
    let rates = [workload.rate].into_iter().chain(workload.spammers.iter().map(|&(_, rate)| rate));
    if let Some(rate) = rates.into_iter().find(|rate| !(0.0..=MAX_RATE).contains(rate)) {
        return Err(out_of_range("the rate of a workload", "0 to 10000 bundles per second", rate));
    }
    let Range { start, end } = workload.bundle_sizes;
    if start < 1 || end <= start || end > MAX_BUNDLE + 1 {
        let value = format!("{start}..{end}");
        return Err(out_of_range("the sizes of bundles", "a range within 1..101", value));
    }
    if workload.accounts > MAX_ACCOUNTS {
        return Err(out_of_range("the number of accounts", "at most 10000", workload.accounts));
    }
    match workload.spammers.iter().find(|&&(node, _)| node >= nodes) {
        Some(&(node, _)) => Err(out_of_range("the number of a spamming node", "that of a node", node)),
        None => Ok(()),
    }
}

fn known(node: usize, nodes: usize) -> Result<(), Flaw> {
    if node < nodes { Ok(()) } else { Err(Flaw::UnknownNode { node, nodes }) }
}

fn pair(a: usize, b: usize, nodes: usize) -> Result<(), Flaw> {
    known(a, nodes)?;
    known(b, nodes)?;
    if a == b { Err(Flaw::Twice(a)) } else { Ok(()) }
}

fn flaw(what: &'static str, range: &'static str, value: impl ToString) -> Flaw {
    Flaw::Range { what, range, value: value.to_string() }
}

fn check_model(model: &LinkModel) -> Result<(), Flaw> {
    let shares = [("loss", model.loss), ("duplication", model.duplication), ("corruption", model.corruption)];
    if let Some((what, share)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
        return Err(flaw(what, "a share from 0 to 1", share));
    }
    let Range { start, end } = model.latency;
    if start > end || end > MAX_DELAY {
        return Err(flaw("latency", "a range of milliseconds, of at most a day", format!("{start}..{end}")));
    }
    if model.jitter > MAX_DELAY { Err(flaw("jitter", "at most a day", model.jitter)) } else { Ok(()) }
}

fn check_misbehaving(misbehaving: &[Misbehaving], nodes: usize) -> Result<(), ScenarioError> {
    let mut seen = BTreeSet::new();
    for (index, one) in misbehaving.iter().enumerate() {
        let checked = known(one.node, nodes)
            .and_then(|()| if seen.insert(one.node) { Ok(()) } else { Err(Flaw::Twice(one.node)) })
            .and_then(|()| check_behaviour(&one.behaviour))
            .and_then(|()| enough_left(seen.len(), nodes));
        checked.map_err(|source| ScenarioError::Misbehaving { index, source })?;
    }
    Ok(())
}

fn enough_left(faulty: usize, nodes: usize) -> Result<(), Flaw> {
    if faulty < nodes { Ok(()) } else { Err(Flaw::TooMany { faulty, nodes }) }
}

fn check_behaviour(behaviour: &Behaviour) -> Result<(), Flaw> {
    if let Behaviour::ParasiteChain { length, .. } = behaviour
        && !(1..=1000).contains(length)
    {
        return Err(flaw("the length of a parasite chain", "1 to 1000", length));
    }
    match behaviour.every() {
        Some(every) if !(1..=MAX_DELAY).contains(&every) => {
            Err(flaw("the time between misdeeds", "1 ms to a day", every))
        }
        _ => Ok(()),
    }
}

/// Which nodes are out of order as the timetable goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outages {
    down: BTreeSet<usize>,
    paused: BTreeSet<usize>,
}

impl Outages {
    /// What is wrong with a fault in the present state; takes note of it.
    pub(crate) fn accept(&mut self, fault: &Fault, nodes: usize) -> Result<(), Flaw> {
        check_fault(fault, nodes)?;
        match *fault {
            Fault::Crash(node) | Fault::PowerLoss(node) => {
                self.paused.remove(&node);
                if !self.down.insert(node) {
                    return Err(Flaw::AlreadyDown(node));
                }
                enough_left(self.down.len() + self.paused.len(), nodes)
            }
            Fault::Pause(node) => {
                if self.down.contains(&node) || !self.paused.insert(node) {
                    return Err(Flaw::AlreadyDown(node));
                }
                enough_left(self.down.len() + self.paused.len(), nodes)
            }
            Fault::Restart(node) if !self.down.remove(&node) => Err(Flaw::NotDown(node)),
            Fault::Resume(node) if !self.paused.remove(&node) => Err(Flaw::NotPaused(node)),
            _ => Ok(()),
        }
    }
}

fn check_faults(scenario: &Scenario) -> Result<(), ScenarioError> {
    let mut order: Vec<(usize, &Timed)> = scenario.faults.iter().enumerate().collect();
    order.sort_by_key(|(_, timed)| timed.at);
    let (mut outages, duration) = (Outages::default(), scenario.duration);
    for (index, Timed { at, fault }) in order {
        let in_time = if *at > duration { Err(Flaw::AfterEnd { duration }) } else { Ok(()) };
        let checked = in_time.and_then(|()| outages.accept(fault, scenario.nodes.len()));
        checked.map_err(|source| ScenarioError::Fault { index, at: *at, source })?;
    }
    Ok(())
}

/// What is wrong with a fault, whatever happened before.
pub(crate) fn check_fault(fault: &Fault, nodes: usize) -> Result<(), Flaw> {
    let named = fault.nodes();
    named.iter().try_for_each(|&node| known(node, nodes))?;
    match fault {
        Fault::Partition(groups) => {
            let mut seen = BTreeSet::new();
            match named.iter().find(|&&node| !seen.insert(node)) {
                Some(&twice) => Err(Flaw::Twice(twice)),
                None if groups.is_empty() || groups.iter().any(Vec::is_empty) => Err(Flaw::Nobody),
                None => Ok(()),
            }
        }
        Fault::OneWay(from, to) if from.is_empty() || to.is_empty() => Err(Flaw::Nobody),
        Fault::Link(scope, model) => check_scope(*scope).and_then(|()| check_model(model)),
        Fault::Tweak(scope, tweak) => {
            let mut model = LinkModel { latency: 0..0, ..LinkModel::default() };
            check_scope(*scope)?;
            if matches!(tweak, Tweak::Delay(by) if *by > MAX_DELAY) {
                return Err(flaw("a delay", "at most a day", "more"));
            }
            tweak.change(&mut model);
            check_model(&model)
        }
        Fault::RestoreLinks(scope) => check_scope(*scope),
        Fault::Slow(_, cost) if *cost > MAX_DELAY => {
            Err(flaw("the time a message takes", "at most a day", cost))
        }
        Fault::Skew(_, by) | Fault::Jump(_, by) if by.unsigned_abs() > MAX_DURATION => {
            Err(flaw("a clock", "wrong by at most 366 days", by))
        }
        Fault::Behave(_, behaviour) => check_behaviour(behaviour),
        _ => Ok(()),
    }
}

fn check_scope(scope: Scope) -> Result<(), Flaw> {
    match scope {
        Scope::Between(a, b) | Scope::From(a, b) if a == b => Err(Flaw::Twice(a)),
        _ => Ok(()),
    }
}
