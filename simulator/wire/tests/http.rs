//! How a node speaks HTTP: as the recorded exchanges with the real node show.

mod common;

use common::{Client, Reply, node, padded};

const CONFIGURATION: &str = "{\"command\":\"getNodeAPIConfiguration\"}";

fn json_headers(connection: &str, reply: &Reply) -> Vec<(String, String)> {
    [
        ("access-control-allow-origin", "*"),
        ("connection", connection),
        ("content-length", &reply.body.len().to_string()),
        ("content-type", "application/json"),
        ("keep-alive", "timeout=500, max=100"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

#[test]
fn any_method_and_path_runs_the_command_in_the_body() {
    let node = node("recorded-iri");
    let mut client = Client::connect(node.addr());
    for (method, path) in [
        ("POST", "/"),
        ("GET", "/a/b?c=d"),
        ("PUT", "//"),
        ("DELETE", "/../x"),
        ("PATCH", "/%20"),
        ("TRACE", "/"),
        ("PROPFIND", "/"),
    ] {
        let reply = client.request(method, path, &["X-IOTA-API-Version: 1"], CONFIGURATION);
        assert_eq!(reply.status, 200, "{method} {path}");
        assert!(reply.body.contains("\"maxBodyLength\":1000000"), "{method} {path}: {}", reply.body);
        assert_eq!(reply.headers, json_headers("keep-alive", &reply));
    }
}

#[test]
fn options_and_head_are_special() {
    let node = node("recorded-iri");
    let mut client = Client::connect(node.addr());
    let options = client.request("OPTIONS", "/abc", &[], "");
    assert_eq!((options.status, options.body.as_str()), (200, ""));
    let expected = [
        (
            "access-control-allow-headers",
            "User-Agent, Origin, X-Requested-With, Content-Type, Accept, X-IOTA-API-Version",
        ),
        ("access-control-allow-origin", "*"),
        ("allow", "GET,HEAD,POST,PUT,DELETE,TRACE,OPTIONS,CONNECT,PATCH"),
        ("connection", "keep-alive"),
        ("content-length", "0"),
        ("content-type", "text/plain"),
    ];
    assert_eq!(options.headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let head = client.request("HEAD", "/", &["X-IOTA-API-Version: 1"], "");
    assert_eq!((head.status, head.body.as_str()), (400, ""));
    assert_ne!(head.header("content-length"), Some("0"));
}

#[test]
fn the_version_header_has_to_be_there_whatever_it_says() {
    let node = node("recorded-iri");
    let mut client = Client::connect(node.addr());
    for header in ["X-IOTA-API-Version: 2", "x-iota-api-version:", "X-Iota-Api-Version: abc"] {
        assert_eq!(client.request("POST", "/", &[header], CONFIGURATION).status, 200, "{header}");
    }
    let reply = client.request("POST", "/", &[], CONFIGURATION);
    assert_eq!(reply.status, 400);
    assert!(reply.body.starts_with("{\"error\":\"Invalid API Version\",\"duration\":"));
}

#[test]
fn a_wrong_password_is_an_empty_401_for_everything() {
    let node = node("recorded-iri-auth");
    let mut client = Client::connect(node.addr());
    for (method, header) in [
        ("POST", "X: y"),
        ("OPTIONS", "X: y"),
        ("POST", "Authorization: Basic dXNlcjp4eHh4"),
        ("GET", "Authorization: Bearer abc"),
    ] {
        let reply = client.request(method, "/x", &[header, "X-IOTA-API-Version: 1"], CONFIGURATION);
        assert_eq!((reply.status, reply.body.as_str()), (401, ""));
        let expected = [
            ("connection", "keep-alive"),
            ("content-length", "0"),
            ("www-authenticate", "Basic realm=\"Iota Realm\""),
        ];
        assert_eq!(reply.headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    let right = ["Authorization: bAsIc dXNlcjpwYXNz", "X-IOTA-API-Version: 1"];
    assert_eq!(client.request("POST", "/", &right, CONFIGURATION).status, 200);
}

#[test]
fn the_body_limit_counts_characters_after_the_version_header_was_seen() {
    let node = node("recorded-iri-limits");
    let mut client = Client::connect(node.addr());
    assert_eq!(client.post(&padded(6000)).status, 200);
    for length in [6001, 18_000, 18_001, 18_002, 1 << 20] {
        let reply = client.post(&padded(length));
        assert!(reply.body.starts_with("{\"error\":\"Request too long\""), "{length}: {}", reply.body);
        let unversioned = client.request("POST", "/", &[], &padded(length));
        assert!(unversioned.body.starts_with("{\"error\":\"Invalid API Version\""), "{length}");
    }
    let wide = padded(6000).replace('x', "☃"); // three bytes, one character
    assert_eq!(client.post(&wide).status, 200);
    let surrogates = padded(6000).replacen("xx", "😀", 1000); // four bytes, two characters
    assert_eq!(client.post(&surrogates).status, 200);
    assert_eq!(client.post(&surrogates.replacen("x", "😀", 1)).status, 400);
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let node = node("recorded-iri");
    let mut client = Client::connect(node.addr());
    let body = b"{\"command\":\"a\xff\xe2\x98\"}";
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: x\r\nX-IOTA-API-Version: 1\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    client.send(body);
    assert!(client.reply(false).body.starts_with("{\"error\":\"Command [a\u{fffd}\u{fffd}] is unknown\""));
}

#[test]
fn a_body_may_come_in_chunks_and_drop_by_drop() {
    let node = node("recorded-iri");
    let mut client = Client::connect(node.addr());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nX-IOTA-API-Version: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in CONFIGURATION.as_bytes().chunks(7) {
        client.send(format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap()));
        std::thread::yield_now();
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.reply(false).status, 200);
    for byte in format!(
        "POST / HTTP/1.1\r\nX-IOTA-API-Version: 1\r\nContent-Length: {}\r\n\r\n{CONFIGURATION}",
        CONFIGURATION.len()
    )
    .bytes()
    {
        client.send([byte]);
    }
    assert_eq!(client.reply(false).status, 200);
}

#[test]
fn connections_stay_open_or_close_as_the_client_asks() {
    let node = node("recorded-iri");
    let request = |version: &str, header: &str| {
        let mut client = Client::connect(node.addr());
        client.send(format!(
            "POST / HTTP/{version}\r\n{header}X-IOTA-API-Version: 1\r\nContent-Length: {}\r\n\r\n{CONFIGURATION}",
            CONFIGURATION.len()
        ));
        let reply = client.reply(false);
        assert_eq!(reply.status, 200);
        let connection = reply.header("connection").unwrap().to_owned();
        if connection == "close" {
            assert!(client.is_closed());
        } else {
            assert_eq!(client.post(CONFIGURATION).status, 200);
        }
        connection
    };
    assert_eq!(request("1.1", ""), "keep-alive");
    assert_eq!(request("1.1", "Connection: Close\r\n"), "close");
    assert_eq!(request("1.0", ""), "close");
    assert_eq!(request("1.0", "Connection: keep-alive\r\n"), "keep-alive");
}

#[test]
fn requests_in_one_go_are_answered_in_order() {
    let node = node("recorded-iri");
    let mut client = Client::connect(node.addr());
    let one = |command: &str| {
        let body = format!("{{\"command\":\"{command}\"}}");
        format!("POST / HTTP/1.1\r\nX-IOTA-API-Version: 1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    client.send((0..20).map(|n| one(&format!("c{n}"))).collect::<String>());
    for n in 0..20 {
        assert!(client.reply(false).body.contains(&format!("Command [c{n}] is unknown")));
    }
}

#[test]
fn what_is_no_http_ends_the_connection_and_nothing_else() {
    let node = node("recorded-iri");
    let nonsense =
        ["\u{16}\u{3}\u{1}\r\n\r\n", "GET\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"];
    for text in nonsense {
        let mut client = Client::connect(node.addr());
        client.send(text);
        assert_eq!(client.reply(false).status, 400, "{text:?}");
        assert!(client.is_closed(), "{text:?}");
    }
    let mut endless = Client::connect(node.addr());
    endless.send(format!("POST / HTTP/1.1\r\nX: {}", "y".repeat(1 << 20)));
    assert_eq!(endless.reply(false).status, 431);
    assert_eq!(Client::connect(node.addr()).post(CONFIGURATION).status, 200);
}
