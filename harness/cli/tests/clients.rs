//! Real clients drive the private net: `@iota/core` from npm and PyOTA from PyPI, unmodified.
//!
//! They are installed once into the target folder. Where npm or Python is missing, or the registry cannot be reached, the
//! test says so and is skipped; with TANGLEGRAM_REQUIRE_CLIENTS set it fails instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod install;
mod running;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use install::{folder, once, run, trial, wanted};
use libtest_mimic::Arguments;
use running::Running;

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

/// Runs a client's script against a private net of its own.
fn drive(mut client: Command) -> Result<(), String> {
    let mut net = Running::serve("private-net", &["--milestone-interval", "1"]);
    let url = net.url();
    let funded = net.told("funded seed ");
    let seed = funded.split(' ').next().unwrap();
    run(client.args([url.as_str(), seed]))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let wanted = wanted(&arguments);
    let trials = [
        trial("iota_core", wanted("iota_core").then(javascript), drive),
        trial("pyota", wanted("pyota").then(python), drive),
    ];
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}
