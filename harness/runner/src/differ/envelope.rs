//! Requests that no client of the API sends: another method, path or header, a body cut off or in another form.

use proptest::prelude::*;
use proptest::sample::Index;
use tanglegram_target::{IRI, MIRROR, Method};

use super::one_of;
use crate::probe::{Probe, Written};

/// What stands before and behind a body that was good.
const FRAMES: [(&str, &str); 10] = [
    (" \n", "\n "),
    ("", "}"),
    ("", "x"),
    ("", "{}"),
    ("", ","),
    ("[", "]"),
    ("\"", "\""),
    ("{\"a\":", "}"),
    ("{\"a\":1,", ""),
    ("\u{feff}", ""),
];
/// Bodies of other forms. Those are left out that a lenient reader of JSON takes and a strict one does not, such as `{command:x}`:
/// no document asks for the one or the other, and two nodes that differ in it would differ in nothing else any more.
const BODIES: [&str; 25] = [
    "",
    " ",
    "{}",
    "[]",
    "null",
    "1",
    "true",
    "\"getNodeInfo\"",
    "getNodeInfo",
    "{",
    "[[[[[[[[",
    "{\"command\"}",
    "{\"command\":}",
    "{\"command\":null}",
    "{\"command\":1}",
    "{\"command\":true}",
    "{\"command\":[\"getNodeInfo\"]}",
    "{\"command\":{\"command\":\"getNodeInfo\"}}",
    "{\"Command\":\"getNodeInfo\"}",
    "{\"command\":\"getNodeInfo\",}",
    "{,\"command\":\"getNodeInfo\"}",
    "{\"command\":\"getNodeInfo\",\"command\":\"getTips\"}",
    "{\"command\":\"getNode\\u0049nfo\"}",
    "{\"command\":\"getNode\\xInfo\"}",
    "command=getNodeInfo",
];
/// Paths of a mirror node that are near to those there are.
const PATHS: [&str; 18] = [
    "/",
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v1/nothing",
    "/api/v2/accounts",
    "/accounts",
    "/api/v1/accounts/",
    "/api/v1//accounts",
    "/API/v1/Accounts",
    "/api/v1/accounts?",
    "/api/v1/accounts?limit",
    "/api/v1/accounts?=1",
    "/api/v1/accounts?&limit=1&",
    "/api/v1/accounts?Limit=1",
    "/api/v1/accounts?limit[]=1",
    "/api/v1/transactions/0.0.1%2f",
    "/api/v1/balances/0.0.1",
];

/// These, or another header, method or path.
fn mostly<T: Clone + std::fmt::Debug + 'static>(usual: T, others: Vec<T>) -> BoxedStrategy<T> {
    prop_oneof![12 => Just(usual), 1 => one_of(others)].boxed()
}

fn methods(usual: Method) -> BoxedStrategy<Method> {
    let all = [Method::POST, Method::GET, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS];
    mostly(usual.clone(), all.into_iter().filter(|method| *method != usual).collect())
}

/// Around commands of the IRI API.
pub(super) fn iri(calls: BoxedStrategy<Probe>) -> BoxedStrategy<Probe> {
    let calls = calls.prop_map(|call| call.to_string()).boxed();
    let cut = |(body, place): (String, Index)| -> String {
        body.chars().take(place.index(body.chars().count())).collect()
    };
    let bodies = prop_oneof![
        2 => calls.clone(),
        2 => one_of(BODIES.map(str::to_owned).into()),
        2 => (one_of(FRAMES.into()), calls.clone()).prop_map(|((before, after), body)| format!("{before}{body}{after}")),
        1 => (calls, any::<Index>()).prop_map(cut),
    ];
    let versions = mostly(Some("1"), vec![None, Some(""), Some("2"), Some("01"), Some("one")]);
    let types = vec![None, Some("text/plain"), Some("application/x-www-form-urlencoded")];
    let types = mostly(Some("application/json"), types);
    let paths = mostly("/", vec!["/x", "//", "/?a=b", "/api/v1/accounts"]);
    let written = |(method, path, version, kind, body): (Method, &str, Option<&'static str>, _, String)| {
        let headers = [("X-IOTA-API-Version", version), ("Content-Type", kind)];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Probe::Written(Written { api: IRI, method, path: path.to_owned(), headers, body })
    };
    (methods(Method::POST), paths, versions, types, bodies).prop_map(written).boxed()
}

/// Around the endpoints of a mirror node.
pub(super) fn mirror(paths: BoxedStrategy<Probe>) -> BoxedStrategy<Probe> {
    let good = paths.prop_map(|probe| match probe {
        Probe::Get(path) => path,
        other => other.to_string(),
    });
    let paths = prop_oneof![1 => good, 2 => one_of(PATHS.map(str::to_owned).into())];
    let bodies = mostly("", vec!["{}", "{"]);
    let written = |(method, path, body): (Method, String, &str)| {
        let headers = if body.is_empty() { vec![] } else { vec![("Content-Type", "application/json")] };
        Probe::Written(Written { api: MIRROR, method, path, headers, body: body.to_owned() })
    };
    (methods(Method::GET), paths, bodies).prop_map(written).boxed()
}
