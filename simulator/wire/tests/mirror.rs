//! A mirror node on a port says what it says without one, and reads files that come.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a real server is waited for in real time")]

mod common;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{Client, Reply};
use tanglegram_mirror::files::balance::BalanceFile;
use tanglegram_mirror::files::name;
use tanglegram_mirror::{Dialect, EntityId, Mirror, Request};
use tanglegram_wire::{Places, Running, serve_world};
use tanglegram_world::World;

fn serve(world: &World) -> Running {
    serve_world(world, Places { api: Some(SocketAddr::from(([127, 0, 0, 1], 0))), ..Places::default() })
        .unwrap()
}

/// What the mirror node itself answers, as the reply of a connection that stays open.
fn direct(mirror: &Mirror, method: &str, target: &str, connection: &str) -> Reply {
    let response = mirror.handle(&Request { method, target, headers: &[], body: &[] });
    let mut headers: Vec<(String, String)> =
        response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    headers.push(("connection".to_owned(), connection.to_owned()));
    if response.header("content-length").is_none() {
        headers.push(("content-length".to_owned(), "0".to_owned()));
    }
    headers.sort();
    Reply { status: response.status, headers, body: String::from_utf8(response.body).unwrap() }
}

#[test]
fn the_recorded_requests_get_the_same_answers_over_a_socket() {
    let world = World::load("recorded-mirror").unwrap().with_mirror_dialect(Dialect::MIRROR_0_4_0);
    let mirror = Mirror::new(world.mirrors[0].store.clone(), Dialect::MIRROR_0_4_0);
    let running = serve(&world);
    let recording =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded/mirror-2019/public.jsonl");
    let mut client = Client::connect(running.addr());
    let mut count = 0;
    for line in fs::read_to_string(recording).unwrap().lines() {
        let exchange: serde_json::Value = serde_json::from_str(line).unwrap();
        let request = |key: &str| exchange["request"][key].as_str().unwrap_or_default().to_owned();
        let (method, path) = (request("method"), request("path"));
        client.send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let last = exchange["response"]["status"] == 431;
        let reply = client.reply(method == "HEAD" || method == "OPTIONS");
        assert_eq!(
            reply,
            direct(&mirror, &method, &path, if last { "close" } else { "keep-alive" }),
            "{method} {path}"
        );
        if last {
            client = Client::connect(running.addr());
        }
        count += 1;
    }
    assert_eq!(count, 584);
}

#[test]
fn compressed_where_that_is_accepted() {
    let running = serve(&World::load("recorded-mirror").unwrap());
    let mut client = Client::connect(running.addr());
    let reply = client.request("GET", "/api/v1/balances", &["Accept-Encoding: gzip"], "");
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    let small = client.request("GET", "/api/v1/balances?limit=1", &["Accept-Encoding: gzip"], "");
    assert_eq!(small.header("content-encoding"), None);
    let tag = small.header("etag").unwrap().to_owned();
    let again = client.request("GET", "/api/v1/balances?limit=1", &[&format!("If-None-Match: {tag}")], "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn hostile_requests_are_answered_or_cut_off() {
    let running = serve(&World::load("recorded-mirror").unwrap());
    let long = format!("GET /api/v1/accounts?{} HTTP/1.1\r\nHost: x\r\n\r\n", "account.id=1&".repeat(1000));
    let brackets = format!("GET /api/v1/accounts?a{}=1 HTTP/1.1\r\nHost: x\r\n\r\n", "[b]".repeat(2000));
    for (request, status) in [
        (b"GET /api/v1/accounts?limit=%00 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"GET /api/v1/accounts/%E0%A4%A HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"GET /api/v1/accounts/\xff HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"NONSENSE\r\n\r\n".to_vec(), 400),
        (long.into_bytes(), 431),
        (brackets.into_bytes(), 400),
    ] {
        let mut client = Client::connect(running.addr());
        client.send(&request);
        assert_eq!(client.reply(false).status, status, "{:.60}", String::from_utf8_lossy(&request));
    }
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("balance0.0.3")).unwrap();
    folder
}

fn write_balances(folder: &Path, time: i64, balance: i64) {
    let file = BalanceFile { time, balances: vec![(EntityId::new(0, 0, 2), balance)] };
    fs::write(folder.join("balance0.0.3").join(name::balance(time)), file.write()).unwrap();
}

#[test]
fn files_are_read_as_they_come() {
    let folder = folder("streams");
    write_balances(&folder, 1_000_000_000, 5);
    let text = format!("mirrors: {{ m0: {{ files: {:?} }} }}", folder.to_string_lossy());
    let running = serve(&World::parse("files", &text, Path::new("")).unwrap());
    assert_eq!(running.mirrors()[0].0, "m0");
    let mut client = Client::connect(running.addr());
    let mut balances = || client.request("GET", "/api/v1/balances", &[], "").body;
    assert!(balances().contains("\"timestamp\":\"1.000000000\""), "{}", balances());
    fs::write(folder.join("notes.txt"), "not for the mirror").unwrap();
    write_balances(&folder, 2_000_000_000, 6);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !balances().contains("\"timestamp\":\"2.000000000\"") {
        assert!(Instant::now() < deadline, "the new file is not read: {}", balances());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn mistakes_in_a_world_file_are_told() {
    let message = |text: &str| World::parse("w", text, Path::new("/nowhere")).unwrap_err().to_string();
    assert_eq!(message("mirrors: { m0: {} }"), "the mirror node knows nothing");
    assert!(message("mirrors: { m0: { files: here } }").starts_with("there is no folder"));
    assert!(message("mirrors: { m0: { dataset: d.json } }").starts_with("cannot read `d.json`"));
    assert!(message("dialect: nonsense\nmirrors: { m0: { dataset: d.json } }").contains("nonsense"));
}
