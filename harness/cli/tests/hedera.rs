//! Real clients drive the Hedera network: two generations of `@hashgraph/sdk` from npm, unmodified.
//!
//! They are installed once into the target folder. Where npm is missing, or the registry cannot be reached, the test says so and is
//! skipped; with TANGLEGRAM_REQUIRE_CLIENTS set it fails instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod install;
mod running;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use install::{folder, once, run, trial, wanted};
use libtest_mimic::Arguments;
use running::Running;

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

/// Runs a script against a network of its own: it is told the mirror node, the account and its key, and the nodes.
fn drive(mut client: Command) -> Result<(), String> {
    let mut network = Running::serve("hedera-net", &[]);
    let mut nodes = Vec::new();
    let mut line = network.line();
    while let Some(node) = line.strip_prefix("listening grpc ") {
        nodes.push(node.split(' ').nth(1).unwrap().to_owned());
        line = network.line();
    }
    let mirror = line.strip_prefix("listening mirror ").and_then(|rest| rest.split(' ').nth(1)).expect(&line);
    let funded = network.told("funded account ");
    let [account, "key", key, ..] = funded.split(' ').collect::<Vec<_>>()[..] else { panic!("{funded}") };
    run(client.args([mirror, account, key]).args(nodes))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let wanted = wanted(&arguments);
    let trials = [
        trial("sdk_2_81", wanted("sdk_2_81").then(|| sdk("current")), drive),
        trial("sdk_1_4", wanted("sdk_1_4").then(|| sdk("early")), drive),
    ];
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}
