//! Taking pieces away from a scenario without leaving one that nobody meant.

use std::collections::{BTreeMap, BTreeSet};

use tanglegram_world::sim::{Behaviour, Fault, Files, Scenario, Timed, Topology, Tweak};

/// The scenario with only some of its disturbances, by their positions among all faults, and with what undoes those.
pub(crate) fn with_disturbances(scenario: &Scenario, kept: &BTreeSet<usize>) -> Scenario {
    let faults = scenario.faults.iter().enumerate().filter(|(position, timed)| {
        if is_disturbance(&timed.fault) {
            return kept.contains(position);
        }
        let before = scenario.faults[..*position].iter().enumerate();
        before
            .into_iter()
            .any(|(earlier, other)| kept.contains(&earlier) && undoes(&timed.fault, &other.fault))
    });
    Scenario { faults: faults.map(|(_, timed)| timed.clone()).collect(), ..scenario.clone() }
}

/// The positions of all disturbances.
pub(crate) fn disturbances(scenario: &Scenario) -> Vec<usize> {
    let positions = scenario.faults.iter().enumerate().filter(|(_, timed)| is_disturbance(&timed.fault));
    positions.map(|(position, _)| position).collect()
}

/// Whether a fault makes something worse; the others undo.
fn is_disturbance(fault: &Fault) -> bool {
    !matches!(
        fault,
        Fault::Heal
            | Fault::Restart(_)
            | Fault::Resume(_)
            | Fault::Slow(_, 0)
            | Fault::Skew(_, 0)
            | Fault::RestoreLinks(_)
            | Fault::StartCoordinator
            | Fault::Behave(_, Behaviour::Honest)
            | Fault::Files(_, Files::Sent)
    )
}

/// Whether a fault may undo another.
fn undoes(fault: &Fault, other: &Fault) -> bool {
    match (fault, other) {
        (Fault::Heal, Fault::Partition(_) | Fault::OneWay(..) | Fault::Isolate(_))
        | (Fault::StartCoordinator, Fault::StopCoordinator | Fault::Equivocate)
        | (Fault::RestoreLinks(_), Fault::Link(..) | Fault::Tweak(..)) => true,
        (Fault::Restart(node), Fault::Crash(of) | Fault::PowerLoss(of))
        | (Fault::Resume(node), Fault::Pause(of))
        | (Fault::Slow(node, 0), Fault::Slow(of, _))
        | (Fault::Skew(node, 0), Fault::Skew(of, _) | Fault::Jump(of, _))
        | (Fault::Behave(node, Behaviour::Honest), Fault::Behave(of, _))
        | (Fault::Files(node, Files::Sent), Fault::Files(of, _)) => node == of,
        _ => false,
    }
}

/// The scenario without some nodes, whose neighbours are connected with each other so that the rest stays in one piece.
/// `None` where that cannot be.
pub(crate) fn without_nodes(scenario: &Scenario, gone: &BTreeSet<usize>) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    // The last first: the numbers of those before stay as they are.
    for &node in gone.iter().rev() {
        let Topology::Explicit(pairs) = &mut smaller.topology else {
            smaller = smaller.without_node(node)?;
            continue;
        };
        bridge(pairs, node);
        smaller = smaller.without_node(node)?;
    }
    Some(smaller).filter(|smaller| smaller.nodes.len() > 1 && is_connected(smaller))
}

/// Connects the neighbours of a node with each other, one to the next.
fn bridge(pairs: &mut Vec<(usize, usize)>, node: usize) {
    let other = |&(a, b): &(usize, usize)| if a == node { Some(b) } else { (b == node).then_some(a) };
    let neighbours: BTreeSet<usize> = pairs.iter().filter_map(other).collect();
    let known: BTreeSet<(usize, usize)> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
    let next = neighbours.iter().copied().zip(neighbours.iter().copied().skip(1));
    pairs.extend(next.filter(|pair| !known.contains(pair)));
}

/// The scenario without some connections; `None` where that would cut the network in two.
pub(crate) fn without_edges(scenario: &Scenario, gone: &BTreeSet<usize>) -> Option<Scenario> {
    let Topology::Explicit(pairs) = &scenario.topology else { return None };
    let left = pairs.iter().enumerate().filter(|(position, _)| !gone.contains(position));
    let topology = Topology::Explicit(left.map(|(_, pair)| *pair).collect());
    Some(Scenario { topology, ..scenario.clone() }).filter(is_connected)
}

fn is_connected(scenario: &Scenario) -> bool {
    let Topology::Explicit(pairs) = &scenario.topology else { return true };
    let mut neighbours: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(a, b) in pairs {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let (mut reached, mut waiting) = (BTreeSet::new(), vec![0]);
    while let Some(node) = waiting.pop() {
        if reached.insert(node) {
            waiting.extend(neighbours.get(&node).into_iter().flatten());
        }
    }
    reached.len() == scenario.nodes.len()
}

/// The scenario with all its faults earlier, and so its end.
pub(crate) fn earlier(scenario: &Scenario, by: u64) -> Scenario {
    let faults = scenario.faults.iter();
    let faults = faults.map(|timed| Timed { at: timed.at.saturating_sub(by), fault: timed.fault.clone() });
    Scenario {
        faults: faults.collect(),
        duration: scenario.duration.saturating_sub(by).max(1),
        ..scenario.clone()
    }
}

/// What might go from links and workload, one thing at a time.
pub(crate) fn simpler(scenario: &Scenario) -> Vec<Scenario> {
    let all = simpler_base(scenario.base());
    all.into_iter().map(|base| scenario.with_base(base)).collect()
}

fn simpler_base(scenario: &Scenario) -> Vec<Scenario> {
    let link = |change: fn(&mut tanglegram_world::sim::LinkModel)| {
        let mut simpler = scenario.clone();
        change(&mut simpler.link);
        (simpler.link != scenario.link).then_some(simpler)
    };
    let workload = |change: fn(&mut tanglegram_world::sim::Workload)| {
        let mut simpler = scenario.clone();
        change(&mut simpler.workload);
        (simpler.workload != scenario.workload).then_some(simpler)
    };
    let candidates = [
        workload(|workload| workload.rate = 0.0),
        workload(|workload| workload.spammers.clear()),
        workload(|workload| workload.value_share = 0.0),
        workload(|workload| workload.double_spends = 0.0),
        workload(|workload| workload.lazy_tips = 0.0),
        workload(|workload| workload.bundle_sizes = 1..2),
        link(|link| link.loss = 0.0),
        link(|link| link.duplication = 0.0),
        link(|link| link.corruption = 0.0),
        link(|link| link.reordering = false),
        link(|link| link.jitter = 0),
        link(|link| link.bandwidth = 0),
    ];
    let mut candidates: Vec<Scenario> = candidates.into_iter().flatten().collect();
    candidates.extend(simpler_faults(scenario));
    candidates
}

/// A fault that concerns many properties of a link may need only one of them.
fn simpler_faults(scenario: &Scenario) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    for (position, timed) in scenario.faults.iter().enumerate() {
        let Fault::Link(scope, model) = &timed.fault else { continue };
        let tweaks = [
            Tweak::Loss(model.loss),
            Tweak::Duplication(model.duplication),
            Tweak::Corruption(model.corruption),
            Tweak::Bandwidth(model.bandwidth),
            Tweak::Jitter(model.jitter),
            Tweak::Reordering(model.reordering),
        ];
        candidates.extend(tweaks.map(|tweak| {
            let mut simpler = scenario.clone();
            simpler.faults[position].fault = Fault::Tweak(*scope, tweak);
            simpler
        }));
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanglegram_world::sim::names;

    fn scenario(pairs: &[(usize, usize)], faults: Vec<(u64, Fault)>) -> Scenario {
        Scenario {
            nodes: names(4),
            topology: Topology::Explicit(pairs.to_vec()),
            faults: faults.into_iter().map(|(at, fault)| Timed { at, fault }).collect(),
            ..Scenario::default()
        }
    }

    #[test]
    fn what_undoes_a_fault_stays_as_long_as_it_is_needed() {
        let faults = vec![
            (1, Fault::Crash(1)),
            (2, Fault::Isolate(2)),
            (3, Fault::OneWay(vec![0], vec![1])),
            (4, Fault::Restart(1)),
            (5, Fault::Heal),
        ];
        let scenario = scenario(&[(0, 1), (1, 2), (2, 3)], faults);
        assert_eq!(disturbances(&scenario), [0, 1, 2]);
        let times = |kept: &[usize]| {
            let left = with_disturbances(&scenario, &kept.iter().copied().collect());
            left.faults.iter().map(|timed| timed.at).collect::<Vec<_>>()
        };
        assert_eq!(times(&[0]), [1, 4]);
        assert_eq!(times(&[2]), [3, 5]);
        assert_eq!(times(&[]), [] as [u64; 0]);
        assert_eq!(times(&[0, 1, 2]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_network_stays_in_one_piece() {
        let line = scenario(&[(0, 1), (1, 2), (2, 3)], Vec::new());
        let left = without_nodes(&line, &BTreeSet::from([1, 2])).unwrap();
        assert_eq!(left.nodes, ["n0", "n3"]);
        assert_eq!(left.topology, Topology::Explicit(vec![(0, 1)]));
        assert!(without_nodes(&line, &BTreeSet::from([1, 2, 3])).is_none(), "one node is no network");
        assert!(without_edges(&line, &BTreeSet::from([1])).is_none());
        let ring = scenario(&[(0, 1), (1, 2), (2, 3), (3, 0)], Vec::new());
        assert!(without_edges(&ring, &BTreeSet::from([1])).is_some());
    }
}
