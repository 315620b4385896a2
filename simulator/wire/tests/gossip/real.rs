//! The same with a real IRI, where there is one: `TANGLEGRAM_IRI` holds the words that start it, up to the main class or
//! the jar (`java -jar iri-1.8.5.jar`); its options are appended.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tanglegram_tangle::SUPPLY;
use tanglegram_ternary::Address;

use crate::common::Client;
use crate::net::{Net, Node, until_within, world};

const PATIENCE: Duration = Duration::from_secs(300);

/// A real node in a folder of its own; killed when the test ends, however it ends.
struct Real {
    child: Child,
    folder: PathBuf,
    api: u16,
    uri: String,
}

impl Real {
    /// Starts the real node on the ledger and coordinator of the nets, with these neighbours.
    fn start(words: &str, neighbors: &str) -> Real {
        let plan = world("{ x: {} }");
        let (api, gossip) = (free_port(), free_port());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("iri-{api}"));
        fs::create_dir_all(&folder).unwrap();
        let genesis = format!("{};{SUPPLY}\n", plan.wallet.unwrap().address);
        fs::write(folder.join("genesis.txt"), genesis).unwrap();
        let coordinator = plan.nodes[0].config.coordinator.identity.address.to_string();
        let mut words = words.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(&folder).stdin(Stdio::null());
        let log = File::create(folder.join("log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        for (name, value) in [
            ("testnet", "true"),
            ("port", &api.to_string()),
            ("neighboring-socket-address", "127.0.0.1"),
            ("neighboring-socket-port", &gossip.to_string()),
            ("neighbors", neighbors),
            ("reconnect-attempt-interval-seconds", "2"),
            ("testnet-coordinator", &coordinator),
            ("testnet-coordinator-security-level", "1"),
            ("testnet-coordinator-signature-mode", "KERL"),
            ("milestone-keys", "9"),
            ("testnet-no-coo-validation", "false"),
            ("mwm", "1"),
            ("snapshot", "genesis.txt"),
            ("snapshot-timestamp", "0"),
            ("milestone-start", "0"),
            ("local-snapshots-enabled", "false"),
            ("local-snapshots-pruning-enabled", "false"),
            ("zmq-enabled", "false"),
            ("dns-refresher", "false"),
        ] {
            command.args([format!("--{name}"), value.to_owned()]);
        }
        let real =
            Real { child: command.spawn().unwrap(), folder, api, uri: format!("tcp://127.0.0.1:{gossip}") };
        until_within(PATIENCE, "the real node answers", || {
            std::net::TcpStream::connect(("127.0.0.1", api)).is_ok()
        });
        until_within(PATIENCE, "the real node is up", || {
            let reply = Client::connect(([127, 0, 0, 1], api).into()).post("{\"command\":\"getNodeInfo\"}");
            reply.status == 200
        });
        real
    }

    fn node(&self) -> Node<'_> {
        Node { api: ([127, 0, 0, 1], self.api).into(), uri: &self.uri }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn connected(node: Node<'_>) -> Vec<Value> {
    node.neighbors().into_iter().filter(|neighbor| neighbor["connected"] == json!(true)).collect()
}

/// Waits until the nodes have the same solid milestone, and compares what these addresses hold.
fn agree(nodes: &[Node<'_>], goal: u64, addresses: &[Address]) {
    for node in nodes {
        until_within(PATIENCE, "it catches up", || node.solid() >= goal);
    }
    for address in addresses {
        let held: Vec<i64> = nodes.iter().map(|node| node.balance(address)).collect();
        assert!(held.windows(2).all(|two| two[0] == two[1]), "{address}: {held:?}");
    }
}

#[test]
#[ignore = "needs a real IRI 1.8: TANGLEGRAM_IRI='java -jar iri-1.8.5.jar'"]
fn a_real_node_and_ours_sync_from_each_other() {
    let words = std::env::var("TANGLEGRAM_IRI").expect("TANGLEGRAM_IRI says how to start a real IRI");
    let interval = Duration::from_millis(1_500);
    let first = Net::serve_every(interval, "{ a: {} }");
    let a = first.node(0);
    let wallet = first.wallet_address();
    for count in 0..300 {
        first.say(a);
        if count == 100 {
            first.pay(a, 1_000);
        }
    }
    until_within(PATIENCE, "a past has grown", || a.solid() >= 20);
    // It dials us, on its configuration; we were told of it, too.
    let real = Real::start(&words, a.uri);
    let iri = real.node();
    a.ask(json!({ "command": "addNeighbors", "uris": [iri.uri] }));
    until_within(PATIENCE, "they meet", || connected(a).len() == 1 && connected(iri).len() == 1);
    let paid = [Net::payee(), Net::rest(), wallet];
    agree(&[a, iri], a.solid(), &paid);
    println!("the real node synced to {}", iri.solid());
    // A newcomer of ours learns everything from the real one only.
    let second = Net::join(&format!("{{ b: {{ neighbors: ['{}'] }} }}", iri.uri));
    let b = second.node(0);
    assert_eq!(iri.ask(json!({ "command": "addNeighbors", "uris": [b.uri] }))["addedNeighbors"], json!(1));
    until_within(PATIENCE, "the newcomer and the real node meet", || connected(b).len() == 1);
    agree(&[a, iri, b], a.solid(), &paid);
    println!("ours synced from the real one to {}", b.solid());
    // New ones go all the way, both ways.
    for (from, to) in [(b, a), (a, b), (iri, a), (iri, b)] {
        let hash = first.say(from);
        let known = json!({ "command": "getTrytes", "hashes": [hash] });
        until_within(PATIENCE, "a message arrives", || {
            !to.ask(known.clone())["trytes"][0].as_str().unwrap().starts_with(&"9".repeat(2673))
        });
    }
    for node in [a, iri, b] {
        for neighbor in connected(node) {
            assert_eq!(neighbor["numberOfInvalidTransactions"], json!(0), "{neighbor}");
            assert_eq!(neighbor["numberOfStaleTransactions"], json!(0), "{neighbor}");
        }
    }
    // A neighbour that goes and comes again.
    a.ask(json!({ "command": "removeNeighbors", "uris": [iri.uri] }));
    until_within(PATIENCE, "the real node notices", || connected(iri).len() == 1);
    let goal = a.solid() + 3;
    until_within(PATIENCE, "time passes", || a.solid() >= goal);
    a.ask(json!({ "command": "addNeighbors", "uris": [iri.uri] }));
    agree(&[a, iri, b], goal, &paid);
}
