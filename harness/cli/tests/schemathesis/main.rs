//! Schemathesis, from PyPI, finds no answer of the served mirror node that its OpenAPI document does not allow.
//!
//! It is installed once into the target folder. Where Python is missing, or the registry cannot be reached, the test says so and is
//! skipped; with TANGLEGRAM_REQUIRE_CLIENTS set it fails instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

#[path = "../install/mod.rs"]
mod install;
#[path = "../running/mod.rs"]
mod running;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use install::{run, trial, wanted};
use libtest_mimic::Arguments;
use running::Running;

/// Longest time for all requests, in seconds.
const TIME: &str = "30";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The same requests each time: every operation's examples, limits of every parameter, and random ones, all checks on.
fn violations(programs: &Path) -> Result<(), String> {
    let mut serving = Running::serve("recorded-mirror", &[]);
    let url = serving.url();
    let mut command = Command::new(programs.join("st"));
    command.arg("run").arg(here("../../specs/mirror/openapi.json")).args(["--url", &url]);
    command.args(["--checks", "all", "--phases", "examples,coverage,fuzzing", "--generation-deterministic"]);
    command.args(["--max-examples", "30", "--max-time", TIME, "--request-timeout", "10", "--no-color"]);
    // It leaves a folder with its findings where it runs.
    run(command.current_dir(programs))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let name = "no_violation_of_the_openapi_document";
    let installed = wanted(&arguments)(name)
        .then(|| install::python("schemathesis", &here("tests/schemathesis/requirements.txt"), &[]));
    let trials = vec![trial(name, installed, |programs| violations(&programs))];
    libtest_mimic::run(&arguments, trials).exit_code()
}
