//! Every clause has a vector, and a clause without one is told and fails.

mod common;

use std::fs;

use common::tanglegram;
use tempfile::TempDir;

#[test]
fn every_clause_has_a_vector() {
    let ended = tanglegram(&["coverage"]);
    let uncovered: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("no vector:")).collect();
    assert_eq!(uncovered, [""; 0]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_clause_without_a_vector_fails() {
    let folder = TempDir::new().expect("a temporary folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file can be written");
    fs::create_dir(folder.path().join("specs")).expect("a folder can be made");
    fs::create_dir(folder.path().join("vectors")).expect("a folder can be made");
    write(
        "specs/getTips.yaml",
        "command: getTips\nsource: section 1\nclauses:\n  - { id: iri.getTips.hashes, requires: It lists tips. }\n  - { id: iri.getTips.lonely, requires: Nobody checks this. }\n",
    );
    write(
        "vectors/getTips.yaml",
        "api: iri\nvectors:\n  - { vector: one, clauses: [iri.getTips.hashes], world: any, level: spec, call: getTips, expect: { status: 200 } }\n",
    );
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (specs, vectors) = (path("specs"), path("vectors"));
    let text = tanglegram(&["coverage", "--specs", &specs, "--vectors", &vectors]);
    let json = tanglegram(&["coverage", "--json", "--specs", &specs, "--vectors", &vectors]);
    assert_eq!((text.code, json.code), (Some(1), Some(1)));
    insta::assert_snapshot!(format!("{}\n{}", text.stdout, json.stdout));
}
