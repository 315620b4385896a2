//! Many connections at once, with good and bad requests: every one is answered as it must be, and nothing is left behind.

#![allow(clippy::disallowed_methods, reason = "a test that waits for something needs an end")]
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use common::{Client, node, padded};

const CONNECTIONS: usize = 64;

/// A request, and what its reply must begin with.
fn requests() -> Vec<(&'static str, String, u16, &'static str)> {
    let v = "X-IOTA-API-Version: 1";
    let command = |name: &str, rest: &str| format!("{{\"command\":\"{name}\"{rest}}}");
    let nines = "9".repeat(81);
    let unknown = format!("A{}", "9".repeat(80));
    vec![
        (v, command("getNodeInfo", ""), 200, "{\"appName\":\"IRI"),
        (v, command("getNodeAPIConfiguration", ""), 200, "{\"maxFindTransactions\":4,"),
        (v, command("getTips", ""), 200, "{\"hashes\":["),
        (v, command("findTransactions", &format!(",\"addresses\":[\"{unknown}\"]")), 200, "{\"hashes\":[]"),
        (
            v,
            command("wereAddressesSpentFrom", &format!(",\"addresses\":[\"{unknown}\"]")),
            200,
            "{\"states\":[false]",
        ),
        (v, command("getTrytes", &format!(",\"hashes\":[\"{unknown}\"]")), 200, "{\"trytes\":[\"999"),
        (
            v,
            command("getTrytes", &format!(",\"hashes\":[\"{nines}A\"]")),
            500,
            "{\"exception\":\"Invalid hashes input\"",
        ),
        (v, command("getTrytes", ""), 500, "{\"exception\":\"Invalid parameters\""),
        (v, command("noSuch", ""), 400, "{\"error\":\"Command [noSuch] is unknown\""),
        (v, "{\"command\":".into(), 400, "{\"error\":\"Invalid JSON syntax"),
        (v, String::new(), 400, "{\"error\":\"Invalid request payload"),
        (v, padded(6001), 400, "{\"error\":\"Request too long\""),
        (v, padded(100_000), 400, "{\"error\":\"Request too long\""),
        ("X: y", command("getTips", ""), 400, "{\"error\":\"Invalid API Version\""),
    ]
}

/// Sends the requests round after round, leaving now and then in the middle of one.
fn client(address: SocketAddr, number: usize, mut go_on: impl FnMut() -> bool) -> usize {
    let requests = requests();
    let (mut client, mut answered) = (Client::connect(address), 0);
    while go_on() {
        let (header, body, status, beginning) = &requests[(answered * 7 + number) % requests.len()];
        let reply = client.request("POST", "/", &[header], body);
        assert_eq!(reply.status, *status, "{body:.100}: {}", reply.body);
        assert!(reply.body.starts_with(beginning), "{body:.100}: {}", reply.body);
        answered += 1;
        if answered % 50 == 0 {
            client.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n{\"comm");
            client = Client::connect(address);
        }
    }
    answered
}

/// Open files of this process, which is client and server in one.
fn open_files() -> Option<usize> {
    std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

/// Resident memory of this process in KiB.
fn memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Waits until no connection is left open.
fn settled(before: Option<usize>) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while open_files() > before {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

fn run(address: SocketAddr, go_on: impl Fn(usize) -> bool + Sync) -> usize {
    let go_on = &go_on;
    thread::scope(|scope| {
        let clients = (0..CONNECTIONS).map(|number| {
            scope.spawn(move || {
                let mut sent = 0;
                client(address, number, || {
                    sent += 1;
                    go_on(sent)
                })
            })
        });
        let clients: Vec<_> = clients.collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    })
}

#[test]
fn no_request_is_lost_and_no_connection_left() {
    let node = node("recorded-iri-limits");
    let before = open_files();
    assert_eq!(run(node.addr(), |sent| sent <= 200), CONNECTIONS * 200);
    assert!(settled(before), "{:?} files were open before, {:?} are now", before, open_files());
}

#[test]
#[ignore = "takes a minute"]
fn a_minute_of_load_leaks_nothing() {
    let node = node("recorded-iri-limits");
    let before = open_files();
    run(node.addr(), |sent| sent <= 500);
    let warm = memory();
    let end = Instant::now() + Duration::from_secs(60);
    let answered = run(node.addr(), |_| Instant::now() < end);
    assert!(answered > CONNECTIONS);
    assert!(settled(before), "{:?} files were open before, {:?} are now", before, open_files());
    assert!(
        memory() <= warm.map(|kib| kib + 32 * 1024),
        "{warm:?} KiB before, {:?} after {answered}",
        memory()
    );
    eprintln!("{answered} requests answered, {warm:?} KiB before, {:?} after", memory());
}
