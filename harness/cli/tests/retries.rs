//! Vectors that may be run again when they fail.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Ended, Target, node, reply};
use desk::Desk;

const HEAD: &str =
    "api: iri\ndefaults: { clauses: [iri.getTips.hashes], world: any, level: spec }\nvectors:\n";
const GOOD: &str = r#"{"hashes":["A"]}"#;

/// A vector that asks for tips, and may be run again so often.
fn vector(name: &str, retries: u8) -> String {
    let asks = format!("call: getTips, with: {{ of: {name} }}");
    format!(
        "  - {{ vector: {name}, retries: {retries}, {asks}, expect: {{ status: 200, body: {{ hashes: [A] }} }} }}\n"
    )
}

/// How often a vector was asked.
type Asked = Arc<Mutex<BTreeMap<String, usize>>>;

/// A node that is told with each question how often it was asked that, from 1.
fn counting(answer: impl Fn(&mut TcpStream, &str, usize) -> bool + Send + Sync + 'static) -> (Target, Asked) {
    let asked = Asked::default();
    let told = asked.clone();
    let target = node(move |stream, body| {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let of = body["of"].as_str().unwrap_or_default().to_owned();
        let count = {
            let mut asked = told.lock().unwrap();
            let count = asked.entry(of.clone()).or_default();
            *count += 1;
            *count
        };
        answer(stream, &of, count)
    });
    (target, asked)
}

/// A node whose answers are good from the n-th on.
fn good_from(first: usize) -> (Target, Asked) {
    counting(move |stream, _, count| {
        reply(stream, "200 OK", if count < first { r#"{"hashes":["B"]}"# } else { GOOD });
        true
    })
}

fn expect(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
}

/// The verdicts of the last check, with its reasons.
fn verdicts(desk: &Desk) -> Vec<String> {
    let report = desk.json("a.json");
    let cases = report["runs"][0]["cases"].as_array().unwrap().iter();
    cases.map(|case| format!("{} {}", case["verdict"], case["reason"]).replace('"', "")).collect()
}

#[test]
fn what_passes_only_the_second_time_is_flaky_in_every_report() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("again", 2) + &vector("once", 0)));
    let (target, asked) = good_from(2);
    let ended = desk.check(&[&target], &["json=a.json", "junit=a.xml", "tap=a.tap", "html=a.html"], &[]);
    expect(&ended, 1);
    assert_eq!(verdicts(&desk), ["flaky passed on try 2 of 3", "fail null"]);
    assert_eq!(*asked.lock().unwrap(), BTreeMap::from([("again".into(), 2), ("once".into(), 1)]));
    let told = "flaky 1: passed on try 2 of 3\n  iri/getTips/again: body.hashes[0]: expected ";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(ended.stdout.contains("0 passed, 1 failed, 1 flaky, 0 skipped"), "{}", ended.stdout);
    assert!(desk.text("a.xml").contains(r#"<skipped message="flaky: passed on try 2 of 3">"#));
    assert!(desk.text("a.tap").contains("iri/getTips/again # TODO flaky: passed on try 2 of 3\n  ---\n"));
    let html = desk.text("a.html");
    assert!(html.contains("passed on try 2 of 3") && html.contains(r#"class="mark flaky""#));
}

#[test]
fn what_is_flaky_does_not_fail_a_check() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("again", 1) + &vector("more", 5)));
    let (target, _) = good_from(2);
    let ended = desk.check(&[&target], &["json=a.json"], &["--jobs", "2"]);
    expect(&ended, 0);
    assert_eq!(verdicts(&desk), ["flaky passed on try 2 of 2", "flaky passed on try 2 of 6"]);
}

#[test]
fn what_is_wrong_each_time_has_failed() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("again", 3)));
    let (target, asked) = good_from(5);
    let ended = desk.check(&[&target], &[], &[]);
    expect(&ended, 1);
    assert!(ended.stdout.contains("  failed on each of 4 tries\n"), "{}", ended.stdout);
    assert_eq!(asked.lock().unwrap()["again"], 4);
}

#[test]
fn what_passes_at_once_is_asked_once() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("again", 5)));
    let (target, asked) = good_from(1);
    expect(&desk.check(&[&target], &["json=a.json"], &[]), 0);
    assert_eq!(verdicts(&desk), ["pass null"]);
    assert_eq!(asked.lock().unwrap()["again"], 1);
}

#[test]
fn a_reply_that_breaks_off_is_a_failure_like_others() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("again", 1)));
    let (target, _) = counting(|stream, _, count| {
        if count == 1 {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{");
            return false;
        }
        reply(stream, "200 OK", GOOD);
        true
    });
    let ended = desk.check(&[&target], &["json=a.json"], &[]);
    expect(&ended, 0);
    assert_eq!(verdicts(&desk), ["flaky passed on try 2 of 2"]);
    assert!(ended.stdout.contains("closed in the middle of the reply's body"), "{}", ended.stdout);
}

#[test]
fn a_conversation_begins_anew_on_another_connection() {
    let conversation = "  - vector: talk
    retries: 1
    steps:
      - { call: getTips, with: { of: ask }, expect: { status: 200, body: { hash: { $type: string } } }, capture: { hash: /body/hash } }
      - { call: getTips, with: { of: $hash }, expect: { status: 200, body: { good: true } } }
";
    let desk = Desk::new(&(HEAD.to_owned() + conversation));
    let (target, asked) = counting(|stream, of, count| {
        let body = match of {
            "ask" => format!(r#"{{"hash":"h{count}"}}"#),
            of => format!(r#"{{"good":{}}}"#, of == "h2"),
        };
        reply(stream, "200 OK", &body);
        true
    });
    let ended = desk.check(&[&target], &["json=a.json"], &[]);
    expect(&ended, 0);
    assert_eq!(verdicts(&desk), ["flaky passed on try 2 of 2"]);
    let all = BTreeMap::from([("ask".into(), 2), ("h1".into(), 1), ("h2".into(), 1)]);
    assert_eq!(*asked.lock().unwrap(), all);
    // One for the look before the run, and one for each try.
    assert_eq!(target.connections(), 3);
}

#[test]
fn a_target_that_is_gone_is_not_asked_again_and_again() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("again", 5) + &vector("next", 5)));
    let (gone, asked) = counting(|stream, _, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        std::thread::sleep(std::time::Duration::from_secs(5));
        false
    });
    let ended = desk.check(&[&gone], &["json=a.json"], &["--timeout", "0.2"]);
    expect(&ended, 4);
    assert!(ended.stderr.contains("the target let 3 requests run out of time"), "{}", ended.stderr);
    assert_eq!(verdicts(&desk), ["fail null"]);
    assert_eq!(asked.lock().unwrap()["again"], 3);
}

#[test]
fn the_built_in_node_is_asked_again_too() {
    let good = "call: getTips, expect: { status: 200, body: { hashes: { $each: { $trytes: 81 } }, duration: { $ms: any } } }";
    let bad = "call: getTips, expect: { status: 418 }";
    let desk = Desk::new(&format!(
        "{HEAD}  - {{ vector: good, retries: 2, {good} }}\n  - {{ vector: bad, retries: 2, {bad} }}\n"
    ));
    let ended = desk.check(&[], &["json=a.json"], &[]);
    expect(&ended, 1);
    assert_eq!(verdicts(&desk), ["pass null", "fail null"]);
    assert!(ended.stdout.contains("  failed on each of 3 tries\n"), "{}", ended.stdout);
}

/// A node that does not answer to `lost`, so often.
fn losing(times: usize) -> (Target, Asked) {
    counting(move |stream, of, count| {
        if of != "lost" || count > times {
            reply(stream, "200 OK", GOOD);
        }
        true
    })
}

#[test]
fn a_reply_lost_on_a_kept_connection_is_asked_for_on_a_new_one_and_told() {
    let desk = Desk::new(&(HEAD.to_owned() + &vector("first", 0) + &vector("lost", 0) + &vector("then", 0)));
    let (target, asked) = losing(1);
    let ended = desk.check(&[&target], &["json=a.json"], &["--timeout", "1"]);
    expect(&ended, 0);
    let told = "flaky the reply came when it was asked for again, on a new connection";
    assert_eq!(verdicts(&desk), ["pass null", told, "pass null"]);
    assert_eq!(asked.lock().unwrap()["lost"], 2);
    assert!(ended.stdout.contains("no complete reply within 1 s"), "{}", ended.stdout);

    // A reply that began is not lost.
    let (target, asked) = counting(|stream, of, _| {
        let begun = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        if of == "lost" {
            stream.write_all(begun.as_bytes()).unwrap()
        } else {
            reply(stream, "200 OK", GOOD)
        }
        true
    });
    expect(&desk.check(&[&target], &["json=a.json"], &["--timeout", "1"]), 1);
    assert_eq!((asked.lock().unwrap()["lost"], verdicts(&desk)[1].as_str()), (1, "fail null"));

    let (target, _) = losing(2);
    let ended = desk.check(&[&target], &["json=a.json"], &["--timeout", "1"]);
    expect(&ended, 1);
    assert_eq!(verdicts(&desk), ["pass null", "fail null", "pass null"]);

    // On a new connection it is the answer that is missing.
    let desk = Desk::new(&(HEAD.to_owned() + &vector("lost", 0)));
    let (target, asked) = losing(1);
    expect(&desk.check(&[&target], &["json=a.json"], &["--timeout", "1"]), 1);
    assert_eq!(asked.lock().unwrap()["lost"], 1);
}

#[test]
fn three_lost_replies_end_a_run() {
    let names = ["first", "lost1", "lost2", "first2", "lost3", "never"];
    let desk = Desk::new(&(HEAD.to_owned() + &names.map(|name| vector(name, 0)).concat()));
    let (target, asked) = counting(|stream, of, count| {
        if !of.starts_with("lost") || count > 1 {
            reply(stream, "200 OK", GOOD);
        }
        true
    });
    let ended = desk.check(&[&target], &["json=a.json"], &["--timeout", "1"]);
    expect(&ended, 4);
    assert!(ended.stderr.contains("the target let 3 requests run out of time"), "{}", ended.stderr);
    let verdicts = verdicts(&desk);
    assert_eq!(verdicts.iter().filter(|verdict| verdict.starts_with("flaky")).count(), 3, "{verdicts:?}");
    assert!(!asked.lock().unwrap().contains_key("never"));
}

#[test]
fn a_slow_vector_has_more_time() {
    let slow = vector("slow", 0).replace("vector: slow", "vector: slow, tags: [slow]");
    let desk = Desk::new(&(HEAD.to_owned() + &slow + &vector("late", 0)));
    let (target, _) = counting(|stream, _, _| {
        thread::sleep(Duration::from_millis(1500));
        reply(stream, "200 OK", GOOD);
        true
    });
    let ended = desk.check(&[&target], &["json=a.json"], &["--timeout", "1"]);
    expect(&ended, 1);
    assert_eq!(verdicts(&desk), ["pass null", "fail null"]);
}
