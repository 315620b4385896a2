//! Broken vector files: told with file, line and column, and nothing is sent.

mod common;

use std::fs;

use common::{Target, tanglegram};
use tempfile::TempDir;

const HEAD: &str = "\
api: iri
defaults: { world: any, level: spec }
vectors:
  - vector: one
    clauses: [iri.getTips.hashes]
";

/// What the binary says about a folder that holds these files.
fn told(files: &[(&str, &str)]) -> String {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    let target = Target::new(|_, _| {});
    let path = folder.path().display().to_string();
    let ended = tanglegram(&["check", &target.url(), "--vectors", &path]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(target.connections(), 0, "nothing is sent");
    ended.stderr.replace(&path, "DIR")
}

fn told_of(text: &str) -> String {
    told(&[("getTips.yaml", text)])
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(told_of(&format!("{HEAD}    call: getTips\n    expect: {{ stauts: 200 }}\n")));
}

#[test]
fn a_bad_matcher() {
    let text = format!(
        "{HEAD}    call: getTips\n    expect:\n      status: 200\n      body:\n        hashes: {{ $each: {{ $tryts: 81 }} }}\n        duration: {{ $ms: soon }}\n"
    );
    insta::assert_snapshot!(told_of(&text));
}

#[test]
fn an_undefined_name() {
    let text = format!(
        "{HEAD}    call: getTrytes\n    with: {{ hashes: [$hash.z1] }}\n    expect: {{ status: 200 }}\n"
    );
    insta::assert_snapshot!(told_of(&text));
}

#[test]
fn an_unknown_clause() {
    let text = format!("{HEAD}    call: getTips\n    expect: {{ status: 200 }}\n");
    insta::assert_snapshot!(told_of(&text.replace("getTips.hashes", "getTips.hashs")));
}

#[test]
fn a_duplicate_vector() {
    let one = format!("{HEAD}    call: getTips\n    expect: {{ status: 200 }}\n");
    let again = one.lines().skip(3).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(told_of(&format!("{one}{again}\n")));
}

#[test]
fn a_duplicate_vector_in_another_file() {
    let text = format!("{HEAD}    call: getTips\n    expect: {{ status: 200 }}\n");
    let folder = TempDir::new().expect("a temporary folder");
    for sub in ["a", "b"] {
        fs::create_dir(folder.path().join(sub)).expect("a folder can be made");
        fs::write(folder.path().join(sub).join("getTips.yaml"), &text).expect("a file can be written");
    }
    let path = folder.path().display().to_string();
    let ended = tanglegram(&["check", "--list", "--vectors", &path]);
    assert_eq!(ended.code, Some(3));
    insta::assert_snapshot!(ended.stderr.replace(&path, "DIR"));
}

#[test]
fn a_duplicate_key() {
    let text = format!("{HEAD}    call: getTips\n    call: getTips\n    expect: {{ status: 200 }}\n");
    insta::assert_snapshot!(told_of(&text));
}

#[test]
fn no_yaml() {
    insta::assert_snapshot!(told_of("api: iri\nvectors: [\n  { vector: a"));
}

#[test]
fn an_alias_bomb() {
    let mut text = "api: iri\na0: &a0 boom\n".to_owned();
    for level in 1..=12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    insta::assert_snapshot!(told_of(&text));
}

#[test]
fn too_deep() {
    insta::assert_snapshot!(told_of(&format!("api: {}{}\n", "[".repeat(1000), "]".repeat(1000))));
}

#[test]
fn too_large() {
    let text = format!("# {}\n", "much ".repeat(1 << 20));
    insta::assert_snapshot!(told_of(&text));
}

#[test]
fn no_text() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("getTips.yaml"), b"api: \xff\xfe\n").expect("a file can be written");
    let path = folder.path().display().to_string();
    let ended = tanglegram(&["check", "--list", "--vectors", &path]);
    assert_eq!(ended.code, Some(3));
    insta::assert_snapshot!(ended.stderr.replace(&path, "DIR"));
}

#[test]
fn no_files() {
    insta::assert_snapshot!(told(&[("readme.txt", "nothing here")]));
    let ended = tanglegram(&["check", "--vectors", "/no/such/folder"]);
    assert_eq!(ended.code, Some(3));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn problems_of_several_files_are_told_together() {
    let good = format!("{HEAD}    call: getTips\n    expect: {{ status: 200 }}\n");
    let files = [("a.yaml", "api: iri\nvectors: 3\n"), ("b.yaml", "- 1\n"), ("getTips.yaml", good.as_str())];
    insta::assert_snapshot!(told(&files));
}

#[test]
fn steps_for_somebody_else() {
    let step = |step: &str| format!("      - {{ {step} }}\n");
    let of_hedera = [
        "at: h9, submit: { transfer: { from: 0, to: 1, amount: 1 } }",
        "at: mirror, submit: { transfer: { from: 0, to: 1, amount: 1 } }",
        "at: h0, submit: { transfer: { from: 0, to: 9, amount: 1 } }",
        "at: h0, call: getNodeInfo, expect: { status: 200 }",
        "at: h0, get: /api/v1/accounts, expect: { status: 200 }",
        "fault: { coordinator: stop }",
        "fault: { files: { h0: lost } }",
    ]
    .map(step);
    let of_tangles = [
        "at: n0, get: /api/v1/accounts, expect: { status: 200 }",
        "at: mirror, get: /api/v1/accounts, expect: { status: 200 }",
        "at: n0, submit: { transfer: { from: 0, to: 1, amount: 1 } }",
        "fault: { files: { n0: held } }",
    ]
    .map(step);
    let vector = |name: &str, world: &str, steps: &[String]| {
        let head = format!(
            "  - vector: {name}\n    clauses: [iri.getTips.hashes]\n    level: exact\n    world: {world}\n    steps:\n"
        );
        head + &steps.concat()
    };
    let hedera = vector("one", "{ hedera: { nodes: 4, mirror: true } }", &of_hedera);
    let tangle = vector("two", "{ nodes: 2, duration: 1m }", &of_tangles);
    insta::assert_snapshot!(told(&[("x.yaml", &format!("api: network\nvectors:\n{hedera}{tangle}"))]));
}
