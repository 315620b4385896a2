//! Faults at random, within a budget that keeps recovery possible.

use std::collections::BTreeSet;

use tanglegram_tangle::Millis;

use super::behaviour::Behaviour;
use super::fault::{Fault, Scope, Timed};
use super::scenario::{LinkModel, Scenario};
use super::streams::Stream;

/// The share of a run before which nothing goes wrong, and after which nothing new does.
const QUIET: (u64, u64) = (10, 60);

/// The timetable of a run: what the scenario says, and what the swarm draws. In order of time.
pub(crate) fn timetable(scenario: &Scenario, seed: u64) -> Vec<Timed> {
    let mut faults = scenario.faults.clone();
    faults.extend(swarm(scenario, seed));
    faults.sort_by_key(|timed| timed.at);
    faults
}

/// Each fault has a time slot of its own and is undone at its end: never is more than one part of the network affected.
fn swarm(scenario: &Scenario, seed: u64) -> Vec<Timed> {
    let Some(swarm) = &scenario.swarm else { return Vec::new() };
    let mut stream = Stream::new(seed, "faults");
    let (start, end) = (scenario.duration * QUIET.0 / 100, scenario.duration * QUIET.1 / 100);
    let slot = (end - start) / (swarm.faults.max(1) as u64);
    let mut faults = Vec::new();
    for number in 0..swarm.faults as u64 {
        let at = start + number * slot;
        let length = stream.below(swarm.longest.min(slot).max(1));
        faults.extend(draw(scenario, &mut stream, at, at + length));
    }
    faults.extend(misbehaving(scenario, swarm.misbehaving, seed));
    faults
}

/// A fault and what undoes it.
fn draw(scenario: &Scenario, stream: &mut Stream, at: Millis, until: Millis) -> Vec<Timed> {
    let nodes = scenario.nodes.len();
    let node = stream.index(nodes);
    let some = |stream: &mut Stream| {
        let count = 1 + stream.index((nodes / 2).max(1));
        stream.sample(nodes, count)
    };
    let rest = |some: &[usize]| (0..nodes).filter(|node| !some.contains(node)).collect::<Vec<_>>();
    let (fault, undone) = match stream.below(12) {
        0 => (Fault::Partition(vec![some(stream)]), Fault::Heal),
        1 => {
            let muted = some(stream);
            (Fault::OneWay(muted.clone(), rest(&muted)), Fault::Heal)
        }
        2 => (Fault::Isolate(node), Fault::Heal),
        3 => (Fault::Crash(node), Fault::Restart(node)),
        4 => (Fault::PowerLoss(node), Fault::Restart(node)),
        5 => (Fault::Pause(node), Fault::Resume(node)),
        6 => (Fault::Slow(node, 1 + stream.below(20)), Fault::Slow(node, 0)),
        7 => (Fault::Skew(node, stream.below(120_000) as i64 - 60_000), Fault::Skew(node, 0)),
        8 => (Fault::Jump(node, stream.below(120_000) as i64 - 60_000), Fault::Skew(node, 0)),
        9 => (Fault::StopCoordinator, Fault::StartCoordinator),
        10 => {
            let scope = Scope::Node(node);
            (Fault::Link(scope, bad_link(&scenario.link, stream)), Fault::RestoreLinks(scope))
        }
        _ => (Fault::Link(Scope::All, bad_link(&scenario.link, stream)), Fault::RestoreLinks(Scope::All)),
    };
    vec![Timed { at, fault }, Timed { at: until, fault: undone }]
}

/// Nodes that misbehave while faults happen, and behave again when all is healed: never the coordinator's, and only as many
/// as leave the others connected.
fn misbehaving(scenario: &Scenario, count: usize, seed: u64) -> Vec<Timed> {
    let mut stream = Stream::new(seed, "misbehaving");
    let (edges, nodes) = (scenario.edges(seed), scenario.nodes.len());
    let (at, until) = (scenario.duration * QUIET.0 / 100, scenario.duration * QUIET.1 / 100);
    let mut chosen: Vec<usize> = Vec::new();
    let mut faults = Vec::new();
    for node in stream.sample(nodes, nodes) {
        if chosen.len() == count || node == scenario.coordinator.node {
            continue;
        }
        chosen.push(node);
        if !leaves_connected(&edges, nodes, &chosen) {
            chosen.pop();
            continue;
        }
        let behaviour = misdeed(&mut stream);
        faults.push(Timed { at, fault: Fault::Behave(node, behaviour) });
        faults.push(Timed { at: until, fault: Fault::Behave(node, Behaviour::Honest) });
    }
    faults
}

fn misdeed(stream: &mut Stream) -> Behaviour {
    let every = 1_000 + stream.below(9_000);
    match stream.below(8) {
        0 => Behaviour::DoubleSpender { every },
        1 => Behaviour::LazyTips { every },
        2 => Behaviour::ParasiteChain { every, length: 2 + stream.index(9) },
        3 => Behaviour::WithholdMilestones,
        4 => Behaviour::WithholdReferences { every },
        5 => Behaviour::Garbage { every },
        6 => Behaviour::Oversize { every: every * 5 },
        _ => Behaviour::FalseHeartbeats { every },
    }
}

/// Whether all nodes but these reach each other over these edges.
fn leaves_connected(edges: &BTreeSet<(usize, usize)>, nodes: usize, gone: &[usize]) -> bool {
    let mut neighbours = vec![Vec::new(); nodes];
    for &(a, b) in edges.iter().filter(|(a, b)| !gone.contains(a) && !gone.contains(b)) {
        neighbours[a].push(b);
        neighbours[b].push(a);
    }
    let mut left: BTreeSet<usize> = (0..nodes).filter(|node| !gone.contains(node)).collect();
    let mut ahead: Vec<usize> = left.pop_first().into_iter().collect();
    while let Some(node) = ahead.pop() {
        ahead.extend(neighbours[node].iter().filter(|node| left.remove(node)));
    }
    left.is_empty()
}

fn bad_link(link: &LinkModel, stream: &mut Stream) -> LinkModel {
    LinkModel {
        loss: 0.3 * stream.unit(),
        duplication: 0.2 * stream.unit(),
        corruption: 0.05 * stream.unit(),
        reordering: true,
        jitter: link.jitter + stream.below(200),
        bandwidth: 20_000 + stream.below(200_000),
        ..link.clone()
    }
}
