//! The client of the vectors, and a node on a turmoil host, when the network between them does not do what it should: every
//! exchange ends, with the error that says why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use tanglegram_target::{Client, Connector, Endpoint, ExchangeError, Limits, Reply, Request};
use tanglegram_wire::simulated::{API_PORT, Machine, Machines, TICK, USERS};
use tanglegram_world::sim::{Scenario, Trace, names, node_address};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

/// Where the client is: where the node trusts it.
const CLIENT: IpAddr = USERS;

/// A test that takes longer hangs, in virtual milliseconds.
const LONGEST: u64 = 300_000;

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(2),
    exchange: Duration::from_secs(5),
    body: 1 << 20,
    head: 64 << 10,
    headers: 100,
};

/// The network of the turmoil host that asks.
struct Hosts;

impl Connector for Hosts {
    type Stream = TcpStream;

    async fn connect(&self, endpoint: &Endpoint, _: bool) -> Result<TcpStream, ExchangeError> {
        let stream = TcpStream::connect((endpoint.host().to_owned(), endpoint.port())).await;
        stream.map_err(|source| ExchangeError::Connect { address: endpoint.authority(), source })
    }
}

type Asking = Client<Hosts>;

fn node() -> IpAddr {
    node_address(0)
}

fn post(body: &str) -> Request {
    Request::new("POST", "/", body.to_owned()).unwrap().header("X-IOTA-API-Version", "1").unwrap()
}

async fn ask(client: &mut Asking) -> Result<Reply, ExchangeError> {
    client.exchange(&post(r#"{"command":"getNodeInfo"}"#).may_be_repeated()).await
}

/// A request whose work takes the node hours.
async fn ask_for_work(client: &mut Asking) -> Result<Reply, ExchangeError> {
    let (null, trytes) = ("9".repeat(81), "9".repeat(2673));
    let parents = format!(r#""trunkTransaction":"{null}","branchTransaction":"{null}""#);
    let body =
        format!(r#"{{"command":"attachToTangle",{parents},"minWeightMagnitude":14,"trytes":["{trytes}"]}}"#);
    client.exchange(&post(&body)).await
}

fn is_fine(reply: Result<Reply, ExchangeError>) {
    let reply = reply.unwrap();
    assert_eq!(reply.status, 200);
    assert!(std::str::from_utf8(&reply.body).unwrap().contains("latestMilestoneIndex"));
}

/// Something done to the simulation from outside, at so many virtual milliseconds.
type Deed = (u64, fn(&mut Sim<'static>));

/// Runs a client, and deeds in between, until the client is done.
fn simulate<F>(mut sim: Sim<'static>, time: impl Fn(u64), deeds: &[Deed], talk: impl FnOnce(Asking) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let endpoint = Endpoint::parse(&format!("http://{}:{API_PORT}", node())).unwrap();
    let talking = talk(Client::over(Hosts, endpoint, LIMITS));
    sim.client(CLIENT, async move {
        talking.await;
        Ok(())
    });
    let mut deeds = deeds.iter().peekable();
    for step in 0..LONGEST / TICK {
        time(step * TICK);
        while let Some((_, deed)) = deeds.next_if(|(at, _)| *at <= step * TICK) {
            deed(&mut sim);
        }
        if sim.step().unwrap() {
            return;
        }
    }
    panic!("the client still waits after {LONGEST} ms");
}

fn simulation() -> Sim<'static> {
    let mut builder = Builder::new();
    builder.rng_seed(1).tick_duration(Duration::from_millis(TICK));
    builder.simulation_duration(Duration::from_secs(1 << 20));
    builder.min_message_latency(Duration::from_millis(10)).max_message_latency(Duration::from_millis(30));
    builder.build()
}

/// Asks a node.
fn with_node<F>(deeds: &[Deed], talk: impl FnOnce(Asking) -> F)
where
    F: Future<Output = ()> + 'static,
{
    // So slow a miner that work goes on for as long as the test wants.
    let scenario = Scenario { nodes: names(1), hash_rate: 100.0, ..Scenario::default() };
    let machines = Machines::new(scenario, 1, Trace::default()).unwrap();
    let mut sim = simulation();
    let machine = Rc::new(Machine::new(&machines, 0));
    sim.host(node(), move || Rc::clone(&machine).run());
    simulate(sim, |now| machines.set_time(now), deeds, talk);
}

/// Asks a host that answers with these bytes, and then says no more.
fn with_answer<F>(answer: &'static str, deeds: &[Deed], talk: impl FnOnce(Asking) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let mut sim = simulation();
    sim.host(node(), move || async move {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, API_PORT)).await?;
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await?;
            let _ = stream.read(&mut [0; 4096]).await?;
            stream.write_all(answer.as_bytes()).await?;
            open.push(stream);
        }
    });
    simulate(sim, |_| (), deeds, talk);
}

#[test]
fn all_is_well_on_a_good_network() {
    with_node(&[], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        for _ in 0..3 {
            is_fine(ask(&mut client).await);
        }
    });
}

#[test]
fn who_is_held_up_gets_a_timeout_and_then_an_answer() {
    with_node(&[], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        is_fine(ask(&mut client).await);
        turmoil::hold(CLIENT, node());
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Timeout { received: 0, .. }) && error.is_timeout(), "{error}");
        // The connection was given up: the next has to be opened.
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::ConnectTimeout { .. }) && error.is_timeout(), "{error}");
        turmoil::release(CLIENT, node());
        is_fine(ask(&mut client).await);
    });
}

#[test]
fn who_is_cut_off_gets_a_timeout_then_no_connection_then_an_answer() {
    with_node(&[], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        is_fine(ask(&mut client).await);
        turmoil::partition(CLIENT, node());
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Timeout { received: 0, .. }), "{error}");
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Connect { .. }) && !error.is_timeout(), "{error}");
        turmoil::repair(CLIENT, node());
        is_fine(ask(&mut client).await);
    });
}

#[test]
fn who_does_not_hear_the_node_gets_a_timeout() {
    with_node(&[], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        is_fine(ask(&mut client).await);
        turmoil::partition_oneway(node(), CLIENT);
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Timeout { received: 0, .. }), "{error}");
        turmoil::repair_oneway(node(), CLIENT);
        is_fine(ask(&mut client).await);
    });
}

#[test]
fn a_node_that_crashes_while_it_works_closes_the_connection() {
    let deeds: [Deed; 2] = [(3_000, |sim| sim.crash(node())), (8_000, |sim| sim.bounce(node()))];
    with_node(&deeds, |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        let error = ask_for_work(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Closed), "{error}");
        // Nobody is there to refuse.
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::ConnectTimeout { .. }), "{error}");
        sleep(Duration::from_secs(8)).await;
        is_fine(ask(&mut client).await);
    });
}

#[test]
fn work_that_takes_too_long_is_a_timeout() {
    with_node(&[], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        let error = ask_for_work(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Timeout { received: 0, .. }), "{error}");
        is_fine(ask(&mut client).await);
    });
}

const HALF_A_REPLY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it";

#[test]
fn a_crash_in_the_middle_of_a_reply_cuts_it() {
    let deeds: [Deed; 1] = [(3_000, |sim| sim.crash(node()))];
    with_answer(HALF_A_REPLY, &deeds, |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Cut { received: 10 }), "{error}");
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::ConnectTimeout { .. }), "{error}");
    });
}

#[test]
fn a_reply_that_stops_in_the_middle_is_a_timeout_that_says_how_far_it_came() {
    with_answer(HALF_A_REPLY, &[], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Timeout { received: 10, .. }), "{error}");
    });
}

#[test]
fn slow_links_are_waited_for_as_long_as_the_limits_say() {
    fn slow(sim: &mut Sim<'static>) {
        sim.set_link_latency(CLIENT, node(), Duration::from_millis(1_500));
    }
    fn far_too_slow(sim: &mut Sim<'static>) {
        sim.set_link_latency(CLIENT, node(), Duration::from_secs(4));
    }
    with_node(&[(0, slow), (20_000, far_too_slow)], |mut client| async move {
        sleep(Duration::from_secs(1)).await;
        // A connection in 1.5 s of 2, an answer in 3 of 5.
        is_fine(ask(&mut client).await);
        sleep(Duration::from_secs(25)).await;
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::Timeout { received: 0, .. }), "{error}");
        let error = ask(&mut client).await.unwrap_err();
        assert!(matches!(error, ExchangeError::ConnectTimeout { .. }), "{error}");
    });
}
