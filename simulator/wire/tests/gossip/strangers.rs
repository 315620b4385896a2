//! Connections that are no neighbours, or bad ones: each is refused by itself and harms nobody else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::json;
use tanglegram_tangle::gossip::codec::{self, Decoder, Memory};
use tanglegram_tangle::gossip::{Handshake, Message};
use tanglegram_ternary::Hash;

use crate::net::{Net, Node, until};

/// A net whose only node talks to anybody.
fn open_net() -> Net {
    Net::serve("{ a: { auto-tethering: true } }")
}

fn connect(node: Node<'_>) -> TcpStream {
    let stream = TcpStream::connect(node.uri.trim_start_matches("tcp://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// A handshake of a neighbour on this port.
fn handshake(net: &Net, port: u16) -> Handshake {
    Handshake { port, timestamp: 1, coordinator: net.coordinator(), mwm: 1, versions: vec![1] }
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::encode(message, &mut bytes);
    bytes
}

/// Sends bytes (the other side may hang up meanwhile) and tells whether the connection is closed then.
fn hangs_up_on(node: Node<'_>, bytes: &[u8]) -> bool {
    let mut stream = connect(node);
    let _ = stream.write_all(bytes);
    is_closed(&mut stream)
}

fn is_closed(stream: &mut TcpStream) -> bool {
    let mut heard = [0; 4096];
    loop {
        match stream.read(&mut heard) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// The messages that come until there are `count`.
fn hear(stream: &mut TcpStream, count: usize) -> Vec<Message> {
    let (mut decoder, mut memory, mut messages) = (Decoder::default(), Memory::default(), Vec::new());
    let mut bytes = [0; 4096];
    while messages.len() < count {
        let read = stream.read(&mut bytes).unwrap();
        assert!(read > 0, "closed after {messages:?}");
        decoder.push(&bytes[..read]);
        while let Some(message) = decoder.next(&mut memory).unwrap() {
            messages.push(message);
        }
    }
    messages
}

#[test]
fn what_is_no_greeting_is_refused() {
    let net = open_net();
    let node = net.node(0);
    let with = |change: fn(&mut Handshake)| {
        let mut handshake = handshake(&net, 9_999);
        change(&mut handshake);
        encoded(&Message::Handshake(handshake))
    };
    let heartbeat = encoded(&Message::Heartbeat { first_solid: 1, last_solid: 2 });
    let twice = [with(|_| {}), with(|_| {})].concat();
    for (what, bytes) in [
        ("another protocol", b"POST / HTTP/1.1\r\n\r\n".to_vec()),
        ("noise", vec![0xff; 5_000]),
        ("an oversize handshake", vec![1, 0xff, 0xff]),
        ("an oversize transaction", vec![2, 0x06, 0x76]),
        ("an unknown type", vec![77, 0, 0]),
        ("a heartbeat first", heartbeat),
        ("another coordinator", with(|handshake| handshake.coordinator = Hash::NULL)),
        ("another weight", with(|handshake| handshake.mwm = 14)),
        ("no common version", with(|handshake| handshake.versions = vec![4])),
        ("two greetings", twice),
    ] {
        assert!(hangs_up_on(node, &bytes), "{what}");
    }
    assert!(node.solid() >= 1);
    assert_eq!(node.neighbors().iter().filter(|neighbor| neighbor["connected"] == json!(true)).count(), 0);
}

#[test]
fn a_stranger_hears_nothing_without_auto_tethering() {
    let net = Net::serve("{ a: {} }");
    let mut stream = connect(net.node(0));
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    assert!(heard.is_empty());
    // Nor does a known host under a wrong port.
    net.node(0).ask(json!({ "command": "addNeighbors", "uris": ["tcp://127.0.0.1:9"] }));
    assert!(hangs_up_on(net.node(0), &encoded(&Message::Handshake(handshake(&net, 10)))));
}

#[test]
fn a_neighbour_that_talks_rubbish_is_counted_and_kept() {
    let net = open_net();
    let node = net.node(0);
    let mut stream = connect(node);
    stream.write_all(&encoded(&Message::Handshake(handshake(&net, 9_999)))).unwrap();
    let heard = hear(&mut stream, 2);
    let Message::Handshake(greeting) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!((greeting.mwm, greeting.coordinator), (1, net.coordinator()));
    assert!(node.uri.ends_with(&format!(":{}", greeting.port)));
    let Message::Transaction { transaction, .. } = &heard[1] else { panic!("{heard:?}") };
    let mut garbled =
        encoded(&Message::Transaction { transaction: transaction.clone(), requested: Hash::NULL });
    let end = garbled.len() - 49;
    garbled[end - 292..end].fill(127); // no five trits
    stream.write_all(&garbled).unwrap();
    stream.write_all(&[2, 1]).unwrap(); // and the beginning of another
    until("it is counted", || {
        node.neighbors()
            .iter()
            .any(|n| n["numberOfInvalidTransactions"] == json!(1) && n["connected"] == json!(true))
    });
    stream.shutdown(Shutdown::Both).unwrap();
    until("it is gone", || node.neighbors().iter().all(|n| n["connected"] == json!(false)));
}

#[test]
fn a_crowd_that_says_nothing_makes_way() {
    let net = open_net();
    let node = net.node(0);
    for _ in 0..12 {
        let crowd: Vec<TcpStream> = (0..200).map(|_| connect(node)).collect();
        let mut friend = connect(node);
        friend.write_all(&encoded(&Message::Handshake(handshake(&net, 9_999)))).unwrap();
        assert!(hear(&mut friend, 2).len() >= 2);
        assert!(node.solid() >= 1);
        drop(friend);
        let mut first = crowd.into_iter().next().unwrap();
        assert!(is_closed(&mut first));
        until("the friend is gone", || node.neighbors().iter().all(|n| n["connected"] == json!(false)));
    }
}

#[test]
fn only_so_many_become_neighbours() {
    let net = open_net();
    let node = net.node(0);
    let greet = |port| {
        let mut stream = connect(node);
        stream.write_all(&encoded(&Message::Handshake(handshake(&net, port)))).unwrap();
        stream
    };
    let kept: Vec<_> = (1..=5).map(greet).collect();
    until("five are there", || node.neighbors().len() == 5);
    assert!(is_closed(&mut greet(6)));
    assert!(is_closed(&mut greet(5)), "the same one twice");
    assert_eq!(node.neighbors().len(), 5);
    drop(kept);
}
