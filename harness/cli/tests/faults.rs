//! `tanglegram serve --faults`: the faults of a world happen to the network on real ports.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

mod running;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use running::Running;
use serde_json::Value;

/// Tries until something that must come counts as never coming: generous, and only to end a test that would never end.
const TRIES: usize = 1_200;

/// A running network.
struct Serving {
    process: Running,
    apis: Vec<SocketAddr>,
}

impl Serving {
    /// Serves a world of so many nodes with its faults, once all say where they listen.
    fn start(world: &str, nodes: usize) -> Serving {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), world);
        let mut process = Running::start(&["serve", &path, "--faults"]);
        let api = |number| process.told(&format!("listening iri n{number} http://")).parse().unwrap();
        let apis = (0..nodes).map(api).collect();
        Serving { process, apis }
    }

    fn ask(&self, node: usize) -> Option<Value> {
        let mut stream = TcpStream::connect(self.apis[node]).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let body = r#"{"command":"getNodeInfo"}"#;
        let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-IOTA-API-Version: 1\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        serde_json::from_str(reply.split_once("\r\n\r\n")?.1).ok()
    }

    /// The latest solid milestone of a node that answers.
    fn solid(&self, node: usize) -> i64 {
        let info = self.ask(node).unwrap_or_else(|| panic!("n{node} does not answer"));
        info["latestSolidSubtangleMilestoneIndex"].as_i64().unwrap()
    }

    /// Waits until a node has that milestone solid.
    fn wait_for(&self, node: usize, milestone: i64) {
        eventually(&format!("n{node} gets milestone {milestone}"), || {
            self.ask(node).is_some_and(|info| {
                info["latestSolidSubtangleMilestoneIndex"].as_i64().is_some_and(|solid| solid >= milestone)
            })
        });
    }
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..TRIES {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("never: {what}");
}

fn write(folder: &Path, world: &str) -> String {
    let path = folder.join("world.yaml");
    fs::write(&path, world).unwrap();
    path.to_str().unwrap().to_owned()
}

const HEAD: &str = "\
options: { mwm: 1 }
wallet: { seed: ALICE }
coordinator: { seed: COO, depth: 8, security: 1, mode: CURLP27, interval: 300ms }
link: { latency: 1ms..5ms, jitter: 1ms }
topology: complete
";

#[test]
fn who_is_isolated_falls_behind_and_who_crashes_is_gone() {
    let faults = "nodes: 3\nfaults:\n  - { at: 500ms, isolate: n1 }\n  - { at: 600ms, crash: n2 }\n";
    let mut serving = Serving::start(&format!("{HEAD}{faults}"), 3);
    assert_eq!(serving.process.told("fault "), "500ms isolate: n1");
    assert_eq!(serving.process.told("fault "), "600ms crash: n2");
    assert!(serving.ask(2).is_none(), "a crashed node answers");
    // Whatever it had heard by then, it hears no more.
    let last = serving.solid(1);
    serving.wait_for(0, last + 4);
    assert!(serving.solid(1) <= last + 1, "an isolated node goes on");
}

#[test]
fn after_heal_restart_and_resume_everybody_catches_up() {
    let faults = "nodes: 4\nfaults:
  - { at: 500ms, partition: [[n0, n2, n3], [n1]] }
  - { at: 600ms, crash: n2 }
  - { at: 700ms, pause: n3 }
  - { at: 800ms, skew: { n0: 2s } }
  - { at: 900ms, slow: { n1: 2ms } }
  - { at: 1s, tweak: { loss: 0.1 } }
  - { at: 2s, restart: n2 }
  - { at: 2s, resume: n3 }
  - { at: 2100ms, heal: all }
  - { at: 2200ms, restore-links: all }
";
    let mut serving = Serving::start(&format!("{HEAD}{faults}"), 4);
    let told: Vec<String> = (0..10).map(|_| serving.process.told("fault ")).collect();
    assert_eq!(told[0], "500ms partition: [[n0, n2, n3], [n1]]");
    assert_eq!(told[6], "2s restart: n2");
    assert_eq!(told[9], "2200ms restore-links: all");
    assert!(told.iter().all(|line| !line.contains("not done")), "{told:?}");
    let healed = serving.solid(0);
    for node in 1..4 {
        serving.wait_for(node, healed + 2);
    }
}

#[test]
fn a_node_with_a_folder_starts_again_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n0").to_str().unwrap().to_owned();
    let nodes = format!("nodes: {{ n0: {{ db-path: '{path}' }}, n1: {{}} }}\n");
    let faults = "faults:\n  - { at: 1s, power-loss: n0 }\n  - { at: 1200ms, restart: n0 }\n";
    let mut serving = Serving::start(&format!("{HEAD}{nodes}{faults}"), 2);
    assert_eq!(serving.process.told("fault "), "1s power-loss: n0");
    let before = serving.solid(1);
    assert_eq!(serving.process.told("fault "), "1200ms restart: n0");
    assert!(serving.solid(0) >= before, "a restart lost what neighbours know");
    // Its coordinator goes on, and its neighbour with it.
    serving.wait_for(1, before + 3);
    serving.wait_for(0, before + 3);
}

fn refused(world: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    let output = command.args(["serve", world, "--faults"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_world_without_faults_or_with_impossible_ones_is_refused() {
    let error = refused("private-net");
    assert!(error.contains("the world private-net has no `faults` and no `swarm`"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        &format!("{HEAD}nodes: 2\nfaults:\n  - {{ at: 1s, behave: {{ n1: garbage }} }}\n"),
    );
    let error = refused(&path);
    assert!(error.contains("`garbage` of n1 at 1000 ms cannot be had on real ports"), "{error}");
}
