//! Requests that no client should send to a mirror node: each gets an answer, in the form in which the API tells errors.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;

use std::net::SocketAddr;

use common::{Client, Reply};
use serde_json::Value;
use tanglegram_mirror::Dialect;
use tanglegram_wire::{Places, Running, serve_world};
use tanglegram_world::World;

const LISTS: [&str; 3] = ["accounts", "balances", "transactions"];

fn serve(dialect: Dialect) -> Running {
    let world = World::load("recorded-mirror").unwrap().with_mirror_dialect(dialect);
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    serve_world(&world, Places { api: Some(anywhere), ..Places::default() }).unwrap()
}

/// Values that are wrong for every parameter.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        "%00",
        "abc%00",
        "%FF%FE",
        "%C3%28",
        "%E0%A4%A",
        "%",
        "%zz",
        "-1",
        "+5",
        "1.5",
        "1e3",
        "0x10",
        "NaN",
        "Infinity",
        "null",
        "undefined",
        "true",
        "[]",
        "{}",
        "()",
        "gt:",
        "gt:gt:5",
        ":",
        "::",
        "foo:5",
        "eq:abc",
        "5:5",
        "0.1",
        "0.0.0.0",
        "..",
        "../../etc/passwd",
        "1;select%20pg_sleep(5)",
        "1'%20or%20'1'='1",
        "0%20union%20select%201",
        "';drop%20table%20t_entities;--",
        "%24%7Bjndi:ldap://x%7D",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%E2%98%83",
        "%F0%9F%98%80",
        "%0D%0ASet-Cookie:%20a=b",
        "%09",
        "%20",
        "1%202",
        "\u{1F600}",
        "é",
        "`id`",
        "|ls",
        "\"",
        "\\",
        "^",
        "{{7*7}}",
        "%25%32%35",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("9".repeat(400));
    values.push("9".repeat(20));
    values.push("a".repeat(3_000));
    values.push(format!("{}{}", "[".repeat(500), "]".repeat(500)));
    values
}

/// Paths with queries, each of which is wrong in one way or more.
fn targets() -> Vec<Vec<u8>> {
    let mut targets = Vec::new();
    let names = [
        "account.id",
        "timestamp",
        "limit",
        "order",
        "account.balance",
        "account.publickey",
        "type",
        "result",
        "nothing",
    ];
    for (at, value) in values().iter().enumerate() {
        let list = LISTS[at % 3];
        for name in
            [names[at % names.len()], names[(at * 5 + 3) % names.len()], names[(at * 7 + 6) % names.len()]]
        {
            // Two of the values are times.
            if name != "timestamp" || !["1.5", "0.1"].contains(&value.as_str()) {
                targets.push(format!("/api/v1/{list}?{name}={value}"));
            }
        }
        targets.push(format!("/api/v1/accounts/x{value}"));
        targets.push(format!("/api/v1/transactions/x{value}"));
    }
    let deep = "[a]".repeat(2_000);
    for list in LISTS {
        for query in [
            format!("limit{deep}=1"),
            format!("account.id{}=1", "[0]".repeat(300)),
            "account.id[gt]=5".to_owned(),
            "limit[]=2&limit[]=3&order[x]=y".to_owned(),
            "constructor=1&toString=2".to_owned(),
            "limit=1&limit=2".to_owned(),
            "order=asc&order=desc".to_owned(),
            format!("x={}", "y".repeat(8_100)),
            format!("{}limit=0", "account.id=x&".repeat(550)),
            format!("x={}", "y".repeat(200_000)),
        ] {
            targets.push(format!("/api/v1/{list}?{query}"));
        }
    }
    targets.extend(
        [
            "",
            "/",
            "//",
            "/api",
            "/api/v1",
            "/api/v2/accounts",
            "//api/v1/accounts",
            "/%61pi/v1/accounts",
            "/api/v1/events",
        ]
        .map(str::to_owned),
    );
    let mut targets: Vec<Vec<u8>> = targets.into_iter().map(String::into_bytes).collect();
    for raw in [&b"\xff\xfe"[..], b"\xc3\x28", b"\xe2\x98", b"<b>", b"a b", b"\x01", b"\x7f", b"\x00"] {
        targets.push([b"/api/v1/accounts?account.id=", raw].concat());
        targets.push([b"/api/v1/accounts/", raw].concat());
        targets.push([b"/api/v1/balances?", raw, b"=1"].concat());
    }
    targets
}

/// Sends bytes as a request of their own connection; a server that does not answer in time makes the client panic.
fn ask(server: &Running, bytes: &[u8]) -> Reply {
    let mut client = Client::connect(server.addr());
    client.send(bytes);
    client.reply(false)
}

fn is_documented(reply: &Reply) -> bool {
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let messages = body.pointer("/_status/messages").and_then(Value::as_array);
    let is_told = |message: &Value| message["message"].as_str().is_some_and(|text| !text.is_empty());
    let is_json = reply.header("content-type") == Some("application/json; charset=utf-8");
    (400..500).contains(&reply.status)
        && is_json
        && messages.is_some_and(|all| !all.is_empty() && all.iter().all(is_told))
}

/// Whether the real server might say this to a bad request: as a list of messages, as a text or page, or not at all.
fn is_recorded(reply: &Reply) -> bool {
    match reply.status {
        400 | 404 => {
            is_documented(reply)
                || reply.header("content-type").is_none_or(|kind| kind.starts_with("text/html"))
        }
        // Bad parameters of single accounts and operators on choices are ignored.
        200 | 431 => true,
        500 => reply.body.contains("rror"),
        _ => false,
    }
}

#[test]
fn bad_requests_get_the_documented_error() {
    let server = serve(Dialect::DOCUMENT);
    let targets = targets();
    assert!(targets.len() > 300, "{}", targets.len());
    for target in targets {
        let request = [b"GET ", &target[..], b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"].concat();
        let reply = ask(&server, &request);
        assert!(
            is_documented(&reply),
            "{}: {reply:?}",
            String::from_utf8_lossy(&target[..target.len().min(200)])
        );
    }
}

#[test]
fn bad_requests_get_some_answer_of_the_real_server() {
    let server = serve(Dialect::MIRROR_0_4_0);
    for target in targets() {
        let request = [b"GET ", &target[..], b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"].concat();
        let reply = ask(&server, &request);
        assert!(
            is_recorded(&reply),
            "{}: {reply:?}",
            String::from_utf8_lossy(&target[..target.len().min(200)])
        );
    }
}

/// What is no HTTP, or more of it than anyone takes, is refused in the same form, and the next client is served.
#[test]
fn heads_that_cannot_be_read() {
    let server = serve(Dialect::DOCUMENT);
    let long = |name: &str, length: usize| {
        format!("GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\n{name}: {}\r\n\r\n", "y".repeat(length))
    };
    let many: String = (0..300).map(|number| format!("x-{number}: y\r\n")).collect();
    for (request, status) in [
        ("nothing\r\n\r\n".to_owned(), 400),
        ("GET\r\n\r\n".to_owned(), 400),
        ("GET /api/v1/accounts HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("GET /api/v1/accounts HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), 400),
        ("GET /api/v1/accounts HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(), 400),
        ("\x16\x03\x01\x02\r\n\r\n".to_owned(), 400),
        (long("x", 9_000), 431),
        (long("x", 3 << 20), 431),
        (format!("GET /api/v1/accounts HTTP/1.1\r\n{many}\r\n"), 431),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(70_000)), 431),
    ] {
        let reply = ask(&server, request.as_bytes());
        let start = &request[..request.len().min(80)];
        assert!(is_documented(&reply) && reply.status == status, "{start}: {reply:?}");
        let next = ask(&server, b"GET /api/v1/accounts?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(next.status, 200);
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let reply = ask(
            &server,
            format!("{method} /api/v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}")
                .as_bytes(),
        );
        assert!(is_documented(&reply) && reply.status == 405, "{method}: {reply:?}");
        assert_eq!(reply.header("allow"), Some("GET,HEAD,OPTIONS"));
    }
}
