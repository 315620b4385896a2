//! Schemathesis, from PyPI, finds no answer of the served mirror node that its OpenAPI document does not allow.
//!
//! It is installed once into the target folder. Where Python is missing, or the registry cannot be reached, the test says so and is
//! skipped; with TANGLEGRAM_REQUIRE_CLIENTS set it fails instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

#[path = "../install/mod.rs"]
mod install;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use install::run;
use libtest_mimic::{Arguments, Failed, Trial};

/// Longest time for all requests, in seconds.
const TIME: &str = "30";

/// A served mirror node; killed when the test ends, however it ends.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tanglegram"))
            .args(["serve", "recorded-mirror", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.trim_end().replace("listening mirror m0 ", "") }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The same requests each time: every operation's examples, limits of every parameter, and random ones, all checks on.
fn violations(programs: &Path) -> Result<(), Failed> {
    let serving = Serving::start();
    let mut command = Command::new(programs.join("st"));
    command.arg("run").arg(here("../../specs/mirror/openapi.json")).args(["--url", &serving.url]);
    command.args(["--checks", "all", "--phases", "examples,coverage,fuzzing", "--generation-deterministic"]);
    command.args(["--max-examples", "30", "--max-time", TIME, "--request-timeout", "10", "--no-color"]);
    // It leaves a folder with its findings where it runs.
    run(command.current_dir(programs)).map_err(Failed::from)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let name = "no_violation_of_the_openapi_document";
    let wanted = !arguments.list && arguments.filter.as_ref().is_none_or(|filter| name.contains(filter));
    let installed =
        wanted.then(|| install::python("schemathesis", &here("tests/schemathesis/requirements.txt"), &[]));
    let strict = std::env::var_os("TANGLEGRAM_REQUIRE_CLIENTS").is_some();
    if let Some(Err(reason)) = &installed {
        eprintln!("{name} {}: {reason}", if strict { "fails" } else { "is skipped" });
    }
    let skipped = matches!(installed, Some(Err(_))) && !strict;
    let test = move || match installed {
        Some(programs) => violations(&programs?),
        None => Err("it was not installed".into()),
    };
    libtest_mimic::run(&arguments, vec![Trial::test(name, test).with_ignored_flag(skipped)]).exit_code()
}
