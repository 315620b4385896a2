//! Sweeps: in shards as in one, ended and gone on with, merged in whatever order.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tanglegram_runner::sweep::{
    Found, Header, MergeError, Progress, Results, SeedResult, Seeds, Shard, Sweep, digest, merge, read, run,
};
use tanglegram_world::World;

const WORLD: &str = "\
options: { mwm: 1 }
coordinator: { seed: SIMULATED9COORDINATOR, depth: 3, security: 1, mode: CURLP27, interval: 3s }
nodes: 3
workload: { rate: 0.5, value-share: 0.2, accounts: 2 }
duration: 15s
recovery: 5s
";

fn sweep(seeds: &str) -> Arc<Sweep> {
    let world = World::parse("tiny", WORLD, Path::new(".")).unwrap();
    Arc::new(Sweep::new("tiny.yaml", &world, seeds.parse().unwrap()))
}

/// Counts the runs, and stops after some.
struct Count {
    before: usize,
    runs: usize,
    most: usize,
}

impl Count {
    fn up_to(most: usize) -> Count {
        Count { before: 0, runs: 0, most }
    }
}

impl Progress for Count {
    fn begins(&mut self, _: usize, done: usize) {
        self.before = done;
    }

    fn done(&mut self, _: &SeedResult) {
        self.runs += 1;
    }

    fn is_over(&self) -> bool {
        self.runs >= self.most
    }
}

#[test]
fn a_sweep_in_shards_is_the_same_as_in_one_and_none_is_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = sweep("5..25");
    let mut stopped = Count::up_to(4);
    run(&sweep, Shard::ALL, 2, folder.path(), &mut stopped).unwrap();
    let mut rest = Count::up_to(usize::MAX);
    let whole = run(&sweep, Shard::ALL, 2, folder.path(), &mut rest).unwrap();
    assert_eq!((stopped.runs, rest.before, rest.runs), (4, 4, 16));
    assert_eq!(whole.keys().copied().collect::<Vec<_>>(), (5..25).collect::<Vec<_>>());
    let shards = (1..=3).map(|index| {
        let shard = Shard::new(index, 3).unwrap();
        run(&sweep, shard, 1, folder.path(), &mut Count::up_to(usize::MAX)).unwrap();
        read(&folder.path().join(shard.file_name())).unwrap().unwrap()
    });
    let (_, merged) = merge(shards.collect::<Vec<_>>()).unwrap();
    assert_eq!(merged, whole);
    assert_eq!(digest(&merged), digest(&whole));
    let digests: BTreeSet<_> = whole.values().map(|result| &result.digest).collect();
    assert_eq!(digests.len(), 20, "each seed is a run of its own");
}

#[test]
fn another_sweep_does_not_go_on_in_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    run(&sweep("0..1"), Shard::ALL, 1, folder.path(), &mut Count::up_to(1)).unwrap();
    let error = run(&sweep("0..2"), Shard::ALL, 1, folder.path(), &mut Count::up_to(1)).unwrap_err();
    assert!(error.to_string().contains("choose another folder"), "{error}");
}

fn header() -> Header {
    let seeds: Seeds = "0..64".parse().unwrap();
    Header { world: "w".into(), scenario: "s".into(), version: "1".into(), seeds: seeds.to_string() }
}

fn result(seed: u64) -> SeedResult {
    let found = Found { invariant: "liveness".into(), node: "n1".into(), at: seed, what: "late".into() };
    let violations = if seed.is_multiple_of(7) { vec![found] } else { Vec::new() };
    SeedResult { seed, digest: format!("{:x}", seed * 31), events: seed, violations, panic: None }
}

fn results(seeds: &BTreeSet<u64>) -> Results {
    seeds.iter().map(|&seed| (seed, result(seed))).collect()
}

fn some_parts() -> impl Strategy<Value = Vec<(Header, Results)>> {
    let part = ("[a-c]", prop::collection::btree_set(0..64_u64, 0..20));
    let part = part.prop_map(|(world, seeds)| (Header { world, ..header() }, results(&seeds)));
    prop::collection::vec(part, 1..6)
}

proptest! {
    #[test]
    fn merging_knows_no_order_and_no_repetition(parts in some_parts(), cut in any::<prop::sample::Index>()) {
        let whole = merge(parts.clone()).unwrap();
        let mut backwards = parts.clone();
        backwards.reverse();
        prop_assert_eq!(&merge(backwards).unwrap(), &whole);
        prop_assert_eq!(&merge([whole.clone(), whole.clone()]).unwrap(), &whole);
        prop_assert_eq!(&merge(parts.iter().cloned().chain([whole.clone()])).unwrap(), &whole);
        let (some, rest) = parts.split_at(cut.index(parts.len()));
        if !some.is_empty() {
            let some = merge(some.to_vec()).unwrap();
            prop_assert_eq!(&merge(rest.iter().cloned().chain([some])).unwrap(), &whole);
        }
        let all: BTreeSet<u64> = parts.iter().flat_map(|(_, results)| results.keys().copied()).collect();
        prop_assert_eq!(whole.1, results(&all));
    }

    #[test]
    fn what_does_not_reproduce_is_found_in_any_order(
        seeds in prop::collection::btree_set(0..64_u64, 1..20),
        which in any::<prop::sample::Index>(),
    ) {
        let (one, mut other) = (results(&seeds), results(&seeds));
        let seed = *seeds.iter().nth(which.index(seeds.len())).unwrap();
        other.insert(seed, SeedResult { digest: "other".into(), ..result(seed) });
        let there = merge([(header(), one.clone()), (header(), other.clone())]);
        let back = merge([(header(), other), (header(), one)]);
        prop_assert_eq!(&there, &back);
        let found = matches!(there, Err(MergeError::NotReproduced { seed: found, .. }) if found == seed);
        prop_assert!(found);
    }
}
