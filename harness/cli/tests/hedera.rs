//! Real clients drive the Hedera network: two generations of `@hashgraph/sdk` from npm, unmodified.
//!
//! They are installed once into the target folder. Where npm is missing, or the registry cannot be reached, the test says so and is
//! skipped; with TANGLEGRAM_REQUIRE_CLIENTS set it fails instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

#[allow(dead_code, reason = "each test file uses a part")]
mod install;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use install::{folder, once, run};
use libtest_mimic::{Arguments, Failed, Trial};

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/hedera").join(name)
}

/// Installs one generation of the SDK; returns what runs its script.
fn sdk(generation: &str) -> Result<Command, String> {
    let folder = folder(&format!("hedera-{generation}"));
    let package = fs::read_to_string(source(generation).join("package.json")).unwrap();
    once(&folder, &package, || {
        fs::write(folder.join("package.json"), &package).map_err(|error| error.to_string())?;
        // Neither what browsers and phones would need.
        let flags = [
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--omit=optional",
            "--legacy-peer-deps",
        ];
        run(Command::new("npm").args(flags).current_dir(&folder))
    })?;
    // Modules are looked for from where the scripts lie.
    let scripts = [("drive.js", source(generation).join("drive.js")), ("common.js", source("common.js"))];
    for (name, from) in scripts {
        fs::copy(from, folder.join(name)).map_err(|error| error.to_string())?;
    }
    let mut node = Command::new("node");
    node.arg(folder.join("drive.js"));
    Ok(node)
}

/// A network; killed when the test ends, however it ends.
struct Network {
    child: Child,
    /// What the scripts are told: the mirror node, the account and its key, the nodes.
    arguments: Vec<String>,
}

impl Network {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tanglegram"))
            .args(["serve", "hedera-net", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let (mut nodes, mut mirror) = (Vec::new(), String::new());
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["listening", "grpc", _, address] => nodes.push(address.to_owned()),
                ["listening", "mirror", _, url] => url.clone_into(&mut mirror),
                ["funded", "account", account, "key", key, ..] => {
                    let arguments = [vec![mirror, account.to_owned(), key.to_owned()], nodes].concat();
                    return Self { child, arguments };
                }
                _ => panic!("{line}"),
            }
        }
        panic!("the network ended before it began")
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A test that runs a script against a network of its own; `None` is a client that was not installed because its test is not run.
fn trial(name: &str, client: Option<Result<Command, String>>) -> Trial {
    let strict = std::env::var_os("TANGLEGRAM_REQUIRE_CLIENTS").is_some();
    if let Some(Err(reason)) = &client {
        eprintln!("{name} {}: {reason}", if strict { "fails" } else { "is skipped" });
    }
    let skipped = matches!(client, Some(Err(_))) && !strict;
    let test = move || {
        let mut client = client.unwrap_or_else(|| Err("it was not installed".into()))?;
        let network = Network::start();
        run(client.args(&network.arguments)).map_err(Failed::from)
    };
    Trial::test(name, test).with_ignored_flag(skipped)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let wanted =
        |name: &str| !arguments.list && arguments.filter.as_ref().is_none_or(|filter| name.contains(filter));
    let trials = [
        trial("sdk_2_81", wanted("sdk_2_81").then(|| sdk("current"))),
        trial("sdk_1_4", wanted("sdk_1_4").then(|| sdk("early"))),
    ];
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}
