//! `--feed`: a node that was just started on the fixture's genesis is fed state by state, and every vector of its world
//! holds, also to the letter.

mod common;
mod running;

use common::tanglegram;
use running::Running;

/// A served world, and its URL.
fn serve(world: &str, dialect: &str) -> (Running, String) {
    let mut node = Running::serve(world, &["--dialect", dialect]);
    let url = node.url();
    (node, url)
}

fn holds(world: &str, dialect: &str) {
    let (_node, url) = serve(world, dialect);
    let args = ["check", &url, "--feed", "--level", "exact", "--world", world, "--dialect", dialect];
    let ended = tanglegram(&args);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let own = tanglegram(&["check", "--level", "exact", "--world", world, "--dialect", dialect]);
    // What any ledger is asked depends on the node's state and settings, where those of the embedded node are others.
    let counts = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("iri/") && !line.starts_with("iri/anywhere"));
        rows.map(str::to_owned).collect()
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
    let (_node, url) = serve("recorded-iri", "iri-1.8.5");
    let args = ["check", &url, "--feed", "--filter", "iri/getTips/"];
    assert_eq!(tanglegram(&args).code, Some(0));
    let again = tanglegram(&args);
    assert_eq!(again.code, Some(4), "{}", again.stderr);
    assert!(again.stderr.contains("--feed needs a node that was just started"), "{}", again.stderr);
}

#[test]
fn a_node_with_another_genesis_is_not_fed() {
    let (_node, url) = serve("private-net", "iri-1.8.5");
    let ended = tanglegram(&["check", &url, "--feed", "--filter", "iri/getTips/"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("--feed needs a node that was just started"), "{}", ended.stderr);
}
