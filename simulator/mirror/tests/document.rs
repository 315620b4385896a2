//! The JSON examples of the public API document come out to the letter.

use tanglegram_mirror::{Dialect, Mirror, Request, dataset};

/// A network in which the document's examples are true.
const EXAMPLE: &str = r#"{
  "entities": [{ "id": "0.0.3", "type": "account" }, { "id": "0.0.98", "type": "account" }, { "id": "0.0.995", "type": "account" }],
  "balance_snapshots": [{ "consensus_ns": "1568420100066845000", "balances": [
    ["0.0.1", "628318531"], ["0.0.2", "1"], ["0.0.16311", "5"], ["0.0.16312", "500005000"], ["0.0.16313", "500005000"],
    ["0.0.16314", "500005000"], ["0.0.16315", "500005000"], ["0.0.16316", "500005000"]] }],
  "transactions": [{ "consensus_ns": "1568542824686097000", "valid_start_ns": "1568542814468848000", "payer": "0.0.995",
    "node": "0.0.3", "name": "CRYPTOTRANSFER", "result": "SUCCESS", "charged_tx_fee": "85828", "max_fee": "184000",
    "valid_duration_seconds": "120", "memo_hex": "686173682d686173682e696e666f", "transfers": [["0.0.3", "84000"],
    ["0.0.3", "3091"], ["0.0.98", "880"], ["0.0.98", "81857"], ["0.0.995", "-84000"], ["0.0.995", "-880"], ["0.0.995", "-84948"]] }]
}"#;

fn mirror() -> Mirror {
    Mirror::new(dataset::load(EXAMPLE).expect("the example is a data set"), Dialect::default())
}

/// An example of the document, without the spaces between its parts; there are none within.
fn compact(example: &str) -> String {
    example.split_whitespace().collect()
}

fn assert_answers(target: &str, example: &str) {
    let response = mirror().handle(&Request::get(target));
    let body = String::from_utf8(response.body).expect("bodies are UTF-8");
    assert_eq!((response.status, body), (200, compact(example)), "{target}");
}

const ACCOUNTS: &str = include_str!("../../../fixtures/documents/hedera-mirror-rest/accounts.json");
const BALANCES: &str = include_str!("../../../fixtures/documents/hedera-mirror-rest/balances.json");
const TRANSACTIONS: &str = include_str!("../../../fixtures/documents/hedera-mirror-rest/transactions.json");

/// The same fields in the same order with the same values, digit by digit.
#[test]
fn examples_come_out_to_the_letter() {
    assert_answers("/api/v1/accounts?limit=1", ACCOUNTS);
    assert_answers("/api/v1/balances?limit=5", BALANCES);
    assert_answers("/api/v1/transactions/0.0.995-1568542814-468848000", TRANSACTIONS);
}

/// The example of a list of transactions leaves out the links, which the document tells of below it.
#[test]
fn lists_of_transactions_have_links_too() {
    let example = compact(TRANSACTIONS);
    let list = format!(r#"{},"links":{{"next":null}}}}"#, example.strip_suffix('}').expect("an object"));
    assert_answers("/api/v1/transactions", &list);
    assert_answers("/api/v1/transactions/?account.id=0.0.995", &list);
    assert_answers("/api/v1/transactions?timestamp=1568542824.686097000", &list);
    assert_answers("/api/v1/transactions?account.id=0.0.3&type=credit", &list);
    let none = r#"{ "transactions": [], "links": { "next": null } }"#;
    assert_answers("/api/v1/transactions?account.id=0.0.3&type=debit", none);
}

/// Requests that the document writes out, and what it says of them: how many rows answer, or that they are served at all.
#[test]
fn requests_of_the_document() {
    let served = [
        ("/api/v1/accounts?account.id=lt:0.0.1000", 2),
        ("/api/v1/accounts?account.id=gte:0.0.1000&order=desc", 6),
        ("/api/v1/accounts?account.balance=gt:1000", 6),
        (
            "/api/v1/accounts?account.publickey=2b60955bcbf0cf5e9ea880b52e5b63f664b08edf6ed15e301049517438d61864",
            0,
        ),
        ("/api/v1/balances?timestamp=1566562500.040961001", 0),
        ("/api/v1/balances?timestamp=15000000000", 8),
        ("/api/v1/balances?timestamp=15000000000.010000000", 8),
        ("/api/v1/transactions?result=fail", 0),
        ("/api/v1/transactions?result=faill", 0),
        ("/api/v1/transactions?result=success", 1),
    ];
    for (target, rows) in served {
        let response = mirror().handle(&Request::get(target));
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        let list = ["accounts", "balances", "transactions"].iter().find_map(|name| body[name].as_array());
        assert_eq!((response.status, list.map(Vec::len)), (200, Some(rows)), "{target}: {body}");
    }
}

#[test]
fn integers_are_exact() {
    let data = r#"{ "balance_snapshots": [{ "consensus_ns": 1, "balances": [["0.0.2", "9223372036854775807"], ["0.0.3", "9007199254740993"]] }] }"#;
    let answer = |dialect| {
        let mirror = Mirror::new(dataset::load(data).unwrap(), dialect);
        String::from_utf8(mirror.handle(&Request::get("/api/v1/balances")).body).unwrap()
    };
    let exact = answer(Dialect::DOCUMENT);
    assert!(exact.contains(":9223372036854775807}") && exact.contains(":9007199254740993}"), "{exact}");
    let rounded = answer(Dialect::MIRROR_0_4_0);
    assert!(rounded.contains(":9223372036854776000}") && rounded.contains(":9007199254740992}"), "{rounded}");
}

#[test]
fn what_is_not_there() {
    for (target, status, message) in [
        ("/api/v1/accounts/0.0.77", 404, "Not found"),
        ("/api/v1/accounts/abc", 400, "Invalid parameter: account.id"),
        ("/api/v1/transactions/0.0.995-1568542814-000000000", 404, "Not found"),
        ("/api/v1/transactions/0.0.995", 400, "Invalid parameter: transaction_id"),
        ("/api/v1/accounts?limit=0", 400, "Invalid parameter: limit"),
        ("/api/v1/accounts?order=asc&order=desc", 400, "Invalid parameter: order"),
        ("/api/v1/accounts/0.0.1?limit=x", 400, "Invalid parameter: limit"),
        ("/api/v1/nothing", 404, "Not found"),
    ] {
        let response = mirror().handle(&Request::get(target));
        let body = String::from_utf8(response.body).expect("bodies are UTF-8");
        let expected = format!(r#"{{"_status":{{"messages":[{{"message":"{message}"}}]}}}}"#);
        assert_eq!((response.status, body), (status, expected), "{target}");
    }
}
