//! Requests to the IRI API: each command with each of its parameters good, unknown, malformed, or not there.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Known, one_of};
use crate::probe::Probe;

/// What a parameter holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Hashes,
    Addresses,
    Bundles,
    Tags,
    Number,
}

/// The commands that leave a node as it is, with their parameters.
const COMMANDS: [(&str, &[(&str, Kind)]); 11] = [
    ("getNodeInfo", &[]),
    ("getNodeAPIConfiguration", &[]),
    ("getTips", &[]),
    ("getMissingTransactions", &[]),
    ("getBalances", &[("addresses", Kind::Addresses), ("threshold", Kind::Number), ("tips", Kind::Hashes)]),
    (
        "findTransactions",
        &[
            ("addresses", Kind::Addresses),
            ("bundles", Kind::Bundles),
            ("tags", Kind::Tags),
            ("approvees", Kind::Hashes),
        ],
    ),
    ("getTrytes", &[("hashes", Kind::Hashes)]),
    ("getInclusionStates", &[("transactions", Kind::Hashes), ("tips", Kind::Hashes)]),
    ("checkConsistency", &[("tails", Kind::Hashes)]),
    ("wereAddressesSpentFrom", &[("addresses", Kind::Addresses)]),
    ("getTransactionsToApprove", &[("depth", Kind::Number), ("reference", Kind::Hashes)]),
];

/// Any request.
pub(super) fn probes(known: &Known) -> BoxedStrategy<Probe> {
    let commands = COMMANDS.map(|(command, parameters)| call(command, parameters, known));
    let unknown = one_of(vec!["", "getnodeinfo", "getNeighbours", "null"])
        .prop_map(|name| Probe::call(name, Map::new()));
    let mut all: Vec<(u32, BoxedStrategy<Probe>)> =
        commands.into_iter().map(|command| (6, command)).collect();
    all.push((1, unknown.boxed()));
    proptest::strategy::Union::new_weighted(all).boxed()
}

fn call(
    command: &'static str,
    parameters: &'static [(&'static str, Kind)],
    known: &Known,
) -> BoxedStrategy<Probe> {
    let values: Vec<BoxedStrategy<Option<Value>>> = parameters
        .iter()
        .map(|(_, kind)| proptest::option::weighted(0.8, parameter(*kind, known)).boxed())
        .collect();
    let named = move |values: Vec<Option<Value>>| {
        let given =
            parameters.iter().zip(values).filter_map(|((name, _), value)| Some(((*name).to_owned(), value?)));
        Probe::call(command, given.collect())
    };
    values.prop_map(named).boxed()
}

fn parameter(kind: Kind, known: &Known) -> BoxedStrategy<Value> {
    let (values, length) = match kind {
        Kind::Number => return number(),
        Kind::Hashes => (&known.hashes, 81),
        Kind::Addresses => (&known.addresses, 81),
        Kind::Bundles => (&known.bundles, 81),
        Kind::Tags => (&known.tags, 27),
    };
    let list = |element: BoxedStrategy<Value>| vec(element, 0..5).prop_map(Value::from);
    prop_oneof![
        12 => list(good(values, length)),
        4 => list(prop_oneof![3 => good(values, length), 1 => malformed(length)].boxed()),
        1 => malformed(length),
        1 => good(values, length),
    ]
    .boxed()
}

fn good(values: &[String], length: usize) -> BoxedStrategy<Value> {
    let unknown = prop_oneof![
        Just("9".repeat(length)),
        Just("Z".repeat(length)),
        Just(format!("{}9", "A".repeat(length - 1)))
    ];
    let unknown = unknown.prop_map(Value::from).boxed();
    if values.is_empty() {
        return unknown;
    }
    let known = one_of(values.iter().map(|value| json!(value)).collect());
    prop_oneof![6 => known, 1 => unknown].boxed()
}

fn malformed(length: usize) -> BoxedStrategy<Value> {
    one_of(vec![
        json!(""),
        json!("9"),
        json!("A".repeat(length - 1)),
        json!("A".repeat(length + 1)),
        json!("A".repeat(90)),
        json!("a".repeat(length)),
        json!(format!("{} ", "A".repeat(length - 1))),
        json!("é".repeat(length)),
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!([]),
        json!(["A"]),
        json!({}),
    ])
}

fn number() -> BoxedStrategy<Value> {
    one_of(vec![
        json!(3),
        json!(0),
        json!(1),
        json!(-1),
        json!(100),
        json!(101),
        json!(15),
        json!(16),
        json!(i32::MAX),
        json!(i64::from(i32::MAX) + 1),
        json!(i64::MIN),
        json!(1.5),
        json!(1e300),
        json!("3"),
        json!("three"),
        json!(null),
        json!([]),
        json!([3]),
        json!({}),
    ])
}
