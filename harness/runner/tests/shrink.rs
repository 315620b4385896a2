//! Shrinking: what is left is small, is deterministic, and fails as before.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::path::Path;

use tanglegram_runner::shrink::{ShrinkError, Shrunk, shrink, vector_text};
use tanglegram_world::hedera::Run;
use tanglegram_world::sim::{Fault, Invariant, Scenario, Simulation, Trace};
use tanglegram_world::{World, world_text};

/// Much goes wrong here, but only that nobody heals n3 is what liveness is lost by.
const WORLD: &str = "\
options: { mwm: 1 }
coordinator: { seed: SIMULATED9COORDINATOR, depth: 4, security: 1, mode: CURLP27, interval: 4s }
nodes: 5
topology: complete
link: { loss: 0.01, jitter: 20ms }
workload: { rate: 1, value-share: 0.2, accounts: 2 }
misbehaving: { n4: garbage }
faults:
  - { at: 5s, slow: { n1: 20ms }, for: 5s }
  - { at: 6s, crash: n2, for: 5s }
  - { at: 12s, link: { loss: 0.2 }, for: 2s }
  - { at: 15s, isolate: n3 }
duration: 40s
recovery: 15s
";

fn world(text: &str) -> Scenario {
    World::parse("tiny", text, Path::new(".")).unwrap().scenario
}

fn shrunk() -> Shrunk {
    shrink(&world(WORLD), 3, 400, &mut |_, _| true).unwrap()
}

#[test]
fn what_is_left_is_small_and_fails_as_before() {
    let shrunk = shrunk();
    assert!(shrunk.is_minimal, "{shrunk:?}");
    let left = &shrunk.scenario;
    let faults: Vec<_> = left.faults.iter().map(|timed| &timed.fault).collect();
    let isolated = left.number_of("n3").unwrap();
    assert_eq!(faults, [&Fault::Isolate(isolated)]);
    assert_eq!(left.nodes, ["n0", "n3"]);
    assert!(left.misbehaving.is_empty() && left.workload.rate == 0.0, "{left:?}");
    assert_eq!(shrunk.violation.invariant, Invariant::Liveness);
    let (before, after) = shrunk.sizes;
    assert!(after.duration < before.duration && after.events * 4 < before.events, "{:?}", shrunk.sizes);
    let read = world(&world_text(left, 3, "shrunk"));
    let report = Simulation::new(read, 3, Trace::default()).unwrap().run();
    assert!(report.violations.contains(&shrunk.violation), "{report:?}");
}

#[test]
fn it_shrinks_the_same_way_twice_within_its_runs() {
    assert_eq!(format!("{:?}", shrunk().scenario), format!("{:?}", shrunk().scenario));
    let mut runs = 0;
    let few = shrink(&world(WORLD), 3, 5, &mut |_, so_far| {
        runs = so_far;
        true
    });
    assert_eq!((runs, few.unwrap().is_minimal), (5, false));
}

#[test]
fn a_run_as_it_should_be_is_no_case() {
    let text = WORLD
        .replace("  - { at: 15s, isolate: n3 }\n", "")
        .replace("  - { at: 6s, crash: n2, for: 5s }\n", "");
    assert_eq!(shrink(&world(&text), 3, 10, &mut |_, _| true).unwrap_err(), ShrinkError::NoViolation(3));
}

/// Much goes wrong here, but only that nobody heals h3 is what liveness is lost by.
const HEDERA: &str = "\
hedera:
  nodes: 5
  transfers: 2
  duplicates: 0.2
  mirror: true
  link: { loss: 0.01, jitter: 20ms }
  misbehaving: { h4: garbage }
  faults:
    - { at: 5s, slow: { h1: 20ms }, for: 5s }
    - { at: 6s, crash: h2, for: 5s }
    - { at: 12s, link: { loss: 0.2 }, for: 2s }
    - { at: 15s, isolate: h3 }
  duration: 40s
  recovery: 15s
";

#[test]
fn a_hedera_network_is_made_small_too() {
    hedera_is_made_small(&world(HEDERA));
}

#[test]
fn of_two_ledgers_the_one_that_fails_is_left() {
    let both = format!("options: {{ mwm: 1 }}\nnodes: 2\nduration: 40s\nrecovery: 15s\n{HEDERA}");
    hedera_is_made_small(&world(&both));
}

fn hedera_is_made_small(scenario: &Scenario) {
    let shrunk = shrink(scenario, 3, 400, &mut |_, _| true).unwrap();
    assert!(shrunk.scenario.is_hedera_alone());
    assert!(shrunk.is_minimal, "{shrunk:?}");
    let plan = shrunk.scenario.hedera.as_deref().unwrap();
    let faults: Vec<_> = plan.base.faults.iter().map(|timed| &timed.fault).collect();
    let isolated = plan.base.number_of("h3").unwrap();
    assert_eq!(faults, [&Fault::Isolate(isolated)]);
    assert!(plan.base.nodes.len() == 4 && plan.misbehaving.is_empty() && plan.duplicates == 0.0, "{plan:?}");
    assert!(vector_text(&shrunk, 3, "shrunk").contains("- until: synced"), "a vector waits for what is late");
    let text = world_text(&shrunk.scenario, 3, "shrunk");
    let report = Run::new(world(&text), 3, Trace::default()).unwrap().run();
    assert!(report.violations.contains(&shrunk.violation), "{text}\n{report:?}");
}
