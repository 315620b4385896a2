//! Networks with nodes that do not keep the rules: the honest ones come to no harm.

use tanglegram_world::sim::{
    Behaviour, Fault, Invariant, Misbehaving, Report, Scenario, Simulation, Timed, Topology, Trace, names,
};

/// A network in which a node misbehaves from the start, run to its end; the trace tells what it did.
fn run(behaviour: Behaviour) -> (Report, String) {
    let scenario = Scenario {
        nodes: names(6),
        topology: Topology::Regular { degree: 4 },
        misbehaving: vec![Misbehaving { node: 4, behaviour }],
        duration: 90_000,
        recovery: 40_000,
        ..Scenario::default()
    };
    let mut simulation = Simulation::new(scenario, 8, Trace::in_memory()).expect("a scenario");
    simulation.advance_to(90_000);
    let text = simulation.trace().text();
    (simulation.finish(), text)
}

/// How many lines of a trace say this.
fn count(trace: &str, what: &str) -> usize {
    trace.lines().filter(|line| line.contains(what)).count()
}

#[track_caller]
fn is_harmless(behaviour: Behaviour, leaves: &str) {
    let (report, trace) = run(behaviour);
    assert_eq!(report.violations, []);
    assert!(count(&trace, leaves) > 3, "nothing of `{leaves}` in the trace");
}

#[test]
fn double_spends_are_confirmed_once_at_most() {
    is_harmless(Behaviour::DoubleSpender { every: 5_000 }, "\"behaviour\":\"double-spender\"");
}

#[test]
fn lazy_tips_do_no_harm() {
    is_harmless(Behaviour::LazyTips { every: 1_000 }, "\"behaviour\":\"lazy-tips\"");
}

#[test]
fn a_parasite_chain_does_no_harm() {
    is_harmless(Behaviour::ParasiteChain { every: 2_000, length: 8 }, "\"behaviour\":\"parasite-chain\"");
}

#[test]
fn withheld_references_do_no_harm() {
    is_harmless(Behaviour::WithholdReferences { every: 5_000 }, "\"behaviour\":\"withhold-references\"");
}

#[test]
fn garbage_does_no_harm() {
    is_harmless(Behaviour::Garbage { every: 2_000 }, "\"what\":\"garbage\"");
}

#[test]
fn oversize_packets_end_connections_and_no_more() {
    is_harmless(Behaviour::Oversize { every: 10_000 }, "\"what\":\"unreadable\"");
}

#[test]
fn false_heartbeats_do_no_harm() {
    is_harmless(Behaviour::FalseHeartbeats { every: 2_000 }, "\"what\":\"heartbeat\"");
}

/// In a line `0 - 1 - 2` node 1 keeps the milestones from node 2 until it behaves again.
#[test]
fn milestones_withheld_by_the_only_way_come_late() {
    let until = 60_000;
    let scenario = Scenario {
        nodes: names(3),
        topology: Topology::Explicit(vec![(0, 1), (1, 2)]),
        misbehaving: vec![Misbehaving { node: 1, behaviour: Behaviour::WithholdMilestones }],
        faults: vec![Timed { at: until, fault: Fault::Behave(1, Behaviour::Honest) }],
        duration: 110_000,
        recovery: 40_000,
        ..Scenario::default()
    };
    let mut simulation = Simulation::new(scenario, 2, Trace::default()).expect("a scenario");
    simulation.advance_to(until - 1);
    let solid = |simulation: &Simulation, node| {
        simulation.node(node).map(tanglegram_tangle::Node::solid_milestone_index)
    };
    assert_eq!(solid(&simulation, 2), Some(1), "no milestone came");
    assert!(solid(&simulation, 1) > Some(4));
    let report = simulation.run();
    assert_eq!(report.violations, []);
    assert!(report.solid[2] > Some(8), "{:?}", report.solid);
}

/// Two milestones of one index divide the network. That is the coordinator's fault, so that nodes need neither agree nor
/// catch up; everything else still holds.
#[test]
fn an_equivocating_coordinator_divides_the_network() {
    let scenario = Scenario {
        nodes: names(7),
        topology: Topology::Complete,
        faults: vec![Timed { at: 25_000, fault: Fault::Equivocate }],
        duration: 100_000,
        recovery: 30_000,
        ..Scenario::default()
    };
    let mut simulation = Simulation::new(scenario, 1, Trace::default()).expect("a scenario");
    simulation.advance_to(100_000);
    let mut milestones: Vec<_> =
        (0..7).filter_map(|node| Some(simulation.node(node)?.solid_milestone())).collect();
    milestones.sort();
    milestones.dedup();
    assert!(milestones.len() > 1, "nobody was divided");
    assert_eq!(simulation.finish().violations, []);
}

#[test]
fn a_coordinator_that_stops_for_good_leaves_nothing_to_wait_for() {
    let faults = vec![Timed { at: 25_000, fault: Fault::StopCoordinator }];
    let scenario = Scenario { faults, duration: 90_000, recovery: 30_000, ..Scenario::default() };
    let report = Simulation::new(scenario, 1, Trace::default()).expect("a scenario").run();
    assert_eq!((report.violations, report.milestones), (Vec::new(), 2));
}

/// A node that withholds and never stops cuts off who hangs on it alone: that is noticed.
#[test]
fn whoever_is_cut_off_by_a_misbehaving_node_violates_liveness() {
    let scenario = Scenario {
        nodes: names(3),
        topology: Topology::Explicit(vec![(0, 1), (1, 2)]),
        misbehaving: vec![Misbehaving { node: 1, behaviour: Behaviour::WithholdMilestones }],
        duration: 90_000,
        recovery: 40_000,
        ..Scenario::default()
    };
    let report = Simulation::new(scenario, 2, Trace::default()).expect("a scenario").run();
    assert!(report.violations.iter().all(|found| found.invariant == Invariant::Liveness && found.node == 2));
    assert_eq!(report.violations.len(), 1);
}
