//! The binary serving a world from a folder, and a client.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tanglegram_ternary::bundle::{BundleBuilder, Output};
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::{Hash, Transaction};

/// A world file and room for data; gone when the test ends.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(world: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("world.yaml", world);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// What the binary is started with.
    pub(crate) fn args(&self) -> Vec<String> {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        let fixed = ["--listen", "127.0.0.1:0", "--data"].map(str::to_owned);
        [vec!["serve".to_owned(), path("world.yaml")], fixed.into(), vec![path("data")]].concat()
    }

    /// A text without the folder's name, which differs from run to run.
    pub(crate) fn hide(&self, text: &str) -> String {
        text.trim_end().replace(self.0.path().to_str().unwrap(), "[folder]")
    }
}

fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_tanglegram")
}

/// What the binary says when it does not start.
pub(crate) fn refused(args: &[String]) -> String {
    let output = Command::new(binary()).args(args).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A running server; killed when the test ends, however it ends.
pub(crate) struct Serving {
    child: Mutex<Child>,
    address: String,
    log: tempfile::NamedTempFile,
}

impl Serving {
    pub(crate) fn start(args: &[String]) -> Serving {
        Serving::spawn(Command::new(binary()).args(args))
    }

    /// Starts a server whose files cannot grow beyond so many blocks of 512 or 1024 bytes.
    pub(crate) fn start_limited(blocks: u32, args: &[String]) -> Serving {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        Serving::spawn(Command::new("sh").args(["-c", &script, binary()]).args(args))
    }

    fn spawn(command: &mut Command) -> Serving {
        let log = tempfile::NamedTempFile::new().unwrap();
        let stderr = log.reopen().unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.find_map(|line| line.ok()?.strip_prefix("listening iri n0 http://").map(str::to_owned));
        let said = || fs::read_to_string(log.path()).unwrap();
        let address = line.unwrap_or_else(|| panic!("it does not listen: {}", said()));
        // It may go on printing.
        thread::spawn(move || lines.for_each(drop));
        Serving { child: Mutex::new(child), address, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What it said on standard error so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    pub(crate) fn wait_for_stderr(&self, text: &str) -> bool {
        wait(|| self.stderr().contains(text))
    }

    pub(crate) fn wait_for_milestone(&self, index: i64) {
        let is_there = || self.info()["latestSolidSubtangleMilestoneIndex"].as_i64() >= Some(index);
        assert!(wait(is_there), "no milestone {index}: {}", self.info());
    }

    /// The whole reply; `None` when the server is gone.
    pub(crate) fn ask(&self, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-IOTA-API-Version: 1\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        reply.contains("\r\n\r\n").then_some(reply)
    }

    fn json(&self, body: &str) -> Value {
        let reply = self.ask(body).unwrap();
        serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    pub(crate) fn info(&self) -> Value {
        self.json(r#"{"command":"getNodeInfo"}"#)
    }

    pub(crate) fn trytes(&self, hash: &Hash) -> String {
        let body = self.json(&format!(r#"{{"command":"getTrytes","hashes":["{hash}"]}}"#));
        body["trytes"][0].as_str().unwrap().to_owned()
    }

    pub(crate) fn store(&self, trytes: &str) -> Option<String> {
        self.ask(&format!(r#"{{"command":"storeTransactions","trytes":["{trytes}"]}}"#))
    }

    /// Whether the server acknowledged the transaction.
    pub(crate) fn stores(&self, trytes: &str) -> bool {
        self.store(trytes).is_some_and(|reply| reply.starts_with("HTTP/1.1 200 OK") && reply.ends_with('}'))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until something holds; generous, since only a failure takes that long.
fn wait(holds: impl Fn() -> bool) -> bool {
    for _ in 0..1_200 {
        if holds() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A message of its own, with proof of work.
pub(crate) fn message(client: u32, number: u32) -> (String, Hash) {
    #[expect(clippy::disallowed_methods, reason = "the node refuses messages from another time")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut bundle = BundleBuilder::new(now / 1_000);
    let name = client * 1_000_000 + number;
    let text = (0..8).map(|digit| char::from(b'A' + ((name >> (4 * digit)) & 15) as u8));
    bundle.output(&Output { message: text.collect(), ..Output::default() }).unwrap();
    let members = bundle.finish(None).unwrap().into_transactions();
    let control = Control::new();
    let work = Work { mwm: 1, timestamp: now, threads: 1, control: &control };
    let attach = |member, trunk: &Hash, branch: &Hash| pow::attach(member, trunk, branch, &work);
    let attached: Vec<Transaction> = pow::attach_bundle(members, &Hash::NULL, &Hash::NULL, attach).unwrap();
    (attached[0].to_trytes(), attached[0].hash())
}
