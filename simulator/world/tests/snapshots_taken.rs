//! Simulated nodes that take local snapshots and forget what is below: the network goes on, also after one lost power.

use std::path::Path;

use tanglegram_world::World;
use tanglegram_world::sim::{Fault, Simulation, Trace};

const WORLD: &str = "
coordinator: { seed: COO, depth: 7, security: 1, mode: CURLP27, interval: 2s }
options:
  mwm: 1
  max-depth: 5
  local-snapshots-enabled: true
  local-snapshots-depth: 10
  local-snapshots-interval-synced: 2
  local-snapshots-interval-unsynced: 2
  local-snapshots-pruning-enabled: true
  local-snapshots-pruning-delay: 1
nodes: { n0: {}, n1: {}, n2: {}, n3: {} }
workload: { rate: 1 }
duration: 140s
recovery: 40s
";

/// Runs the world; n1 loses power for three seconds in its middle.
fn run(seed: u64) -> (Simulation, i32) {
    let world = World::parse("snapshots", WORLD, Path::new("")).expect("a world");
    let mut simulation = Simulation::new(world.scenario, seed, Trace::default()).expect("a scenario");
    simulation.advance_to(70_000);
    let before = simulation.node(1).expect("it runs").snapshot().index;
    simulation.apply(Fault::PowerLoss(1)).expect("a fault");
    simulation.advance_by(3_000);
    simulation.apply(Fault::Restart(1)).expect("a fault");
    simulation.advance_to(140_000);
    (simulation, before)
}

#[test]
fn a_network_of_nodes_that_forget_goes_on() {
    let (simulation, before) = run(3);
    assert!(before > 10, "a snapshot at {before}");
    let nodes: Vec<_> = (0..4).map(|node| simulation.node(node).expect("it runs")).collect();
    for node in &nodes {
        assert!(node.snapshot().index > before);
        assert!(node.solid_milestone_index() > 60, "{}", node.solid_milestone_index());
    }
    let kept = nodes[1].transaction_count();
    let report = simulation.finish();
    assert_eq!(report.violations, []);
    assert!((kept as u64) < report.transactions / 2, "{kept} of {}", report.transactions);
}
