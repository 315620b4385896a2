//! Requests to a mirror node: each endpoint with any of its parameters, good, unknown and malformed.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Known, one_of};
use crate::probe::Probe;

/// What a parameter holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Account,
    Balance,
    Key,
    Time,
    Result,
    Order,
    Limit,
}

const ACCOUNTS: [(&str, Kind); 5] = [
    ("account.id", Kind::Account),
    ("account.balance", Kind::Balance),
    ("account.publickey", Kind::Key),
    ("order", Kind::Order),
    ("limit", Kind::Limit),
];
const BALANCES: [(&str, Kind); 6] = [
    ("account.id", Kind::Account),
    ("account.balance", Kind::Balance),
    ("account.publickey", Kind::Key),
    ("timestamp", Kind::Time),
    ("order", Kind::Order),
    ("limit", Kind::Limit),
];
const TRANSACTIONS: [(&str, Kind); 5] = [
    ("account.id", Kind::Account),
    ("timestamp", Kind::Time),
    ("result", Kind::Result),
    ("order", Kind::Order),
    ("limit", Kind::Limit),
];
/// Most parameters of a request.
const MOST: usize = 4;

/// Any request.
pub(super) fn probes(known: &Known) -> BoxedStrategy<Probe> {
    let list = |path, parameters| list(path, parameters, known);
    let ids = |values: &[String]| one_of(or_else(values, "0.0.7"));
    let account = ids(&known.accounts).prop_map(|id| Probe::Get(format!("/api/v1/accounts/{id}")));
    let transaction =
        ids(&known.transactions).prop_map(|id| Probe::Get(format!("/api/v1/transactions/{id}")));
    let odd = one_of(vec![
        "0.0",
        "0.0.x",
        "1001",
        "0.0.99999999",
        "-1",
        "0.0.0",
        "0.0.1001-1-1",
        "%20",
        "0.0.1001/",
    ]);
    let odd = (one_of(vec!["accounts", "transactions"]), odd);
    prop_oneof![
        4 => list("accounts", &ACCOUNTS),
        4 => list("balances", &BALANCES),
        4 => list("transactions", &TRANSACTIONS),
        1 => account,
        1 => transaction,
        1 => odd.prop_map(|(list, id)| Probe::Get(format!("/api/v1/{list}/{id}"))),
    ]
    .boxed()
}

fn or_else(values: &[String], other: &str) -> Vec<String> {
    if values.is_empty() { vec![other.to_owned()] } else { values.to_vec() }
}

fn list(path: &'static str, parameters: &[(&'static str, Kind)], known: &Known) -> BoxedStrategy<Probe> {
    let parameters: Vec<BoxedStrategy<String>> = parameters
        .iter()
        .map(|(name, kind)| {
            let name = *name;
            value(*kind, known).prop_map(move |value| format!("{name}={value}")).boxed()
        })
        .collect();
    let one = proptest::strategy::Union::new(parameters);
    let path = move |parameters: Vec<String>| match parameters.is_empty() {
        true => Probe::Get(format!("/api/v1/{path}")),
        false => Probe::Get(format!("/api/v1/{path}?{}", parameters.join("&"))),
    };
    vec(one, 0..=MOST).prop_map(path).boxed()
}

fn value(kind: Kind, known: &Known) -> BoxedStrategy<String> {
    let texts = |values: &[&str]| one_of(values.iter().map(|value| (*value).to_owned()).collect());
    let odd = || texts(&["", "x", "-1", "0", "null", "1e3", "0x10", "99999999999999999999", "%00", "a,b"]);
    let plain = match kind {
        Kind::Order => {
            return prop_oneof![8 => texts(&["asc", "desc"]), 1 => texts(&["ASC", "eq:asc", "up", ""])]
                .boxed();
        }
        Kind::Limit => {
            return texts(&["1", "2", "3", "25", "1000", "1001", "0", "-1", "eq:2", "lt:5", "x", "2.5", ""])
                .boxed();
        }
        Kind::Result => return texts(&["success", "fail", "SUCCESS", "eq:success", "ok", ""]).boxed(),
        Kind::Account => prop_oneof![
            one_of(or_else(&known.accounts, "0.0.98")),
            one_of(or_else(&known.accounts, "0.0.98")).prop_map(|id| id
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_owned()),
        ]
        .boxed(),
        Kind::Balance => texts(&["0", "1", "1000", "100000000", "5000000000000000000"]).boxed(),
        Kind::Key => one_of(or_else(&known.keys, "00")).boxed(),
        Kind::Time => {
            let time = one_of(or_else(&known.times, "1568542814.468848000"));
            let short = time.clone().prop_map(|time| time.split('.').next().unwrap_or_default().to_owned());
            prop_oneof![3 => time, 1 => short].boxed()
        }
    };
    let operator = texts(&["", "eq:", "lt:", "lte:", "gt:", "gte:", "ne:", "ge:", "LT:", "gt:gt:"]);
    (operator, prop_oneof![8 => plain, 1 => odd()]).prop_map(|(operator, value)| operator + &value).boxed()
}
