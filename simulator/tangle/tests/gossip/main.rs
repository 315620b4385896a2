//! Gossip: the recorded bytes of a real node, the laws of the codec, and nodes that talk to each other.

#[allow(dead_code, reason = "shared with the laws")]
#[path = "../laws/net.rs"]
mod net;
mod pair;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use net::{Net, step};
use pair::Pair;
use proptest::prelude::*;
use serde_json::Value;
use tanglegram_tangle::gossip::codec::{self, Decoder, Memory};
use tanglegram_tangle::gossip::{Handshake, Message, PeerId};
use tanglegram_tangle::{ApiRequest, Input, Millis, Node, Output};
use tanglegram_ternary::{Hash, Transaction};

fn session() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/recorded/iri-1.8/gossip.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the recording")).expect("JSON")
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn decoded(bytes: &[u8]) -> Vec<Message> {
    let (mut decoder, mut memory) = (Decoder::default(), Memory::default());
    decoder.push(bytes);
    std::iter::from_fn(|| decoder.next(&mut memory).expect("a frame")).collect()
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    codec::encode(message, &mut out);
    out
}

#[test]
fn recorded_packets_are_read_and_written_to_the_byte() {
    let mut packets = 0;
    for record in session().iter().filter(|record| record["hex"].is_string()) {
        let payload = bytes(record["hex"].as_str().expect("hex"));
        let kind = if record["what"] == "iri->peer transaction" { 2 } else { 1 };
        let mut frame = vec![kind];
        frame.extend((payload.len() as u16).to_be_bytes());
        frame.extend(&payload);
        let messages = decoded(&frame);
        assert_eq!(messages.len(), 1);
        assert_eq!(encoded(&messages[0]), frame);
        match &messages[0] {
            Message::Handshake(handshake) => assert_eq!((handshake.port, handshake.mwm), (25_700, 9)),
            Message::Transaction { transaction, requested } => {
                assert!(transaction.hash().trailing_zeros() >= 9);
                assert_eq!(record["tx"] == record["requested"], transaction.hash() == *requested);
            }
            other => panic!("unexpected {other:?}"),
        }
        packets += 1;
    }
    assert!(packets > 10, "only {packets} packets");
}

fn handshake() -> impl Strategy<Value = Message> {
    let versions = prop::collection::vec(any::<u8>(), 1..=32);
    let fields = (any::<u16>(), any::<u64>(), "[9A-Z]{81}", any::<u8>(), versions);
    fields.prop_map(|(port, timestamp, coordinator, mwm, versions)| {
        let coordinator = Hash::from_trytes(&coordinator).expect("trytes");
        Message::Handshake(Handshake { port, timestamp, coordinator, mwm, versions })
    })
}

fn transaction() -> impl Strategy<Value = Message> {
    (step(), "[9A-Z]{81}").prop_map(|(step, requested)| {
        let transaction = Net::new().grow(&[step]).remove(0);
        Message::Transaction { transaction, requested: Hash::from_trytes(&requested).expect("trytes") }
    })
}

fn heartbeat() -> impl Strategy<Value = Message> {
    any::<(i32, i32)>().prop_map(|(first_solid, last_solid)| Message::Heartbeat { first_solid, last_solid })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        messages in prop::collection::vec(prop_oneof![handshake(), transaction(), heartbeat()], 1..6),
        cut in 1_usize..2000,
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(encoded).collect();
        let (mut decoder, mut memory, mut read) = (Decoder::default(), Memory::default(), Vec::new());
        for piece in stream.chunks(cut) {
            decoder.push(piece);
            while let Some(message) = decoder.next(&mut memory).expect("a frame") {
                read.push(message);
            }
        }
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..4000)) {
        let (mut decoder, mut memory) = (Decoder::default(), Memory::default());
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next(&mut memory) {}
    }

    #[test]
    fn a_new_neighbour_catches_up(steps in prop::collection::vec(step(), 1..16)) {
        let mut net = Net::new();
        let transactions = net.grow(&steps);
        let (full, empty) = (net.node(), net.node());
        let mut pair = Pair::new([full.node, empty.node]);
        pair.store(0, &transactions);
        pair.connect();
        pair.run_for(1_000);
        // As in the real network, a node learns that it is behind from new milestones, and one behind is not behind.
        for _ in 0..2 {
            pair.store(0, &net.grow(&[net::Step::Milestone { trunk: any_index() }]));
        }
        let goal = pair.nodes[0].solid_milestone_index();
        pair.run_for(300_000);
        prop_assert_eq!(pair.nodes[1].solid_milestone_index(), goal);
        prop_assert_eq!(pair.nodes[1].solid_milestone(), pair.nodes[0].solid_milestone());
    }
}

#[test]
fn a_broadcast_reaches_the_neighbour_and_a_stored_one_does_not() {
    let mut net = Net::new();
    let message = || net::Step::Message { trunk: any_index(), branch: any_index() };
    let transactions = net.grow(&[message(), message()]);
    let mut pair = Pair::new([net.node().node, net.node().node]);
    pair.connect();
    pair.run_for(1_000);
    pair.ask(
        0,
        &format!(r#"{{"command":"storeTransactions","trytes":["{}"]}}"#, transactions[0].to_trytes()),
    );
    pair.run_for(1_000);
    assert!(!pair.knows(1, &transactions[0].hash()));
    pair.ask(
        0,
        &format!(r#"{{"command":"broadcastTransactions","trytes":["{}"]}}"#, transactions[1].to_trytes()),
    );
    pair.run_for(1_000);
    assert!(pair.knows(1, &transactions[1].hash()));
    let neighbors = pair.ask(1, r#"{"command":"getNeighbors"}"#);
    assert!(neighbors.contains(r#""numberOfAllTransactions":1,"#), "{neighbors}");
    assert!(neighbors.contains(r#""numberOfNewTransactions":1,"#), "{neighbors}");
    assert!(neighbors.contains(r#""connected":true"#), "{neighbors}");
}

fn any_index() -> prop::sample::Index {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    any::<prop::sample::Index>().new_tree(&mut runner).expect("an index").current()
}

/// Connects a stranger to a node that was told of 127.0.0.1:7000, sends `first` and tells whether the node hung up.
fn hangs_up_on(first: impl Fn(Handshake) -> Message) -> bool {
    let mut node = Net::new().node().node;
    let mut out = Vec::new();
    let (host, ip) = ("127.0.0.1".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    node.handle(5, Input::Connected { peer: 1, ip, dialled: Some((host, 7_000)) }, &mut out);
    let Output::Send { message: Message::Handshake(ours), .. } = out.remove(0) else { panic!("no greeting") };
    let message = first(Handshake { port: 7_000, ..ours });
    node.handle(6, Input::Received { peer: 1, message }, &mut out);
    out.iter().any(|output| matches!(output, Output::Disconnect { peer: 1 }))
}

#[test]
fn only_fitting_handshakes_make_neighbours() {
    let with = |change: fn(&mut Handshake)| {
        hangs_up_on(|mut handshake| {
            change(&mut handshake);
            Message::Handshake(handshake)
        })
    };
    assert!(!with(|_| {}));
    assert!(!with(|handshake| handshake.versions = vec![3]));
    assert!(!with(|handshake| handshake.versions = vec![1, 0]));
    assert!(with(|handshake| handshake.versions = vec![0]));
    assert!(with(|handshake| handshake.versions = vec![2]));
    assert!(with(|handshake| handshake.mwm += 1));
    assert!(with(|handshake| handshake.coordinator = Hash::NULL));
    assert!(with(|handshake| handshake.port += 1));
    assert!(hangs_up_on(|_| Message::Heartbeat { first_solid: 0, last_solid: 1 }));
}

#[test]
fn frames_that_cannot_be_are_refused() {
    for frame in [[9, 0, 0], [1, 0, 93], [1, 0, 60], [2, 6, 118], [2, 1, 84], [3, 0, 9]] {
        let (mut decoder, mut memory) = (Decoder::default(), Memory::default());
        decoder.push(&frame);
        assert!(decoder.next(&mut memory).is_err(), "{frame:?}");
    }
}

#[test]
fn strangers_are_turned_away() {
    let mut node = Net::new().node().node;
    let mut out = Vec::new();
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    node.handle(5, Input::Connected { peer: 1, ip, dialled: None }, &mut out);
    assert!(matches!(out[..], [Output::Disconnect { peer: 1 }]));
}

/// A node with one neighbour, on connection 1, to which things are said.
struct Greeted {
    node: Node,
    now: Millis,
}

impl Greeted {
    fn new(net: &Net) -> Greeted {
        let mut greeted = Greeted { node: net.node().node, now: START };
        let (host, ip) = ("127.0.0.1".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let out = greeted.input(Input::Connected { peer: 1, ip, dialled: Some((host, 7_000)) });
        let [Output::Send { message: Message::Handshake(ours), .. }] = &out[..] else { panic!("{out:?}") };
        let theirs = Handshake { port: 7_000, ..ours.clone() };
        greeted.input(Input::Received { peer: 1, message: Message::Handshake(theirs) });
        greeted
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.node.handle(self.now, input, &mut out);
        out
    }

    /// What the node sends when it is told this.
    fn told(&mut self, transaction: &Arc<Transaction>, requested: Hash) -> Vec<Output> {
        let message = Message::Transaction { transaction: transaction.clone(), requested };
        self.input(Input::Received { peer: 1, message })
    }

    /// What the node sends of its own accord within this time.
    fn within(&mut self, millis: Millis) -> Vec<Output> {
        let end = self.now + millis;
        let mut out = Vec::new();
        while let Some(due) = self.node.next_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            out.extend(self.input(Input::Tick));
        }
        self.now = end;
        out
    }
}

const START: Millis = 1_700_000_000_000;

#[test]
fn nothing_but_nines_is_no_news() {
    let mut net = Net::new();
    let transactions = net.grow(&[net::Step::Milestone { trunk: any_index() }]);
    let mut greeted = Greeted::new(&net);
    greeted.input(Input::Store { transactions: transactions.clone() });
    let nines = Arc::new(Transaction::from_bytes(&[0; 1604]).expect("trits"));
    assert!(nines.hash().is_null());
    for _ in 0..3 {
        let out = greeted.told(&nines, transactions[0].hash());
        assert!(matches!(&out[..], [Output::Send { peer: 1, .. }]), "{out:?}");
    }
    let request = ApiRequest { body: r#"{"command":"getNeighbors"}"#.into(), versioned: true, trusted: true };
    let out = greeted.input(Input::Api { id: 1, request });
    let [Output::Reply { reply, .. }] = &out[..] else { panic!("{out:?}") };
    assert!(reply.body.contains(r#""numberOfAllTransactions":3,"#), "{}", reply.body);
    assert!(reply.body.contains(r#""numberOfNewTransactions":0,"#), "{}", reply.body);
}

#[test]
fn a_neighbour_that_is_behind_is_kept_talking() {
    let mut net = Net::new();
    let transactions = net.grow(&[net::Step::Milestone { trunk: any_index() }]);
    let mut greeted = Greeted::new(&net);
    greeted.input(Input::Store { transactions: transactions.clone() });
    greeted.within(10); // the first tips request
    // Who never asked for anything is not behind.
    assert!(greeted.told(&transactions[1], transactions[1].hash()).is_empty());
    assert!(greeted.within(1_000).is_empty());
    // Who did gets the word now and then, but only in answer.
    assert_eq!(greeted.told(&transactions[1], transactions[0].hash()).len(), 1);
    assert!(greeted.within(1_000).is_empty());
    for _ in 0..3 {
        assert!(greeted.told(&transactions[1], transactions[1].hash()).is_empty());
    }
    assert_eq!(greeted.within(1_000).len(), 3);
    for _ in 0..1_000 {
        greeted.told(&transactions[1], transactions[1].hash());
    }
    assert_eq!(greeted.within(1_000).len(), 20);
    // After a while it has caught up, or is gone.
    greeted.within(11_500);
    greeted.told(&transactions[1], transactions[1].hash());
    assert!(greeted.within(1_000).is_empty());
}

#[test]
fn a_deep_past_is_fetched_as_fast_as_the_line_is() {
    let mut net = Net::new();
    let message = || net::Step::Message { trunk: any_index(), branch: any_index() };
    let past: Vec<_> = (0..240).map(|_| message()).collect();
    let mut pair = Pair::new([net.node().node, net.node().node]);
    pair.store(0, &net.grow(&past));
    pair.connect();
    pair.run_for(100);
    for _ in 0..3 {
        pair.store(0, &net.grow(&[net::Step::Milestone { trunk: any_index() }]));
    }
    let goal = pair.nodes[0].solid_milestone_index();
    // The first question waits for somebody to say something; the rest takes a way there and back a step.
    pair.run_for(16_000);
    assert!(pair.nodes[1].solid_milestone_index() >= goal - 1, "{}", pair.nodes[1].solid_milestone_index());
}

/// What a Hornet does that has nothing to ask: it says nothing but what is asked for, and that asking for nothing itself.
struct Silent(Vec<Arc<Transaction>>);

impl Silent {
    /// What it says to these messages.
    fn answers(&self, said: &[Output]) -> Vec<Arc<Transaction>> {
        let wanted = said.iter().filter_map(|output| match output {
            Output::Send { message: Message::Transaction { transaction, requested }, .. } => {
                (transaction.hash() != *requested).then_some(*requested)
            }
            _ => None,
        });
        wanted.filter_map(|wanted| self.0.iter().find(|known| known.hash() == wanted).cloned()).collect()
    }
}

/// A net's transactions with so many milestones at the end, and how many of them the last milestone is.
fn grown(net: &mut Net, messages: usize, milestones: usize) -> (Vec<Arc<Transaction>>, usize) {
    let message = || net::Step::Message { trunk: any_index(), branch: any_index() };
    let past: Vec<_> = (0..messages).map(|_| message()).collect();
    let mut transactions = net.grow(&past);
    let mut last = 0;
    for _ in 0..milestones {
        let milestone = net.grow(&[net::Step::Milestone { trunk: any_index() }]);
        last = milestone.len();
        transactions.extend(milestone);
    }
    (transactions, last)
}

#[test]
fn a_neighbour_that_says_nothing_unasked_is_asked() {
    // One milestone behind a node answers nobody who asks for nothing, many behind it does. Of the last milestone it hears no
    // more than the tail, as from a node that asked for the rest: such are not told on.
    for (milestones, heard) in [(1, usize::MAX), (5, usize::MAX), (1, 1), (5, 1)] {
        let mut net = Net::new();
        let (transactions, last) = grown(&mut net, 30, milestones);
        let mut full = net.node().node;
        full.handle(START, Input::Store { transactions: transactions.clone() }, &mut Vec::new());
        let news: Vec<_> = transactions[transactions.len() - last..].iter().take(heard).cloned().collect();
        let silent = Silent(transactions);
        let mut greeted = Greeted::new(&net);
        let mut said: Vec<Output> =
            news.iter().flat_map(|transaction| greeted.told(transaction, transaction.hash())).collect();
        for _ in 0..120 {
            let answers = silent.answers(&said);
            said = answers.iter().flat_map(|answer| greeted.told(answer, answer.hash())).collect();
            said.extend(greeted.within(500));
        }
        assert_eq!(greeted.node.solid_milestone(), full.solid_milestone(), "{milestones} {heard}");
        assert!(greeted.within(4_000).is_empty(), "it asks on");
    }
}

#[test]
fn requests_are_dealt_out_to_silent_neighbours_and_bounded() {
    let mut net = Net::new();
    let (transactions, last) = grown(&mut net, 1, 1);
    let mut greeted = Greeted::new(&net);
    greeted.within(10);
    greeted.node = Node::new(greeted.node.config().clone(), 1);
    for peer in 1..=4 {
        let (host, ip) = (format!("10.0.0.{peer}"), IpAddr::V4(Ipv4Addr::new(10, 0, 0, peer as u8)));
        let out = greeted.input(Input::Connected { peer, ip, dialled: Some((host, 7_000)) });
        let [Output::Send { message: Message::Handshake(ours), .. }] = &out[..] else { panic!("{out:?}") };
        let message = Message::Handshake(Handshake { port: 7_000, ..ours.clone() });
        greeted.input(Input::Received { peer, message });
    }
    greeted.within(10);
    greeted.input(Input::Store { transactions: transactions[transactions.len() - last..].to_vec() });
    // All were just told of the milestone, and asked along with it where there was something to ask for.
    greeted.within(500);
    let asked = |out: Vec<Output>| -> Vec<PeerId> {
        let peers = out.into_iter().filter_map(|output| match output {
            Output::Send { peer, message: Message::Transaction { transaction, requested } } => {
                (transaction.hash() != requested).then_some(peer)
            }
            _ => None,
        });
        peers.collect()
    };
    // One transaction is missing: one neighbour is asked at a time, each in its turn.
    let turns: Vec<_> = (0..4).map(|_| asked(greeted.within(500))).collect();
    assert!(turns.iter().all(|peers| peers.len() == 1), "{turns:?}");
    let all: std::collections::BTreeSet<_> = turns.into_iter().flatten().collect();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn two_that_dial_each_other_at_once_keep_the_same_connection() {
    for (first, second) in [(START, START + 3), (START + 3, START), (START, START)] {
        let net = Net::new();
        let ip = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        // Two on one machine, where the ports tell them apart, or on two.
        let port = |of: usize| if first == second { 15_600 + of as u16 } else { 15_600 };
        let mut nodes = [0, 1].map(|number| {
            let mut config = net.node().node.config().clone();
            config.gossip_port = port(number);
            Node::new(config, 1)
        });
        let (a, b) = if first == second { (ip(1), ip(1)) } else { (ip(1), ip(2)) };
        let hello = |node: &mut Node, now, peer, ip, dialled| {
            let mut out = Vec::new();
            node.handle(now, Input::Connected { peer, ip, dialled }, &mut out);
            let Some(Output::Send { message: Message::Handshake(ours), .. }) = out.pop() else {
                panic!("silent")
            };
            ours
        };
        let to = |ip: IpAddr, of| Some((ip.to_string(), port(of)));
        for (number, ip) in [(0, b), (1, a)] {
            let body = format!(r#"{{"command":"addNeighbors","uris":["tcp://{ip}:{}"]}}"#, port(1 - number));
            let request = ApiRequest { body, versioned: true, trusted: true };
            nodes[number].handle(START, Input::Api { id: 1, request }, &mut Vec::new());
        }
        // Connection 1 is dialled by node 0, connection 2 by node 1.
        let greetings = [
            hello(&mut nodes[0], first, 1, b, to(b, 1)),
            hello(&mut nodes[1], first, 1, a, None),
            hello(&mut nodes[1], second, 2, a, to(a, 0)),
            hello(&mut nodes[0], second, 2, b, None),
        ];
        let [one_from_0, one_from_1, two_from_1, two_from_0] = greetings;
        let mut closed = [0, 1].map(|_| Vec::new());
        for (node, peer, greeting) in
            [(0, 2, two_from_1), (1, 1, one_from_0), (0, 1, one_from_1), (1, 2, two_from_0)]
        {
            let mut out = Vec::new();
            let message = Message::Handshake(greeting);
            nodes[node].handle(START + 5, Input::Received { peer, message }, &mut out);
            closed[node].extend(out.iter().filter_map(|output| match output {
                Output::Disconnect { peer } => Some(*peer),
                _ => None,
            }));
        }
        assert_eq!(closed[0], closed[1], "{first} {second}");
        assert_eq!(closed[0].len(), 1);
    }
}
