//! Whatever passes a recorder, what it writes is a vector file.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tanglegram_runner::record::Session;
use tanglegram_runner::{Library, catalogue};
use tanglegram_target::{Exchange, HeaderMap, Reply, Request, StatusCode};
use tanglegram_vector::{Source, read_file};

/// Texts that mean something in one of the languages, and any others.
fn text() -> impl Strategy<Value = String> {
    let special = [
        "$",
        "$$",
        "$name",
        "${name}",
        "...",
        "null",
        "~",
        "- a",
        "a: b",
        "# c",
        "&a",
        "*a",
        "!t",
        "'",
        "\"",
        "\\",
        "\u{7f}\u{85}\u{2028}\u{feff}",
        "\u{0}\t\r\n",
        "{",
        "]",
        "1e9",
        "9999999999",
    ];
    prop_oneof![
        prop::sample::select(special.to_vec()).prop_map(str::to_owned),
        "[9A-Z]{81}",
        "(VALUE|OTHER)9LEARNT",
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e30f64..1e30).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![text(), "duration|balances|hashes|tips|jreVersion".prop_map(|name| name)];
    prop::collection::vec((name, inner), 0..5).prop_map(|fields| fields.into_iter().collect())
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let command = prop_oneof![Just("getBalances".to_owned()), Just("storeTransactions".to_owned()), text()];
    let request = (command, object(value())).prop_map(|(command, mut with)| {
        with.insert("command".into(), json!(command));
        Value::Object(with).to_string()
    });
    let body = prop_oneof![value().prop_map(|body| body.to_string()), any::<String>()];
    (request, body, prop::sample::select(vec![200u16, 400, 500])).prop_map(|(request, body, status)| {
        Exchange {
            request: Request::command(request),
            reply: Reply {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: body.into(),
                elapsed: Duration::ZERO,
                lost: None,
            },
        }
    })
}

#[test]
fn what_is_recorded_can_be_read() {
    let library = Library::load(None, None).unwrap();
    let names = catalogue(&library.specs, &library.fixture);
    proptest!(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() }, |(exchanges in prop::collection::vec(exchange(), 1..8))| {
        let mut session = Session::default();
        exchanges.iter().for_each(|exchange| session.add(exchange));
        let text = session.vector_file("recorded", &library.specs).unwrap();
        let source = Source::new("recorded.yaml", text.clone());
        if let Err(problems) = read_file(&source, "recorded", &names) {
            let problems: Vec<String> = problems.iter().map(|problem| format!("{} {problem}", problem.place())).collect();
            prop_assert!(false, "{problems:?}\n{text}");
        }
    });
}

#[test]
fn secrets_are_dropped() {
    let library = Library::load(None, None).unwrap();
    let mut session = Session::default();
    let request = Request::command(
        json!({ "command": "getTips", "seed": "MY9SEED", "Password": "hunter2" }).to_string(),
    );
    let request = request.header("authorization", "Bearer abc").unwrap();
    let reply = Reply {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: "{}".into(),
        elapsed: Duration::ZERO,
        lost: None,
    };
    session.add(&Exchange { request, reply });
    let text = session.vector_file("recorded", &library.specs).unwrap();
    for secret in ["MY9SEED", "hunter2", "abc"] {
        assert!(!text.contains(secret), "{text}");
    }
}
