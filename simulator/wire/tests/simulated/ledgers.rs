//! The same world and seed end in the same ledger in the event queue and on turmoil hosts.

use std::path::Path;

use tanglegram_wire::simulated::run;
use tanglegram_world::World;
use tanglegram_world::sim::{Fault, Ledger, Scenario, Simulation, Trace};

const SEEDS: std::ops::Range<u64> = 1..4;

/// How long nodes may take to hear the last milestone, in virtual milliseconds.
const LAST_WORDS: u64 = 60_000;

/// The balances at the end of a run in the event queue, which all nodes agree on.
fn in_the_queue(scenario: &Scenario, seed: u64) -> String {
    let mut simulation = Simulation::new(scenario.clone(), seed, Trace::default()).unwrap();
    simulation.advance_to(simulation.end());
    simulation.apply(Fault::StopCoordinator).unwrap();
    let last = simulation.now() + LAST_WORDS;
    assert!(simulation.run_until(last, Simulation::is_synced), "seed {seed}");
    let ledgers: Vec<Ledger> =
        (0..scenario.nodes.len()).map(|number| Ledger::of(simulation.node(number).unwrap())).collect();
    assert!(ledgers.iter().all(|ledger| *ledger == ledgers[0]), "seed {seed}: {ledgers:?}");
    assert_eq!(simulation.violations(), [], "seed {seed}");
    ledgers[0].digest.clone()
}

/// The same on turmoil hosts.
fn on_hosts(scenario: &Scenario, seed: u64) -> String {
    let (run, _) = run(scenario, seed, Trace::default(), None).unwrap();
    assert_eq!(run.violations, [], "seed {seed}");
    assert!(run.agrees(), "seed {seed}: {:?}", run.ledgers);
    run.ledgers[0].clone().unwrap().digest
}

/// The balances of a network in which nobody pays.
fn untouched(scenario: &Scenario, seed: u64) -> String {
    let simulation = Simulation::new(scenario.clone(), seed, Trace::default()).unwrap();
    Ledger::of(simulation.node(0).unwrap()).digest
}

fn end_alike(world: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worlds").join(world);
    let scenario = World::load(path.to_str().unwrap()).unwrap().scenario;
    let mut seen = Vec::new();
    for seed in SEEDS {
        let (queue, hosts) = (in_the_queue(&scenario, seed), on_hosts(&scenario, seed));
        assert_eq!(queue, hosts, "{world}, seed {seed}");
        assert_ne!(queue, untouched(&scenario, seed), "{world}, seed {seed}: nothing was paid");
        seen.push(queue);
    }
    seen.dedup();
    assert_eq!(seen.len(), SEEDS.count(), "{world}: the seeds pay alike");
}

#[test]
fn where_nothing_goes_wrong() {
    end_alike("calm.yaml");
}

#[test]
fn where_both_halves_pay_and_heal() {
    end_alike("halves.yaml");
}

#[test]
fn where_nodes_crash_and_start_again() {
    end_alike("crash.yaml");
}

#[test]
fn where_links_and_nodes_are_bad() {
    end_alike("rough.yaml");
}
