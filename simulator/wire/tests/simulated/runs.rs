//! Whole worlds on turmoil hosts.

use std::path::Path;

use tanglegram_wire::simulated::{NetworkRun, run};
use tanglegram_world::World;
use tanglegram_world::sim::Trace;

const CALM: &str = "
options: { mwm: 1 }
coordinator: { seed: SIMULATED9COORDINATOR, depth: 5, security: 1, mode: CURLP27, interval: 4s }
nodes: 4
workload: { rate: 1, value-share: 0.5, accounts: 20, respend: false }
duration: 50s
recovery: 10s
";

fn ran(text: &str, seed: u64) -> NetworkRun {
    let world = World::parse("test", text, Path::new(".")).unwrap();
    run(&world.scenario, seed, Trace::default(), None).unwrap().0
}

#[test]
fn a_run_agrees_and_is_the_same_again() {
    let first = ran(CALM, 1);
    assert!(first.agrees(), "{first:?}");
    assert_eq!(first.violations, []);
    assert!(first.milestones > 5 && first.transactions > 10, "{first:?}");
    let again = ran(CALM, 1);
    assert_eq!((again.digest, again.events), (first.digest.clone(), first.events));
    assert_ne!(ran(CALM, 2).digest, first.digest);
}
