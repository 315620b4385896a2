//! Whole networks: they run the same way twice, survive what the swarm does to them, and a network that cannot recover is
//! found out.

use tanglegram_world::sim::{
    Fault, Invariant, Report, Scenario, Scope, Simulation, Swarm, Timed, Topology, Trace, Tweak, names,
};

fn run(scenario: &Scenario, seed: u64) -> Report {
    Simulation::new(scenario.clone(), seed, Trace::default()).expect("a scenario").run()
}

fn small() -> Scenario {
    let mut scenario =
        Scenario { nodes: names(5), duration: 100_000, recovery: 50_000, ..Scenario::default() };
    scenario.workload.rate = 0.5;
    scenario
}

fn swarming() -> Scenario {
    let mut scenario = Scenario {
        duration: 180_000,
        swarm: Some(Swarm { faults: 5, longest: 15_000, misbehaving: 0 }),
        ..small()
    };
    scenario.workload.value_share = 0.5;
    scenario.workload.double_spends = 0.3;
    scenario.workload.lazy_tips = 0.1;
    scenario
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_another() {
    let first = run(&swarming(), 1);
    assert_eq!(first.digest, run(&swarming(), 1).digest);
    assert_ne!(first.digest, run(&swarming(), 2).digest);
}

#[test]
fn a_quiet_network_confirms_everywhere() {
    let report = run(&small(), 7);
    assert_eq!(report.violations, []);
    assert!(report.transactions > 20, "{report:?}");
    let behind = |solid: &Option<i32>| solid.is_none_or(|solid| solid < report.milestones as i32 - 1);
    assert!(!report.solid.iter().any(behind), "{report:?}");
}

#[test]
fn every_topology_connects() {
    let pairs = vec![(0, 1), (1, 2), (2, 3), (3, 4)];
    let topologies = [
        Topology::Ring,
        Topology::Complete,
        Topology::Regular { degree: 2 },
        Topology::SmallWorld { near: 1 },
        Topology::Explicit(pairs),
    ];
    for topology in topologies {
        let report = run(&Scenario { topology: topology.clone(), ..small() }, 3);
        assert_eq!(report.violations, [], "{topology:?}");
    }
}

#[test]
fn the_swarm_breaks_no_invariant() {
    for seed in 0..6 {
        let report = run(&swarming(), seed);
        assert_eq!(report.violations, [], "seed {seed}");
    }
}

#[test]
fn a_crashed_node_comes_back_with_what_it_had() {
    let faults =
        vec![Timed { at: 30_000, fault: Fault::Crash(2) }, Timed { at: 45_000, fault: Fault::Restart(2) }];
    let report = run(&Scenario { faults, ..small() }, 11);
    assert_eq!(report.violations, []);
}

/// The milestone that is due while the coordinator's node is down is told when it is back: a gap would stop everybody.
#[test]
fn a_milestone_its_coordinator_could_not_tell_is_told_later() {
    let faults = vec![
        Timed { at: 31_000, fault: Fault::PowerLoss(0) },
        Timed { at: 45_000, fault: Fault::Restart(0) },
    ];
    // Proof of work takes two seconds: the milestone of 30 s is done when nobody is there.
    let report = run(&Scenario { faults, mwm: 9, hash_rate: 2e4, ..small() }, 11);
    assert_eq!(report.violations, []);
}

/// The canary: what must be noticed.
#[test]
fn a_network_that_never_heals_violates_liveness() {
    let faults = vec![Timed { at: 20_000, fault: Fault::Isolate(3) }];
    let report = run(&Scenario { faults, ..small() }, 5);
    assert!(
        report.violations.iter().any(|v| v.invariant == Invariant::Liveness && v.node == 3),
        "{:?}",
        report.violations
    );
}

#[test]
fn a_wrong_fault_is_refused_with_its_position() {
    let refused = |faults: Vec<Timed>| {
        let error = Simulation::new(Scenario { faults, ..small() }, 0, Trace::default()).err();
        error.expect("an error").to_string()
    };
    let fault = |at, fault| Timed { at, fault };
    let fine = fault(500, Fault::Crash(1));
    assert_eq!(
        refused(vec![fine.clone(), fault(1, Fault::Crash(9))]),
        "fault 1, at 1 ms: there is no node number 9, there are only 5 (from 0)"
    );
    assert_eq!(
        refused(vec![fault(100_001, Fault::Heal)]),
        "fault 0, at 100001 ms: the run ends before, at 100000 ms"
    );
    assert_eq!(
        refused(vec![fine.clone(), fault(600, Fault::Pause(1))]),
        "fault 1, at 600 ms: node number 1 is down or paused already"
    );
    assert_eq!(
        refused((0..5).map(|node| fault(9, Fault::PowerLoss(node))).collect()),
        "fault 4, at 9 ms: 5 of 5 nodes would be out of order at once: at least one must be left"
    );
    assert_eq!(
        refused(vec![fine, fault(3, Fault::Partition(vec![vec![0, 1], vec![1]]))]),
        "fault 1, at 3 ms: node number 1 is named twice"
    );
    assert_eq!(
        refused(vec![fault(3, Fault::Tweak(Scope::All, Tweak::Loss(1.5)))]),
        "fault 0, at 3 ms: loss must be a share from 0 to 1, not 1.5"
    );
}
