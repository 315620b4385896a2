//! `kill -9` of a check at any moment: what stands in a report's place is the old one or the new one, whole.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use desk::{Desk, hostile};

const OLD: &str = "what was there before";
const FORMATS: [&str; 4] = ["json", "junit", "tap", "html"];

/// So many vectors that fail, each with something to say.
fn vectors(count: usize) -> String {
    let head = "api: iri\ndefaults: { clauses: [iri.getTips.hashes], world: any, level: spec }\nvectors:\n";
    let one = |number| {
        format!(
            "  - {{ vector: v-{number}, call: getTips, expect: {{ status: 200, body: {{ hashes: [B] }} }} }}\n"
        )
    };
    head.to_owned() + &(0..count).map(one).collect::<String>()
}

fn start(desk: &Desk, url: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.args(["check", url, "--vectors"]).arg(desk.path("vectors")).arg("--report");
    for format in FORMATS {
        command.arg(format!("{format}={}", desk.path(format).display()));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Whether it ends as such a report does.
fn is_whole(format: &str, text: &str) -> bool {
    let text = text.trim_end();
    match format {
        "json" => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        "junit" => text.ends_with("</testsuites>"),
        "tap" => text.contains("v-299\n  ---\n") && text.ends_with("  ..."),
        _ => text.ends_with("</html>"),
    }
}

/// How many reports are new; none is half.
fn new_ones(desk: &Desk) -> usize {
    let texts = FORMATS.map(|format| (format, desk.text(format)));
    for (format, text) in &texts {
        let end: String = text.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
        assert!(text == OLD || is_whole(format, text), "half of a {format} report: …{end}");
    }
    texts.iter().filter(|(_, text)| text != OLD).count()
}

/// Whether a part of a report has been written.
fn is_writing(desk: &Desk) -> bool {
    let entries = fs::read_dir(desk.path("")).unwrap().flatten();
    let mut parts = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "part"));
    parts.any(|part| part.metadata().is_ok_and(|part| part.len() > 0))
}

/// A check that is killed as soon as it is time for that, if it has not ended before.
fn killed(desk: &Desk, url: &str, mut is_time: impl FnMut() -> bool) -> usize {
    for format in FORMATS {
        fs::write(desk.path(format), OLD).unwrap();
    }
    let mut child = start(desk, url);
    while child.try_wait().unwrap().is_none() && !is_time() {
        std::hint::spin_loop();
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    new_ones(desk)
}

#[test]
#[allow(clippy::disallowed_methods, reason = "when to kill is told by the clock")]
fn a_check_that_is_killed_leaves_no_half_of_a_report() {
    let (desk, target) = (Desk::new(&vectors(300)), hostile());
    let url = target.url();
    let began = Instant::now();
    assert_eq!(killed(&desk, &url, || false), FORMATS.len(), "one that is not killed writes all");
    let whole = began.elapsed();
    for step in 1..=10 {
        let until = Instant::now() + whole * step / 10;
        killed(&desk, &url, || {
            sleep(Duration::from_micros(200));
            Instant::now() >= until
        });
    }
    // While one of them is being written, and some time after.
    let mut cut = 0;
    for moments in 0..10 {
        let mut seen = 0;
        let new = killed(&desk, &url, || {
            seen += u32::from(is_writing(&desk) || seen > 0);
            seen > moments
        });
        cut += usize::from(new < FORMATS.len());
    }
    assert!(cut > 0, "it was killed while it wrote");
    // The next whole run removes what was left.
    assert_eq!(killed(&desk, &url, || false), FORMATS.len());
    let parts = fs::read_dir(desk.path("")).unwrap().flatten();
    let parts = parts.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0);
}
