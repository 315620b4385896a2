//! A served node and a client that speaks HTTP byte by byte, so that tests can also speak it wrongly.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tanglegram_wire::{Running, Served, serve};
use tanglegram_world::World;

/// A node of a built-in world on a free port.
pub(crate) fn node(world: &str) -> Running {
    let world = World::load(world).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    serve(vec![Served::of(&world.nodes[0], listener, 1)]).unwrap()
}

/// A reply as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case, without `date`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream, unread: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Whether the server has closed the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }

    /// Sends a request with a body and reads the reply.
    pub(crate) fn request(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        self.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        self.reply(method == "HEAD")
    }

    /// Posts a command as clients do.
    pub(crate) fn post(&mut self, body: &str) -> Reply {
        self.request("POST", "/", &["X-IOTA-API-Version: 1"], body)
    }

    /// Reads a reply; that to HEAD has no body.
    pub(crate) fn reply(&mut self, head: bool) -> Reply {
        let end = self.read_until(|bytes| bytes.windows(4).position(|four| four == b"\r\n\r\n"));
        let text = String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap();
        let mut lines = text.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header =
            |line: &str| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned())).unwrap();
        let mut headers: Vec<_> = lines.map(header).filter(|(name, _)| name != "date").collect();
        headers.sort();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, length)| length.parse().unwrap());
        let length = if head { 0 } else { length };
        self.read_until(|bytes| (bytes.len() >= length).then_some(0));
        let body = String::from_utf8_lossy(&self.unread.drain(..length).collect::<Vec<u8>>()).into_owned();
        Reply { status, headers, body }
    }

    fn read_until(&mut self, done: impl Fn(&[u8]) -> Option<usize>) -> usize {
        loop {
            if let Some(at) = done(&self.unread) {
                return at;
            }
            let mut more = [0; 65536];
            let count = self.stream.read(&mut more).unwrap();
            assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&self.unread));
            self.unread.extend_from_slice(&more[..count]);
        }
    }
}

/// A body of exactly this many characters.
pub(crate) fn padded(length: usize) -> String {
    let head = "{\"command\":\"getNodeAPIConfiguration\",\"pad\":\"";
    format!("{head}{}\"}}", "x".repeat(length - head.len() - 2))
}
