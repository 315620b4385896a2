//! `tanglegram diff` over real sockets: the same answers, other answers, and what is made of them.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod running;

use std::fs;
use std::time::Duration;

use common::tanglegram;
use running::Running;
use serde_json::Value;
use tanglegram_runner::differ::{Disagreement, Pair, Probe, Search};
use tanglegram_runner::record::Session;
use tanglegram_runner::{Library, catalogue};
use tanglegram_tangle::Mutant::{self, *};
use tanglegram_target::{Client, Embedded, IRI, Limits, Mutant as Mistake, Need};
use tanglegram_vector::{Level, Source, read_file};

/// A mirror node that speaks a dialect, and its URL.
fn mirror(dialect: &str) -> (Running, String) {
    let mut mirror = Running::serve("recorded-mirror", &["--dialect", dialect]);
    let url = mirror.url();
    (mirror, url)
}

fn diff(first: &str, second: &str, more: &[&str]) -> (Option<i32>, Value) {
    let args = ["diff", first, second, "--json", "--seconds", "60"];
    let ended = tanglegram(&[&args[..], more].concat());
    (
        ended.code,
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr)),
    )
}

#[test]
fn the_same_mirror_nodes_do_not_differ() {
    let (_mirror, url) = mirror("document");
    let (code, told) = diff(&url, "reference", &["--requests", "600", "--seed", "3"]);
    assert_eq!((code, &told["different"], &told["requests"]), (Some(0), &Value::Null, &600.into()), "{told}");
}

#[test]
fn another_dialect_is_found_made_small_and_written_as_a_vector() {
    let folder = tempfile::tempdir().unwrap();
    let ((_document, document), (_real, real)) = (mirror("document"), mirror("mirror-0.4.0"));
    let out = folder.path().join("found.yaml");
    let options = ["--seed", "1", "--requests", "2000", "--out", out.to_str().unwrap()];
    let (code, told) = diff(&document, &real, &options);
    assert_eq!(code, Some(1), "{told}");
    let request = told["different"]["request"].as_str().unwrap();
    assert!(request.len() < 80, "not small: {request}");
    let (_, again) = diff(&document, &real, &options[..4]);
    assert_eq!(told["different"]["request"], again["different"]["request"], "the same seed finds the same");
    let vectors = folder.path().to_str().unwrap();
    assert_eq!(tanglegram(&["check", &document, "--vectors", vectors]).code, Some(0));
    assert_eq!(tanglegram(&["check", &real, "--vectors", vectors]).code, Some(1));
}

#[test]
fn versions_of_iri_are_told_apart() {
    let mut node = Running::serve("recorded-iri", &["--dialect", "iri-1.8.6"]);
    let url = node.url();
    let (code, told) =
        diff(&url, "reference", &["--state", "S0", "--dialect", "iri-1.8.6", "--requests", "300"]);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) =
        diff(&url, "reference", &["--state", "S0", "--dialect", "iri-1.8.5", "--requests", "3000"]);
    assert_eq!(code, Some(1), "{told}");
}

/// What a search finds between the reference and one with a mistake.
fn found(library: &Library, mistake: Option<Mutant>) -> Option<Box<Disagreement>> {
    let mut embedded = Embedded::new("iri-1.8.5", library.fixture.clone());
    let need = Need { api: IRI, world: Some("recorded-iri"), state: Some("S0"), dirties: true };
    let first = embedded.start(&need).unwrap();
    embedded.mutate(mistake.map(Mistake::Iri)).unwrap();
    let second = embedded.start(&need).unwrap();
    let client = |url: &tanglegram_target::Endpoint| Client::new(url.clone(), Limits::default());
    let mut pair = Pair::new(client(first.endpoint()), client(second.endpoint()), IRI);
    let search = Search { seed: 5, time: Duration::from_secs(600), requests: 1_500, level: Level::Exact };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pair.search(&search, |_| {})).unwrap().disagreement
}

/// Mistakes that only show where no client goes are found, and become vectors.
#[test]
fn envelopes_are_told_apart() {
    let library = Library::load(None, None).unwrap();
    let names = catalogue(&library.specs, &library.fixture);
    assert!(found(&library, None).is_none());
    let mistakes = [
        BadJsonIsException,
        EmptyBodyIsObject,
        RestOfBodyIgnored,
        VersionNotNeeded,
        OptionsRunsCommand,
        OnlyPost,
        OnlyRoot,
    ];
    for mistake in mistakes {
        let found = found(&library, Some(mistake)).unwrap_or_else(|| panic!("{mistake:?} is not found"));
        assert!(matches!(found.probe, Probe::Written(_)), "{mistake:?}: {}", found.probe);
        let text = Session::of(&found.probe, &found.first).vector_file("found", &library.specs).unwrap();
        let file = read_file(&Source::new("found.yaml", text.clone()), "found", &names);
        assert!(file.is_ok(), "{text}{file:?}");
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    assert_eq!(tanglegram(&["diff", "reference"]).code, Some(2));
    assert_eq!(tanglegram(&["diff", "reference", "--api", "iri", "--state", "S9"]).code, Some(2));
    let file = tempfile::NamedTempFile::new().unwrap();
    let out = file.path().to_str().unwrap();
    assert_eq!(tanglegram(&["diff", "http://127.0.0.1:1", "--out", out]).code, Some(2));
    assert!(fs::read(file.path()).unwrap().is_empty());
    assert_eq!(tanglegram(&["diff", "http://127.0.0.1:1", "--api", "iri"]).code, Some(4));
}
