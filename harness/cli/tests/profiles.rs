//! Profiles of known nodes, held against what such nodes were recorded to answer.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use common::{Ended, tanglegram};
use serde_json::Value;
use tanglegram_runner::read_profiles;
use tanglegram_vector::{BodyPattern, Context, Expect, Scope, Status};

/// A known node: its profile, its recording, and the dialect and level it is asked in.
struct Node {
    profile: &'static str,
    recording: &'static str,
    dialect: &'static str,
    level: &'static str,
}

const NODES: [Node; 6] = [
    node("iri-1.8.5", "iri-1.8", "iri-1.8.5", "exact"),
    node("iri-1.8.6", "iri-1.8", "iri-1.8.6", "exact"),
    node("iri-1.7.0", "iri-1.8", "iri-1.8.5", "spec"),
    node("hornet-0.4.2", "hornet-0.4.2", "iri-1.8.6", "exact"),
    node("hornet-0.5.6", "hornet-0.5.6", "iri-1.8.6", "exact"),
    node("mirror-0.4.0", "mirror-2019", "mirror-0.4.0", "exact"),
];

const fn node(
    profile: &'static str,
    recording: &'static str,
    dialect: &'static str,
    level: &'static str,
) -> Node {
    Node { profile, recording, dialect, level }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded")
}

fn recorded(node: &Node, more: &[&str]) -> Ended {
    let folder = fixtures().join(node.recording).display().to_string();
    tanglegram(&[&["check", "--recorded", &folder, "--level", node.level], more].concat())
}

/// The vectors that came to one of these verdicts.
fn with(ended: &Ended, verdicts: &[&str]) -> BTreeSet<String> {
    let lines = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let meant = lines.filter(|line| line["verdict"].as_str().is_some_and(|one| verdicts.contains(&one)));
    meant.filter_map(|line| Some(line["path"].as_str()?.to_owned())).collect()
}

#[test]
fn a_recording_with_its_profile_has_nothing_new() {
    for node in &NODES {
        let ended = recorded(node, &["--profile", node.profile, "--json"]);
        let bad = with(&ended, &["fail", "stale"]);
        assert_eq!((ended.code, bad), (Some(0), BTreeSet::new()), "{}", node.profile);
        assert!(with(&ended, &["pass"]).len() > 80, "{}: hardly anything is recorded", node.profile);
    }
}

#[test]
fn a_recording_without_its_profile_fails_where_the_profile_says() {
    // With a profile, all that the document demands is run: in a dialect what that lacks is skipped, as is what a recording of
    // another version answers.
    let others = ["iri-1.8.6", "iri-1.7.0", "mirror-0.4.0"];
    for node in NODES.iter().filter(|node| !others.contains(&node.profile)) {
        let known = recorded(node, &["--profile", node.profile, "--json"]);
        let plain = recorded(node, &["--dialect", node.dialect, "--json"]);
        let (skipped, failed) = (with(&plain, &["skip"]), with(&plain, &["fail"]));
        let known = &with(&known, &["known-fail", "flaky"]) - &skipped;
        assert_eq!(known, failed, "{}", node.profile);
        let code = if failed.is_empty() { 0 } else { 1 };
        assert_eq!(plain.code, Some(code), "{}: {}", node.profile, plain.stderr);
    }
    let ended = recorded(&NODES[1], &["--profile", "iri-1.8.6", "--json"]);
    assert!(with(&ended, &["known-fail"]).contains("iri/getTips/shape"), "IRI 1.8.6 has no getTips");
}

/// What a client learns of IRI 1.8.5 with the defaults for a URL.
const IRI: &[&str] = &[
    "iri/anywhere/database-size",
    "iri/getBalances/threshold-not-needed",
    "iri/getInclusionStates/tips-not-needed",
];

/// What a client learns of both Hornets with the defaults for a URL.
const BOTH: &[&str] = &[
    "iri/getTips/shape",
    "iri/getMissingTransactions/shape",
    "iri/anywhere/database-size",
    "iri/anywhere/nothing-to-interrupt",
    "iri/envelope/version-missing",
    "iri/envelope/command-in-lower-case",
    "iri/anywhere/text-behind-the-object",
    "iri/anywhere/longer-than-allowed",
    "iri/anywhere/more-addresses-than-allowed",
    "iri/getNodeInfo/shape",
    "iri/getNodeAPIConfiguration/shape",
    "iri/anywhere-neighbours/neighbours",
    "iri/addNeighbors/uris-missing",
    "iri/anywhere/nothing-to-attach",
    "iri/anywhere/nothing-to-broadcast",
    "iri/getTrytes/hashes-missing",
    "iri/findTransactions/no-field",
    "iri/findTransactions/bundle-too-short",
    "iri/anywhere/search-with-the-right-checksum",
    "iri/anywhere/balance-with-the-right-checksum",
    "iri/anywhere/balances-of-nobody",
    "iri/getInclusionStates/transactions-missing",
    "iri/wereAddressesSpentFrom/no-addresses",
    "iri/getTransactionsToApprove/depth-missing",
];

/// What it learns of 0.5.6 besides.
const NEW: &[&str] = &[
    "iri/envelope/command-null",
    "iri/anywhere/spent-with-the-right-checksum",
    "iri/getTransactionsToApprove/depth-of-a-million",
    "iri/anywhere/approve-beside-the-unknown",
    "iri/anywhere/consistency-of-the-unknown",
    "iri/checkConsistency/tails-bool",
];

/// What it learns of 0.4.2 besides.
const OLD: &[&str] = &["iri/attachToTangle/mwm-negative"];

/// What it learns of both at level exact.
const LETTER: &[&str] = &[
    "iri/anywhere/headers",
    "iri/anywhere/any-path",
    "iri/anywhere/any-method",
    "iri/anywhere/options",
    "iri/anywhere/refusal-tells-how-long-it-took",
    "iri/anywhere/malformed-text",
    "iri/anywhere-neighbours/neighbour-without-scheme",
    "iri/anywhere-neighbours/neighbour-again",
    "iri/anywhere/nothing-to-store",
    "iri/anywhere/intersection-with-nothing",
    "iri/anywhere/approvers-of-nothing",
    "iri/anywhere/tag-of-28",
    "iri/anywhere/threshold-out-of-range",
    "iri/anywhere/tip-unknown",
    "iri/anywhere/consistency-of-the-unknown-text",
];

/// What a client learns of the real mirror node with the defaults for a URL.
const MIRROR: &[&str] = &[
    "mirror/accounts/every-row-tells-its-type",
    "mirror/anywhere/an-unknown-account-is-the-clients-mistake",
    "mirror/anywhere/an-account-with-an-exponent-is-the-clients-mistake",
    "mirror/anywhere/an-account-with-ten-digits",
    "mirror/anywhere/accounts-with-ten-digits",
    "mirror/anywhere/balances-with-ten-digits",
    "mirror/anywhere/balances-of-nineteen-nines",
    "mirror/anywhere/balances-of-a-far-future",
    "mirror/anywhere/transactions-of-a-far-future",
    "mirror/anywhere/balances-at-eleven-digits-of-seconds",
    "mirror/anywhere/transactions-at-eleven-digits-of-seconds",
    "mirror/anywhere/a-limit-with-brackets",
    "mirror/anywhere/an-operator-in-brackets",
    "mirror/account/of-another-shard",
    "mirror/account/half-a-row",
];

/// What it learns of it at level exact.
const MIRROR_LETTER: &[&str] = &[
    "mirror/anywhere/all-but-one-account",
    "mirror/anywhere/an-unknown-account-is-told-in-json",
    "mirror/anywhere/an-unknown-path-is-told-in-json",
    "mirror/anywhere/an-account-with-a-plus",
    "mirror/anywhere/two-limits",
    "mirror/anywhere/an-order-with-an-operator",
    "mirror/anywhere/a-result-with-an-operator",
    "mirror/anywhere/two-types",
    "mirror/anywhere/a-result-as-the-document-spells-it-once",
    "mirror/account/no-number-is-400",
    "mirror/account/an-order-that-is-none",
    "mirror/accounts/limit-0-2",
    "mirror/balances/ids-compare-as-a-whole",
    "mirror/transaction/no-id-is-400",
    "mirror/transaction/a-letter-before-the-id",
    "mirror/transaction/a-digit-behind-the-id",
];

#[test]
fn without_a_profile_every_known_deviation_is_reported() {
    for (node, both, own, letter) in [
        (&NODES[3], BOTH, OLD, LETTER),
        (&NODES[4], BOTH, NEW, LETTER),
        (&NODES[5], MIRROR, &[], MIRROR_LETTER),
        (&NODES[0], IRI, &[], &[]),
    ] {
        let folder = fixtures().join(node.recording).display().to_string();
        let plain = with(&tanglegram(&["check", "--recorded", &folder, "--json"]), &["fail"]);
        let exact = with(&recorded(node, &["--json"]), &["fail"]);
        for (found, wanted) in [(&plain, both), (&plain, own), (&exact, letter)] {
            let missing: Vec<_> = wanted.iter().filter(|path| !found.contains(**path)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", node.profile);
        }
    }
}

#[test]
fn another_wrong_answer_is_a_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = fixtures().join("hornet-0.5.6/anywhere.jsonl");
    let text = fs::read_to_string(source).expect("the recording");
    let (was, is) = ("command [getTips] is unknown", "command [getTips] is out of order");
    assert!(text.contains(was));
    fs::write(folder.path().join("other.jsonl"), text.replace(was, is)).expect("written");
    let path = folder.path().display().to_string();
    let ended = tanglegram(&["check", "--recorded", &path, "--profile", "hornet-0.5.6"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("FAIL iri/getTips/shape"), "{}", ended.stdout);
    let note = "it is known to fail, but not in this way (see specs/profiles/hornet-0.5.6.yaml:";
    assert!(ended.stdout.contains(note), "{}", ended.stdout);
}

#[test]
fn what_a_node_is_known_for_and_does_not_do_is_stale() {
    let ended =
        tanglegram(&["check", "--profile", "iri-1.8.6", "--dialect", "iri-1.8.6", "--filter", "getTips"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    // The embedded node speaks 1.8.6 as well as a Hornet's profile wants, but it is none.
    let ended =
        tanglegram(&["check", "--profile", "hornet-0.5.6", "--filter", "iri/envelope/version-missing"]);
    assert_eq!(ended.code, Some(6), "{}", ended.stdout);
    assert!(ended.stdout.contains("STALE iri/envelope/version-missing"), "{}", ended.stdout);
}

/// The exchanges of a recording by their ids.
fn exchanges(recording: &str) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(fixtures().join(recording).join("public.jsonl"));
    let text = text.unwrap_or_else(|error| panic!("{recording}: {error}"));
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("an exchange"));
    lines.map(|line| (line["id"].as_str().expect("an id").to_owned(), line)).collect()
}

/// Of these the evidence shows the same with another request, so with another body.
const ASKED_OTHERWISE: [&str; 5] = [
    "iri/envelope/version-missing",
    "iri/anywhere/text-behind-the-object",
    "iri/anywhere/longer-than-allowed",
    "iri/anywhere/tag-of-28",
    "mirror/http/integers-are-exact",
];

fn is_status(answers: &Expect, reply: &Value) -> bool {
    let status = reply["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    match &answers.status {
        Status::OneOf(statuses) => statuses.contains(&status),
        Status::Error => (400..600).contains(&status),
    }
}

fn is_body(answers: &Expect, reply: &Value) -> bool {
    let none = BTreeMap::new();
    let scope = Scope { world: &Value::Null, captured: &none };
    let context = Context { scope, transaction_hash: |_| None, now_ms: 0 };
    let text = reply["body"].as_str().unwrap_or_default();
    match &answers.body {
        BodyPattern::Free => true,
        BodyPattern::Json(pattern) => {
            serde_json::from_str(text).is_ok_and(|body| pattern.matches(&body, &context))
        }
        BodyPattern::Text(pattern) => pattern.matches(&Value::from(text), &context),
    }
}

#[test]
fn every_deviation_has_its_evidence() {
    let mut named = 0;
    for (profile, file) in read_profiles().expect("the profiles") {
        // Of other versions it is beside the reply, where it is another.
        let own = format!("response{}", profile.replace(|c: char| !c.is_ascii_digit(), ""));
        for known in file.known.iter().chain(&file.flaky) {
            let evidence = known.evidence.as_deref().unwrap_or_default();
            let Some((recording, ids)) = evidence.split_once(": ") else { continue };
            let recorded = exchanges(recording);
            let reply = |id: &str| {
                named += 1;
                let exchange = recorded.get(id);
                let exchange =
                    exchange.unwrap_or_else(|| panic!("{profile}: no exchange {id} in {recording}"));
                exchange.get(&own).unwrap_or(&exchange["response"])
            };
            let replies: Vec<&Value> = ids.split(", ").map(reply).collect();
            let Some(answers) = &known.way.answers else { continue };
            let asks_another = known.vectors.iter().any(|vector| ASKED_OTHERWISE.contains(&vector.as_str()));
            let fits =
                |reply: &&Value| is_status(answers, reply) && (asks_another || is_body(answers, reply));
            assert!(replies.iter().any(fits), "{profile}: {:?}: none of {ids} is so", known.vectors);
        }
    }
    assert!(named > 40, "{named} exchanges are named");
}

#[test]
fn a_profile_that_does_not_exist_or_does_not_fit_is_refused() {
    for (args, told) in [
        (&["--profile", "hornet-0.5.5"][..], "did you mean `hornet-0.5.6`?"),
        (&["--profile", "besu"], "there are hornet-0.4.2, hornet-0.5.6, iri-1.7.0"),
        (&["--profile", "iri-1.7.0", "--level", "exact"], "knows its node at level spec only"),
        (&["--profile", "iri-1.8.6", "--dialect", "iri-1.8.5"], "is not of iri-1.8.5"),
        (&["--profile", "mirror-0.4.0", "--api", "iri"], "is not of iri"),
    ] {
        let ended = tanglegram(&[&["check"], args].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
}

#[test]
fn what_is_wrong_with_a_profile_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.yaml");
    fs::write(&file, "api: iri\ndialect: iri-1.8.5\nknown-fail:\n  - vectors: [iri/getTips/shpae]\n    answers: { status: 200, body: $x }\n")
        .expect("written");
    let ended = tanglegram(&["check", "--profile", &file.display().to_string()]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    for told in ["mine.yaml:4", "lacks `reason`", "lacks `evidence`", "undefined name `$x`"] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
}

#[test]
fn a_recording_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = tanglegram(&["check", "--recorded", &folder.path().display().to_string()]);
    assert_eq!(empty.code, Some(3), "{}", empty.stderr);
    assert!(empty.stderr.contains("no exchange is recorded in it"), "{}", empty.stderr);
    let file = folder.path().join("bad.jsonl");
    fs::write(&file, "\n{\"request\":{\"method\":\"GET\",\"path\":\"/\"}}\n").expect("written");
    let bad = tanglegram(&["check", "--recorded", &file.display().to_string()]);
    assert_eq!(bad.code, Some(3), "{}", bad.stderr);
    assert!(bad.stderr.contains("bad.jsonl:2: not a recorded exchange: no `response`"), "{}", bad.stderr);
}

#[test]
fn a_request_that_was_not_recorded_is_no_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.jsonl");
    let line = r#"{"request":{"method":"POST","path":"/","headers":{"X-IOTA-API-Version":"1"},"body":"{ \"command\": \"getTips\" }"},"response":{"status":200,"headers":{},"body":"{\"hashes\":[],\"duration\":1}"}}"#;
    fs::write(&file, line).expect("written");
    let ended = tanglegram(&["check", "--recorded", &file.display().to_string(), "--filter", "iri/getT"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("1 passed, 0 failed"), "{}", ended.stdout);
    assert!(ended.stdout.contains(": not in the recording"), "{}", ended.stdout);
}

#[test]
fn how_the_known_nodes_answer_is_explained() {
    let ended = tanglegram(&["explain", "iri.getTips.availability"]);
    for told in
        ["hornet-0.4.2: it has no getTips", "iri-1.8.6: getTips is gone", "seen in hornet-0.5.6: getTips"]
    {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
}
