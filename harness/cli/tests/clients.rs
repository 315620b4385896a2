//! Real clients drive the private net: `@iota/core` from npm and PyOTA from PyPI, unmodified.
//!
//! They are installed once into the target folder. Where npm or Python is missing, or the registry cannot be reached, the
//! test says so and is skipped; with TANGLEGRAM_REQUIRE_CLIENTS set it fails instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod install;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use install::{folder, once, run};
use libtest_mimic::{Arguments, Failed, Trial};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Installs `@iota/core`; returns what runs the script.
fn javascript() -> Result<Command, String> {
    let folder = folder("javascript");
    let package = fs::read_to_string(script("package.json")).unwrap();
    once(&folder, &package, || {
        fs::write(folder.join("package.json"), &package).map_err(|error| error.to_string())?;
        let flags = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
        run(Command::new("npm").args(flags).current_dir(&folder))
    })?;
    // Modules are looked for from where the script lies.
    fs::copy(script("transfer.js"), folder.join("transfer.js")).map_err(|error| error.to_string())?;
    let mut node = Command::new("node");
    node.arg(folder.join("transfer.js"));
    Ok(node)
}

/// Installs PyOTA; returns what runs the script.
fn python() -> Result<Command, String> {
    let programs = install::python("python", &script("requirements.txt"), &["--no-deps"])?;
    let interpreter = programs.join("python");
    run(Command::new(&interpreter).arg(script("stand_in.py")))?;
    let mut python = Command::new(interpreter);
    python.arg(script("transfer.py"));
    Ok(python)
}

/// A private net; killed when the test ends, however it ends.
struct PrivateNet {
    child: Child,
    url: String,
    seed: String,
}

impl PrivateNet {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tanglegram"))
            .args(["serve", "private-net", "--listen", "127.0.0.1:0", "--milestone-interval", "1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut word = |start: &str, number: usize| {
            let line = lines.find(|line| line.starts_with(start)).unwrap();
            line.split(' ').nth(number).unwrap().to_owned()
        };
        let (url, seed) = (word("listening iri", 3), word("funded seed", 2));
        Self { child, url, seed }
    }
}

impl Drop for PrivateNet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A test that runs a client's script against a private net of its own; `None` is a client that was not installed because
/// its test is not run.
fn trial(name: &str, client: Option<Result<Command, String>>) -> Trial {
    let strict = std::env::var_os("TANGLEGRAM_REQUIRE_CLIENTS").is_some();
    if let Some(Err(reason)) = &client {
        eprintln!("{name} {}: {reason}", if strict { "fails" } else { "is skipped" });
    }
    let skipped = matches!(client, Some(Err(_))) && !strict;
    let test = move || {
        let mut client = client.unwrap_or_else(|| Err("it was not installed".into()))?;
        let net = PrivateNet::start();
        run(client.args([&net.url, &net.seed])).map_err(Failed::from)
    };
    Trial::test(name, test).with_ignored_flag(skipped)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let wanted =
        |name: &str| !arguments.list && arguments.filter.as_ref().is_none_or(|filter| name.contains(filter));
    let trials = [
        trial("iota_core", wanted("iota_core").then(javascript)),
        trial("pyota", wanted("pyota").then(python)),
    ];
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}
