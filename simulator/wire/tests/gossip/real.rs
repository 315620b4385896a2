//! The same with real nodes, where there are such: `TANGLEGRAM_IRI` holds the words that start an IRI, up to the main class or
//! the jar (`java -jar iri-1.8.5.jar`), `TANGLEGRAM_HORNET` those for a Hornet; options and configuration come from here.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
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
    /// Starts a real IRI on the ledger and coordinator of the nets, with this neighbour.
    fn iri(neighbor: &str) -> Real {
        let words = std::env::var("TANGLEGRAM_IRI").expect("TANGLEGRAM_IRI says how to start a real IRI");
        Real::start("iri", &words, |ports, coordinator| {
            let options = [
                ("testnet", "true"),
                ("port", &ports[0].to_string()),
                ("neighboring-socket-address", "127.0.0.1"),
                ("neighboring-socket-port", &ports[1].to_string()),
                ("neighbors", neighbor),
                ("reconnect-attempt-interval-seconds", "2"),
                ("testnet-coordinator", coordinator),
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
            ];
            options.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]).collect()
        })
    }

    /// Starts a real Hornet likewise.
    fn hornet(neighbor: &str) -> Real {
        let words =
            std::env::var("TANGLEGRAM_HORNET").expect("TANGLEGRAM_HORNET says how to start a real Hornet");
        let neighbor = neighbor.trim_start_matches("tcp://");
        Real::start("hornet", &words, |ports, coordinator| {
            let config = json!({
                "useProfile": "auto",
                "httpAPI": { "bindAddress": format!("127.0.0.1:{}", ports[0]) },
                "snapshots": {
                    "loadType": "global",
                    "global": { "path": "genesis.txt", "spentAddressesPaths": [], "index": 0 },
                    "pruning": { "enabled": false },
                },
                "coordinator": { "address": coordinator, "securityLevel": 1, "merkleTreeDepth": 9, "mwm": 1 },
                "network": {
                    "gossip": {
                        "bindAddress": format!("127.0.0.1:{}", ports[1]),
                        "reconnectAttemptIntervalSeconds": 2,
                    },
                },
                "node": { "disablePlugins": ["Autopeering"] },
                "peers": [{ "identity": neighbor, "alias": "ours", "preferIPv6": false }],
            });
            let peering = json!({ "acceptAnyConnection": false, "maxPeers": 5, "peers": config["peers"] });
            vec![config.to_string(), peering.to_string()]
        })
    }

    /// Starts a node with the arguments, or with the files `config.json` and `peering.json`, that `settings` makes of its ports
    /// (API, neighbours) and the coordinator.
    fn start(kind: &str, words: &str, settings: impl Fn([u16; 2], &str) -> Vec<String>) -> Real {
        let plan = world("{ x: {} }");
        let ports = [free_port(), free_port()];
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{kind}-{}", ports[0]));
        fs::create_dir_all(&folder).unwrap();
        let genesis = format!("{};{SUPPLY}\n", plan.wallet.unwrap().address);
        fs::write(folder.join("genesis.txt"), genesis).unwrap();
        let coordinator = plan.nodes[0].config.coordinator.identity.address.to_string();
        let mut words = words.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(&folder).stdin(Stdio::null());
        let log = File::create(folder.join("log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let settings = settings(ports, &coordinator);
        if kind == "iri" {
            command.args(settings);
        } else {
            fs::write(folder.join("config.json"), &settings[0]).unwrap();
            fs::write(folder.join("peering.json"), &settings[1]).unwrap();
        }
        let uri = format!("tcp://127.0.0.1:{}", ports[1]);
        let real = Real { child: command.spawn().unwrap(), folder, api: ports[0], uri };
        until_within(PATIENCE, "the real node listens", || {
            TcpStream::connect(("127.0.0.1", ports[0])).is_ok()
        });
        until_within(PATIENCE, "the real node answers", || {
            let reply = Client::connect(real.node().api).post("{\"command\":\"getNodeInfo\"}");
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
        until_within(PATIENCE, "all say the same", || {
            let held: Vec<_> = nodes.iter().map(|node| node.try_balance(address)).collect();
            held[0].is_some() && held.windows(2).all(|two| two[0] == two[1])
        });
    }
}

#[test]
#[ignore = "needs a real IRI 1.8: TANGLEGRAM_IRI='java -jar iri-1.8.5.jar'"]
fn a_real_iri_and_ours_sync_from_each_other() {
    let first = Net::serve_every(Duration::from_millis(1_500), "{ a: {} }");
    let real = sync_from_ours(&first, Real::iri);
    sync_from_theirs(&first, &real);
}

#[test]
#[ignore = "needs a real Hornet 0.4: TANGLEGRAM_HORNET=/path/to/hornet"]
fn a_real_hornet_and_ours_sync_from_each_other() {
    let first = Net::serve_every(Duration::from_millis(1_500), "{ a: {} }");
    let real = sync_from_ours(&first, Real::hornet);
    // A Hornet says nothing unasked but what is new to it, and not even that where it asked for it.
    let second = newcomer(&first, &real);
    let nodes = [first.node(0), real.node(), second.node(0)];
    agree(&nodes, nodes[0].solid() + 5, &holders(&first));
    println!("and all stay so, at {}", nodes[2].solid());
}

/// What they compare: the payee, the rest, the wallet.
fn holders(net: &Net) -> [Address; 3] {
    [Net::payee(), Net::rest(), net.wallet_address()]
}

/// A real node joins a net that has a past.
fn sync_from_ours(first: &Net, start: impl Fn(&str) -> Real) -> Real {
    let a = first.node(0);
    for round in 0..30 {
        first.chat(a, 10);
        if round == 10 {
            first.pay(a, 1_000);
        }
    }
    until_within(PATIENCE, "a past has grown", || a.solid() >= 20);
    // It dials us, on its configuration; we were told of it, too.
    let real = start(a.uri);
    let other = real.node();
    a.ask(json!({ "command": "addNeighbors", "uris": [other.uri] }));
    until_within(PATIENCE, "they meet", || connected(a).len() == 1 && connected(other).len() == 1);
    agree(&[a, other], a.solid(), &holders(first));
    println!("the real node synced from ours to {}", other.solid());
    let goal = a.solid() + 3;
    agree(&[a, other], goal, &holders(first));
    println!("and stays so, at {}", other.solid());
    real
}

/// A newcomer of ours, which learns everything from the real node only.
fn newcomer(first: &Net, real: &Real) -> Net {
    let (a, other) = (first.node(0), real.node());
    let second = Net::join(&format!("{{ b: {{ neighbors: ['{}'] }} }}", other.uri));
    let b = second.node(0);
    assert_eq!(other.ask(json!({ "command": "addNeighbors", "uris": [b.uri] }))["addedNeighbors"], json!(1));
    until_within(PATIENCE, "the newcomer and the real node meet", || connected(b).len() == 1);
    agree(&[a, other, b], a.solid(), &holders(first));
    println!("ours synced from the real one to {}", b.solid());
    second
}

/// A node of ours joins that knows nobody but the real one.
fn sync_from_theirs(first: &Net, real: &Real) {
    let (a, other, paid) = (first.node(0), real.node(), holders(first));
    let second = newcomer(first, real);
    let b = second.node(0);
    // New ones go all the way, both ways.
    for (from, to) in [(b, a), (a, b)] {
        let hash = first.say(from);
        let known = json!({ "command": "getTrytes", "hashes": [hash] });
        until_within(PATIENCE, "a message arrives", || {
            to.ask(known.clone())["trytes"][0].as_str().unwrap() != "9".repeat(2673)
        });
    }
    println!("messages went through, both ways");
    for node in [a, b] {
        for neighbor in connected(node) {
            assert_eq!(neighbor["numberOfInvalidTransactions"], json!(0), "{neighbor}");
            assert_eq!(neighbor["numberOfStaleTransactions"], json!(0), "{neighbor}");
        }
    }
    // A neighbour that goes and comes again.
    a.ask(json!({ "command": "removeNeighbors", "uris": [other.uri] }));
    until_within(PATIENCE, "the real node notices", || connected(other).len() == 1);
    let goal = a.solid() + 3;
    until_within(PATIENCE, "time passes", || a.solid() >= goal);
    a.ask(json!({ "command": "addNeighbors", "uris": [other.uri] }));
    agree(&[a, other, b], goal, &paid);
    println!("they found together again, at {}", b.solid());
}
