//! The same scenario and seed are the same run, to the byte: in debug and release, in every proof-of-work kernel, on every
//! machine.

use std::process::Command;

use tanglegram_world::sim::{Scenario, Simulation, Swarm, Topology, Trace, Workload, names};

fn worlds() -> Vec<(&'static str, Scenario)> {
    let busy = Workload {
        rate: 2.0,
        value_share: 0.5,
        bundle_sizes: 1..4,
        double_spends: 0.3,
        lazy_tips: 0.1,
        spammers: vec![(1, 1.0)],
        ..Workload::default()
    };
    let quiet = Scenario { nodes: names(4), duration: 60_000, recovery: 30_000, ..Scenario::default() };
    let ring =
        Scenario { nodes: names(5), topology: Topology::Ring, workload: busy.clone(), ..quiet.clone() };
    let swarm = Swarm { faults: 6, longest: 10_000, misbehaving: 2 };
    let swarm = Scenario {
        nodes: names(8),
        topology: Topology::SmallWorld { near: 1 },
        workload: busy,
        swarm: Some(swarm),
        duration: 90_000,
        ..quiet.clone()
    };
    vec![("quiet", quiet), ("busy ring", ring), ("swarm", swarm)]
}

fn digests() -> String {
    let digest = |scenario: &Scenario, seed| {
        let report = Simulation::new(scenario.clone(), seed, Trace::default()).expect("a scenario").run();
        format!("{} after {} events", report.digest, report.events)
    };
    let line = |(name, scenario): (&str, Scenario)| {
        format!("{name}, seed 1: {}\n{name}, seed 2: {}\n", digest(&scenario, 1), digest(&scenario, 2))
    };
    worlds().into_iter().map(line).collect()
}

/// Computed once, on another machine, in debug and in release: whoever gets others runs something else.
#[test]
fn the_digests_are_those_of_every_machine() {
    insta::assert_snapshot!("digests", digests());
}

/// Not a test of its own: what [`every_kernel_gives_the_same_digests`] runs under each kernel.
#[test]
#[ignore = "run by another test"]
fn print_digests() {
    println!("{}", digests());
}

#[test]
fn every_kernel_gives_the_same_digests() {
    let itself = std::env::current_exe().expect("a path");
    let here = digests();
    for kernel in ["portable", "avx2", "avx512"] {
        let run = Command::new(&itself)
            .args(["--ignored", "--exact", "print_digests", "--nocapture"])
            .env("TANGLEGRAM_POW", kernel)
            .output()
            .expect("it runs");
        // A kernel that this machine does not have is replaced by another, which is no harm.
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let printed = String::from_utf8_lossy(&run.stdout);
        assert!(printed.contains(&here), "{kernel}: {printed}\ninstead of\n{here}");
    }
}
