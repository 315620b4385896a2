//! Proof of work behind the API: done, interrupted, given up when the client leaves; and stopping the server.

#![allow(clippy::disallowed_methods, reason = "a test that waits for something needs an end")]

mod common;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::{Client, node};
use tanglegram_wire::{Places, Running, Served, serve, serve_world};
use tanglegram_world::World;

const INTERRUPT: &str = "{\"command\":\"interruptAttachingToTangle\"}";

/// An attachToTangle call for one empty transaction; nobody finds a nonce of weight 200.
fn attach(mwm: u8) -> String {
    let (nines, trytes) = ("9".repeat(81), "9".repeat(2673));
    format!(
        "{{\"command\":\"attachToTangle\",\"trunkTransaction\":\"{nines}\",\"branchTransaction\":\"{nines}\",\
         \"minWeightMagnitude\":{mwm},\"trytes\":[\"{trytes}\"]}}"
    )
}

/// Sends a request and does not wait for the reply.
fn start(node: &Running, body: &str) -> Client {
    let mut client = Client::connect(node.addr());
    client.send(format!(
        "POST / HTTP/1.1\r\nX-IOTA-API-Version: 1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    client
}

/// Asks something cheap, so that everything sent before has been read.
fn settle(node: &Running) {
    for _ in 0..3 {
        assert_eq!(
            Client::connect(node.addr()).post("{\"command\":\"getNodeAPIConfiguration\"}").status,
            200
        );
    }
}

#[test]
fn attaching_finds_the_weight_asked_for() {
    let node = node("recorded-iri");
    let reply = Client::connect(node.addr()).post(&attach(9));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.starts_with("{\"trytes\":[\"999"), "{}", reply.body);
    let nonce = &reply.body[12 + 2673 - 27..12 + 2673 - 1];
    assert!(!nonce.chars().all(|tryte| tryte == '9'), "{nonce}");
}

#[test]
fn an_interrupt_ends_the_call_under_way_and_no_other() {
    let node = node("recorded-iri");
    let mut waiting: Vec<_> = (0..3).map(|_| start(&node, &attach(200))).collect();
    settle(&node);
    for client in &mut waiting {
        assert_eq!(Client::connect(node.addr()).post(INTERRUPT).status, 200);
        let reply = client.reply(false);
        assert!(reply.status == 200 && reply.body.starts_with("{\"trytes\":[]"), "{}", reply.body);
    }
    assert!(Client::connect(node.addr()).post(&attach(9)).body.starts_with("{\"trytes\":[\"9"));
}

#[test]
fn work_for_a_client_that_left_makes_way() {
    let node = node("recorded-iri");
    let left: Vec<_> = (0..3).map(|_| start(&node, &attach(200))).collect();
    settle(&node);
    drop(left);
    assert!(Client::connect(node.addr()).post(&attach(9)).body.starts_with("{\"trytes\":[\"9"));
}

#[test]
fn other_requests_are_answered_during_proof_of_work() {
    let node = node("recorded-iri");
    let mut working = start(&node, &attach(200));
    settle(&node);
    let _ = Client::connect(node.addr()).post(INTERRUPT);
    assert_eq!(working.reply(false).status, 200);
}

#[test]
fn a_private_net_is_synchronized_from_its_first_answer_on() {
    let mut world = World::load("private-net").unwrap();
    world.coordinator.as_mut().unwrap().interval = Duration::from_millis(20);
    let running =
        serve_world(&world, Places { api: Some("127.0.0.1:0".parse().unwrap()), ..Places::default() })
            .unwrap();
    let mut client = Client::connect(running.addr());
    let info = client.post("{\"command\":\"getNodeInfo\"}");
    assert!(info.body.contains("\"latestSolidSubtangleMilestoneIndex\":1,"), "{}", info.body);
    assert_eq!(client.post("{\"command\":\"getTransactionsToApprove\",\"depth\":3}").status, 200);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !client
        .post("{\"command\":\"getNodeInfo\"}")
        .body
        .contains("\"latestSolidSubtangleMilestoneIndex\":5,")
    {
        assert!(Instant::now() < deadline, "no milestones come");
    }
}

#[test]
fn a_stop_lets_requests_finish_and_closes_the_rest() {
    let node = node("recorded-iri");
    let address = node.addr();
    let mut idle = Client::connect(address);
    assert_eq!(idle.post("{\"command\":\"getTips\"}").status, 200);
    let mut working = start(&node, &attach(9));
    settle(&node);
    node.shutdown();
    assert_eq!(working.reply(false).status, 200);
    assert!(working.is_closed() && idle.is_closed());
    assert!(TcpListener::bind(address).is_ok(), "the port is free again");
}

#[test]
fn many_nodes_start_from_one_that_was_fed() {
    let world = World::load("recorded-iri").unwrap();
    let fed = world.nodes[0].start(1);
    let nodes = (0..20).map(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Served { node: fed.clone(), ..Served::of(&world.nodes[0], listener, 1) }
    });
    let running = serve(nodes.collect()).unwrap();
    for (_, address) in running.apis() {
        assert_eq!(Client::connect(*address).post("{\"command\":\"getTips\"}").status, 200);
    }
}
