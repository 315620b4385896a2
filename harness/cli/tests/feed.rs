//! `--feed`: a node that was just started on the fixture's genesis is fed state by state, and every vector of its world
//! holds, also to the letter.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::tanglegram;

/// A served world; stopped when dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(world: &str, dialect: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
        command.args(["serve", world, "--dialect", dialect, "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line.split_whitespace().last().expect("`listening <api> <node> <url>`").to_owned();
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn holds(world: &str, dialect: &str) {
    let node = Served::start(world, dialect);
    let args = ["check", &node.url, "--feed", "--level", "exact", "--world", world, "--dialect", dialect];
    let ended = tanglegram(&args);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let own = tanglegram(&["check", "--level", "exact", "--world", world, "--dialect", dialect]);
    let counts = |text: &str| {
        text.lines().last().and_then(|line| line.split_once(" in ")).map(|(counts, _)| counts.to_owned())
    };
    assert_eq!(counts(&ended.stdout), counts(&own.stdout), "as many as against the embedded node");
}

#[test]
fn a_fed_node_is_as_the_embedded_one() {
    holds("recorded-iri", "iri-1.8.5");
}

#[test]
fn so_is_one_with_small_limits() {
    holds("recorded-iri-limits", "iri-1.8.5");
}

#[test]
fn so_is_one_that_asks_for_authorization() {
    holds("recorded-iri-auth", "iri-1.8.6");
}

#[test]
fn a_node_that_has_more_than_its_genesis_is_not_fed() {
    let node = Served::start("recorded-iri", "iri-1.8.5");
    let args = ["check", &node.url, "--feed", "--filter", "iri/getTips/"];
    assert_eq!(tanglegram(&args).code, Some(0));
    let again = tanglegram(&args);
    assert_eq!(again.code, Some(4), "{}", again.stderr);
    assert!(again.stderr.contains("--feed needs a node that was just started"), "{}", again.stderr);
}

#[test]
fn a_node_with_another_genesis_is_not_fed() {
    let node = Served::start("private-net", "iri-1.8.5");
    let ended = tanglegram(&["check", &node.url, "--feed", "--filter", "iri/getTips/"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("--feed needs a node that was just started"), "{}", ended.stderr);
}
