//! How much faster than real time whole networks run on one core, what they take in memory, and whether an event costs the same in a
//! small network and in a large one.
//!
//! `cargo bench -p tanglegram-world` prints all; `-- large`, `-- thousand`, `-- swarm` (`SEEDS=n`),
//! `-- curve` or `-- hedera` prints one.

#![allow(missing_docs, clippy::disallowed_methods)] // A benchmark looks at the clock.

use std::time::{Duration, Instant};

use tanglegram_world::hedera::{Network, Plan};
use tanglegram_world::sim::{Report, Scenario, Simulation, Swarm, Topology, Trace, Workload, names};

/// A quiet network of this many nodes with eight neighbours each, a milestone each 10 s.
fn network(nodes: usize, rate: f64, seconds: u64) -> Scenario {
    Scenario {
        nodes: names(nodes),
        topology: Topology::Regular { degree: 8 },
        workload: Workload { rate, ..Workload::default() },
        duration: seconds * 1000,
        recovery: 60_000,
        ..Scenario::default()
    }
}

/// What a run came to, and the time it took: of the processor where the system tells, which is what counts on a machine
/// that has other things to do; otherwise by the clock.
fn run(scenario: Scenario) -> (Report, Duration) {
    let (start, used) = (Instant::now(), processor_time());
    let report = Simulation::new(scenario, 1, Trace::default()).expect("a scenario").run();
    let took = processor_time().zip(used).map(|(after, before)| after - before);
    (report, took.unwrap_or_else(|| start.elapsed()))
}

/// Processor time of this process so far, to 1 ns (Linux).
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn header(title: &str) {
    println!("\n{title}");
    println!("nodes  tx/s  virtual s   cpu s  x real time    events  ns/event  peak MiB  digest");
}

fn line(nodes: usize, rate: f64, seconds: u64) {
    let (report, took) = run(network(nodes, rate, seconds));
    assert_eq!(report.violations, [], "a quiet network breaks nothing");
    let (real, events) = (took.as_secs_f64(), report.events);
    println!(
        "{nodes:5}  {rate:4}  {seconds:9}  {real:6.2}  {:11.1}  {events:8}  {:8.0}  {:8}  {}",
        seconds as f64 / real,
        real * 1e9 / events as f64,
        peak_memory().map_or_else(|| "?".to_owned(), |mib| mib.to_string()),
        &report.digest[..16],
    );
}

/// The most memory this process ever held, in MiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// Many seeds of a small network under everything that can go wrong.
fn swarm(seeds: u64) {
    let start = processor_time();
    let mut violations = 0;
    for seed in 0..seeds {
        let mut scenario = Scenario {
            nodes: names(8),
            topology: Topology::Regular { degree: 4 },
            swarm: Some(Swarm { faults: 6, longest: 15_000, misbehaving: 2 }),
            duration: 150_000,
            ..network(8, 1.0, 150)
        };
        scenario.workload =
            Workload { value_share: 0.5, double_spends: 0.2, lazy_tips: 0.1, ..scenario.workload };
        let report = Simulation::new(scenario, seed, Trace::default()).expect("a scenario").run();
        report.violations.iter().for_each(|found| println!("seed {seed}: {found}"));
        violations += report.violations.len();
    }
    let took = processor_time().zip(start).map_or(f64::NAN, |(after, before)| (after - before).as_secs_f64());
    println!(
        "\nswarm of 8 nodes: {seeds} seeds, {violations} violations, {:.3} s a seed",
        took / seeds as f64
    );
}

/// Ten Hedera nodes, with real signatures.
fn hedera(rate: f64, seconds: u64) {
    let mut plan = Plan { rate, accounts: 20, ..Plan::default() };
    // A signed state holds the records of 180 seconds: at this rate that is a lot to sign.
    (plan.settings.consensus.ancient_rounds, plan.settings.consensus.state_rounds) = (130, 120);
    (plan.base.nodes, plan.base.duration, plan.base.recovery) = (names(10), seconds * 1000, 20_000);
    let (start, used) = (Instant::now(), processor_time());
    let report = Network::new(plan, 1, Trace::default()).expect("a plan").run();
    let took = processor_time().zip(used).map_or(start.elapsed(), |(after, before)| after - before);
    assert_eq!(report.violations, [], "a quiet network breaks nothing");
    let real = took.as_secs_f64();
    println!(
        "\n10 Hedera nodes, {rate} tx/s, {seconds} s: {real:.2} s, {:.1} x real time",
        seconds as f64 / real
    );
    println!("{} of {} transfers handled, {} events", report.handled, report.sent, report.events);
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if wants("large") {
        header("100 nodes, 10 tx/s, 10 minutes");
        line(100, 10.0, 600);
    }
    if wants("thousand") {
        header("1,000 nodes, 1 tx/s");
        line(1000, 1.0, 120);
    }
    if wants("swarm") {
        swarm(std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(20));
    }
    if wants("hedera") {
        let seconds = std::env::var("SECONDS").ok().and_then(|seconds| seconds.parse().ok());
        hedera(100.0, seconds.unwrap_or(600));
    }
    if wants("curve") {
        header("cost of an event by number of nodes, 2 tx/s");
        for (nodes, seconds) in [(10, 600), (30, 600), (100, 300), (300, 120), (1000, 60)] {
            line(nodes, 2.0, seconds);
        }
    }
}
