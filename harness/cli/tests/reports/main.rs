//! `--report`: every form of it, whole or not there, with nothing a target sends taken at its word.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../desk/mod.rs"]
mod desk;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{Target, node, reply, tanglegram};
use desk::{Desk, HOSTILE, VECTORS, hostile};
use serde_json::Value;

/// A dialect, so that vectors of others are skipped.
const DIALECT: [&str; 2] = ["--dialect", "iri-1.8.5"];

/// A report without what differs from run to run.
fn steady(text: &str, target: &Target, desk: &Desk) -> String {
    let text =
        text.replace(&target.address.to_string(), "HOST").replace(desk.0.path().to_str().unwrap(), "DIR");
    let times = [(" time=\"", '"'), (" uuid=\"", '"'), (" timestamp=\"", '"')];
    times.iter().fold(text, |text, (begin, end)| {
        let mut parts = text.split(begin);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + begin + "…" + &part[part.find(*end).unwrap()..])
    })
}

#[test]
fn all_forms_are_written_at_once() {
    let (desk, target) = (Desk::new(VECTORS), hostile());
    let ended = desk.check(&[&target], &["junit=a.xml", "tap=a.tap", "json=a.json"], &DIALECT);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    insta::assert_snapshot!("junit", steady(&desk.text("a.xml"), &target, &desk));
    insta::assert_snapshot!("tap", steady(&desk.text("a.tap"), &target, &desk));
    let report = desk.json("a.json");
    let run = &report["runs"][0];
    assert_eq!(report["tool"], concat!("tanglegram ", env!("CARGO_PKG_VERSION")));
    assert_eq!(run["target"], target.url());
    assert_eq!(run["software"], "IRI Testnet 1.8.5-RELEASE");
    assert_eq!(
        (&run["dialect"], &run["level"], &run["exit"]),
        (&"iri-1.8.5".into(), &"spec".into(), &1.into())
    );
    assert_eq!(run["vectors"].as_str().unwrap().len(), 64);
    let verdicts: Vec<&str> =
        run["cases"].as_array().unwrap().iter().map(|case| case["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["skip", "pass", "fail", "fail"]);
    assert_eq!(fs::read_dir(desk.0.path()).unwrap().count(), 4, "nothing else is left in the folder");
}

#[test]
fn the_digest_is_that_of_the_questions() {
    let target = hostile();
    let digest = |vectors: &str, more: &[&str]| {
        let desk = Desk::new(vectors);
        desk.check(&[&target], &["json=a.json"], more);
        desk.json("a.json")["runs"][0]["vectors"].clone()
    };
    let whole = digest(VECTORS, &[]);
    assert_eq!(digest(VECTORS, &[]), whole, "in another folder, too");
    assert_ne!(digest(VECTORS, &["--filter", "good"]), whole);
    assert_ne!(digest(&VECTORS.replace("x: 1", "x: 2"), &[]), whole);
}

#[test]
fn transcripts_are_shown_on_demand_and_failures_by_command() {
    let (desk, target) = (Desk::new(VECTORS), hostile());
    let ended = desk.check(&[&target], &[], &DIALECT);
    insta::assert_snapshot!("terminal", steady(ended.stdout.rsplit_once(" in ").unwrap().0, &target, &desk));
    let told = desk.check(&[&target], &[], &["--transcripts", DIALECT[0], DIALECT[1]]).stdout;
    assert!(told.contains("  > POST / HTTP/1.1\n") && told.contains("  < HTTP/1.1 200 OK\n"), "{told}");
    assert!(!told.contains('\u{1b}') && !told.contains("--transcripts"), "{told}");
}

#[test]
fn several_targets_are_compared() {
    let good = node(|stream, body| {
        let refused = body.contains("\"x\"");
        let (status, body) = if refused {
            ("400 Bad Request", r#"{"error":"no","duration":0}"#)
        } else {
            ("200 OK", r#"{"hashes":["A"]}"#)
        };
        reply(stream, status, body);
        true
    });
    let bad = hostile();
    let desk = Desk::new(VECTORS);
    let ended = desk.check(&[&good, &bad], &["json=a.json", "junit=a.xml"], &DIALECT);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let summary = ended.stdout.split("\n2 targets\n").nth(1).unwrap();
    let summary = summary.replace(&good.url(), "ONE").replace(&bad.url(), "TWO");
    insta::assert_snapshot!("cluster", summary);
    let report = desk.json("a.json");
    let exits: Vec<_> = report["runs"].as_array().unwrap().iter().map(|run| run["exit"].clone()).collect();
    assert_eq!(exits, [1, 1]);
    assert!(desk.text("a.xml").contains(&format!("{}: iri/getTips", bad.url())));
}

#[test]
fn a_node_of_a_cluster_that_is_gone_does_not_hide_the_others() {
    let gone = Target::new(|_, _| ());
    let (desk, target) = (Desk::new(VECTORS), hostile());
    let ended = desk.check(&[&gone, &target], &["json=a.json", "tap=a.tap"], &[]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let report = desk.json("a.json");
    assert!(report["runs"][0]["unusable"].as_str().unwrap().contains("closed before"), "{report}");
    assert_eq!(report["runs"][1]["cases"].as_array().unwrap().len(), 4);
    assert!(desk.text("a.tap").contains("\nBail out! "), "{}", desk.text("a.tap"));
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_asked() {
    let (desk, target) = (Desk::new(VECTORS), hostile());
    let ended = desk.check(&[&target], &["json=none/a.json"], &[]);
    assert_eq!((ended.code, target.connections()), (Some(2), 0), "{}", ended.stderr);
    for wrong in ["a.json", "pdf=a.pdf", "json="] {
        let ended = tanglegram(&["check", "--report", wrong]);
        assert_eq!(ended.code, Some(2), "{wrong}: {}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_the_report_that_was_there() {
    let slow = node(|stream, _| {
        thread::sleep(Duration::from_millis(200));
        reply(stream, "200 OK", HOSTILE);
        true
    });
    let desk = Desk::new(VECTORS);
    fs::write(desk.path("a.json"), "the old one").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tanglegram"))
        .args(["check", &slow.url(), "--vectors"])
        .arg(desk.path("vectors"))
        .args(["--report", &format!("json={}", desk.path("a.json").display())])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while slow.connections() < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    assert_eq!(desk.text("a.json"), "the old one");
    let ended = desk.check(&[&slow], &["json=a.json"], &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(files(desk.0.path()), ["a.json", "vectors"]);
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Two reports: of a target that refuses as it should and one that does not.
fn two(desk: &Desk) -> [String; 2] {
    let refusing = node(|stream, body| {
        let good = !body.contains("\"x\"");
        reply(
            stream,
            if good { "200 OK" } else { "400 Bad Request" },
            r#"{"hashes":["B"],"info":1,"error":"no"}"#,
        );
        true
    });
    let [a, b] = ["a.json", "b.json"].map(|name| desk.path(name).display().to_string());
    desk.check(&[&refusing], &["json=a.json"], &[]);
    desk.check(&[&hostile()], &["json=b.json"], &[]);
    [a, b]
}

#[test]
fn two_reports_are_compared() {
    let desk = Desk::new(VECTORS);
    let [a, b] = two(&desk);
    let worse = tanglegram(&["compare", &a, &b]);
    assert_eq!(worse.code, Some(1), "{}", worse.stderr);
    let steady: Vec<&str> = worse.stdout.lines().skip(2).collect();
    insta::assert_snapshot!("compare", steady.join("\n"));
    let same = tanglegram(&["compare", &a, &a]);
    assert_eq!(same.code, Some(0), "{}", same.stdout);
    let json = tanglegram(&["compare", &b, &a, "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["worse"][0]["path"], "iri/getTips/good");
    assert_eq!(json["better"][0]["path"], "iri/getTips/refused");
    assert_eq!((&json["same_vectors"], &json["exit"]), (&true.into(), &1.into()));
}

#[test]
fn a_report_from_somewhere_is_not_trusted() {
    let desk = Desk::new(VECTORS);
    let [a, _] = two(&desk);
    let wrong = [
        ("{", "is not a report"),
        ("[]", "is not a report"),
        ("{\"report\":99}", "is a report of form 99"),
        ("{\"report\":1,\"runs\":7}", "is not a report"),
    ];
    for (text, why) in wrong {
        let file = desk.path("wrong.json");
        fs::write(&file, text).unwrap();
        let ended = tanglegram(&["compare", &a, file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(3), "{text}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    assert_eq!(tanglegram(&["compare", &a, "/no/such/file"]).code, Some(3));
    let hostile = desk.text("a.json").replace("IRI Testnet", "\\u001b[2J\\u202e");
    let file = desk.path("hostile.json");
    fs::write(&file, hostile).unwrap();
    let told = tanglegram(&["compare", &a, file.to_str().unwrap()]).stdout;
    assert!(!told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told:?}");
}

#[test]
fn a_page_escapes_what_a_target_sends() {
    let (desk, target) = (Desk::new(VECTORS), hostile());
    desk.check(&[&target], &["html=a.html"], &[]);
    let page = desk.text("a.html");
    assert_eq!(page.matches("<script").count(), 1, "only the page's own");
    assert!(page.contains("&lt;script&gt;") || page.contains("&#60;script&#62;"), "it is shown, as text");
    for outside in ["http-equiv=\"refresh", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
