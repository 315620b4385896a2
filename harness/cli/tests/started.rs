//! `check --cmd`: a node is started, checked, and gone with all its children, whatever ends the check.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{interrupted, tanglegram};
use desk::{Desk, VECTORS};

/// A private net on the port that the check chooses, with children that try to stay behind; `mark` names them.
fn command(mark: u32) -> String {
    let program = env!("CARGO_BIN_EXE_tanglegram");
    format!(
        "sleep {mark} & (setsid sleep {mark} &) ; echo booting; {program} serve private-net --listen 127.0.0.1:{{port}} --gossip 127.0.0.1:0"
    )
}

/// How many processes have this number among their arguments.
fn left(mark: u32) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.starts_with("sleep") && line.contains(&mark.to_string())).count()
}

/// Waits until so many are left.
fn becomes(mark: u32, count: usize) -> bool {
    (0..2400).any(|_| {
        thread::sleep(Duration::from_millis(50));
        left(mark) == count
    })
}

#[test]
fn a_command_is_checked_and_ended() {
    let desk = Desk::new(VECTORS);
    let ended = desk.check(
        &[],
        &["json=a.json"],
        &["--cmd", &command(986_001), "--filter", "good", "--filter", "bad"],
    );
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("  log of the target:\n  booting\n"), "{}", ended.stdout);
    let report = desk.json("a.json");
    let run = &report["runs"][0];
    assert!(run["target"].as_str().unwrap().starts_with("--cmd sleep 986001"), "{report}");
    assert!(run["software"].as_str().unwrap().starts_with("IRI"), "{report}");
    let log = run["cases"][0]["failure"]["log"].as_str().unwrap();
    assert!(log.contains("booting"), "{log}");
    assert_eq!(left(986_001), 0);
}

#[test]
fn a_command_that_ends_is_told_with_its_log() {
    let ended = tanglegram(&["check", "--cmd", "printf 'no \\033[31mgenesis\\n' {port}; exit 3"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("ended by itself, with exit status: 3"), "{}", ended.stderr);
    assert!(ended.stderr.contains("no \\u{1b}[31mgenesis"), "{}", ended.stderr);
}

#[test]
fn a_command_that_never_answers_is_given_up() {
    let ended = tanglegram(&["check", "--cmd", "sleep 986002 # {port}", "--ready", "0.5"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("not ready within 0.5 s"), "{}", ended.stderr);
    assert_eq!(left(986_002), 0);
    let ended = tanglegram(&["check", "--cmd", "sleep 986002"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

#[test]
fn an_interrupted_check_leaves_nothing() {
    let command = "trap '' TERM; sleep 986003 & sleep 986003 & wait # {port}";
    let ended = interrupted(&["check", "--cmd", command], Duration::from_secs(2));
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert_eq!(left(986_003), 0);
}

#[test]
fn a_killed_check_leaves_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tanglegram"))
        .args(["check", "--cmd", &command(986_004)])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(becomes(986_004, 2), "it is started");
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    assert!(becomes(986_004, 0), "and gone");
}
