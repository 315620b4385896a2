//! What the reader takes, and what it says about what it does not take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use tanglegram_vector::{
    Act, Ask, Catalogue, Level, NetworkWorld, Problem, Source, Status, VectorFile, WorldFacts, read_file,
    read_spec,
};

fn catalogue() -> Catalogue {
    let facts = WorldFacts {
        states: vec!["S0".into(), "S1".into()],
        names: Arc::new(json!({ "A": ["AAA", "BBB"], "hash": { "z1": "ZZZ" } })),
    };
    Catalogue {
        clauses: BTreeSet::from(["iri.getTips.hashes".to_owned(), "iri.getTips.all".to_owned()]),
        worlds: BTreeMap::from([("recorded-iri".to_owned(), facts)]),
        dialects: vec!["iri-1.8.5".into(), "iri-1.8.6".into()],
        network: WorldFacts { states: Vec::new(), names: Arc::new(json!({ "account": [["AAA"]] })) },
    }
}

fn read(text: &str) -> Result<VectorFile, Vec<Problem>> {
    read_file(&Source::new("iri/getTips.yaml", text), "getTips", &catalogue())
}

/// The messages for a broken file, one per line, with their help.
fn complaints(text: &str) -> String {
    let problems = read(text).expect_err("the file is broken");
    let line = |problem: &Problem| {
        let help = problem.help.as_ref().map(|help| format!("\n    help: {help}")).unwrap_or_default();
        let marked = &problem.source.text[problem.span.start..problem.span.end];
        format!("{}: {problem} «{marked}»{help}\n", problem.place())
    };
    problems.iter().map(line).collect()
}

const HEAD: &str = "\
api: iri
defaults: { world: recorded-iri, state: S1, level: exact, body: { duration: { $ms: any } } }
vectors:
";

fn vector(rest: &str) -> String {
    format!("{HEAD}  - vector: one\n    clauses: [iri.getTips.all]\n{rest}")
}

#[test]
fn a_file_becomes_vectors() {
    let text = vector("    call: getTips\n    with: { a: $A.1 }\n    expect: { status: [200, 401] }\n");
    let file = read(&text).expect("valid");
    let vector = &file.vectors[0];
    assert_eq!(vector.path, "iri/getTips/one");
    assert_eq!(vector.place(), "iri/getTips.yaml:4");
    assert_eq!((vector.level, vector.state.as_deref()), (Level::Exact, Some("S1")));
    assert_eq!(vector.steps[0].expect.status, Status::OneOf(vec![200, 401]));
    assert_eq!(vector.commands(), ["getTips"]);
    assert!(!vector.changes_node());
}

#[test]
fn what_changes_a_node_is_known() {
    let changes = |step: &str| read(&vector(step)).expect("valid").vectors[0].changes_node();
    let request =
        |body: &str| changes(&format!("    request: {{ body: '{body}' }}\n    expect: {{ status: 400 }}\n"));
    assert!(changes("    call: storeTransactions\n    expect: { status: 400 }\n"));
    assert!(request(r#"{"command":"addNeighbors"}"#));
    assert!(request("{command:addNeighbors}"));
    assert!(request(r#"{command:"\u0061ddNeighbors"}"#));
    assert!(!request(r#"{"command":"getTips","x":"addNeighbors"}"#));
    assert!(!request(r#"{"command":"getTips","x":"${hash.z1}"}"#));
    assert!(request(r#"{"command":"${hash.z1}"}"#));
    let during = "    call: getTips\n    expect: { status: 200 }\n    during:\n      - call: interruptAttachingToTangle\n        expect: { status: 200 }\n";
    assert!(changes(during));
}

#[test]
fn what_leaves_no_traces_may_be_run_again() {
    let retries = |text: String| read(&text).expect("valid").vectors[0].retries;
    let ask = vector("    call: getTips\n    expect: { status: 200 }\n");
    let change = vector("    call: storeTransactions\n    expect: { status: 400 }\n");
    assert_eq!(retries(ask.clone()), 0);
    assert_eq!(retries(format!("{ask}    retries: 5\n")), 5);
    assert_eq!(retries(format!("{change}    retries: 0\n")), 0);
    // What is said for all is not for those that leave traces.
    let with_default = |text: &str| retries(text.replacen("defaults: {", "defaults: { retries: 3,", 1));
    assert_eq!([with_default(&ask), with_default(&change)], [3, 0]);
    assert_eq!(with_default(&format!("{ask}    retries: 1\n")), 1);
}

#[test]
fn mistakes_are_told_with_their_place() {
    let cases = [
        (
            "unknown keys",
            vector("    cal: getTips\n    expect: { status: 200, boddy: {} }\n    frobnicate: 1\n"),
        ),
        ("wrong types", vector("    call: [1]\n    expect: { status: fine }\n    tags: x\n    dirties: 3\n")),
        (
            "bad matchers",
            vector(
                "    call: getTips\n    expect:\n      status: 200\n      body:\n        a: { $itn: any }\n        b: { $int: '=> 3' }\n        c: { $regex: '(' }\n        d: { $int: any, x: 1 }\n        e: { $set: 3 }\n        f: { $attached: { mwm: 1, trunc: x } }\n",
            ),
        ),
        (
            "names",
            vector(
                "    call: getTips\n    with: { a: $B.1, b: $A.7, c: '$ 5', d: '${hahs.z1}', e: { $int: any } }\n    expect: { status: 200 }\n    capture: { hash: /body/x, other: body }\n",
            ),
        ),
        (
            "references",
            format!(
                "{HEAD}  - vector: Two\n    clauses: [iri.getTips.hash]\n    world: recoded\n    level: loose\n    dialects: [iri-2]\n    call: getTips\n    expect: {{ status: 200 }}\n"
            ),
        ),
        (
            "duplicates",
            format!(
                "{}  - vector: one\n    clauses: [iri.getTips.all]\n    call: getTips\n    call: getTips\n    expect: {{ status: 200 }}\n",
                vector("    call: getTips\n    expect: { status: 200 }\n")
            ),
        ),
        ("duplicate vector", {
            let one = "  - vector: one\n    clauses: [iri.getTips.all]\n    call: getTips\n    expect: { status: 200 }\n";
            format!("{HEAD}{one}{one}")
        }),
        ("retries", {
            let one = |name: &str, keys: &str| {
                format!(
                    "  - {{ vector: {name}, clauses: [iri.getTips.all], {keys}, expect: {{ status: 200 }} }}\n"
                )
            };
            let many = one("a", "call: getTips, retries: 6") + &one("b", "call: getTips, retries: x");
            format!("{HEAD}{many}{}", one("c", "call: storeTransactions, retries: 1"))
        }),
        ("missing", format!("{HEAD}  - vector: one\n  - about: x\n")),
        ("no yaml", format!("{HEAD}  - vector: [one\n")),
        ("no map", "- 1\n".to_owned()),
        ("empty", String::new()),
        ("two documents", format!("{HEAD}  []\n---\na: 1\n")),
        ("too deep", format!("api: {}", "[".repeat(200) + &"]".repeat(200))),
        ("alias bomb", alias_bomb()),
        (
            "too much generated",
            vector(
                "    call: getTips\n    with: { a: { $times: [9000, { $text: [9000, x] }] } }\n    expect: { status: 200 }\n",
            ),
        ),
    ];
    insta::assert_snapshot!(told(&cases));
}

#[test]
fn mistakes_in_steps_are_told_with_their_place() {
    let cases = [
        ("again", {
            let ask = "call: getTips\n        again: 50ms\n        expect: { status: 200 }\n";
            let during = format!("    during:\n      - {ask}      - {ask}");
            vector(&format!("    call: getTips\n    again: 1s\n    expect: {{ status: 200 }}\n{during}"))
        }),
        (
            "trying",
            format!(
                "{HEAD}{}",
                ["{}", "[9]", "{ n: [] }", "{ n: 9 }", "{ n: [$hash.z1] }", "{ n: [1], m: [2] }", "{ hash: [1] }"]
                    .iter()
                    .enumerate()
                    .map(|(number, trying)| format!("  - {{ vector: v{number}, clauses: [iri.getTips.all], call: getTips, trying: {trying}, expect: {{ status: 200 }} }}\n"))
                    .collect::<String>()
            ),
        ),
    ];
    insta::assert_snapshot!(told(&cases));
}

/// What is told of each text, under its name.
fn told(cases: &[(&str, String)]) -> String {
    cases.iter().map(|(name, text)| format!("## {name}\n{}\n", complaints(text))).collect()
}

/// Ten levels, each with ten aliases of the one before: 10^10 nodes when expanded.
fn alias_bomb() -> String {
    let mut text = "a0: &a0 boom\n".to_owned();
    for level in 1..=10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    text
}

#[test]
fn a_file_may_be_too_large() {
    let told = complaints(&"# much\n".repeat(1 << 20)).replace(char::is_whitespace, " ");
    assert!(told.starts_with("iri/getTips.yaml:1:1: bytes in a file beyond the limit"), "{told}");
}

#[test]
fn a_specification_file_is_read() {
    let text = "command: getTips\nsource: '4.1'\nreply: { type: object }\nclauses:\n  - { id: iri.getTips.all, requires: All., source: '4.2' }\n  - { id: iri.getTips.b, requires: B. }\n";
    let spec = read_spec(&Source::new("getTips.yaml", text)).expect("valid");
    assert_eq!(spec.reply, Some(json!({ "type": "object" })));
    let sources: Vec<_> = spec.clauses.iter().map(|clause| clause.source.as_str()).collect();
    assert_eq!(sources, ["4.2", "4.1"]);
    let twice = text.replace("iri.getTips.b", "iri.getTips.all");
    let problems = read_spec(&Source::new("getTips.yaml", twice)).expect_err("a duplicate");
    assert_eq!(problems[0].to_string(), "duplicate clause `iri.getTips.all`");
}

#[test]
fn a_world_in_a_vector_keeps_its_place() {
    let text = "api: network\nvectors:\n  - vector: one\n    clauses: [iri.getTips.all]\n    level: exact\n    \
                world:\n      nodes: 2 # two\n      topology: [[n0,\n        n1]]\n    steps:\n      - fault:\n          \
                isolate: n1\n      - advance: 5s\n      - { at: n0, call: getTips, expect: { status: 200 } }\n";
    let file = read_file(&Source::new("network/x.yaml", text), "x", &catalogue()).expect("valid");
    let network = file.vectors[0].network.as_ref().expect("a network");
    let NetworkWorld::Inline(world) = &network.world else { panic!("the world is written in the vector") };
    assert_eq!(world.text.trim(), "nodes: 2 # two\n      topology: [[n0,\n        n1]]");
    assert_eq!(world.text.find("nodes"), text.find("nodes"));
    let Ask::Act(Act::Fault(fault)) = &file.vectors[0].steps[0].ask else { panic!("a fault") };
    assert_eq!(fault.text.trim(), "isolate: n1");
}

#[test]
fn steps_of_networks_stay_in_networks() {
    let text = "api: network\ndefaults: { level: exact, world: { nodes: 2 } }\nvectors:\n  - vector: one\n    \
                clauses: [iri.getTips.all]\n    seed: -1\n    steps:\n      - { call: getTips, expect: { status: 200 } }\n      \
                - { at: n0, advance: 5s, fault: { heal: all } }\n      - { at: n0, get: /, walk: {}, expect: { status: 200 } }\n      \
                - { at: n0, send: { amount: 5 } }\n      - { at: n0, send: { from: 0, to: 1 } }\n      \
                - { until: dawn }\n      - { advance: 5s, expect: { status: 200 } }\n      \
                - { at: n0, send: { message: A, to: 1, trunk: $account.0.0 } }\n      \
                - { at: h0, submit: { memo: A } }\n      - { at: h0, submit: { transfer: { from: 0, to: 64, amount: 1 }, fee: -1 } }\n      \
                - { at: h0, submit: { create: { by: 0 }, age: 5s, ahead: 5s } }\n";
    let problems = read_file(&Source::new("network/x.yaml", text), "x", &catalogue()).expect_err("broken");
    let line = |problem: &Problem| format!("{}: {problem}\n", problem.place());
    insta::assert_snapshot!(problems.iter().map(line).collect::<String>());
    insta::assert_snapshot!(complaints(&vector("    at: n0\n    advance: 5s\n")));
}
