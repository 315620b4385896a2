//! Who is connected to whom, how messages travel, and who sends what.

use std::collections::BTreeSet;
use std::ops::Range;

use tanglegram_tangle::Millis;

use super::time;
use super::tree::Tree;
use super::value::{Names, Value};
use crate::error::Fault as Mistake;
use crate::sim::{LinkModel, Topology, Workload};

const TOPOLOGY: &str =
    "ring, complete, { random-regular: 4 }, { small-world: 2 } or a list of pairs of nodes";

/// Neighbours of each node where nothing is said.
const DEFAULT_DEGREE: usize = 3;

/// The topology of a world that says nothing about it.
pub(crate) fn default_topology(nodes: usize) -> Topology {
    if nodes <= DEFAULT_DEGREE + 1 {
        Topology::Complete
    } else {
        Topology::Regular { degree: DEFAULT_DEGREE }
    }
}

pub(crate) fn topology(value: Value<'_>, names: &Names) -> Result<Topology, Mistake> {
    match value.tree() {
        Tree::Scalar(word) => match word.as_str() {
            "ring" => Ok(Topology::Ring),
            "complete" => Ok(Topology::Complete),
            _ => Err(value.mistake(format_args!("unknown topology `{word}`: expected {TOPOLOGY}"))),
        },
        Tree::List(_) => explicit(value, names),
        _ => random(value, names),
    }
}

fn random(value: Value<'_>, names: &Names) -> Result<Topology, Mistake> {
    let pairs = value.pairs(TOPOLOGY)?;
    let [(name, number)] = pairs[..] else {
        return Err(value.mistake(format_args!("expected {TOPOLOGY}")));
    };
    value.check_key(name, &["random-regular", "small-world"])?;
    let others = names.len().saturating_sub(1);
    if name.value == "random-regular" {
        let degree = number.number(1..=usize::from(u16::MAX))?;
        return enough(number, degree, others, degree).map(|()| Topology::Regular { degree });
    }
    let near = number.number(1..=usize::from(u16::MAX))?;
    enough(number, 2 * near, others, near).map(|()| Topology::SmallWorld { near })
}

/// Refuses more neighbours than there are nodes.
fn enough(value: Value<'_>, needed: usize, others: usize, told: usize) -> Result<(), Mistake> {
    if needed > others {
        let message = format!("{told} needs at least {} nodes, there are {}", needed + 1, others + 1);
        return Err(value.mistake(message));
    }
    Ok(())
}

fn explicit(value: Value<'_>, names: &Names) -> Result<Topology, Mistake> {
    let mut pairs = Vec::new();
    let mut seen = BTreeSet::new();
    for element in value.list(TOPOLOGY)? {
        let (from, to) = pair(element, names)?;
        if !seen.insert((from.min(to), from.max(to))) {
            return Err(element.mistake("these two are connected already"));
        }
        pairs.push((from, to));
    }
    if let Some(lone) = unreachable(&pairs, names.len()) {
        let name = names.name(lone).unwrap_or_default();
        let first = names.name(0).unwrap_or_default();
        return Err(value.mistake(format_args!("nothing connects `{name}` with `{first}`")));
    }
    Ok(Topology::Explicit(pairs))
}

/// Two different nodes.
pub(crate) fn pair(value: Value<'_>, names: &Names) -> Result<(usize, usize), Mistake> {
    let two = value.list("a pair of nodes, such as [n0, n1]")?;
    let [from, to] = two[..] else {
        return Err(value.mistake("expected a pair of nodes, such as [n0, n1]"));
    };
    let (from, other) = (from.node(names)?, to.node(names)?);
    if from == other {
        return Err(to.mistake("a node is no neighbour of itself"));
    }
    Ok((from, other))
}

/// The first node that cannot be reached from node 0.
fn unreachable(pairs: &[(usize, usize)], nodes: usize) -> Option<usize> {
    let mut neighbours = vec![Vec::new(); nodes];
    for &(from, to) in pairs {
        neighbours[from].push(to);
        neighbours[to].push(from);
    }
    let mut reached = vec![false; nodes];
    let mut waiting = vec![0];
    while let Some(node) = waiting.pop() {
        if let Some(new) = reached.get_mut(node).filter(|reached| !**reached) {
            *new = true;
            waiting.extend(&neighbours[node]);
        }
    }
    reached.iter().position(|reached| !reached)
}

const LINK: [&str; 7] = ["latency", "jitter", "bandwidth", "loss", "duplication", "corruption", "reordering"];

/// A link model; what it does not say is as in `base`.
pub(crate) fn link(value: Value<'_>, base: &LinkModel) -> Result<LinkModel, Mistake> {
    let mut link = base.clone();
    let fields = value.fields("how messages travel", &LINK)?;
    fields.read("latency", &mut link.latency, latency)?;
    fields.read("jitter", &mut link.jitter, Value::time)?;
    fields.read("bandwidth", &mut link.bandwidth, |v| v.number(0..=1_000_000_000_000))?;
    fields.read("loss", &mut link.loss, Value::share)?;
    fields.read("duplication", &mut link.duplication, Value::share)?;
    fields.read("corruption", &mut link.corruption, Value::share)?;
    fields.read("reordering", &mut link.reordering, Value::truth)?;
    Ok(link)
}

/// `50ms`, or `10ms..100ms`: from the first to just below the second.
fn latency(value: Value<'_>) -> Result<Range<Millis>, Mistake> {
    let text = value.text("a time like 50ms, or a range like 10ms..100ms")?;
    let Some((from, to)) = text.split_once("..") else {
        let time = value.time()?;
        return Ok(time..time + 1);
    };
    let bound = |text: &str| time::parse(text).and_then(|time| Millis::try_from(time).ok());
    match (bound(from), bound(to)) {
        (Some(from), Some(to)) if from < to && to <= time::LONGEST => Ok(from..to),
        _ => Err(value.mistake(format_args!("expected a range like 10ms..100ms, not `{text}`"))),
    }
}

const WORKLOAD: [&str; 6] = ["rate", "value-share", "accounts", "depth", "double-spends", "lazy-tips"];

pub(crate) fn workload(value: Value<'_>) -> Result<Workload, Mistake> {
    let mut workload = Workload::default();
    let fields = value.fields("who sends what", &WORKLOAD)?;
    fields.read("rate", &mut workload.rate, |v| v.number(0.0..=10_000.0))?;
    fields.read("value-share", &mut workload.value_share, Value::share)?;
    fields.read("accounts", &mut workload.accounts, |v| v.number(1..=10_000))?;
    fields.read("depth", &mut workload.depth, |v| v.number(1..=15))?;
    fields.read("double-spends", &mut workload.double_spends, Value::share)?;
    fields.read("lazy-tips", &mut workload.lazy_tips, Value::share)?;
    Ok(workload)
}
