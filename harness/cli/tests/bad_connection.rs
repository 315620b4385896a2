//! `check --faults`: a faulting proxy between the program and the target.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use common::{Target, node, reply};
use desk::Desk;

/// So many vectors that pass.
fn vectors(count: usize) -> String {
    let head = "api: iri\ndefaults: { clauses: [iri.getTips.hashes], world: any, level: spec }\nvectors:\n";
    let one = |number| {
        format!(
            "  - {{ vector: v-{number}, call: getTips, expect: {{ status: 200, body: {{ hashes: [A] }} }} }}\n"
        )
    };
    head.to_owned() + &(0..count).map(one).collect::<String>()
}

fn good() -> Target {
    node(|stream, _| {
        reply(stream, "200 OK", r#"{"hashes":["A"]}"#);
        true
    })
}

/// The verdicts of a check under faults, and the whole report.
fn verdicts(desk: &Desk, target: &Target, faults: &str, seed: &str) -> (Vec<String>, String) {
    let more = ["--faults", faults, "--fault-seed", seed];
    let ended = desk.check(&[target], &["json=a.json", "junit=a.xml", "tap=a.tap", "html=a.html"], &more);
    assert!(matches!(ended.code, Some(0 | 1)), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("\nfaults: "), "{}", ended.stderr);
    let report = desk.json("a.json");
    let cases = report["runs"][0]["cases"].as_array().unwrap().clone();
    let verdicts = cases.iter().map(|case| case["verdict"].as_str().unwrap().to_owned()).collect();
    (verdicts, report["runs"][0]["faults"].as_str().unwrap().to_owned())
}

#[test]
fn the_seed_decides_what_is_hit_and_every_report_tells_it() {
    let (desk, target) = (Desk::new(&vectors(30)), good());
    let (first, told) = verdicts(&desk, &target, "truncate=0.3", "7");
    assert_eq!(told, "truncate=0.3 (seed 7)");
    for file in ["a.xml", "a.tap", "a.html"] {
        assert!(desk.text(file).contains("truncate=0.3 (seed 7)"), "{file}");
    }
    let failed = first.iter().filter(|verdict| *verdict == "fail").count();
    assert!((1..30).contains(&failed), "{failed} of 30 fail");
    assert_eq!(verdicts(&desk, &target, "truncate=0.3", "7").0, first);
    assert_ne!(verdicts(&desk, &target, "truncate=0.3", "8").0, first);
}

#[test]
fn what_is_only_late_or_slow_passes() {
    let (desk, target) = (Desk::new(&vectors(5)), good());
    let (verdicts, _) = verdicts(&desk, &target, "latency=1ms..20ms,slow=50000", "0");
    assert_eq!(verdicts, ["pass"; 5]);
}

#[test]
fn a_target_whose_every_reply_is_cut_off_is_still_there() {
    let (desk, target) = (Desk::new(&vectors(5)), good());
    for faults in ["truncate=1", "reset=1"] {
        let (verdicts, _) = verdicts(&desk, &target, faults, "0");
        assert_eq!(verdicts, ["fail"; 5], "{faults}");
    }
}

#[test]
fn faults_that_make_no_sense_are_told() {
    let desk = Desk::new(&vectors(1));
    for (more, why) in [
        (&["--faults", "loss=1"][..], "is no fault; there are latency="),
        (&["--faults", "reset=1", "--jobs", "2"], "cannot be used with"),
        (&["--faults", "reset=1", "--recorded", "a.jsonl"], "cannot be used with"),
        (&["--faults", "reset=1", "--baseline", "b.yaml", "--update-baseline"], "cannot be used with"),
        (&["--fault-seed", "3"], "--faults"),
    ] {
        let ended = desk.check(&[], &[], more);
        assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
}

#[test]
fn replies_that_come_too_late_are_the_faults_and_not_the_targets() {
    let (desk, target) = (Desk::new(&vectors(5)), good());
    let more = ["--faults", "latency=2s", "--timeout", "0.1"];
    let ended = desk.check(&[&target], &[], &more);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout.matches("no complete reply within 0.1 s").count(), 5, "{}", ended.stdout);
}

#[test]
fn each_of_several_nodes_has_the_same_faults() {
    let (desk, one, other) = (Desk::new(&vectors(20)), good(), good());
    let ended =
        desk.check(&[&one, &other], &["json=a.json"], &["--faults", "reset=0.4", "--fault-seed", "3"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let report = desk.json("a.json");
    let verdicts = |run: usize| -> Vec<String> {
        let cases = report["runs"][run]["cases"].as_array().unwrap().iter();
        cases.map(|case| case["verdict"].to_string()).collect()
    };
    assert_eq!(verdicts(0), verdicts(1));
    assert!(verdicts(0).contains(&"\"pass\"".to_owned()), "{:?}", verdicts(0));
}

#[test]
fn the_built_in_node_stands_behind_faults_too() {
    let filter = ["check", "--filter", "iri/getTips", "--faults", "truncate=0.5", "--fault-seed", "1"];
    let ended = common::tanglegram(&filter);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("the connection was closed"), "{}", ended.stdout);
    assert!(!ended.stderr.contains("faults: 0 replies"), "{}", ended.stderr);
}
