//! `tanglegram sim` and `sweep` as their users meet them: what they print, how they end, what survives a SIGKILL.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{tanglegram, tanglegram_with};
use serde_json::Value;

const TINY: &str = "\
options: { mwm: 1 }
coordinator: { seed: SIMULATED9COORDINATOR, depth: 3, security: 1, mode: CURLP27, interval: 3s }
nodes: { alice: {}, bob: {}, carol: {} }
workload: { rate: 0.5, value-share: 0.2, accounts: 2 }
duration: 15s
recovery: 5s
";

/// The same with a node that is cut off.
const BAD: &str = "\
options: { mwm: 1 }
coordinator: { seed: SIMULATED9COORDINATOR, depth: 3, security: 1, mode: CURLP27, interval: 3s }
nodes: { alice: {}, bob: {}, carol: {} }
workload: { rate: 0.5, value-share: 0.2, accounts: 2 }
faults:
  - { at: 3s, slow: { alice: 5ms } }
  - { at: 4s, isolate: bob }
duration: 15s
recovery: 5s
";

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What comes after a word at the begin of a line.
fn told<'a>(output: &'a str, word: &str) -> &'a str {
    let line =
        output.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_else(|| panic!("{word}: {output}"));
    line.trim()
}

#[test]
fn a_run_prints_its_digest_and_reproduces() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "tiny.yaml", TINY);
    let once = tanglegram(&["sim", &world, "--seed", "3"]);
    assert_eq!(once.code, Some(0), "{}{}", once.stdout, once.stderr);
    assert_eq!(told(&once.stdout, "digest").len(), 64);
    let twice = tanglegram(&["sim", &world, "--seed", "3", "--twice"]);
    assert_eq!((twice.code, told(&twice.stdout, "again")), (Some(0), "the same"));
    assert_eq!(told(&twice.stdout, "digest"), told(&once.stdout, "digest"));
    let other = tanglegram(&["sim", &world, "--seed", "4", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&other.stdout).unwrap();
    assert_ne!(object["digest"], told(&once.stdout, "digest"));
    assert!(object["solid"]["carol"].as_i64().unwrap() > 1, "{object}");
}

/// Nodes that draw otherwise in the second run of a process: a planted bug, which only a build for tests can have.
#[test]
fn a_run_that_does_not_reproduce_is_told() {
    let arguments = ["sim", "partition", "--seed", "1", "--until", "30s", "--twice"];
    let unsteady = tanglegram_with(&arguments, "", ("TANGLEGRAM_PLANTED_BUG", "Unsteady"));
    assert_eq!(unsteady.code, Some(8), "{}{}", unsteady.stdout, unsteady.stderr);
    let (first, second) = (told(&unsteady.stdout, "digest"), told(&unsteady.stdout, "again"));
    assert_eq!((first.len(), second.len()), (64, 64));
    assert_ne!(first, second);
    let steady = tanglegram(&arguments);
    assert_eq!((steady.code, told(&steady.stdout, "again")), (Some(0), "the same"), "{}", steady.stderr);
}

#[test]
fn the_canary_dies_and_its_replay_command_kills_it_again() {
    let canary = tanglegram(&["sim", "canary", "--seed", "1"]);
    assert_eq!(canary.code, Some(7), "{}{}", canary.stdout, canary.stderr);
    assert!(told(&canary.stdout, "violated").starts_with("liveness at n3 after "), "{}", canary.stdout);
    let replay: Vec<&str> = told(&canary.stdout, "replay").split(' ').collect();
    assert_eq!(replay[0], "tanglegram");
    let again = tanglegram(&replay[1..]);
    assert_eq!((again.code, &again.stdout), (canary.code, &canary.stdout));
}

/// Here a link corrupts what no signature covers of a milestone, and nodes have two tails of it: no reason to disagree.
#[test]
fn a_remade_tail_of_a_milestone_violates_nothing() {
    let ended = tanglegram(&["sim", "swarm", "--seed", "5230"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}

#[test]
fn mistakes_have_their_place_and_their_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let world =
        file(folder.path(), "wrong.yaml", "nodes: 3\nfaults:\n  - { at: 5s, crash: n9 }\nduration: 10s\n");
    for command in [&["sim", &world][..], &["sweep", &world, "--out", folder.path().to_str().unwrap()]] {
        let ended = tanglegram(command);
        assert_eq!(ended.code, Some(3));
        let last = ended.stderr.lines().last().unwrap();
        assert_eq!(last, format!("error: {world}:3:22: there is no node `n9`"));
    }
    for command in [
        &["sim", "recorded-mirror"][..],
        &["sim", "no-such-world"],
        &["sim", "swarm", "--seed", "x"],
        &["sweep", "swarm"],
        &["sweep", "swarm", "--out", "x", "--seeds", "5..5"],
        &["sweep", "swarm", "--out", "x", "--shard", "0/2"],
        &["sweep", "merge", "/no/such/file"],
        &["sweep"],
    ] {
        assert_eq!(tanglegram(command).code, Some(2), "{command:?}");
    }
}

#[test]
fn a_hedera_network_reproduces_and_tells_how_far_its_members_are() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let arguments = ["sim", "hedera-net", "--seed", "2", "--until", "12s", "--twice", "--trace"];
    let run = tanglegram(&[&arguments[..], &[trace.to_str().unwrap()]].concat());
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(told(&run.stdout, "again"), "the same");
    let bytes = fs::read(&trace).unwrap();
    assert_eq!(told(&run.stdout, "digest"), blake3::hash(&bytes).to_hex().as_str());
    assert!(told(&run.stdout, "members").starts_with("h0 "), "{}", run.stdout);
    let stopped = tanglegram(&["sim", "hedera-net", "--seed", "2", "--stop-at", "100", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&stopped.stdout).unwrap();
    assert!((100..200).contains(&object["events"].as_u64().unwrap()), "{object}");
    assert!(object["hedera"]["members"]["h3"].is_u64(), "{object}");
}

#[test]
fn what_only_tangles_can_do_is_refused_to_hedera_networks() {
    for command in
        [&["sim", "hedera-net", "--wire"][..], &["sim", "two-ledgers", "--wire"], &["serve", "hedera-ten"]]
    {
        let ended = tanglegram(command);
        assert_eq!(ended.code, Some(2), "{command:?}");
        assert!(ended.stderr.contains(command[1]), "{}", ended.stderr);
    }
}

#[test]
fn the_page_of_two_ledgers_has_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let report = format!("html={}", file.display());
    let ended = tanglegram(&["sim", "two-ledgers", "--until", "5s", "--report", &report]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let page = fs::read_to_string(&file).unwrap();
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} in {page}"));
    assert!(at("Nodes, milestones and faults") < at("Members, rounds and faults"));
    assert!(at(">The tangle of ") < at(">The hashgraph of "));
    assert!(page.contains("<dt>milestones</dt>") && page.contains("<dt>members</dt>"), "{page}");
}

#[test]
fn a_transaction_is_explained_from_the_client_to_the_mirror_node() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let run = tanglegram(&["sim", "hedera-net", "--until", "20s", "--trace", trace.to_str().unwrap()]);
    let first = fs::read_to_string(&trace).unwrap();
    let first = first.lines().find(|line| line.contains("\"submit\"")).expect("something is sent");
    let line: Value = serde_json::from_str(first).unwrap();
    let (id, node) = (line["id"].as_str().unwrap(), line["node"].as_str().unwrap());
    let explained = |who: &str| {
        let ended = tanglegram(&["sim", "hedera-net", "--until", "20s", "--explain", who, id]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(told(&ended.stdout, "digest"), told(&run.stdout, "digest"));
        ended.stdout.lines().skip_while(|line| !line.starts_with("explain")).collect::<Vec<_>>().join("\n")
    };
    let other = if node == "h0" { "h1" } else { "h0" };
    insta::assert_snapshot!([node, other, "mirror"].map(explained).join("\n\n"));
    for wrong in [["h9", id], ["h0", "ABCDE"], ["h0", "0.0.1001-1-000000001"]] {
        let ended = tanglegram(&["sim", "hedera-net", "--until", "1s", "--explain", wrong[0], wrong[1]]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{wrong:?}");
    }
}

#[test]
fn a_sweep_tells_which_seeds_fail_and_how_to_replay_them() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "bad.yaml", BAD);
    let out = folder.path().join("out");
    let swept = tanglegram(&["sweep", &world, "--seeds", "0..3", "--out", out.to_str().unwrap()]);
    assert_eq!(swept.code, Some(7), "{}{}", swept.stdout, swept.stderr);
    assert!(swept.stdout.contains(&format!("replay: tanglegram sim {world} --seed 2")), "{}", swept.stdout);
    let one = tanglegram(&["sim", &world, "--seed", "2"]);
    let results = fs::read_to_string(out.join("results-1-of-1.jsonl")).unwrap();
    assert!(results.contains(told(&one.stdout, "digest")), "{results}");
}

#[test]
fn a_trace_has_its_digest_and_explains_its_transactions() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "tiny.yaml", TINY);
    let trace = folder.path().join("trace.jsonl");
    let run = tanglegram(&["sim", &world, "--trace", trace.to_str().unwrap()]);
    let bytes = fs::read(&trace).unwrap();
    assert_eq!(told(&run.stdout, "digest"), blake3::hash(&bytes).to_hex().as_str());
    let lines: Vec<serde_json::Value> =
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told(&run.stdout, "events"), lines.len().to_string());
    let hash = lines.iter().find_map(|line| line["hash"].as_str()).unwrap();
    let explained = tanglegram(&["sim", &world, "--explain", "carol", &hash[..20]]);
    assert_eq!(explained.code, Some(0), "{}", explained.stderr);
    assert!(explained.stdout.contains(&format!("explain      {hash} at carol")), "{}", explained.stdout);
    assert!(explained.stdout.contains("stored\n"), "{}", explained.stdout);
    assert_eq!(told(&explained.stdout, "digest"), told(&run.stdout, "digest"));
    let stopped = tanglegram(&["sim", &world, "--stop-at", "40"]);
    assert_eq!(told(&stopped.stdout, "events"), "40");
    let short = tanglegram(&["sim", &world, "--until", "5s", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&short.stdout).unwrap();
    assert_eq!(object["duration_ms"], 5000);
    assert!(object["replay"].as_str().unwrap().ends_with("--seed 0 --until 5s"), "{object}");
    for wrong in [["dave", hash], ["carol", "9999999999"], ["carol", "A"]] {
        assert_eq!(tanglegram(&["sim", &world, "--explain", wrong[0], wrong[1]]).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn the_canary_shrinks_to_a_world_that_still_dies() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "bad.yaml", BAD);
    let out = folder.path().join("small.yaml");
    let vector = folder.path().join("small-vector.yaml").to_str().unwrap().to_owned();
    let arguments = ["shrink", &world, "--seed", "2", "--out", out.to_str().unwrap(), "--vector", &vector];
    let shrunk = tanglegram(&arguments);
    assert_eq!(shrunk.code, Some(7), "{}{}", shrunk.stdout, shrunk.stderr);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("isolate: bob") && !text.contains("alice: {}\n  bob: {}\n  carol: {}"), "{text}");
    let again = tanglegram(&["sim", out.to_str().unwrap()]);
    assert_eq!(again.code, Some(7), "{}{}", again.stdout, again.stderr);
    assert!(told(&again.stdout, "violated").starts_with("liveness at bob"), "{}", again.stdout);
    let checked = tanglegram(&["check", "--vectors", &vector]);
    assert_eq!(checked.code, Some(1), "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("liveness-with-seed-2"), "{}", checked.stdout);
    let fine = tanglegram(&["shrink", &file(folder.path(), "tiny.yaml", TINY)]);
    assert_eq!(fine.code, Some(5), "{}", fine.stderr);
}

#[cfg(unix)]
#[test]
fn a_killed_sweep_goes_on_with_nothing_lost_or_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "tiny.yaml", TINY);
    let out = folder.path().join("out");
    let file = out.join("results-1-of-1.jsonl");
    let arguments = ["sweep", &world, "--seeds", "0..240", "--jobs", "2", "--out", out.to_str().unwrap()];
    let lines = || fs::read_to_string(&file).map_or(0, |text| text.matches('\n').count());
    let mut kept = 0;
    for _ in 0..2 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tanglegram"))
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while lines() <= kept + 1 {
            assert_eq!(child.try_wait().unwrap(), None, "it was to be killed before its end");
            thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        kept = lines();
    }
    // What a power cut would leave besides.
    let before = fs::read_to_string(&file).unwrap() + "{\"seed\":7";
    fs::write(&file, &before).unwrap();
    let rest = tanglegram(&arguments);
    assert_eq!(rest.code, Some(0), "{}{}", rest.stdout, rest.stderr);
    let after = fs::read_to_string(&file).unwrap();
    let whole = before.rsplit_once('\n').unwrap().0;
    assert!(after.starts_with(whole), "nothing that was done is done again");
    let mut seeds: Vec<u64> = after
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seed"].as_u64().unwrap())
        .collect();
    seeds.sort_unstable();
    assert_eq!(seeds, (0..240).collect::<Vec<_>>());
    let fresh = tanglegram(&[
        "sweep",
        &world,
        "--seeds",
        "0..240",
        "--out",
        folder.path().join("2").to_str().unwrap(),
    ]);
    assert_eq!(told(&fresh.stdout, "digest"), told(&rest.stdout, "digest"));
}

#[test]
fn shards_merge_to_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "tiny.yaml", TINY);
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let whole = tanglegram(&["sweep", &world, "--seeds", "0..10", "--out", &out("whole")]);
    for shard in ["1/3", "3/3"] {
        let part =
            tanglegram(&["sweep", &world, "--seeds", "0..10", "--out", &out("parts"), "--shard", shard]);
        assert_eq!(part.code, Some(0), "{}", part.stderr);
    }
    let missing = tanglegram(&["sweep", "merge", &out("parts")]);
    assert_eq!(missing.code, Some(5), "{}", missing.stderr);
    assert!(missing.stdout.contains("3 seeds are missing"), "{}", missing.stdout);
    tanglegram(&["sweep", &world, "--seeds", "0..10", "--out", &out("parts"), "--shard", "2/3"]);
    let merged = tanglegram(&["sweep", "merge", &out("parts"), "--out", &out("merged.jsonl")]);
    assert_eq!(merged.code, Some(0), "{}", merged.stderr);
    assert_eq!(told(&merged.stdout, "digest"), told(&whole.stdout, "digest"));
    let again = tanglegram(&["sweep", "merge", &out("merged.jsonl"), &out("whole")]);
    assert_eq!((again.code, told(&again.stdout, "digest")), (Some(0), told(&whole.stdout, "digest")));
}

/// The words of the `node` lines of a run on turmoil hosts, each after its node's name.
fn node_lines(output: &str) -> Vec<&str> {
    let lines = output.lines().filter_map(|line| line.strip_prefix("node         "));
    lines.map(|line| line.split_once(' ').unwrap().1).collect()
}

#[test]
fn a_world_runs_on_turmoil_hosts_and_reproduces() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "tiny.yaml", TINY);
    let run = tanglegram(&["sim", &world, "--seed", "3", "--wire", "--twice"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!((told(&run.stdout, "again"), told(&run.stdout, "agreement")), ("the same", "all nodes"));
    let nodes = node_lines(&run.stdout);
    assert!(nodes.len() == 3 && nodes.iter().all(|line| *line == nodes[0]), "{}", run.stdout);
    assert!(nodes[0].starts_with("milestone ") && nodes[0].contains(" ledger "), "{}", run.stdout);
    let trace = folder.path().join("trace.jsonl");
    let args = [
        "sim",
        &world,
        "--seed",
        "3",
        "--wire",
        "--json",
        "--until",
        "9s",
        "--trace",
        trace.to_str().unwrap(),
    ];
    let object: serde_json::Value = serde_json::from_str(&tanglegram(&args).stdout).unwrap();
    assert_eq!((&object["type"], &object["agree"]), (&"network-run".into(), &true.into()), "{object}");
    let written = fs::read(&trace).unwrap();
    assert_eq!(object["digest"], blake3::hash(&written).to_hex().as_str());
    assert!(written.iter().filter(|byte| **byte == b'\n').count() as u64 == object["events"]);
}

#[test]
fn on_turmoil_hosts_who_stays_cut_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let world = file(folder.path(), "bad.yaml", BAD);
    let run = tanglegram(&["sim", &world, "--wire"]);
    assert_eq!(run.code, Some(7), "{}{}", run.stdout, run.stderr);
    assert_eq!(told(&run.stdout, "agreement"), "none: the nodes differ");
    assert!(told(&run.stdout, "violated").starts_with("liveness at bob "), "{}", run.stdout);
    assert!(told(&run.stdout, "replay").ends_with(" --wire"), "{}", run.stdout);
}

#[test]
fn what_cannot_run_on_turmoil_hosts_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let large =
        file(folder.path(), "large.yaml", "nodes: 26\noptions: { mwm: 1 }\nduration: 10s\nrecovery: 5s\n");
    let run = tanglegram(&["sim", &large, "--wire"]);
    assert_eq!(run.code, Some(3), "{}", run.stdout);
    assert!(run.stderr.contains("26 nodes are too many for turmoil hosts: at most 25"), "{}", run.stderr);
    let lying = format!("{TINY}misbehaving: {{ carol: garbage }}\n");
    let lying = file(folder.path(), "lying.yaml", &lying);
    let run = tanglegram(&["sim", &lying, "--wire"]);
    assert_eq!(run.code, Some(3), "{}", run.stdout);
    assert!(run.stderr.contains("`garbage` of carol is only for the event queue"), "{}", run.stderr);
    let run = tanglegram(&["sim", &lying, "--wire", "--stop-at", "5"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("--stop-at"), "{}", run.stderr);
}
