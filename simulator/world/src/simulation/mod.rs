//! The simulation section of a world file: how its nodes are connected, what they do, and what goes wrong.

mod faults;
mod hedera;
mod links;
mod network;
mod time;
mod timetable;
mod tree;
mod value;
mod workload;
mod write;
mod write_hedera;
mod write_options;

use std::sync::Arc;

use serde_yaml::Spanned;
use tanglegram_tangle::{Config, Dialect, Millis};

use crate::Issuer;
use crate::error::{Fault as Mistake, Source, WorldError};
use crate::sim::{CoordinatorPlan, Fault, Keys, MAX_SENDS, Scenario, Topology};

pub(crate) use hedera::read as read_hedera;
pub use time::{positive as parse_time, show as show_time};
pub(crate) use tree::Tree;
pub(crate) use value::Names;
pub use write::{fault_text, world_text};

use faults::Terms;
pub(crate) use network::unreachable;
use value::Value;

/// The keys of the section as written.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) topology: Option<Spanned<Tree>>,
    pub(crate) link: Option<Spanned<Tree>>,
    pub(crate) links: Option<Spanned<Tree>>,
    pub(crate) workload: Option<Spanned<Tree>>,
    pub(crate) misbehaving: Option<Spanned<Tree>>,
    pub(crate) faults: Option<Spanned<Tree>>,
    pub(crate) swarm: Option<Spanned<Tree>>,
    pub(crate) duration: Option<Spanned<Tree>>,
    pub(crate) recovery: Option<Spanned<Tree>>,
}

impl Section {
    /// Whether the world file says anything about a simulation.
    pub(crate) fn is_given(&self) -> bool {
        [
            &self.topology,
            &self.link,
            &self.links,
            &self.workload,
            &self.misbehaving,
            &self.faults,
            &self.swarm,
            &self.duration,
            &self.recovery,
        ]
        .iter()
        .any(|key| key.is_some())
    }
}

/// What the rest of the world file says about a simulation.
pub(crate) struct Frame<'a> {
    pub(crate) names: Names,
    pub(crate) dialect: Dialect,
    pub(crate) mwm: u8,
    pub(crate) coordinator: Option<&'a Issuer>,
    /// The settings of each node.
    pub(crate) configs: Vec<Config>,
    /// Who is connected with whom, where the nodes name each other.
    pub(crate) neighbors: Option<Topology>,
}

impl Frame<'_> {
    /// The world's coordinator at work on the first node, else the simulation's own.
    fn coordinator(&self) -> CoordinatorPlan {
        let Some(own) = self.coordinator else { return CoordinatorPlan::default() };
        CoordinatorPlan {
            node: 0,
            every: own.interval.as_millis() as Millis,
            keys: Keys::Tree(own.tree.clone()),
            checkpoints: own.checkpoints,
        }
    }
}

/// From what is written to what is simulated.
pub(crate) fn build(section: &Section, frame: &Frame<'_>, source: &Arc<Source>) -> Result<Scenario, Mistake> {
    let value = |key| Value::new(key, source);
    let default = Scenario::default();
    let names = &frame.names;
    let link = section.link.as_ref().map(|key| links::link(value(key), &default.link)).transpose()?;
    let link = link.unwrap_or(default.link);
    let duration = section.duration.as_ref().map(|key| length(value(key))).transpose()?;
    let duration = duration.unwrap_or(default.duration);
    let terms = Terms { names, link: &link, hedera: false };
    let topology = section.topology.as_ref().map(|key| network::topology(value(key), names)).transpose()?;
    let workload = section.workload.as_ref().map(|key| workload::workload(value(key), names)).transpose()?;
    let faults =
        section.faults.as_ref().map(|key| timetable::read(value(key), terms, duration)).transpose()?;
    let swarm =
        section.swarm.as_ref().map(|key| timetable::swarm(value(key), names.len(), duration)).transpose()?;
    let overrides =
        section.links.as_ref().map(|key| links::overrides(value(key), names, &link)).transpose()?;
    let misbehaving =
        section.misbehaving.as_ref().map(|key| workload::misbehaving(value(key), names)).transpose()?;
    let recovery = section.recovery.as_ref().map(|key| within(value(key), duration)).transpose()?;
    let scenario = Scenario {
        nodes: names.all().to_vec(),
        topology: frame
            .neighbors
            .clone()
            .or(topology)
            .unwrap_or_else(|| network::default_topology(names.len())),
        mwm: frame.mwm,
        dialect: frame.dialect,
        configs: frame.configs.clone(),
        coordinator: frame.coordinator(),
        workload: workload.unwrap_or(default.workload),
        faults: faults.unwrap_or_default(),
        recovery: recovery.unwrap_or(default.recovery.min(duration)),
        links: overrides.unwrap_or_default(),
        misbehaving: misbehaving.unwrap_or_default(),
        link,
        swarm,
        duration,
        ..Scenario::default()
    };
    check_sends(section, &scenario, source)?;
    Ok(scenario)
}

/// Refuses runs in which more is sent than any machine holds.
fn check_sends(section: &Section, scenario: &Scenario, source: &Arc<Source>) -> Result<(), Mistake> {
    let sends = scenario.most_sends();
    let place = section.workload.as_ref().or(section.misbehaving.as_ref()).or(section.duration.as_ref());
    match place.filter(|_| sends > MAX_SENDS) {
        Some(place) => Err(Value::new(place, source).mistake(format_args!(
            "in {} about {sends:.0} bundles would be sent, at most {MAX_SENDS:.0} can be",
            time::show(scenario.duration)
        ))),
        None => Ok(()),
    }
}

/// How long a run lasts.
fn length(value: Value<'_>) -> Result<Millis, Mistake> {
    match value.time()? {
        0 => Err(value.mistake("a run must last longer than nothing")),
        duration => Ok(duration),
    }
}

fn within(value: Value<'_>, duration: Millis) -> Result<Millis, Mistake> {
    let recovery = value.time()?;
    if recovery > duration {
        let message = format!("that is longer than the whole run, {}", time::show(duration));
        return Err(value.mistake(message));
    }
    Ok(recovery)
}

/// The faults a text names in the spelling of world files, such as `partition: [[n0], [n1, n2]]` or `crash: [n1, n2]`
/// (which is two); what a `link` fault leaves unsaid is as in `link`.
pub fn parse_faults(text: &str, scenario: &Scenario) -> Result<Vec<Fault>, WorldError> {
    let hedera = scenario.is_hedera_alone();
    let Scenario { nodes: names, link, .. } = scenario.base();
    let source = Source::new("fault".into(), text);
    let tree: Spanned<Tree> = crate::build::parse(&source)?;
    let names = Names::new(names.to_vec());
    Ok(Terms { names: &names, link, hedera }.read(Value::new(&tree, &source))?)
}
