//! `tanglegram proxy` between a client and a node, over real sockets.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use common::{INFO, node, reply, tanglegram};

/// The running proxy, stopped at the end of a test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a proxy for a URL; where it listens.
fn start(upstream: &str, faults: &str) -> (Proxy, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.args(["proxy", upstream, "--faults", faults]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().nth(2).unwrap().to_owned();
    assert!(line.starts_with("listening proxy http://127.0.0.1:"), "{line}");
    (Proxy(child), url)
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
    let _ = Command::new("kill").args(["-INT", &proxy.0.id().to_string()]).status();
    let mut told = String::new();
    proxy.0.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("0 garbled, 0 truncated, 0 reset"), "{told}");
    assert!(proxy.0.wait().unwrap().success());
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
