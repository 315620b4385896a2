//! The real binary, and targets of all kinds for it.

#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A node's answer to getNodeInfo, as far as anyone looks at it.
pub(crate) const INFO: &str = r#"{"appName":"IRI Testnet","appVersion":"1.8.5-RELEASE","latestMilestoneIndex":20,"latestSolidSubtangleMilestoneIndex":20,"duration":0}"#;

/// How a run of the binary ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the binary; one that does not end by itself is killed, and then has no exit code.
pub(crate) fn tanglegram(args: &[&str]) -> Ended {
    end(start(args))
}

/// Runs the binary with text on its standard input and an environment variable, if not empty.
pub(crate) fn tanglegram_with(args: &[&str], input: &str, (variable, value): (&str, &str)) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.args(args).env("NO_COLOR", "1").env(variable, value).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // One that wants no input may have ended.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    end(child)
}

/// Runs the binary and, after a while, interrupts it as Ctrl-C does.
pub(crate) fn interrupted(args: &[&str], after: Duration) -> Ended {
    let child = start(args);
    thread::sleep(after);
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.expect("kill can be run").success(), "the binary still runs");
    end(child)
}

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

fn end(mut child: Child) -> Ended {
    let stdout = drain(child.stdout.take().expect("piped"));
    let stderr = drain(child.stderr.take().expect("piped"));
    let code = wait(&mut child);
    let text = |reader: thread::JoinHandle<String>| reader.join().expect("no panic");
    Ended { code, stdout: text(stdout), stderr: text(stderr) }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8(bytes).expect("the binary writes UTF-8")
    })
}

/// Generous: only to end a run that would never end.
fn wait(child: &mut Child) -> Option<i32> {
    for _ in 0..1200 {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status.code();
        }
        thread::sleep(Duration::from_millis(100));
    }
    child.kill().expect("a child can be killed");
    None
}

/// A listener that does to each connection what it is told.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Target {
    pub(crate) fn new(behave: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, behave) = (Arc::clone(&connections), Arc::new(behave));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let behave = Arc::clone(&behave);
                thread::spawn(move || behave(stream, number));
            }
        });
        Self { address, connections }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads one request, head and body; `None` when the other side is done.
pub(crate) fn read_request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    if line.is_empty() {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// Writes a whole reply.
pub(crate) fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
    // The other side may have gone.
    let _ = stream.write_all((head + body).as_bytes());
}

/// A target that answers getNodeInfo properly, and everything else as told; `false` from the closure ends the connection.
pub(crate) fn node(answer: impl Fn(&mut TcpStream, &str) -> bool + Send + Sync + 'static) -> Target {
    Target::new(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        while let Some(body) = read_request(&mut reader) {
            if body.contains("getNodeInfo") {
                reply(&mut stream, "200 OK", INFO);
            } else if !answer(&mut stream, &body) {
                return;
            }
        }
    })
}
