//! `tanglegram serve` as its users meet it: what it prints, how it stops, what it says to bad input.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod running;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use running::Running;

fn tanglegram(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.arg("serve").args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The address in the next `listening` line of a node.
fn address(serving: &mut Running, node: &str) -> String {
    serving.told(&format!("listening iri {node} http://"))
}

fn post(address: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-IOTA-API-Version: 1\r\n{headers}Content-Length: {length}\r\n\r\n{body}").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

fn refused(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = tanglegram(args).output().unwrap();
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A world file that is gone when the test ends.
struct WorldFile(PathBuf);

impl WorldFile {
    fn new(name: &str, text: &str) -> Self {
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.yaml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for WorldFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const NODE_INFO: &str = "{\"command\":\"getNodeInfo\"}";

#[cfg(unix)]
#[test]
fn the_private_net_answers_when_it_says_so_and_stops_when_told() {
    for signal in ["INT", "TERM"] {
        let mut serving = Running::serve("private-net", &[]);
        let address = address(&mut serving, "n0");
        let info = post(&address, "", NODE_INFO);
        assert!(info.contains("\"latestSolidSubtangleMilestoneIndex\":1,"), "{info}");
        let funded = serving.line();
        let [_, _, _, _, checked, _, balance] = funded.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{funded}")
        };
        assert_eq!((checked.len(), balance), (90, "2779530283277761"));
        assert!(serving.line().starts_with("coordinator "));
        let gossip = serving.line();
        assert!(gossip.starts_with("listening gossip n0 tcp://127.0.0.1:"), "{gossip}");
        let question = format!(
            "{{\"command\":\"getBalances\",\"threshold\":100,\"addresses\":[\"{}\"]}}",
            &checked[..81]
        );
        assert!(post(&address, "", &question).contains("{\"balances\":[\"2779530283277761\"],"));
        assert_eq!(serving.signal(signal), Some(0), "{signal}");
        assert!(TcpStream::connect(&address).is_err());
    }
}

#[test]
fn the_recorded_worlds_are_served_in_both_dialects() {
    let getting_tips = "{\"command\":\"getTips\"}";
    let mut plain = Running::serve("recorded-iri", &[]);
    assert!(post(&address(&mut plain, "n0"), "", getting_tips).contains("{\"hashes\":[]"));
    let mut newer = Running::serve("recorded-iri-limits", &["--dialect", "iri-1.8.6"]);
    assert!(post(&address(&mut newer, "n0"), "", getting_tips).contains("Command [getTips] is unknown"));
    let mut closed = Running::serve("recorded-iri-auth", &[]);
    let address = address(&mut closed, "n0");
    assert!(post(&address, "", NODE_INFO).starts_with("HTTP/1.1 401 "));
    assert!(post(&address, "Authorization: Basic dXNlcjpwYXNz\r\n", NODE_INFO).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_world_file_may_have_several_nodes() {
    let file = WorldFile::new(
        "several",
        "wallet: { seed: A }\ncoordinator: { seed: C, depth: 2, security: 1, mode: KERL }\nnodes: { a: {}, b: { max-depth: 3 } }\n",
    );
    let mut serving = Running::start(&["serve", file.path(), "--milestone-interval", "0.05"]);
    let addresses = [address(&mut serving, "a"), address(&mut serving, "b")];
    for address in &addresses {
        assert!(post(address, "", NODE_INFO).starts_with("HTTP/1.1 200 "));
    }
    while !post(&addresses[0], "", NODE_INFO).contains("\"latestMilestoneIndex\":3,") {}
}

#[test]
fn bad_input_is_told_in_one_line_with_its_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    for (args, code, expected) in [
        (&["no-such-world"][..], 2, "error: there is no world `no-such-world`"),
        (&["./no/such/file.yaml"], 2, "error: cannot read the world file ./no/such/file.yaml: "),
        (&["--listen", "localhost"], 2, "error: invalid value 'localhost' for '--listen <ADDR:PORT>'"),
        (&["--listen", &port], 2, &format!("error: n0 cannot listen on {port}: ")),
        (&["--listen", "192.0.2.1:0"], 2, "error: n0 cannot listen on 192.0.2.1:0: "),
        (&["--dialect", "iri-2"], 2, "error: invalid value 'iri-2' for '--dialect <NAME>'"),
        (&["--milestone-interval", "0"], 2, "error: invalid value '0' for '--milestone-interval <SECONDS>'"),
    ] {
        let (status, stderr) = refused(args);
        assert_eq!(status, Some(code), "{args:?}: {stderr}");
        assert!(stderr.starts_with(expected), "{args:?}: {stderr}");
    }
}

#[test]
fn a_broken_world_file_is_shown_at_its_place() {
    let file = WorldFile::new("broken", "wallet: { seed: A }\nnodes:\n  n0:\n    max-dept: 4\n");
    let (status, stderr) = refused(&[file.path()]);
    assert_eq!(status, Some(3), "{stderr}");
    assert!(stderr.contains("max-dept: 4") && stderr.contains("did you mean `max-depth`?"), "{stderr}");
    let last = stderr.lines().last().unwrap();
    assert_eq!(last, format!("error: {}:4:5: unknown option `max-dept`", file.path()));
}

#[test]
fn a_mirror_node_is_served_in_either_dialect() {
    for (arguments, status) in
        [(&["recorded-mirror"][..], "404"), (&["recorded-mirror", "--dialect", "mirror-0.4.0"], "500")]
    {
        let mut serving = Running::start(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let line = serving.line();
        let address = line.strip_prefix("listening mirror m0 http://").unwrap_or_else(|| panic!("{line}"));
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /api/v1/accounts/77777 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
    }
    let wrong = tanglegram(&["recorded-mirror", "--dialect", "iri-1.8.6"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&wrong.stderr)
            .contains("no node of the world recorded-mirror can speak iri-1.8.6")
    );
}
