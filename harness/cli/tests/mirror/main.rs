//! `tanglegram check` of mirror nodes that are not the reference: on other data, and with flaws.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod data;
mod doubles;
#[path = "../running/mod.rs"]
mod running;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use common::{Ended, tanglegram};
use doubles::{Double, FLAWS, Flaw, GOOD};
use running::Running;
use serde_json::Value;
use tanglegram_mirror::files::FileHash;
use tanglegram_runner::{Ending, Library, Outcome, Plan, Remote, RunOptions, Selection, Verdict, run};
use tanglegram_target::{Endpoint, IRI, Limits, MIRROR, dialects};
use tanglegram_vector::Level;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer};

/// A served world whose only mirror node has these options, and its URL.
fn serve(folder: &Path, mirror: &str) -> (Running, String) {
    let world = folder.join("world.yaml");
    fs::write(&world, format!("mirrors: {{ m0: {{ {mirror} }} }}\n")).unwrap();
    let mut serving = Running::serve(world.to_str().unwrap(), &[]);
    let url = serving.told("listening mirror m0 ");
    (serving, url)
}

/// The lines of a run with `--json`: path, verdict, and the reason of a skip.
fn verdicts(ended: &Ended) -> Vec<(String, String, String)> {
    let lines = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let vectors = lines.filter(|line| line["type"] == "vector");
    vectors.map(|line| (text(&line, "path"), text(&line, "verdict"), text(&line, "reason"))).collect()
}

/// Checks a mirror node that has data of its own: what needs the fixture is skipped and says so, all else passes.
fn assert_conforms(url: &str) {
    let ended = tanglegram(&["check", url, "--json"]);
    let verdicts = verdicts(&ended);
    let failed: Vec<_> = verdicts.iter().filter(|(_, verdict, _)| verdict == "fail").collect();
    assert_eq!((ended.code, failed), (Some(0), vec![]), "{}{}", ended.stderr, ended.stdout);
    assert!(verdicts.iter().all(|(path, _, _)| path.starts_with("mirror/")));
    let skipped = verdicts.iter().filter(|(_, verdict, _)| verdict == "skip");
    let needs_fixture =
        |reason: &str| reason.contains("recorded-mirror") || reason.starts_with("speaks of mirror-0.4.0");
    let reasons: BTreeSet<&str> = skipped.map(|(_, _, reason)| reason.as_str()).collect();
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| needs_fixture(reason)), "{reasons:?}");
    let properties = verdicts.iter().filter(|(path, ..)| path.starts_with("mirror/properties/"));
    let passed = properties.clone().filter(|(_, verdict, _)| verdict == "pass").count();
    assert!(passed > 60 && passed == properties.count(), "{passed} properties hold: {verdicts:?}");
}

#[test]
fn without_a_target_both_references_are_checked() {
    let ended = tanglegram(&["check", "--filter", "getNodeInfo", "--filter", "mirror/accounts", "--json"]);
    let verdicts = verdicts(&ended);
    let apis: BTreeSet<&str> = verdicts.iter().filter_map(|(path, ..)| path.split('/').next()).collect();
    assert_eq!((ended.code, apis), (Some(0), BTreeSet::from(["iri", "mirror"])), "{}", ended.stderr);
    let only = tanglegram(&["check", "--api", "mirror", "--list"]);
    assert!(only.stdout.lines().count() > 400 && only.stdout.lines().all(|path| path.starts_with("mirror/")));
}

#[test]
fn a_mirror_node_on_other_data_conforms() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dataset.json"), data::dataset(200).to_string()).unwrap();
    let (_serving, url) = serve(folder.path(), "dataset: ./dataset.json");
    assert_conforms(&url);
}

#[test]
fn a_mirror_node_that_reads_files_conforms_also_when_more_come() {
    let folder = tempfile::tempdir().unwrap();
    let streams = folder.path().join("streams");
    fs::create_dir(&streams).unwrap();
    data::write_balances(&streams);
    let hash = data::write_records(&streams, FileHash::NONE, &data::transactions(0..120));
    let (_serving, url) = serve(folder.path(), "files: ./streams");
    assert_conforms(&url);
    let more = data::transactions(120..150);
    data::write_records(&streams, hash, &more);
    let newest = tanglegram_mirror::Timestamp(more[29].consensus).to_string();
    let vector = format!(
        "api: mirror\nvectors:\n  - {{ vector: newest, clauses: [mirror.transactions.row], world: any, level: spec, get: '/api/v1/transactions?limit=1',\n      within: 20s, expect: {{ status: 200, body: {{ transactions: [{{ consensus_timestamp: '{newest}', ... }}], ... }} }} }}\n"
    );
    fs::write(folder.path().join("newest.yaml"), vector).unwrap();
    let file = folder.path().join("newest.yaml");
    let ended = tanglegram(&["check", &url, "--vectors", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_conforms(&url);
}

/// The properties that a double does not have, by the name of the vector.
async fn violated(library: &Library, flaw: Flaw) -> BTreeSet<String> {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Double::new(flaw)).mount(&server).await;
    let selection = Selection {
        filters: Vec::new(),
        tags: vec!["property".to_owned()],
        level: Level::Spec,
        dialect: dialects(IRI)[0].to_owned(),
        mirror_dialect: dialects(MIRROR)[0].to_owned(),
        document: false,
        api: Some(MIRROR.to_owned()),
        world: None,
        read_only: true,
        external: true,
    };
    let plan = Plan::new(library, &selection);
    let options = RunOptions { limits: Limits::default(), total: Duration::from_secs(60), jobs: 1 };
    let mut remote = Remote::new(Endpoint::parse(&server.uri()).unwrap(), options.limits);
    let mut failed = BTreeSet::new();
    let mut observe = |outcome: Outcome<'_>| {
        if matches!(outcome.verdict, Verdict::Fail(_)) {
            failed.insert(outcome.vector.path.replace("mirror/properties/", ""));
        }
    };
    assert_eq!(run(&plan, &mut remote, &options, &mut observe).await, Ending::Complete);
    failed
}

#[tokio::test]
async fn every_flaw_is_found() {
    let library = Library::load(None, None).unwrap();
    assert_eq!(violated(&library, GOOD).await, BTreeSet::new());
    let mut missed = Vec::new();
    for (name, flaw, vector) in FLAWS {
        let violated = violated(&library, flaw).await;
        if !violated.contains(vector) {
            missed.push(format!("{name} is not found by {vector}, but by {violated:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
