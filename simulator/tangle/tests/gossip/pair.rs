//! Two nodes and a wire between them, with a clock of their own.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tanglegram_tangle::gossip::Message;
use tanglegram_tangle::{ApiRequest, Input, Millis, Node, Output};
use tanglegram_ternary::{Hash, Transaction};

const START: Millis = 1_700_000_000_000;
const LATENCY: Millis = 10;
const PEER: u64 = 1;

/// Each node knows the other as connection 1; node `i` is at 127.0.0.(i+1):15600.
pub(crate) struct Pair {
    pub(crate) nodes: [Node; 2],
    now: Millis,
    /// Messages on the wire: when they arrive, at whom, what.
    wire: VecDeque<(Millis, usize, Message)>,
    replies: Vec<String>,
}

fn ip(node: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, node as u8 + 1).into()
}

impl Pair {
    pub(crate) fn new(nodes: [Node; 2]) -> Pair {
        Pair { nodes, now: START, wire: VecDeque::new(), replies: Vec::new() }
    }

    pub(crate) fn store(&mut self, node: usize, transactions: &[Arc<Transaction>]) {
        self.input(node, Input::Store { transactions: transactions.to_vec() });
    }

    /// Tells both of each other and lets the first dial.
    pub(crate) fn connect(&mut self) {
        for node in [1, 0] {
            self.ask(
                node,
                &format!(r#"{{"command":"addNeighbors","uris":["tcp://{}:15600"]}}"#, ip(1 - node)),
            );
        }
        self.input(0, Input::Connected { peer: PEER, ip: ip(1), dialled: Some((ip(1).to_string(), 15_600)) });
        self.input(1, Input::Connected { peer: PEER, ip: ip(0), dialled: None });
    }

    pub(crate) fn ask(&mut self, node: usize, body: &str) -> String {
        let request = ApiRequest { body: body.to_owned(), versioned: true, trusted: true };
        self.input(node, Input::Api { id: 0, request });
        self.replies.pop().expect("a reply")
    }

    pub(crate) fn knows(&mut self, node: usize, hash: &Hash) -> bool {
        let reply = self.ask(node, &format!(r#"{{"command":"getTrytes","hashes":["{hash}"]}}"#));
        !reply.contains(&"9".repeat(2673))
    }

    pub(crate) fn run_for(&mut self, millis: Millis) {
        let end = self.now + millis;
        while let Some((time, event)) = self.next_event().filter(|(time, _)| *time <= end) {
            self.now = self.now.max(time);
            match event {
                None => {
                    let (_, node, message) = self.wire.pop_front().expect("a message");
                    self.input(node, Input::Received { peer: PEER, message });
                }
                Some(node) => self.input(node, Input::Tick),
            }
        }
        self.now = end;
    }

    /// The next message's arrival (`None`) or the next timer of a node.
    fn next_event(&self) -> Option<(Millis, Option<usize>)> {
        let message = self.wire.front().map(|(time, ..)| (*time, None));
        let timers = (0..2).filter_map(|node| self.nodes[node].next_timeout().map(|time| (time, Some(node))));
        message.into_iter().chain(timers).min()
    }

    fn input(&mut self, node: usize, input: Input) {
        let mut out = Vec::new();
        self.nodes[node].handle(self.now, input, &mut out);
        for output in out {
            match output {
                Output::Send { message, .. } => self.wire.push_back((self.now + LATENCY, 1 - node, message)),
                Output::Reply { reply, .. } => self.replies.push(reply.body),
                Output::Connect { .. } => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}
