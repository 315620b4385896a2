//! What helps people to write vectors: explanations, starting files, schemas, completions, manual pages.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::tanglegram;
use jsonschema::Validator;
use serde_json::Value;

#[test]
fn a_clause_is_explained() {
    let ended = tanglegram(&["explain", "iri.getTrytes.order"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn all_clauses_of_a_command_are_explained_for_machines() {
    let ended = tanglegram(&["explain", "iri.getBalances", "--json"]);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 10);
    for line in &lines {
        assert!(line["id"].as_str().unwrap().starts_with("iri.getBalances."));
        assert!(!line["vectors"].as_array().unwrap().is_empty(), "{line}");
    }
}

#[test]
fn what_a_vector_holds_a_node_to_is_explained() {
    let ended = tanglegram(&["explain", "iri/getBalances/whole-ledger", "--json"]);
    let ids: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, ["iri.getBalances.balances", "iri.getBalances.order"]);
}

#[test]
fn what_does_not_exist_is_told_with_what_is_near() {
    let ended = tanglegram(&["explain", "iri.getBalances.ordre"]);
    assert_eq!(ended.code, Some(5));
    insta::assert_snapshot!(ended.stderr, @r"
    error: no clause and no vector is called `iri.getBalances.ordre`
      help: did you mean `iri.getBalances.order`?
    ");
}

#[test]
fn what_is_started_passes() {
    let folder = tempfile::tempdir().unwrap();
    for api in ["iri", "mirror", "network"] {
        let vectors = folder.path().join(api);
        let file = vectors.join("getBalances.yaml");
        let file = file.to_str().unwrap();
        let started = tanglegram(&["new", "vector", file, "--api", api]);
        assert_eq!(started.code, Some(0), "{}", started.stderr);
        assert_eq!(started.stdout.trim(), file);
        let checked = tanglegram(&["check", "--vectors", vectors.to_str().unwrap()]);
        assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
    }
}

#[test]
fn a_file_that_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    fs::write(&file, "mine").unwrap();
    let again = tanglegram(&["new", "vector", file.to_str().unwrap()]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let other = tanglegram(&["new", "vector", folder.path().join("mine.txt").to_str().unwrap()]);
    assert_eq!(other.code, Some(2));
}

#[test]
fn schemas_hold_what_is_here_and_refuse_mistakes() {
    let vectors = schema("vector");
    let worlds = schema("world");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    for file in
        ["iri", "mirror", "network"].iter().flat_map(|api| yaml_files(&root.join("vectors").join(api)))
    {
        assert_valid(&vectors, &file);
        seen += 1;
    }
    for file in yaml_files(&root.join("fixtures/worlds")) {
        assert_valid(&worlds, &file);
        seen += 1;
    }
    assert!(seen > 30, "only {seen} files");
    for mistake in [
        "{ api: iri, vectors: [{ vector: a, clauses: [x], cal: getTips, expect: { status: 200 } }] }",
        "{ api: iri, vectors: [{ vector: A b, call: getTips, expect: { status: 200 } }] }",
        "{ api: iri, vectors: [{ vector: a, call: getTips, expect: { status: ok } }] }",
        "{ api: iri, vectors: [{ vector: a, call: getTips, expect: { body: { a: { $tryte: 81 } } } }] }",
        "{ api: iota, vectors: [] }",
    ] {
        assert!(!vectors.is_valid(&serde_yaml::from_str(mistake).unwrap()), "{mistake}");
    }
    for mistake in [
        "{ nodes: 3, faults: [{ at: 5s, crsh: n0 }] }",
        "{ nodes: 3, link: { loss: 1.5 } }",
        "{ nodes: { n0: { max-dept: 3 } } }",
        "{ nodes: 3, duration: 5 minutes }",
        "{ hedera: { nodes: 4, misbehaving: { h3: forks } } }",
    ] {
        assert!(!worlds.is_valid(&serde_yaml::from_str(mistake).unwrap()), "{mistake}");
    }
}

fn schema(language: &str) -> Validator {
    let printed = tanglegram(&["schema", language]);
    jsonschema::validator_for(&serde_json::from_str(&printed.stdout).unwrap()).unwrap()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect()
}

fn assert_valid(schema: &Validator, file: &Path) {
    let value: Value = serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    if let Err(error) = schema.validate(&value) {
        panic!("{}: {error} at {}", file.display(), error.instance_path());
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = tanglegram(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{shell}");
        for command in ["check", "explain", "sweep"] {
            assert!(ended.stdout.contains(command), "{shell} does not complete {command}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let ended = tanglegram(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for page in ["tanglegram.1", "tanglegram-check.1", "tanglegram-sim.1", "tanglegram-new-vector.1"] {
        let text = fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(tanglegram(&["man"]).stdout.contains("tanglegram\\-check(1)"));
}
