//! `check --image`: a node in a container is checked, and the container gone, whatever ends the check.
//!
//! The tests need a container engine and our own image, which TANGLEGRAM_TEST_IMAGE names (`.ci/image` builds it); without
//! they are skipped with that reason. One needs neither.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use common::{Ended, interrupted, tanglegram, tanglegram_with};
use desk::{Desk, VECTORS};
use libtest_mimic::{Arguments, Trial};

/// A test of an image, and its name.
type Test = (&'static str, fn(&str));

/// The label of every container that a check starts.
const LABEL: &str = "tanglegram.owner";

/// Lets `docker` say something.
fn docker(args: &[&str]) -> Result<String, String> {
    let output = Command::new("docker").args(args).output().map_err(|error| format!("no docker: {error}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Our own image, or why there is none.
fn image() -> Result<String, String> {
    docker(&["version", "--format", "{{.Server.Version}}"])
        .map_err(|why| format!("no container engine: {why}"))?;
    let image = std::env::var("TANGLEGRAM_TEST_IMAGE");
    let image =
        image.map_err(|_| "TANGLEGRAM_TEST_IMAGE names no image (.ci/image builds one)".to_owned())?;
    docker(&["image", "inspect", "--format", "{{.Id}}", &image])?;
    Ok(image)
}

/// The containers that checks started and that are still there.
fn left() -> Vec<String> {
    let filter = format!("label={LABEL}");
    let ids = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]).unwrap();
    ids.lines().map(str::to_owned).collect()
}

/// Waits until so many are left.
fn becomes(count: usize) -> bool {
    (0..600).any(|_| {
        thread::sleep(Duration::from_millis(100));
        left().len() == count
    })
}

fn check(image: &str, more: &[&str]) -> Ended {
    tanglegram(&[&["check", "--image", image], more].concat())
}

/// A check whose node never answers: nobody listens there.
const NEVER: [&str; 4] = ["--container-port", "9", "--ready", "120"];

fn never(image: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.args(["check", "--image", image]).args(NEVER).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The same, and its container runs.
fn waiting(image: &str) -> Child {
    let child = never(image).spawn().unwrap();
    let runs = |_| {
        thread::sleep(Duration::from_millis(100));
        !docker(&["ps", "--quiet", "--filter", &format!("label={LABEL}")]).unwrap().is_empty()
    };
    assert!((0..600).any(runs), "the container runs");
    let ports = docker(&["ps", "--format", "{{.Ports}}", "--filter", &format!("label={LABEL}")]).unwrap();
    // Inside a container the engine's loopback may be another one.
    let is_inside = Path::new("/.dockerenv").exists();
    let is_alone = ports.matches("->").count() == 1 && ports.contains("127.0.0.1:");
    assert!(is_alone || is_inside, "published on loopback alone: {ports}");
    child
}

fn our_image_passes(image: &str) {
    let desk = Desk::new(VECTORS);
    let report = format!("json={}", desk.path("a.json").display());
    let ended = check(image, &["--dialect", "iri-1.8.6", "--report", &report]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let run = &desk.json("a.json")["runs"][0];
    assert_eq!(run["target"], format!("--image {image}"));
    assert!(run["software"].as_str().unwrap().starts_with("IRI"), "{run}");
    let passed = run["cases"].as_array().unwrap().iter().filter(|case| case["verdict"] == "pass").count();
    assert!(passed > 50, "{passed}");
    assert!(left().is_empty());
}

/// The fixture is in the container and files of ours too, its variables are set, and it is fed.
fn the_fixture_is_mounted_and_fed(image: &str) {
    let desk = Desk::new(VECTORS);
    let world = include_str!("../../../fixtures/worlds/recorded-iri.yaml")
        .replace("../recorded/iri-1.8/snapshot.txt", "/fixture/snapshot.txt");
    assert!(world.contains("/fixture/snapshot.txt"), "{world}");
    fs::write(desk.path("world.yaml"), world).unwrap();
    let mount = format!("{}:/more", desk.path("").display());
    let serve = ["--arg=serve", "--arg=/more/world.yaml", "--arg=--listen", "--arg=0.0.0.0:14266"];
    let options =
        ["--container-port", "14266", "--mount", &mount, "--env", "TANGLEGRAM_POW=portable", "--feed"];
    let selection = ["--dialect", "iri-1.8.5", "--filter", "iri/getBalances"];
    let ended = check(image, &[&serve[..], &options, &selection].concat());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("needs the fixture world recorded-iri "), "{}", ended.stdout);
    let wrong = check(image, &["--env", "TANGLEGRAM_POW=none"]);
    assert_eq!(wrong.code, Some(4), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("TANGLEGRAM_POW"), "the log tells: {}", wrong.stderr);
    assert!(left().is_empty());
}

fn the_log_is_kept_with_every_failure(image: &str) {
    let desk = Desk::new(VECTORS);
    let ended = desk.check(&[], &["json=a.json"], &["--image", image, "--filter", "bad"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("  log of the target:\n"), "{}", ended.stdout);
    let report = desk.json("a.json");
    let log = report["runs"][0]["cases"][0]["failure"]["log"].as_str().unwrap();
    assert!(log.contains("listening iri"), "{log}");
}

fn what_cannot_be_checked_is_told(image: &str) {
    let ends = check(image, &["--arg=frobnicate"]);
    assert_eq!(ends.code, Some(4), "{}", ends.stderr);
    assert!(ends.stderr.contains("the container ended by itself, with exit code 2"), "{}", ends.stderr);
    assert!(ends.stderr.contains("unrecognized subcommand 'frobnicate'"), "its log: {}", ends.stderr);
    let silent = check(image, &["--container-port", "9", "--ready", "3"]);
    assert_eq!(silent.code, Some(4), "{}", silent.stderr);
    assert!(silent.stderr.contains("not ready within 3 s: "), "{}", silent.stderr);
    assert!(silent.stderr.contains("listening iri"), "its log: {}", silent.stderr);
    let unknown = check("127.0.0.1:1/no/such:image", &[]);
    assert_eq!(unknown.code, Some(4), "{}", unknown.stderr);
    let told = "error: the image 127.0.0.1:1/no/such:image cannot be started: ";
    assert!(unknown.stderr.contains(told), "{}", unknown.stderr);
    assert!(left().is_empty());
}

fn an_interrupted_check_leaves_nothing(image: &str) {
    for pause in [100, 400, 2_000] {
        let args = [&["check", "--image", image], &NEVER[..]].concat();
        let ended = interrupted(&args, Duration::from_millis(pause));
        assert!(!matches!(ended.code, Some(0 | 1)), "after {pause} ms: {}", ended.stderr);
        assert!(left().is_empty(), "after {pause} ms: {}", ended.stderr);
    }
}

/// Killed at any moment: also while the engine is about to create or start the container.
fn a_killed_check_leaves_nothing(image: &str) {
    for pause in [Some(50), Some(150), Some(300), None] {
        let mut child = pause.map_or_else(|| waiting(image), |_| never(image).spawn().unwrap());
        thread::sleep(Duration::from_millis(pause.unwrap_or(0)));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        // What stood beside the check removes it.
        assert!((0..600).any(|_| is_over(child.id())), "after {pause:?} ms");
        assert!(left().is_empty(), "after {pause:?} ms");
    }
}

fn a_killed_container_is_told(image: &str) {
    let child = waiting(image);
    docker(&["kill", "--signal", "KILL", &left()[0]]).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("the container ended by itself, with exit code 137"), "{told}");
    assert!(left().is_empty());
}

/// Nobody is there any more who would remove it.
fn what_is_left_is_removed_by_the_next_check(image: &str) {
    let mut child = waiting(image);
    kill(&reaper(child.id()).expect("it has one"));
    child.kill().unwrap();
    child.wait().unwrap();
    // Others' are left alone: that of another machine, and that of a check that is under way.
    let elsewhere = format!("{LABEL}=elsewhere earlier 1 1");
    let other = docker(&["run", "--detach", "--label", &elsewhere, image]).unwrap();
    let mut running = never(image).spawn().unwrap();
    assert!(becomes(2), "that of the killed check is removed, those of others not: {:?}", left());
    let ended = check(image, &["--filter", "iri/getNodeInfo"]);
    let still = left();
    docker(&["rm", "--force", &other]).unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!((still.len(), still.contains(&other)), (2, true));
    assert!(becomes(0));
}

/// The process that removes what a check started.
fn reaper(check: u32) -> Option<String> {
    let owner = format!(" {check} ");
    let is_meant = |id: &String| {
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.contains("\0reap\0") && line.contains(&owner)
    };
    let mut ids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    ids.find(is_meant)
}

/// Whether nothing of a check runs any more; waits a moment first.
fn is_over(check: u32) -> bool {
    thread::sleep(Duration::from_millis(100));
    reaper(check).is_none()
}

fn kill(process: &str) {
    assert!(Command::new("kill").args(["-KILL", process]).status().unwrap().success());
}

/// Needs no engine.
fn without_an_engine_that_is_said() {
    for (host, why) in [
        ("unix:///nonexistent/docker.sock", "/nonexistent/docker.sock"),
        ("tcp://127.0.0.1:1", "onnect"),
        ("ftp://x", "ftp"),
    ] {
        let ended = tanglegram_with(&["check", "--image", "any"], "", ("DOCKER_HOST", host));
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        assert!(ended.stderr.contains("error: no container engine: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    for (args, why) in [
        (&["--image", "any", "http://127.0.0.1:1"][..], "give no URL"),
        (&["--image", "any", "--cmd", "true"], "cannot be used with"),
        (&["--container-port", "1"], "--image"),
        (&["--image", "any", "--env", "x"], "two texts with `=` between them"),
    ] {
        let ended = tanglegram(&[&["check"], args].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let image = if arguments.list { Err("nothing is run".to_owned()) } else { image() };
    if let (Err(why), false) = (&image, arguments.list) {
        eprintln!("skipped: check --image: {why}");
    }
    let tests: [Test; 8] = [
        ("our_image_passes", our_image_passes),
        ("the_fixture_is_mounted_and_fed", the_fixture_is_mounted_and_fed),
        ("the_log_is_kept_with_every_failure", the_log_is_kept_with_every_failure),
        ("what_cannot_be_checked_is_told", what_cannot_be_checked_is_told),
        ("an_interrupted_check_leaves_nothing", an_interrupted_check_leaves_nothing),
        ("a_killed_check_leaves_nothing", a_killed_check_leaves_nothing),
        ("a_killed_container_is_told", a_killed_container_is_told),
        ("what_is_left_is_removed_by_the_next_check", what_is_left_is_removed_by_the_next_check),
    ];
    let trial = |(name, test): Test| {
        let image = image.clone();
        let skipped = image.is_err();
        let run = move || {
            test(&image?);
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(skipped)
    };
    let mut trials: Vec<Trial> = tests.into_iter().map(trial).collect();
    trials.push(Trial::test("without_an_engine_that_is_said", || {
        without_an_engine_that_is_said();
        Ok(())
    }));
    // They count the containers there are.
    let arguments = Arguments { test_threads: Some(1), ..arguments };
    libtest_mimic::run(&arguments, trials).exit_code()
}
