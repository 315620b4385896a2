//! The newest part of a hashgraph, a row for each member, from left to right (SWIRLDS-TR-2016-01, Figure 1, lying on its side).

use std::collections::{BTreeMap, BTreeSet};

use tanglegram_world::hedera::Network;

use super::graph::{Dot, EDGE, Graph, Line};

/// Most events drawn.
const MOST: usize = 240;
/// Pixels from one event of a row to the next, and from one row to the next.
const STEP: (usize, usize) = (26, 44);
/// Pixels for the names of members.
const NAMES: usize = 70;
/// Pixels that the other event of a fork is lower.
const FORK: usize = 14;

/// The newest events of a member.
pub(super) fn graph(network: &Network, number: usize) -> Option<Graph> {
    let known = network.node(number)?.graph();
    let names = network.names();
    let lane = |member: usize| EDGE + member * STEP.1;
    // By hash: the place of an event, one layer to the right of the later of its parents.
    let mut places: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let (mut dots, mut lines) = (Vec::new(), Vec::new());
    for seen in known.newest(MOST) {
        let event = &seen.event;
        let creator = usize::from(event.creator());
        let parents = [event.self_parent(), event.other_parent()];
        let parents = parents.map(|parent| parent.and_then(|parent| places.get(&parent.hash).copied()));
        let x = parents.iter().flatten().map(|(x, _)| x + STEP.0).max().unwrap_or(NAMES + EDGE);
        let y = lane(creator) + if taken.insert((x, creator)) { 0 } else { FORK };
        for (to, is_branch) in parents.into_iter().zip([false, true]) {
            lines.extend(to.map(|to| Line { from: (x, y), to, is_branch }));
        }
        places.insert(event.hash(), (x, y));
        let is_done = if seen.is_witness { seen.famous == Some(true) } else { seen.is_ordered };
        let fame = match (seen.is_witness, seen.famous) {
            (false, _) => "no witness",
            (true, Some(true)) => "famous witness",
            (true, Some(false)) => "witness, not famous",
            (true, None) => "witness, its fame undecided",
        };
        let words = vec![
            format!("{}, event {}", names.get(creator).map_or("?", String::as_str), event.sequence()),
            format!("round {}, {fame}", seen.round),
            format!("{} transactions", event.transactions().len()),
            (if seen.is_ordered { "in the order" } else { "not yet in the order" }).to_owned(),
        ];
        dots.push(Dot { x, y, stone: seen.is_witness.then_some(seen.round), is_done, words });
    }
    let lanes = names.iter().enumerate().map(|(member, name)| (lane(member), name.clone())).collect();
    let width = dots.iter().map(|dot| dot.x).max().unwrap_or(NAMES) + EDGE;
    let (height, older) = (lane(names.len()), known.len().saturating_sub(dots.len()));
    Some(Graph { node: names.get(number)?.clone(), width, height, lanes, dots, lines, older })
}
