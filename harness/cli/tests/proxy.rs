//! `tanglegram proxy` between a client and a node, over real sockets.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod running;

use common::{INFO, node, reply, tanglegram};
use running::Running;

/// Starts a proxy for a URL; where it listens.
fn start(upstream: &str, faults: &str) -> (Running, String) {
    let mut proxy = Running::start(&["proxy", upstream, "--faults", faults]);
    let address = proxy.told("listening proxy http://127.0.0.1:");
    let port = address.split(' ').next().unwrap();
    (proxy, format!("http://127.0.0.1:{port}"))
}

/// A node that answers everything with its information.
fn target() -> common::Target {
    node(|stream, _| {
        reply(stream, "200 OK", INFO);
        true
    })
}

#[test]
fn a_check_through_a_good_proxy_is_the_same() {
    let node = target();
    let (mut proxy, url) = start(&node.url(), "");
    let direct = tanglegram(&["check", &node.url(), "--filter", "iri/getNodeInfo/*"]);
    let through = tanglegram(&["check", &url, "--filter", "iri/getNodeInfo/*"]);
    assert_eq!(direct.code, through.code, "{}{}", through.stdout, through.stderr);
    let counts = |text: &str| text.lines().find(|line| line.starts_with("all ")).map(str::to_owned);
    assert_eq!(counts(&direct.stdout), counts(&through.stdout));
    assert_eq!(proxy.signal("INT"), Some(0));
    let told = proxy.said();
    assert!(told.contains("0 garbled, 0 truncated, 0 reset"), "{told}");
}

#[test]
fn a_target_that_is_cut_off_every_time_is_unusable() {
    let node = target();
    for faults in ["reset=1", "truncate=1"] {
        let (_proxy, url) = start(&node.url(), faults);
        let ended = tanglegram(&["check", &url, "--filter", "iri/getNodeInfo/*"]);
        assert_eq!(ended.code, Some(4), "{faults}: {}{}", ended.stdout, ended.stderr);
    }
}

#[test]
fn faults_that_make_no_sense_are_told() {
    let ended = tanglegram(&["proxy", "http://127.0.0.1:1", "--faults", "rest=0.1"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("is no fault"), "{}", ended.stderr);
}
