//! A served net with a funded seed, and what its nodes are asked.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tanglegram_ternary::bundle::{BundleBuilder, Input, Output};
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::{Address, Hash, Tag, Transaction, TransactionBuilder};
use tanglegram_wire::{Places, Running, serve_world};
use tanglegram_world::World;

use crate::common::Client;

const HEAD: &str = "wallet: { seed: A, security: 1 }\n\
    coordinator: { seed: C, depth: 9, security: 1, mode: KERL, interval: 100ms }\n\
    options: { mwm: 1, reconnect-attempt-interval-seconds: 1 }\n";

/// Nodes of one world on free ports.
pub(crate) struct Net {
    world: World,
    running: Running,
    uris: Vec<String>,
}

/// A node of a net.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) api: SocketAddr,
    /// Where it listens for neighbours.
    pub(crate) uri: &'a str,
}

/// The world of these nodes; all worlds of this file share ledger and coordinator.
pub(crate) fn world(nodes: &str) -> World {
    World::parse("net", &format!("{HEAD}nodes: {nodes}"), Path::new(".")).unwrap()
}

impl Net {
    /// Nodes, the first with the coordinator.
    pub(crate) fn serve(nodes: &str) -> Net {
        Net::of(world(nodes))
    }

    /// The same with a milestone every so often.
    pub(crate) fn serve_every(interval: Duration, nodes: &str) -> Net {
        let mut world = world(nodes);
        world.coordinator.iter_mut().for_each(|coordinator| coordinator.interval = interval);
        Net::of(world)
    }

    /// Nodes without a coordinator of their own.
    pub(crate) fn join(nodes: &str) -> Net {
        Net::of(World { coordinator: None, ..world(nodes) })
    }

    fn of(world: World) -> Net {
        let running = serve_world(&world, Places::default()).unwrap();
        let uris = running.gossips().iter().map(|(_, address)| format!("tcp://{address}")).collect();
        Net { world, running, uris }
    }

    pub(crate) fn node(&self, number: usize) -> Node<'_> {
        Node { api: self.running.apis()[number].1, uri: &self.uris[number] }
    }

    /// The coordinator the nodes believe.
    pub(crate) fn coordinator(&self) -> Address {
        self.world.nodes[0].config.coordinator.identity.address
    }

    /// Who holds everything at first.
    pub(crate) fn wallet_address(&self) -> Address {
        self.world.wallet.unwrap().address
    }

    /// Whom [`Net::pay`] pays.
    pub(crate) fn payee() -> Address {
        Hash::from_trytes_padded("PAID").unwrap()
    }

    /// Who holds the rest after that.
    pub(crate) fn rest() -> Address {
        Hash::from_trytes_padded("REST").unwrap()
    }

    /// Moves iotas from the genesis to the address that is returned, by way of one node.
    pub(crate) fn pay(&self, node: Node<'_>, value: i64) -> Address {
        let wallet = self.world.wallet.unwrap();
        let (to, rest) = (Net::payee(), Net::rest());
        let output = Output { address: to, value, tag: Tag::NULL, message: String::new() };
        let mut bundle = BundleBuilder::new(1_700_000_000);
        let source = Input {
            address: wallet.address,
            balance: wallet.balance,
            key_index: 0,
            security: wallet.security,
            tag: Tag::NULL,
        };
        bundle.output(&output).and_then(|bundle| bundle.input(&source)).unwrap();
        let bundle = bundle.finish(Some(&rest)).unwrap().sign(&wallet.seed);
        self.attach(node, bundle.into_transactions());
        to
    }

    /// Puts a message into the tangle by way of one node; returns its hash.
    pub(crate) fn say(&self, node: Node<'_>) -> String {
        let mut bundle = BundleBuilder::new(1_700_000_000);
        bundle.output(&Output { message: "HELLO".to_owned(), ..Output::default() }).unwrap();
        self.attach(node, bundle.finish(None).unwrap().into_transactions()).remove(0)
    }

    /// Puts messages into the tangle side by side.
    pub(crate) fn chat(&self, node: Node<'_>, count: usize) {
        let tips = node.ask(json!({ "command": "getTransactionsToApprove", "depth": 3 }));
        for number in 0..count {
            let mut bundle = BundleBuilder::new(1_700_000_000);
            bundle
                .output(&Output { message: format!("HELLO{}", "A".repeat(number)), ..Output::default() })
                .unwrap();
            self.attach_to(&tips, node, bundle.finish(None).unwrap().into_transactions());
        }
    }

    fn attach(&self, node: Node<'_>, members: Vec<TransactionBuilder>) -> Vec<String> {
        let tips = node.ask(json!({ "command": "getTransactionsToApprove", "depth": 3 }));
        self.attach_to(&tips, node, members)
    }

    fn attach_to(&self, tips: &Value, node: Node<'_>, members: Vec<TransactionBuilder>) -> Vec<String> {
        let tip = |name: &str| Hash::from_trytes(tips[name].as_str().unwrap()).unwrap();
        let control = Control::new();
        let work = Work { mwm: 1, timestamp: 1_700_000_000_000, threads: 1, control: &control };
        let mined =
            pow::attach_bundle(members, &tip("trunkTransaction"), &tip("branchTransaction"), |m, t, b| {
                pow::attach(m, t, b, &work)
            });
        let mined = mined.unwrap();
        let trytes: Vec<_> = mined.iter().map(|transaction| transaction.to_trytes()).collect();
        node.ask(json!({ "command": "broadcastTransactions", "trytes": trytes }));
        mined.iter().map(Transaction::hash).map(|hash| hash.to_string()).collect()
    }
}

impl Node<'_> {
    pub(crate) fn ask(&self, request: Value) -> Value {
        let reply = Client::connect(self.api).post(&request.to_string());
        assert_eq!(reply.status, 200, "{request}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    /// The index of the latest solid milestone.
    pub(crate) fn solid(&self) -> u64 {
        self.ask(json!({ "command": "getNodeInfo" }))["latestSolidSubtangleMilestoneIndex"].as_u64().unwrap()
    }

    pub(crate) fn neighbors(&self) -> Vec<Value> {
        self.ask(json!({ "command": "getNeighbors" }))["neighbors"].as_array().unwrap().clone()
    }

    pub(crate) fn balance(&self, address: &Address) -> i64 {
        self.try_balance(address).expect("a balance")
    }

    /// `None` while the node does not say: other nodes than IRI refuse while they are behind.
    pub(crate) fn try_balance(&self, address: &Address) -> Option<i64> {
        let request =
            json!({ "command": "getBalances", "addresses": [address.to_string()], "threshold": 100 });
        let reply = Client::connect(self.api).post(&request.to_string());
        let reply: Value = serde_json::from_str(&reply.body).ok()?;
        reply["balances"][0].as_str()?.parse().ok()
    }
}

/// Waits for something that must happen; the wait has an end only so that a failure is told.
pub(crate) fn until(what: &str, happens: impl Fn() -> bool) {
    until_within(Duration::from_secs(60), what, happens);
}

/// The same, with more patience.
pub(crate) fn until_within(patience: Duration, what: &str, happens: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    while !happens() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
