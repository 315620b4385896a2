//! Who is connected to whom.

use std::collections::BTreeSet;

use super::tree::Tree;
use super::value::{Names, Value};
use crate::error::Fault as Mistake;
use crate::sim::{MAX_LINKS, Topology};

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

/// Who is connected with whom; never more connections than a machine holds.
pub(crate) fn topology(value: Value<'_>, names: &Names) -> Result<Topology, Mistake> {
    let (topology, nodes) = (read(value, names)?, names.len());
    match topology.most_links(nodes) {
        links if links > MAX_LINKS => Err(value
            .mistake(format_args!("that makes {links} connections of {nodes} nodes, more than {MAX_LINKS}"))),
        _ => Ok(topology),
    }
}

fn read(value: Value<'_>, names: &Names) -> Result<Topology, Mistake> {
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
pub(crate) fn unreachable(pairs: &[(usize, usize)], nodes: usize) -> Option<usize> {
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
