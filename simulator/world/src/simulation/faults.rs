//! Faults as they are written, in world files as in vectors.

use serde_yaml::Spanned;
use tanglegram_tangle::Millis;

use super::links;
use super::tree::Tree;
use super::value::{Names, Value};
use super::workload;
use crate::error::Fault as Mistake;
use crate::sim::{Behaviour, Fault, Files, LinkModel};

/// The longest a message may take a slow node.
const SLOWEST: Millis = 3_600_000;

/// The names of all faults.
pub(crate) const FAULTS: [&str; 17] = [
    "partition",
    "one-way",
    "isolate",
    "heal",
    "crash",
    "power-loss",
    "restart",
    "pause",
    "resume",
    "slow",
    "skew",
    "jump",
    "link",
    "tweak",
    "restore-links",
    "behave",
    "files",
];

/// The fault that acts on the coordinator.
pub(crate) const COORDINATOR: &str = "coordinator";

/// The faults that only a tangle has, and those that only a Hedera network has.
const OF_TANGLES: [&str; 2] = [COORDINATOR, "behave"];
const OF_HEDERA: [&str; 1] = ["files"];

/// What faults are read with.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) names: &'a Names,
    /// How messages travel when nothing is wrong.
    pub(crate) link: &'a LinkModel,
    /// Whether it is a Hedera network's, and not a tangle's.
    pub(crate) hedera: bool,
}

impl Terms<'_> {
    /// A fault on its own: `heal`, or a map of one key. Several where it names several nodes.
    pub(crate) fn read(self, value: Value<'_>) -> Result<Vec<Fault>, Mistake> {
        if let Tree::Scalar(word) = value.tree() {
            return match word.as_str() {
                "heal" => Ok(vec![Fault::Heal]),
                _ => Err(value.mistake(format_args!("unknown fault `{word}`")).with_help(Some(known()))),
            };
        }
        match value.pairs("a fault, such as `crash: n1`")?[..] {
            [(name, argument)] => {
                value.check_key(name, &all())?;
                self.fault(name, argument)
            }
            _ => Err(value.mistake("expected one fault").with_help(Some(known()))),
        }
    }

    /// A fault by its name and argument.
    pub(crate) fn fault(self, name: &Spanned<String>, argument: Value<'_>) -> Result<Vec<Fault>, Mistake> {
        let one = |fault| Ok(vec![fault]);
        self.has(name, argument)?;
        match name.value.as_str() {
            "partition" => one(Fault::Partition(self.groups(argument)?)),
            "one-way" => one(self.one_way(argument)?),
            "isolate" => self.each(argument, Fault::Isolate),
            "heal" => heal(argument).map(|()| vec![Fault::Heal]),
            "crash" => self.each(argument, Fault::Crash),
            "power-loss" => self.each(argument, Fault::PowerLoss),
            "restart" => self.each(argument, Fault::Restart),
            "pause" => self.each(argument, Fault::Pause),
            "resume" => self.each(argument, Fault::Resume),
            "slow" => self.by_node(argument, |node, time| Ok(Fault::Slow(node, slowness(time)?))),
            "skew" => self.by_node(argument, |node, time| Ok(Fault::Skew(node, time.signed_time()?))),
            "jump" => self.by_node(argument, |node, time| Ok(Fault::Jump(node, time.signed_time()?))),
            "link" => links::scoped(argument, self.names, self.link)
                .map(|(scope, model)| vec![Fault::Link(scope, model)]),
            "tweak" => {
                links::tweak(argument, self.names).map(|(scope, tweak)| vec![Fault::Tweak(scope, tweak)])
            }
            "restore-links" => one(Fault::RestoreLinks(links::restored(argument, self.names)?)),
            "behave" => {
                self.by_node(argument, |node, how| Ok(Fault::Behave(node, workload::behaviour(how)?)))
            }
            "files" => self.by_node(argument, |node, what| Ok(Fault::Files(node, files(what)?))),
            _ => one(coordinator(argument)?),
        }
    }

    /// Refuses what this kind of network does not have.
    fn has(self, name: &Spanned<String>, argument: Value<'_>) -> Result<(), Mistake> {
        let (foreign, whose) = match self.hedera {
            true => (&OF_TANGLES[..], "a tangle's nodes: Hedera nodes are `misbehaving` from the start"),
            false => (&OF_HEDERA[..], "Hedera nodes"),
        };
        match foreign.contains(&name.value.as_str()) {
            true => Err(argument.mistake(format_args!("`{}` is for {whose}", name.value))),
            false => Ok(()),
        }
    }

    fn each(self, nodes: Value<'_>, fault: fn(usize) -> Fault) -> Result<Vec<Fault>, Mistake> {
        Ok(nodes.nodes(self.names)?.into_iter().map(fault).collect())
    }

    fn groups(self, value: Value<'_>) -> Result<Vec<Vec<usize>>, Mistake> {
        let lists = value.list("groups of nodes, such as [[n0, n1], [n2]]")?;
        if lists.is_empty() {
            return Err(value.mistake("no group is named"));
        }
        let mut seen = vec![false; self.names.len()];
        let mut groups = Vec::new();
        for list in lists {
            list.list("a group of nodes, such as [n0, n1]")?;
            let group = list.nodes(self.names)?;
            if let Some(&twice) = group.iter().find(|&&node| seen[node]) {
                let name = self.names.name(twice).unwrap_or_default();
                return Err(list.mistake(format_args!("`{name}` is in two groups")));
            }
            group.iter().for_each(|&node| seen[node] = true);
            groups.push(group);
        }
        if groups.len() == 1 && seen.iter().all(|seen| *seen) {
            return Err(value.mistake("a group of all nodes cuts nobody off"));
        }
        Ok(groups)
    }

    fn one_way(self, value: Value<'_>) -> Result<Fault, Mistake> {
        let fields = value.fields("nodes `from` which nothing comes `to` others", &["from", "to"])?;
        let from = fields.required("from")?.nodes(self.names)?;
        let to = fields.required("to")?;
        let others = to.nodes(self.names)?;
        if let Some(both) = others.iter().find(|node| from.contains(node)) {
            let name = self.names.name(*both).unwrap_or_default();
            return Err(to.mistake(format_args!("`{name}` is on both sides")));
        }
        Ok(Fault::OneWay(from, others))
    }

    /// A map of nodes and what each has.
    fn by_node(
        self,
        value: Value<'_>,
        fault: impl Fn(usize, Value<'_>) -> Result<Fault, Mistake>,
    ) -> Result<Vec<Fault>, Mistake> {
        let pairs = value.pairs("nodes and times, such as { n1: 20ms }")?;
        if pairs.is_empty() {
            return Err(value.mistake("no node is named"));
        }
        pairs.into_iter().map(|(name, argument)| fault(value.node_key(name, self.names)?, argument)).collect()
    }

    /// What makes a fault undone; `None` for what needs no undoing.
    pub(crate) fn undone(self, fault: &Fault) -> Option<Fault> {
        match fault {
            Fault::Partition(_) | Fault::OneWay(..) | Fault::Isolate(_) => Some(Fault::Heal),
            Fault::Crash(node) => Some(Fault::Restart(*node)),
            Fault::Pause(node) => Some(Fault::Resume(*node)),
            Fault::Slow(node, _) => Some(Fault::Slow(*node, 0)),
            Fault::Skew(node, _) => Some(Fault::Skew(*node, 0)),
            Fault::PowerLoss(node) => Some(Fault::Restart(*node)),
            Fault::Jump(node, by) => Some(Fault::Jump(*node, by.saturating_neg())),
            Fault::Link(scope, _) | Fault::Tweak(scope, _) => Some(Fault::RestoreLinks(*scope)),
            Fault::Behave(node, _) => Some(Fault::Behave(*node, Behaviour::Honest)),
            Fault::Files(node, _) => Some(Fault::Files(*node, Files::Sent)),
            Fault::StopCoordinator | Fault::Equivocate => Some(Fault::StartCoordinator),
            Fault::Heal
            | Fault::Restart(_)
            | Fault::Resume(_)
            | Fault::RestoreLinks(_)
            | Fault::StartCoordinator => None,
        }
    }
}

/// The names of all faults, the coordinator's too.
pub(crate) fn all() -> Vec<&'static str> {
    FAULTS.into_iter().chain([COORDINATOR]).collect()
}

fn known() -> String {
    format!("faults are {}", all().join(", "))
}

fn heal(argument: Value<'_>) -> Result<(), Mistake> {
    match argument.tree() {
        Tree::Null => Ok(()),
        Tree::Scalar(word) if word == "all" => Ok(()),
        _ => Err(argument.mistake("`heal` lets all messages pass again: write `heal: all`")),
    }
}

fn files(value: Value<'_>) -> Result<Files, Mistake> {
    let word = value.text("sent, held or spoiled")?;
    let found = Files::ALL.into_iter().find(|files| files.name() == word);
    found.ok_or_else(|| value.mistake(format_args!("expected sent, held or spoiled, not `{word}`")))
}

fn slowness(value: Value<'_>) -> Result<Millis, Mistake> {
    let time = value.time()?;
    if time > SLOWEST { Err(value.mistake("a message takes a slow node at most 1h")) } else { Ok(time) }
}

fn coordinator(value: Value<'_>) -> Result<Fault, Mistake> {
    match value.text("stop, start or equivocate")? {
        "equivocate" => Ok(Fault::Equivocate),
        "stop" => Ok(Fault::StopCoordinator),
        "start" => Ok(Fault::StartCoordinator),
        other => Err(value.mistake(format_args!("expected stop, start or equivocate, not `{other}`"))),
    }
}
