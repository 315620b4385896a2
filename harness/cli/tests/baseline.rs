//! `--baseline`: what is known to fail may, what does not any more is stale, and the file is kept up by the program.

mod common;

use std::fs;
use std::path::PathBuf;

use common::{Ended, tanglegram};
use serde_json::Value;
use tempfile::TempDir;

/// Three vectors for the embedded node: one passes, two cannot.
const VECTORS: &str = r"
api: iri
defaults: { clauses: [iri.getTips.hashes], world: any, level: spec }
vectors:
  - vector: good
    call: getNodeInfo
    expect: { status: 200 }
  - vector: bad
    call: getNodeInfo
    expect: { status: 201 }
  - vector: worse
    call: getNodeInfo
    expect: { status: 202 }
";

struct Case {
    folder: TempDir,
}

impl Case {
    fn new(baseline: Option<&str>) -> Self {
        let case = Self { folder: TempDir::new().expect("a folder") };
        fs::write(case.file("getTips.yaml"), VECTORS).expect("written");
        if let Some(text) = baseline {
            fs::write(case.file("known.yml"), text).expect("written");
        }
        case
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn check(&self, more: &[&str]) -> Ended {
        let vectors = self.file("getTips.yaml").display().to_string();
        let baseline = self.file("known.yml").display().to_string();
        tanglegram(&[&["check", "--vectors", &vectors, "--baseline", &baseline], more].concat())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file("known.yml")).expect("a baseline")
    }
}

#[test]
fn what_is_listed_may_fail_and_nothing_else() {
    let case = Case::new(Some(
        "known-fail: [iri/getTips/bad]\nflaky:\n  - iri/getTips/worse\n  - iri/getTips/good\n",
    ));
    let ended = case.check(&[]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("1 passed, 0 failed, 1 known to fail, 1 flaky, 0 skipped"),
        "{}",
        ended.stdout
    );
    let case = Case::new(Some("known-fail: [iri/getTips/bad]\n"));
    let ended = case.check(&[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("FAIL iri/getTips/worse") && !ended.stdout.contains("FAIL iri/getTips/bad")
    );
}

#[test]
fn what_is_listed_and_passes_is_stale() {
    let case = Case::new(Some("known-fail:\n  - iri/getTips/good\n  - iri/getTips/*e*\n"));
    let ended = case.check(&[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let case =
        Case::new(Some("known-fail:\n  - iri/getTips/bad\n  - iri/getTips/good\n  - iri/getTips/worse\n"));
    let ended = case.check(&[]);
    assert_eq!(ended.code, Some(6), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("STALE iri/getTips/good\n  known to fail, yet it passes (see "),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("known.yml:3)"), "{}", ended.stdout);
}

#[test]
fn an_entry_may_say_how_it_fails() {
    let one = |answers: &str| {
        let baseline = format!(
            "known-fail:\n  - vectors: [iri/getTips/bad, iri/getTips/worse]\n    answers: {answers}\n    differs: [status]\n    reason: someday\n"
        );
        Case::new(Some(&baseline)).check(&[])
    };
    let ended = one("{ status: 200, body: { appName: { $type: string }, ... } }");
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("known to fail 2: someday"), "{}", ended.stdout);
    let ended = one("{ status: 200, body: { appName: HORNET, ... } }");
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("it is known to fail, but not in this way"), "{}", ended.stdout);
}

#[test]
fn a_new_baseline_is_written() {
    let case = Case::new(None);
    let missing = case.check(&[]);
    assert_eq!(missing.code, Some(3), "a baseline that is not there: {}", missing.stderr);
    let ended = case.check(&["--update-baseline"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 more known to fail, 0 no longer"), "{}", ended.stderr);
    insta::assert_snapshot!(case.text(), @r"
    # What is known to fail, and what fails at times.
    known-fail:
      - iri/getTips/bad # status: expected 201, got 200
      - iri/getTips/worse # status: expected 202, got 200
    ");
    assert_eq!(case.check(&[]).code, Some(0));
}

#[test]
fn comments_and_reasons_outlive_an_update() {
    let case = Case::new(Some(
        "# ours\nflaky: [] # none yet\nknown-fail:\n# the first\n- iri/getTips/good # fixed?\n\n# two of a kind\n- vectors:\n    - iri/getTips/good\n    - iri/getTips/bad\n  reason: ticket 7\n# the end\n",
    ));
    let ended = case.check(&["--update-baseline"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!(case.text(), @r"
    # ours
    flaky: [] # none yet
    known-fail:
    # the first

    # two of a kind
    - vectors:
        - iri/getTips/bad
      reason: ticket 7
    - iri/getTips/worse # status: expected 202, got 200
    # the end
    ");
    assert_eq!(case.check(&[]).code, Some(0));
}

#[test]
fn a_list_in_brackets_is_kept_up_too() {
    let case = Case::new(Some("known-fail: [iri/getTips/good, iri/getTips/bad]\nflaky: []\n"));
    assert_eq!(case.check(&["--update-baseline"]).code, Some(0));
    assert_eq!(case.text(), "known-fail: [iri/getTips/bad, iri/getTips/worse]\nflaky: []\n");
    assert_eq!(case.check(&[]).code, Some(0));
}

#[test]
fn what_cannot_be_kept_up_is_told_and_left() {
    let was = "known-fail:\n  - iri/getTips/*\n";
    let case = Case::new(Some(was));
    let ended = case.check(&["--update-baseline"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("the pattern iri/getTips/* also fits what passes now"), "{}", ended.stderr);
    assert_eq!(case.text(), was);
}

#[test]
fn what_is_wrong_with_a_baseline_is_told_with_its_place() {
    for (text, told) in [
        ("known-fail: [iri/getTips/baad]\n", "did you mean `iri/getTips/bad`?"),
        ("known-fails: []\n", "did you mean `known-fail`?"),
        ("known-fail: 7\n", "known-fail must be a list"),
        ("known-fail: [{ clauses: [iri.nothing.*] }]\n", "the id of a clause `iri.nothing.*` is not valid"),
    ] {
        let ended = Case::new(Some(text)).check(&[]);
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("known.yml:1") && ended.stderr.contains(told),
            "{told}: {}",
            ended.stderr
        );
    }
}

#[test]
fn every_report_says_what_was_known() {
    let case =
        Case::new(Some("known-fail: [iri/getTips/bad, iri/getTips/good]\nflaky: [iri/getTips/worse]\n"));
    let reports =
        ["junit", "tap", "json", "html"].map(|form| format!("{form}={}", case.file(form).display()));
    let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
    let ended = case.check(&[&["--json", "--report"], &reports[..]].concat());
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    let last: Value = serde_json::from_str(ended.stdout.lines().last().expect("a line")).expect("JSON");
    let counts = &last["counts"];
    assert_eq!([&counts["known"], &counts["flaky"], &counts["stale"]], [1, 1, 1]);
    let read = |name: &str| fs::read_to_string(case.file(name)).expect("a report");
    let junit = read("junit");
    assert!(junit.contains(r#"<skipped message="known-fail: listed at"#), "{junit}");
    assert!(
        junit.contains(r#"<skipped message="flaky: listed at"#) && junit.contains(r#"type="stale""#),
        "{junit}"
    );
    let tap = read("tap");
    assert!(tap.contains("iri/getTips/bad # TODO known-fail: listed at"), "{tap}");
    assert!(
        tap.contains("iri/getTips/worse # TODO flaky: ")
            && tap.contains("stale: known to fail, yet it passes"),
        "{tap}"
    );
    let json: Value = serde_json::from_str(&read("json")).expect("JSON");
    let verdicts: Vec<&str> = json["runs"][0]["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|case| case["verdict"].as_str())
        .collect();
    assert_eq!(verdicts, ["stale", "known-fail", "flaky"]);
    let html = read("html");
    for told in [
        r#"class="mark known-fail""#,
        r#"class="mark flaky""#,
        r#"class="mark stale""#,
        "Known to fail: listed at",
    ] {
        assert!(html.contains(told), "{told}");
    }
}
