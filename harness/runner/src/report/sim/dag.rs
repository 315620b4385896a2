//! The newest part of a tangle, laid out from left to right.

use std::collections::BTreeMap;

use tanglegram_tangle::Node;
use tanglegram_ternary::{Hash, milestone};

use super::graph::{Dot, EDGE, Graph, Line};

/// Most transactions drawn.
const MOST: usize = 140;
/// Pixels from one layer to the next, and from one transaction of a layer to the next.
const STEP: (usize, usize) = (34, 30);
/// A transaction before it has its place.
struct Raw {
    hash: Hash,
    parents: [Option<usize>; 2],
    layer: usize,
    dot: Dot,
}

/// The newest transactions of a node.
pub(super) fn graph(name: &str, node: &Node) -> Graph {
    let older = node.transaction_count().saturating_sub(MOST);
    let mut raws: Vec<Raw> = Vec::new();
    let mut known: BTreeMap<Hash, usize> = BTreeMap::new();
    for transaction in ordered(node, older) {
        let parents = [transaction.trunk(), transaction.branch()].map(|hash| known.get(&hash).copied());
        let layer = parents.iter().flatten().map(|parent| raws[*parent].layer + 1).max().unwrap_or(0);
        let hash = transaction.hash();
        known.insert(hash, raws.len());
        raws.push(Raw { hash, parents, layer, dot: dot(node, &transaction) });
    }
    let height = place(&mut raws);
    let width = raws.iter().map(|raw| raw.dot.x).max().unwrap_or(0) + EDGE;
    let lines = lines(&raws);
    let dots = raws.into_iter().map(|raw| raw.dot).collect();
    Graph { node: name.to_owned(), width, height, lanes: Vec::new(), dots, lines, older }
}

/// The newest transactions so that each comes after those it approves: a bundle arrives head first.
fn ordered(node: &Node, older: usize) -> Vec<std::sync::Arc<tanglegram_ternary::Transaction>> {
    let all: Vec<_> = node.transactions().skip(older).collect();
    let numbers: BTreeMap<Hash, usize> =
        all.iter().enumerate().map(|(number, one)| (one.hash(), number)).collect();
    let mut done = vec![false; all.len()];
    let mut order = Vec::with_capacity(all.len());
    for start in 0..all.len() {
        let mut stack = vec![start];
        while let Some(&number) = stack.last() {
            let parents = [all[number].trunk(), all[number].branch()];
            let open = parents.iter().filter_map(|hash| numbers.get(hash)).find(|parent| !done[**parent]);
            match open {
                Some(parent) if !done[number] => stack.push(*parent),
                _ => {
                    stack.pop();
                    if !std::mem::replace(&mut done[number], true) {
                        order.push(all[number].clone());
                    }
                }
            }
        }
    }
    order
}

fn dot(node: &Node, transaction: &tanglegram_ternary::Transaction) -> Dot {
    let is_milestone = transaction.address() == node.config().coordinator.identity.address;
    let is_tail = transaction.current_index() == 0;
    let stone = (is_milestone && is_tail).then(|| milestone::index_of(transaction));
    let confirmed = node.confirmed_by(&transaction.hash());
    let value = transaction.value();
    let value = if value == 0 { String::new() } else { format!(", value {value}") };
    let place = (transaction.current_index(), transaction.last_index());
    let words = vec![
        transaction.hash().to_string(),
        format!("{} of {} in its bundle{value}", place.0, place.1),
        confirmed.map_or("pending".to_owned(), |index| format!("confirmed by milestone {index}")),
    ];
    let stone = stone.and_then(|index| u64::try_from(index).ok());
    Dot { x: 0, y: 0, stone, is_done: confirmed.is_some(), words }
}

/// Gives every transaction its place: layers from left to right, in each layer the order of what they approve. Returns the
/// height.
fn place(raws: &mut [Raw]) -> usize {
    let layers = raws.iter().map(|raw| raw.layer + 1).max().unwrap_or(0);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); layers];
    for (number, raw) in raws.iter().enumerate() {
        members[raw.layer].push(number);
    }
    let tallest = members.iter().map(Vec::len).max().unwrap_or(1).max(3);
    let height = tallest * STEP.1 + EDGE;
    for (layer, of) in members.iter_mut().enumerate() {
        let middle = |number: usize| {
            let ys = raws[number].parents.iter().flatten().map(|parent| raws[*parent].dot.y);
            let (sum, count) = ys.fold((0, 0), |(sum, count), y| (sum + y, count + 1));
            usize::checked_div(sum, count).unwrap_or(height / 2)
        };
        of.sort_by_key(|number| (middle(*number), raws[*number].hash));
        let top = (height - (of.len() - 1) * STEP.1) / 2;
        for (row, number) in of.iter().enumerate() {
            (raws[*number].dot.x, raws[*number].dot.y) = (EDGE + layer * STEP.0, top + row * STEP.1);
        }
    }
    height
}

fn lines(raws: &[Raw]) -> Vec<Line> {
    let place = |raw: &Raw| (raw.dot.x, raw.dot.y);
    let of = |raw: &Raw| {
        let from = place(raw);
        let [trunk, branch] = raw.parents;
        let ends = [(trunk, false), (branch.filter(|_| branch != trunk), true)];
        ends.into_iter().filter_map(move |(parent, is_branch)| Some((from, parent?, is_branch)))
    };
    let all = raws.iter().flat_map(of);
    all.map(|(from, parent, is_branch)| Line { from, to: place(&raws[parent]), is_branch }).collect()
}
