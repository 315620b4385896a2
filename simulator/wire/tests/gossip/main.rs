//! Nodes that talk over real sockets: with each other, and with strangers of all kinds.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a test that waits for something needs an end")]

#[path = "../common/mod.rs"]
mod common;
mod net;
mod real;
mod strangers;

use net::{Net, Node, until};
use serde_json::json;

#[test]
fn three_nodes_share_milestones_and_value_transfers() {
    let net = Net::serve("{ a: {}, b: {}, c: {} }");
    let [a, b, c] = [net.node(0), net.node(1), net.node(2)];
    until("all have milestones", || [a, b, c].iter().all(|node| node.solid() >= 3));
    let paid = net.pay(c, 7_000);
    for node in [a, b, c] {
        until("the payment is confirmed everywhere", || node.balance(&paid) == 7_000);
        let neighbors = node.neighbors();
        assert_eq!(neighbors.len(), 2, "{neighbors:?}");
        for neighbor in neighbors {
            assert_eq!(neighbor["connected"], json!(true), "{neighbor}");
            assert_eq!(neighbor["connectionType"], json!("tcp"));
            assert!(neighbor["numberOfAllTransactions"].as_u64() > Some(0), "{neighbor}");
            assert_eq!(neighbor["numberOfInvalidTransactions"], json!(0), "{neighbor}");
        }
        assert_eq!(node.ask(json!({ "command": "getNodeInfo" }))["neighbors"], json!(2));
        until("nothing is missing", || {
            node.ask(json!({ "command": "getMissingTransactions" }))["hashes"] == json!([])
        });
    }
}

#[test]
fn a_late_joiner_catches_up() {
    let first = Net::serve("{ a: {} }");
    let a = first.node(0);
    let mut hashes = Vec::new();
    for _ in 0..40 {
        hashes.push(first.say(a));
    }
    let paid = first.pay(a, 5);
    until("the payment is confirmed", || a.balance(&paid) == 5);
    let second = Net::join(&format!("{{ b: {{ neighbors: ['{}'] }} }}", a.uri));
    let b = second.node(0);
    assert_eq!(a.ask(json!({ "command": "addNeighbors", "uris": [b.uri] }))["addedNeighbors"], json!(1));
    let goal = a.solid();
    until("the newcomer catches up", || b.solid() >= goal);
    assert_eq!(b.balance(&paid), 5);
    let trytes = |node: Node| node.ask(json!({ "command": "getTrytes", "hashes": hashes }))["trytes"].clone();
    until("messages were carried over", || trytes(b) == trytes(a));
}

#[test]
fn a_neighbour_that_restarts_is_found_again() {
    let first = Net::serve("{ a: {} }");
    let a = first.node(0);
    let second = Net::join(&format!("{{ b: {{ neighbors: ['{}'] }} }}", a.uri));
    let uri = second.node(0).uri.to_owned();
    a.ask(json!({ "command": "addNeighbors", "uris": [uri] }));
    until("they meet", || second.node(0).solid() >= 2);
    drop(second);
    until("the loss is told", || a.neighbors().iter().all(|neighbor| neighbor["connected"] == json!(false)));
    assert_eq!(a.neighbors().len(), 1);
    let port = uri.rsplit(':').next().unwrap();
    let again = Net::join(&format!("{{ b: {{ neighboring-socket-port: {port} }} }}"));
    let b = again.node(0);
    assert_eq!(b.uri, uri);
    b.ask(json!({ "command": "addNeighbors", "uris": [a.uri] }));
    let goal = a.solid();
    until("the restarted node catches up", || b.solid() >= goal);
    assert!(a.neighbors().iter().any(|neighbor| neighbor["connected"] == json!(true)));
}

#[test]
fn a_removed_neighbour_is_gone_on_both_sides() {
    let net = Net::serve("{ a: {}, b: { neighbors: [a] } }");
    let [a, b] = [net.node(0), net.node(1)];
    let connected = |node: Node| node.neighbors().iter().filter(|n| n["connected"] == json!(true)).count();
    until("they meet", || connected(a) == 1 && connected(b) == 1);
    let removed = a.ask(json!({ "command": "removeNeighbors", "uris": [b.uri] }));
    assert_eq!(removed["removedNeighbors"], json!(1));
    assert_eq!(connected(a), 0);
    until("the other side notices", || connected(b) == 0);
}
