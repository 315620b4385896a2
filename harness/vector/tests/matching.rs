//! What each matcher takes, and how a mismatch is told.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use tanglegram_vector::{
    BodyPattern, Catalogue, Context, Differences, Path, Pattern, Scope, Source, read_file,
};

/// The pattern written in YAML's flow style.
fn pattern(text: &str) -> Pattern {
    let file = format!(
        "api: a\nvectors:\n  - {{ vector: v, clauses: [c], world: any, level: spec, steps: [{{ call: x, expect: {{ status: 200 }}, capture: {{ n: /body }} }}, {{ call: x, expect: {{ status: 200, body: {text} }} }}] }}\n"
    );
    let catalogue = Catalogue { clauses: BTreeSet::from(["c".to_owned()]), ..Catalogue::default() };
    let mut file = read_file(&Source::new("a.yaml", file), "a", &catalogue).expect(text);
    match std::sync::Arc::into_inner(file.vectors.remove(0))
        .expect("the only one")
        .steps
        .remove(1)
        .expect
        .body
    {
        BodyPattern::Json(pattern) => pattern,
        other => panic!("{other:?}"),
    }
}

fn differences(text: &str, got: &Value) -> Vec<String> {
    let captured = BTreeMap::from([("n".to_owned(), json!({ "list": [1, 2], "text": "abc" }))]);
    let scope = Scope { world: &Value::Null, captured: &captured };
    let context = Context { scope, transaction_hash: |_| None, now_ms: 0 };
    let mut out = Differences::default();
    pattern(text).diff(got, &Path::Root("body"), &context, &mut out);
    let matches = pattern(text).matches(got, &context);
    assert_eq!(matches, out.is_empty(), "both ways of matching agree on {text}");
    out.into_vec().iter().map(ToString::to_string).collect()
}

fn matches(text: &str, got: Value) -> bool {
    differences(text, &got).is_empty()
}

#[test]
fn matchers_take_what_they_should_and_nothing_else() {
    let cases = [
        ("1", json!(1), json!("1")),
        ("1.5", json!(1.5), json!(1)),
        ("null", json!(null), json!(0)),
        ("{ a: 1 }", json!({ "a": 1 }), json!({ "a": 1, "b": 2 })),
        ("{ a: 1, ... }", json!({ "a": 1, "b": 2 }), json!({ "b": 2 })),
        ("{ $$a: 1 }", json!({ "$a": 1 }), json!({ "$$a": 1 })),
        ("[1, 2]", json!([1, 2]), json!([2, 1])),
        ("[1, ...]", json!([1, 2]), json!([])),
        ("{ $any: true }", json!(null), json!(null)),
        ("{ $type: list }", json!([]), json!({})),
        ("{ $type: null }", json!(null), json!(false)),
        ("{ $type: int }", json!(3), json!(3.5)),
        ("{ $trytes: 3 }", json!("A9Z"), json!("A9a")),
        ("{ $trytes: any }", json!(""), json!("é")),
        ("{ $int: '>= 2, < 5' }", json!(4), json!(5)),
        ("{ $int: '>= 2, <= ${n.list.1}' }", json!(2), json!(3)),
        ("{ $int: 4 }", json!(4), json!(4.0)),
        ("{ $ms: any }", json!(0), json!(-1)),
        ("{ $decimal: '> 9' }", json!("10"), json!(10)),
        ("{ $decimal: any }", json!("-3"), json!("+3")),
        ("{ $dotted: '> 0.0.9, < 0.1.0' }", json!("0.0.10"), json!("0.0.9")),
        ("{ $dotted: '<= ${n.list.1}.5' }", json!("2.5"), json!("2.6")),
        ("{ $dotted: any }", json!("1568542814.468848000"), json!("0.0.x")),
        (
            "{ $sorted: { by: id, order: asc } }",
            json!([{ "id": "0.0.9" }, { "id": "0.0.10" }]),
            json!([{ "id": "0.0.9" }, { "id": "0.0.9" }]),
        ),
        (
            "{ $sorted: { by: id, order: desc } }",
            json!([{ "id": "2.5" }, { "id": "2.4" }]),
            json!([{ "no": "1" }]),
        ),
        ("{ $sum: { of: n, is: 0 } }", json!([{ "n": 5 }, { "n": -5 }]), json!([{ "n": 5 }])),
        ("{ $sum: { of: n, is: '> 1' } }", json!([{ "n": 2 }]), json!([{ "n": "2" }])),
        ("{ $regex: '^a+$' }", json!("aa"), json!("ab")),
        ("{ $set: [1, 2, 2] }", json!([2, 1, 2]), json!([2, 1, 1])),
        ("{ $set: [] }", json!([]), json!([1])),
        ("{ $contains: [1, 2] }", json!([3, 2, 1]), json!([1, 1])),
        ("{ $contains: [b, c] }", json!("abcd"), json!("ab")),
        ("{ $each: { $int: any } }", json!([1, 2]), json!([1, "2"])),
        ("{ $len: '== 2' }", json!([1, 2]), json!("é")),
        ("{ $oneOf: [1, { $trytes: 1 }] }", json!("A"), json!("AA")),
        ("{ $not: 1 }", json!(2), json!(1)),
        ("{ $all: [{ $len: 2 }, { $contains: [1] }] }", json!([1, 2]), json!([2, 2])),
        ("{ $times: [3, { $int: any }] }", json!([1, 2, 3]), json!([1, 2])),
        ("{ $text: [3, ab] }", json!("ababab"), json!("abab")),
        ("{ $error: any }", json!({ "error": "no", "duration": 1 }), json!({ "error": "" })),
        ("{ $error: { $contains: [b] } }", json!({ "exception": "abc" }), json!({ "exception": "ac" })),
        ("$n.list", json!([1, 2]), json!([1])),
        ("'-${n.text}-${n.list.1}$$'", json!("-abc-2$"), json!("-abc-2$$")),
    ];
    for (text, good, bad) in cases {
        assert!(matches(text, good.clone()), "{text} takes {good}");
        assert!(text.contains("$any") || !matches(text, bad.clone()), "{text} refuses {bad}");
    }
}

#[test]
fn a_set_finds_the_pairing_that_works() {
    // The first pattern must leave 1 to the second.
    assert!(matches("{ $set: [{ $int: any }, 1] }", json!([1, 2])));
    assert!(!matches("{ $set: [{ $int: any }, 1] }", json!([3, 2])));
}

#[test]
fn differences_name_the_field() {
    let got = json!({ "a": [1, { "b": "x\u{202e}\n" }], "c": 3, "extra": true, "long": "9".repeat(500) });
    let told = differences(
        "{ a: [1, { b: y }, 5], c: { $int: '> 3' }, d: { $trytes: 81 }, long: { $oneOf: [a, b] } }",
        &got,
    );
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn many_differences_are_counted_not_listed() {
    let got = Value::Array(vec![json!("x"); 1000]);
    let told = differences("{ $each: 1 }", &got);
    assert_eq!(told.len(), 25);
    assert!(told[24].contains("976 more differences"), "{}", told[24]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z ]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// JSON is YAML: a value written as a pattern takes itself, and of other values only equal ones.
    #[test]
    fn a_plain_value_matches_itself_alone(value in any_json(), other in any_json()) {
        let text = value.to_string();
        prop_assert!(matches(&text, value.clone()));
        prop_assert_eq!(matches(&text, other.clone()), value == other);
    }

    /// A set takes every order of its elements.
    #[test]
    fn a_set_takes_any_order(items in prop::collection::vec(0..5i64, 0..8).prop_shuffle(), extra in 0..5i64) {
        let mut sorted = items.clone();
        sorted.sort_unstable();
        let text = format!("{{ $set: {} }}", json!(sorted));
        prop_assert!(matches(&text, json!(items)));
        let more: Vec<i64> = items.iter().copied().chain([extra]).collect();
        prop_assert!(!matches(&text, json!(more)));
    }
}
