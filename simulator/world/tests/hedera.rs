//! Hedera networks: whatever happens, their honest members agree, and go on.

use tanglegram_hashgraph::{Bug, Planted};
use tanglegram_world::World;
use tanglegram_world::hedera::{Network, NetworkReport, Plan, Run};
use tanglegram_world::sim::{Fault, Report, Scope, Timed, Trace, Tweak, Violation};

fn run(world: &str, seed: u64) -> Report {
    let scenario = World::load(world).expect("the world is valid").scenario;
    Run::new(scenario, seed, Trace::default()).expect("it can be simulated").run()
}

fn assert_clean(report: &Report) {
    assert_eq!(report.violations, [], "seed {}", report.seed);
}

fn hedera(report: &Report) -> &NetworkReport {
    report.hedera.as_ref().expect("there is a network")
}

#[test]
fn four_nodes_handle_all_that_clients_send() {
    let report = run("hedera-net", 1);
    assert_clean(&report);
    let network = hedera(&report);
    assert!(network.sent > 200, "{network:?}");
    assert!(network.handled >= network.sent * 9 / 10, "{network:?}");
}

#[test]
fn a_run_is_the_same_again_and_another_with_another_seed() {
    assert_eq!(run("hedera-swarm", 3).digest, run("hedera-swarm", 3).digest);
    assert_ne!(run("hedera-swarm", 3).digest, run("hedera-swarm", 4).digest);
}

#[test]
fn faults_and_byzantine_members_divide_nobody() {
    assert_clean(&run("hedera-faults", 1));
    (0..4).for_each(|seed| assert_clean(&run("hedera-swarm", seed)));
}

#[test]
fn two_ledgers_run_side_by_side() {
    let report = run("two-ledgers", 1);
    assert_clean(&report);
    assert!(report.milestones > 5 && hedera(&report).handled > 100, "{report:?}");
}

#[test]
fn two_ledgers_have_one_trace() {
    let scenario = World::load("two-ledgers").expect("the world is valid").scenario;
    let trace = |looks: &[u64]| {
        let mut run = Run::new(scenario.clone(), 1, Trace::in_memory()).expect("it can be simulated");
        looks.iter().for_each(|at| assert!(run.advance_to(*at)));
        let trace = run.trace().expect("there is a trace");
        let text = trace.text();
        assert_eq!(trace.digest(), blake3::hash(text.as_bytes()).to_hex().to_string());
        text
    };
    let text = trace(&[12_000]);
    assert_eq!(text, trace(&[1, 700, 7_777, 12_000]), "it does not matter when somebody looks");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert!(lines.iter().zip(1..).all(|(line, number)| line["event"] == number));
    assert!(lines.is_sorted_by_key(|line| line["at"].as_u64()));
    for node in ["n0", "n3", "h0", "h3"] {
        assert!(lines.iter().any(|line| line["node"] == node), "{node}");
    }
}

/// With as many cut off as a third, nothing sent after that is handled until they are back; then all of it is.
#[test]
fn a_third_less_stops_everything_and_loses_nothing() {
    let mut plan = Plan { rate: 5.0, ..Plan::default() };
    let at = |at, fault| Timed { at, fault };
    plan.base.faults = vec![at(10_000, Fault::Partition(vec![vec![0, 1]])), at(30_000, Fault::Heal)];
    (plan.base.duration, plan.base.recovery) = (60_000, 20_000);
    let mut network = Network::new(plan, 1, Trace::default()).expect("it can be simulated");
    network.advance_to(13_000);
    let before = network.handled();
    network.advance_to(29_000);
    assert!(before > 0);
    assert_eq!(network.handled(), before);
    let report = network.run();
    assert_eq!(report.violations, []);
    assert!(report.handled * 10 > report.sent * 8, "{report:?}");
}

/// The mirror node reads what the members wrote, with delays and losses, and shows the same.
#[test]
fn the_mirror_node_shows_what_the_members_agreed_on() {
    let mut plan = Plan { rate: 5.0, duplicates: 0.1, failing: 0.1, mirror: true, ..Plan::default() };
    (plan.base.duration, plan.base.recovery) = (40_000, 20_000);
    let report = Network::new(plan, 1, Trace::default()).expect("it can be simulated").run();
    assert_eq!(report.violations, []);
    assert!(report.imported > Some(10), "{report:?}");
}

/// A network in which the news of one member come so late for a while that they are ancient.
fn late_member() -> Plan {
    let mut plan = Plan { rate: 5.0, ..Plan::default() };
    plan.settings.consensus.ancient_rounds = 5;
    let delay = Fault::Tweak(Scope::Node(1), Tweak::Delay(5_000));
    plan.base.faults =
        vec![Timed { at: 5_000, fault: delay }, Timed { at: 25_000, fault: Fault::RestoreLinks(Scope::All) }];
    (plan.base.duration, plan.base.recovery) = (50_000, 20_000);
    plan
}

/// What is violated when the second member of a network has a bug.
fn violated(mut plan: Plan, bug: Bug) -> Vec<Violation> {
    plan.planted = (1, Planted::only(bug));
    Network::new(plan, 1, Trace::default()).expect("it can be simulated").run().violations
}

#[test]
fn transactions_of_events_that_come_too_late_are_handled_all_the_same() {
    let report = Network::new(late_member(), 1, Trace::default()).expect("it can be simulated").run();
    assert_eq!(report.violations, []);
    assert!(!violated(late_member(), Bug::TransactionsForgotten).is_empty());
}

/// A bug in one member shows: the others do otherwise, or it does not keep what it promised.
#[test]
fn a_bug_planted_in_one_member_violates_an_invariant() {
    let mut plan = Plan { rate: 5.0, duplicates: 0.2, failing: 0.2, ..Plan::default() };
    let at = |at, fault| Timed { at, fault };
    plan.base.faults = vec![at(5_000, Fault::PowerLoss(1)), at(8_000, Fault::Restart(1))];
    (plan.base.duration, plan.base.recovery) = (20_000, 10_000);
    let others = |bug: &Bug| *bug != Bug::TransactionsForgotten;
    let bugs = Bug::NODE.into_iter().chain(Bug::SERVICES).filter(others);
    let quiet: Vec<Bug> = bugs.filter(|&bug| violated(plan.clone(), bug).is_empty()).collect();
    assert_eq!(quiet, []);
}
