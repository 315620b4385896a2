//! `check --jobs`: several vectors under way at once, told in the order of one after the other.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use common::{Target, node, reply};
use desk::Desk;

/// The requests that are under way, and the most there were.
#[derive(Default)]
struct UnderWay {
    now: Vec<String>,
    most: usize,
    /// Whether something was under way beside a request that changes the node.
    disturbed: bool,
}

/// A node that answers a request once so many are under way or a moment is over.
fn waiting_node(wanted: usize) -> (Target, Arc<Mutex<UnderWay>>) {
    let shared = Arc::new((Mutex::new(UnderWay::default()), Condvar::new()));
    let state = Arc::new(Mutex::new(UnderWay::default()));
    let told = state.clone();
    let target = node(move |stream, body| {
        let (held, changed) = &*shared;
        let mut under_way = held.lock().unwrap();
        under_way.now.push(body.to_owned());
        let count = under_way.now.len();
        under_way.most = under_way.most.max(count);
        let changes = under_way.now.iter().any(|one| one.contains("storeTransactions"));
        under_way.disturbed |= changes && count > 1;
        changed.notify_all();
        let patience = Duration::from_millis(if changes { 200 } else { 3_000 });
        let waits = |under_way: &mut UnderWay| under_way.most < wanted;
        let (mut under_way, _) = changed.wait_timeout_while(under_way, patience, waits).unwrap();
        let place = under_way.now.iter().position(|one| one == body).unwrap();
        under_way.now.remove(place);
        let mut told = told.lock().unwrap();
        (told.most, told.disturbed) = (under_way.most, under_way.disturbed);
        drop(under_way);
        reply(stream, "200 OK", r#"{"hashes":["A"]}"#);
        true
    });
    (target, state)
}

/// Vectors that only ask, and in their middle one that changes the node.
fn vectors(count: usize) -> String {
    let mut text = String::from(
        "api: iri\ndefaults: { clauses: [iri.getTips.hashes], world: any, level: spec }\nvectors:\n",
    );
    for number in 0..count {
        let call = format!("call: getTips, with: {{ n: {number} }}, expect: {{ status: 200 }}");
        text.push_str(&format!("  - {{ vector: ask-{number:02}, {call} }}\n"));
        if number == count / 2 {
            let call = "call: storeTransactions, with: { trytes: [] }, expect: { status: 200 }";
            text.push_str(&format!("  - {{ vector: change, {call} }}\n"));
        }
    }
    text
}

#[test]
fn so_many_are_under_way_as_was_said_and_changes_happen_alone() {
    let desk = Desk::new(&vectors(12));
    for jobs in [1, 4] {
        let (node, under_way) = waiting_node(jobs);
        let ended = desk.check(&[&node], &[], &["--jobs", &jobs.to_string()]);
        assert!(ended.stdout.contains("13 passed, 0 failed"), "{}{}", ended.stdout, ended.stderr);
        let under_way = under_way.lock().unwrap();
        assert_eq!((under_way.most, under_way.disturbed), (jobs, false));
    }
}

#[test]
fn the_order_of_the_report_is_the_same_whatever_the_number_of_jobs() {
    // The later a vector, the earlier its answer.
    let node = node(|stream, body| {
        let number: u64 = body.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        std::thread::sleep(Duration::from_millis(40u64.saturating_sub(3 * number)));
        let body = if number.is_multiple_of(3) { "{}" } else { r#"{"hashes":["A"]}"# };
        reply(stream, "200 OK", body);
        true
    });
    let text = vectors(12).replace("{ status: 200 }", "{ status: 200, body: { hashes: [A] } }");
    let desk = Desk::new(&text);
    let order = |jobs: &str| {
        let name = format!("json=jobs-{jobs}.json");
        let ended = desk.check(&[&node], &[&name], &["--jobs", jobs]);
        assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
        let report = desk.json(&format!("jobs-{jobs}.json"));
        let cases = report["runs"][0]["cases"].as_array().unwrap().iter();
        cases.map(|case| format!("{} {}", case["path"], case["verdict"])).collect::<Vec<_>>()
    };
    let one = order("1");
    assert_eq!(one.len(), 13);
    assert_eq!(order("8"), one);
}
