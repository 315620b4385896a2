//! An exchange as text for people: bounded, and with whatever the other side sent escaped.

use std::fmt::Write as _;

use tanglegram_target::{Endpoint, HeaderMap, Reply, Request};
use tanglegram_vector::shorten;

/// Most characters of one body shown.
const BODY: usize = 1500;
/// Most characters of one header shown.
const HEADER: usize = 200;

/// What was sent, line by line.
pub(crate) fn sent(endpoint: &Endpoint, request: &Request) -> String {
    let path = shorten(&request.path, HEADER);
    let mut text = format!("> {} {}{path} HTTP/1.1\n", request.method, endpoint.path());
    let _ = writeln!(text, "> host: {}", endpoint.authority());
    if request.authorize && endpoint.authorization().is_some() {
        text.push_str("> authorization: (yours)\n");
    }
    for name in endpoint.headers().keys().filter(|name| !request.headers.contains_key(*name)) {
        let _ = writeln!(text, "> {name}: (yours)");
    }
    part('>', &request.headers, &request.body, &mut text);
    text
}

/// What came back, line by line.
pub(crate) fn came(reply: &Reply) -> String {
    let mut text = format!("< HTTP/1.1 {}\n", reply.status);
    part('<', &reply.headers, &reply.body, &mut text);
    text
}

/// An exchange inside a network: who was asked, when, what was sent and what came back.
pub(crate) fn told(node: &str, at: &str, sent: &str, reply: &Reply) -> String {
    let mut text = format!("> {node} at {at}\n");
    part('>', &HeaderMap::new(), sent.as_bytes(), &mut text);
    text + &came(reply)
}

fn part(mark: char, headers: &HeaderMap, body: &[u8], text: &mut String) {
    for (name, value) in headers {
        let value = shorten(&String::from_utf8_lossy(value.as_bytes()), HEADER);
        let _ = writeln!(text, "{mark} {name}: {value}");
    }
    if !body.is_empty() {
        let start = String::from_utf8_lossy(&body[..body.len().min(BODY * 4)]);
        let cut = if start.chars().count() > BODY { start.chars().take(BODY).collect() } else { start };
        let more = if body.len() > cut.len() { format!("… ({} bytes)", body.len()) } else { String::new() };
        let _ = writeln!(text, "{mark}\n{mark} {}{more}", shorten(&cut, BODY));
    }
}
