//! The nodes' options in simulations: each counts or is refused at its place, and is written as it is read.

mod common;

use common::{mistake_of, parse};
use tanglegram_tangle::{ApiRequest, Config, LocalSnapshots, Status};
use tanglegram_world::sim::{Fault, Simulation, Topology, Trace};
use tanglegram_world::world_text;

const OPTIONS: &str = "\
coordinator: { seed: COO, depth: 6, security: 2, mode: KERL, interval: 5s, checkpoints: 2 }
options: { mwm: 2, max-depth: 7, alpha: 0.01 }
nodes:
  n0: {}
  n1:
    max-depth: 2
    max-analyzed-transactions: 77
    max-find-transactions: 1
    max-requests-list: 2
    max-get-trytes: 3
    max-body-length: 1234
    max-neighbors: 1
    remote-limit-api: [addNeighbors, \"odd\"]
    reconnect-attempt-interval-seconds: 9
    testnet-no-coo-validation: true
  n2:
    local-snapshots-enabled: true
    local-snapshots-depth: 20
    local-snapshots-interval-synced: 3
    local-snapshots-interval-unsynced: 4
    local-snapshots-pruning-enabled: true
    local-snapshots-pruning-delay: 5
    port: 14265
    remote: true
    db-path: somewhere
topology: complete
workload: { rate: 0.5 }
duration: 1m
recovery: 30s
";

fn simulation(text: &str) -> Simulation {
    let world = parse(text).expect("a world");
    let scenario = world.simulated().expect("all options count").clone();
    Simulation::new(scenario, 3, Trace::default()).expect("a scenario")
}

/// What a node was started with that a world file says.
fn told(config: &Config) -> String {
    let Config { max_depth, alpha, max_analyzed_transactions, limits, max_neighbors, .. } = config;
    let Config { remote_limit_api, reconnect_interval, local_snapshots, mwm, .. } = config;
    let validate = config.coordinator.validate;
    format!(
        "{mwm} {max_depth} {alpha} {max_analyzed_transactions} {limits:?} {max_neighbors} {remote_limit_api:?} \
         {reconnect_interval} {local_snapshots:?} {validate}"
    )
}

fn settings(simulation: &Simulation) -> Vec<String> {
    (0..3).map(|node| told(simulation.node(node).expect("it runs").config())).collect()
}

#[test]
fn options_count_for_each_node_by_itself_also_after_a_restart() {
    let mut simulation = simulation(OPTIONS);
    let before = settings(&simulation);
    let config = |node: usize| simulation.node(node).expect("it runs").config();
    assert_eq!((config(0).mwm, config(0).max_depth, config(0).alpha), (2, 7, 0.01));
    assert_eq!((config(0).max_neighbors, config(1).max_neighbors), (3, 1));
    assert_eq!((config(1).max_depth, config(1).limits.max_body_length), (2, 1234));
    assert_eq!((config(1).max_analyzed_transactions, config(1).reconnect_interval), (77, 9_000));
    assert!(config(1).remote_limit_api.iter().eq(["addNeighbors", "odd"]) && !config(1).coordinator.validate);
    let snapshots =
        LocalSnapshots { depth: 20, interval_synced: 3, interval_unsynced: 4, pruning_delay: Some(5) };
    assert_eq!(config(2).local_snapshots, Some(snapshots));
    simulation.advance_to(1_000);
    for fault in [Fault::Crash(1), Fault::Crash(2), Fault::Restart(1), Fault::Restart(2)] {
        simulation.apply(fault).expect("a fault");
    }
    assert_eq!(settings(&simulation), before);
}

#[test]
fn the_api_keeps_to_the_options_of_its_node() {
    let mut simulation = simulation(OPTIONS);
    simulation.advance_to(30_000);
    let mut ask = |node, body: &str| {
        let request = ApiRequest { body: body.to_owned(), versioned: true, trusted: true };
        simulation.request(node, request).expect("an answer")
    };
    let tips = r#"{"command":"getTransactionsToApprove","depth":3}"#;
    assert_eq!(ask(0, tips).status, Status::Ok);
    let refused = ask(1, tips);
    assert!(refused.body.contains("Invalid depth input"), "{}", refused.body);
    let long = format!("{{\"command\":\"getNodeInfo\",\"x\":\"{}\"}}", "x".repeat(1_300));
    assert_eq!((ask(0, &long).status, ask(1, &long).status), (Status::Ok, Status::BadRequest));
    let neighbors = r#"{"command":"getNeighbors"}"#;
    assert_eq!(ask(1, neighbors).body.matches("\"connected\":true").count(), 1);
}

#[test]
fn what_is_written_has_the_options() {
    let world = parse(OPTIONS).expect("a world");
    let text = world_text(&world.scenario, 3, "again");
    let again = parse(&text).expect("what was written can be read");
    assert_eq!(world_text(&again.scenario, 3, "again"), text);
    let run = |text: &str| {
        let simulation = simulation(text);
        (settings(&simulation), simulation.run())
    };
    let (first, second) = (run(OPTIONS), run(&text));
    assert_eq!(first.0, second.0, "{text}");
    assert_eq!(first.1.digest, second.1.digest, "{text}");
    assert_eq!(first.1.violations, []);
}

#[test]
fn a_node_that_is_taken_out_takes_its_options_along() {
    let scenario = parse(OPTIONS).expect("a world").scenario.without_node(1).expect("another is left");
    let simulation = Simulation::new(scenario, 3, Trace::default()).expect("a scenario");
    let depths = [0, 1].map(|node| simulation.node(node).expect("it runs").config().max_depth);
    assert_eq!(depths, [7, 7]);
    assert!(simulation.node(1).expect("it runs").config().local_snapshots.is_some());
}

#[test]
fn neighbours_that_the_nodes_name_are_those_of_the_network() {
    let world = parse(
        "options: { mwm: 1 }\nnodes: { a: {}, b: { neighbors: [a] }, c: { neighbors: [b] } }\nduration: 1m\n",
    );
    assert_eq!(
        world.expect("a world").simulated().expect("it can be").topology,
        Topology::Explicit(vec![(0, 1), (1, 2)])
    );
}

#[test]
fn what_a_simulation_cannot_do_is_refused_at_its_place() {
    let with = |option: &str| {
        format!("options: {{ mwm: 1 }}\nnodes:\n  a: {{}}\n  b: {{ {option} }}\nduration: 1m\n")
    };
    let mistakes = [
        with("remote-auth: \"user:pass\""),
        with("remote-trusted-api-hosts: 10.0.0.1"),
        with("auto-tethering: false"),
        with("testnet: false"),
        with("milestone-start: 20"),
        with("snapshot: ../../fixtures/recorded/iri-1.8/snapshot.txt"),
        with("snapshot-timestamp: 5"),
        with("milestone-keys: 5"),
        with("testnet-coordinator-security-level: 2"),
        with("TESTNET_COORDINATOR_SIGNATURE_MODE: KERL"),
        with(&format!("testnet-coordinator: {}", "A".repeat(81))),
        with("mwm: 2"),
        with("mwm: 15"),
        with("neighbors: ['tcp://example.org:15600']"),
        "options: { mwm: 1 }\nnodes: { a: {}, b: { neighbors: [a] }, c: {} }\nduration: 1m\n".to_owned(),
        "coordinator: { seed: C, depth: 3, security: 1, mode: KERL, interval: 5s }\nnodes: 3\nduration: 1m\n"
            .to_owned(),
        "nodes: 3\nduration: 31h\n".to_owned(),
    ];
    let told = mistakes.map(|text| {
        let world = parse(&text).expect("it could be served");
        mistake_of(world.simulated().map(drop))
    });
    insta::assert_snapshot!(told.join("\n"));
    // What only says where something is on a real machine is passed over, and so is what is as simulations have it.
    for option in ["port: 1", "auto-tethering: true", "testnet: true", "neighboring-socket-port: 5"] {
        assert!(parse(&with(option)).expect("a world").simulated().is_ok(), "{option}");
    }
}

#[test]
fn checkpoints_join_more_tips_to_what_a_milestone_confirms() {
    let confirmed = |checkpoints: usize| {
        let text = format!(
            "coordinator: {{ seed: COO, depth: 5, security: 1, mode: CURLP27, interval: 10s, checkpoints: {checkpoints} }}\n\
             options: {{ mwm: 1 }}\nnodes: 3\nworkload: {{ rate: 3, lazy-tips: 0.7 }}\nduration: 1m\nrecovery: 30s\n"
        );
        let mut simulation = simulation(&text);
        simulation.advance_to(60_000);
        let node = simulation.node(1).expect("it runs");
        let all: Vec<_> = node.transactions().collect();
        let confirmed =
            all.iter().filter(|transaction| node.confirmed_by(&transaction.hash()).is_some()).count();
        let joints = all.iter().filter(|one| one.tag().to_string().starts_with("CHECKPOINT")).count();
        assert_eq!(simulation.finish().violations, []);
        (confirmed, joints)
    };
    let (without, none) = confirmed(0);
    let (with, joints) = confirmed(9);
    assert_eq!(none, 0);
    assert!(joints > 5, "{joints}");
    assert!(with > without, "{with} confirmed with checkpoints, {without} without");
}

#[test]
fn a_coordinator_whose_keys_are_used_up_says_so() {
    let text = "coordinator: { seed: COO, depth: 2, security: 1, mode: CURLP27, interval: 5s }\n\
                options: { mwm: 1 }\nnodes: 3\nworkload: { rate: 0.5 }\nduration: 1m\nrecovery: 20s\n";
    let scenario = parse(text).expect("a world").scenario;
    let mut simulation = Simulation::new(scenario, 1, Trace::in_memory()).expect("a scenario");
    simulation.advance_to(60_000);
    let lines = simulation.trace().text().lines().filter(|line| line.contains("\"out-of-keys\"")).count();
    let report = simulation.finish();
    // Keys 0 and 1 are those of no milestone.
    assert_eq!((report.milestones, report.out_of_keys, lines), (2, Some(15_000), 1));
    assert_eq!(report.violations, []);
}
