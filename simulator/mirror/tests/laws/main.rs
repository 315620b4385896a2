//! Laws of the REST API, on random data: it agrees with a model that looks at every row, pages join up, and nothing makes it panic.

mod data;
mod rows;

use data::{consensus, data, query};
use proptest::prelude::*;
use serde_json::Value;
use tanglegram_mirror::{Dialect, Mirror, Request, Response, Timestamp, dataset};

fn get(mirror: &Mirror, target: &str) -> (u16, Value) {
    let response = mirror.handle(&Request::get(target));
    (response.status, serde_json::from_slice(&response.body).expect("an answer is JSON"))
}

/// The rows of a list and of all pages after it, each as one of its fields.
fn walk(mirror: &Mirror, first: &str, list: &str, field: &str) -> Vec<String> {
    let (mut rows, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(target) = next {
        let (status, page) = get(mirror, &target);
        assert_eq!(status, 200, "{target}: {page}");
        rows.extend(
            page[list].as_array().into_iter().flatten().map(|row| row[field].to_string().replace('"', "")),
        );
        next = page["links"]["next"].as_str().map(str::to_owned);
        assert!(rows.len() <= 2000, "the pages after {first} never end");
    }
    rows
}

proptest! {
    #[test]
    fn transactions_agree_with_the_model(data in data(), query in query()) {
        for dialect in Dialect::ALL {
            let mirror = Mirror::new(data.store(), dialect);
            let expected: Vec<String> = query
                .model(&data, dialect.whole_ids)
                .into_iter()
                .map(|place| Timestamp(consensus(place)).to_string())
                .collect();
            let (_, page) = get(&mirror, &query.target());
            let page: Vec<&str> =
                page["transactions"].as_array().unwrap().iter().map(|row| row["consensus_timestamp"].as_str().unwrap()).collect();
            prop_assert_eq!(&page[..], &expected[..expected.len().min(query.limit)]);
            prop_assert_eq!(walk(&mirror, &query.target(), "transactions", "consensus_timestamp"), expected);
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(data in data(), query in query(), seed: u64) {
        let [sorted, shuffled] = [data.store(), data.shuffled(seed)].map(|store| Mirror::new(store, Dialect::DOCUMENT));
        prop_assert_eq!(get(&sorted, &query.target()), get(&shuffled, &query.target()));
        let all = "/api/v1/transactions?order=asc";
        prop_assert_eq!(get(&sorted, all), get(&shuffled, all));
        for place in 0..data.transactions.len() {
            let start = Timestamp(consensus(place) - 1).to_string().replace('.', "-");
            let one = format!("/api/v1/transactions/0.0.2-{start}");
            prop_assert_eq!(get(&sorted, &one), get(&shuffled, &one));
        }
    }

    #[test]
    fn accounts_and_balances_agree_with_the_model(ledger in rows::ledger(), ask in rows::ask()) {
        for (dialect, list) in Dialect::ALL.into_iter().flat_map(|dialect| ["accounts", "balances"].map(|list| (dialect, list))) {
            let mirror = Mirror::new(ledger.store(), dialect);
            let expected: Vec<String> = ask.model(&ledger, list, dialect).iter().map(ToString::to_string).collect();
            let (status, page) = get(&mirror, &ask.target(list));
            let rows: Vec<&str> =
                page[list].as_array().into_iter().flatten().filter_map(|row| row["account"].as_str()).collect();
            prop_assert_eq!((status, &rows[..]), (200, &expected[..expected.len().min(ask.limit)].iter().map(String::as_str).collect::<Vec<_>>()[..]));
            prop_assert_eq!(page["links"]["next"].is_null(), rows.len() < ask.limit);
            if dialect.whole_ids {
                prop_assert_eq!(walk(&mirror, &ask.target(list), list, "account"), expected);
            }
        }
    }

    #[test]
    fn pages_of_accounts_and_balances_join_up(
        data in data(), limit in 1usize..9, ascending: bool, most in prop::option::of(0i64..6),
    ) {
        let mirror = Mirror::new(data.store(), Dialect::DOCUMENT);
        let fits = |(_, balance): &(_, &i64)| most.is_none_or(|most| **balance <= most);
        let mut expected: Vec<String> =
            data.accounts.iter().zip(&data.balances).filter(fits).map(|(id, _)| id.to_string()).collect();
        if !ascending {
            expected.reverse();
        }
        let order = if ascending { "asc" } else { "desc" };
        let balance = most.map_or(String::new(), |most| format!("&account.balance=lte:{most}"));
        for list in ["accounts", "balances"] {
            let first = format!("/api/v1/{list}?limit={limit}&order={order}{balance}");
            prop_assert_eq!(walk(&mirror, &first, list, "account"), expected.clone());
        }
    }

    #[test]
    fn nothing_makes_it_panic(data in data(), target in hostile_target(), method in "GET|HEAD|POST|OPTIONS|[A-Z]{1,9}") {
        for dialect in Dialect::ALL {
            let mirror = Mirror::new(data.store(), dialect);
            let response = mirror.handle(&Request { method: &method, target: &target, headers: &[], body: b"{" });
            prop_assert!(is_well_formed(&response, dialect), "{method} {target}: {response:?}");
        }
    }
}

/// Paths and queries that are likely to get far into the server, and others that are likely not.
fn hostile_target() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec![
        "/api/v1/accounts",
        "/api/v1/accounts/",
        "/api/v1/accounts/0.0.5",
        "/api/v1/balances",
        "/api/v1/transactions",
        "/api/v1/transactions/0.0.2-1500000000-000000000",
        "",
        "/",
    ]);
    let name = prop::sample::select(vec![
        "account.id",
        "timestamp",
        "limit",
        "order",
        "type",
        "result",
        "account.balance",
        "account.publickey",
        "limit[]",
        "a[b]",
        "timestamp[0]",
        "account.id[a][b][c][d][e][f][g]",
        "]",
        "[",
        "[]",
        "__proto__",
        "",
    ]);
    let value = prop_oneof![
        "(eq:|ne:|lt:|gt:|gte:|lte:|x:)?[0-9]{1,22}([.][0-9]{1,22}){0,3}",
        "asc|desc|credit|debit|success|fail",
        "\\PC{0,20}",
        "[%0-9a-fA-F\\[\\]&=:#?+]{0,40}",
    ];
    let pairs =
        proptest::collection::vec((name, value).prop_map(|(name, value)| format!("{name}={value}")), 0..5);
    let known = (path, "\\PC{0,10}", pairs)
        .prop_map(|(path, rest, pairs)| format!("{path}{rest}?{}", pairs.join("&")));
    prop_oneof![known, any::<String>()]
}

fn is_well_formed(response: &Response, dialect: Dialect) -> bool {
    let is_json = || serde_json::from_slice::<Value>(&response.body).is_ok();
    match response.status {
        200 | 400 | 404 | 405 if dialect == Dialect::DOCUMENT => response.body.is_empty() || is_json(),
        200 => response.body.is_empty() || is_json(),
        204 | 431 => response.body.is_empty(),
        400 | 404 | 500 => dialect == Dialect::MIRROR_0_4_0,
        _ => false,
    }
}

/// Of more than 1000 accounts that match, only the transactions of the 1000 known first are searched.
#[test]
fn the_first_thousand_accounts() {
    let ids: Vec<String> = (1..=1200).rev().map(|num| format!("0.0.{num}")).collect();
    let entities: Vec<Value> =
        ids.iter().map(|id| serde_json::json!({ "id": id, "type": "account" })).collect();
    let transactions: Vec<Value> = (1..=1200)
        .map(|num: i64| {
            serde_json::json!({ "consensus_ns": num * 5_000_000_000, "valid_start_ns": "1", "payer": "0.0.1", "node": "0.0.3",
                "name": "CRYPTOTRANSFER", "result": "SUCCESS", "transfers": [[format!("0.0.{num}"), 5]] })
        })
        .collect();
    let data = serde_json::json!({ "entities": entities, "transactions": transactions }).to_string();
    for dialect in Dialect::ALL {
        let mirror = Mirror::new(dataset::load(&data).unwrap(), dialect);
        let count = |target: &str| walk(&mirror, target, "transactions", "transaction_id").len();
        assert_eq!(count("/api/v1/transactions?limit=900"), 1200);
        // The entities came in descending order: 1200 first, 201 as the thousandth.
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0"), 1000);
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0&limit=100"), 1000);
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0&limit=100&order=asc&type=credit"), 1000);
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0&limit=100&type=debit"), 0);
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0&account.id=lte:0.0.200"), 200);
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0&timestamp=lte:1000"), 0);
        assert_eq!(count("/api/v1/transactions?account.id=gt:0.0.0&timestamp=lte:1005"), 1);
    }
}
