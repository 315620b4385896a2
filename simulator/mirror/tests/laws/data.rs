//! Random data sets and random requests on them.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tanglegram_mirror::store::NewTransaction;
use tanglegram_mirror::{EntityId, Store, dataset};

/// A random transaction: results and transfers; its consensus time follows from its place.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) success: bool,
    pub(crate) transfers: Vec<(EntityId, i64)>,
}

/// A random data set.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) accounts: Vec<EntityId>,
    pub(crate) balances: Vec<i64>,
    pub(crate) transactions: Vec<Transaction>,
}

/// The consensus time of the transaction at a place, in nanoseconds.
pub(crate) fn consensus(place: usize) -> i64 {
    1_500_000_000_000_000_000 + i64::try_from(place).expect("few transactions") * 700_000_001
}

fn account() -> impl Strategy<Value = EntityId> {
    (0i64..2, 1i64..40).prop_map(|(realm, num)| EntityId::new(0, realm, num))
}

pub(crate) fn data() -> impl Strategy<Value = Data> {
    let transfers = vec((account(), -3i64..4), 0..5);
    let transaction =
        (any::<bool>(), transfers).prop_map(|(success, transfers)| Transaction { success, transfers });
    let accounts = proptest::collection::btree_set(account(), 1..50);
    (accounts, vec(0i64..6, 80), vec(transaction, 0..60)).prop_map(|(accounts, balances, transactions)| {
        Data { accounts: accounts.into_iter().collect(), balances, transactions }
    })
}

impl Data {
    /// A store that learnt the transactions in another order.
    pub(crate) fn shuffled(&self, seed: u64) -> Store {
        let mut places: Vec<usize> = (0..self.transactions.len()).collect();
        places.sort_by_key(|place| (*place as u64 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut store = Data { transactions: Vec::new(), ..self.clone() }.store();
        for place in places {
            let transaction = &self.transactions[place];
            let new = NewTransaction {
                consensus: consensus(place),
                payer: EntityId::new(0, 0, 2),
                valid_start: consensus(place) - 1,
                name: "CRYPTOTRANSFER",
                result: if transaction.success { "SUCCESS" } else { "INVALID_SIGNATURE" },
                node: EntityId::new(0, 0, 3),
                transfers: &transaction.transfers,
                charged_fee: Some(1),
                memo: Some(b""),
                max_fee: Some(1),
                valid_duration: Some(120),
            };
            store.insert_transaction(&new).expect("times differ");
        }
        store
    }

    /// The store that knows it.
    pub(crate) fn store(&self) -> Store {
        let balances: Vec<Value> = self
            .accounts
            .iter()
            .zip(&self.balances)
            .map(|(id, balance)| json!([id.to_string(), balance]))
            .collect();
        let transactions: Vec<Value> = self.transactions.iter().enumerate().map(transaction_json).collect();
        let data = json!({
            "balance_snapshots": [{ "consensus_ns": "1400000000000000000", "balances": balances }],
            "transactions": transactions,
        });
        dataset::load(&data.to_string()).expect("random data is a data set")
    }
}

fn transaction_json((place, transaction): (usize, &Transaction)) -> Value {
    let transfers: Vec<Value> = transaction
        .transfers
        .iter()
        .map(|(id, amount)| json!([id.to_string(), amount.to_string()]))
        .collect();
    json!({
        "consensus_ns": consensus(place), "valid_start_ns": consensus(place) - 1, "payer": "0.0.2", "node": "0.0.3",
        "name": "CRYPTOTRANSFER", "result": if transaction.success { "SUCCESS" } else { "INVALID_SIGNATURE" },
        "transfers": transfers, "charged_tx_fee": 1, "memo_hex": "", "max_fee": 1, "valid_duration_seconds": 120,
    })
}

/// A comparison in a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compare(pub(crate) &'static str);

impl Compare {
    pub(crate) fn holds<T: Ord>(self, left: T, right: T) -> bool {
        match self.0 {
            "eq" => left == right,
            "lt" => left < right,
            "lte" => left <= right,
            "gt" => left > right,
            "gte" => left >= right,
            other => panic!("{other}"),
        }
    }
}

impl Compare {
    /// `lt:S.R.N` as the real server takes it: shard and realm may be equal, the number must be less.
    pub(crate) fn holds_by_parts(self, id: EntityId, than: EntityId) -> bool {
        let outer = Compare(match self.0 {
            "lt" => "lte",
            "gt" => "gte",
            other => other,
        });
        outer.holds(id.shard, than.shard) && outer.holds(id.realm, than.realm) && self.holds(id.num, than.num)
    }
}

pub(crate) fn compare() -> impl Strategy<Value = Compare> {
    prop::sample::select(vec!["eq", "lt", "lte", "gt", "gte"]).prop_map(Compare)
}

/// What a random request for transactions asks.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) accounts: Vec<(Compare, EntityId)>,
    pub(crate) times: Vec<(Compare, usize)>,
    pub(crate) result: Option<&'static str>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) ascending: bool,
    pub(crate) limit: usize,
}

pub(crate) fn query() -> impl Strategy<Value = Query> {
    let one_of = |values: [&'static str; 2]| prop::option::of(prop::sample::select(values.to_vec()));
    let times = vec((compare(), 0usize..60), 0..3);
    (
        vec((compare(), account()), 0..3),
        times,
        one_of(["success", "fail"]),
        one_of(["credit", "debit"]),
        any::<bool>(),
        1usize..9,
    )
        .prop_map(|(accounts, times, result, kind, ascending, limit)| Query {
            accounts,
            times,
            result,
            kind,
            ascending,
            limit,
        })
}

impl Query {
    /// The request's path and query.
    pub(crate) fn target(&self) -> String {
        let mut parts = vec![format!("limit={}", self.limit)];
        parts.push(format!("order={}", if self.ascending { "asc" } else { "desc" }));
        parts.extend(self.accounts.iter().map(|(op, id)| format!("account.id={}:{id}", op.0)));
        let time = |place| tanglegram_mirror::Timestamp(consensus(place));
        parts.extend(self.times.iter().map(|(op, place)| format!("timestamp={}:{}", op.0, time(*place))));
        parts.extend(self.result.map(|result| format!("result={result}")));
        parts.extend(self.kind.map(|kind| format!("type={kind}")));
        format!("/api/v1/transactions?{}", parts.join("&"))
    }

    /// The places of the transactions that answer it, by looking at every one. Ids compare as a whole or part by part.
    pub(crate) fn model(&self, data: &Data, whole: bool) -> Vec<usize> {
        let holds = |(op, than): &(Compare, EntityId), id: &EntityId| {
            if whole { op.holds(id, than) } else { op.holds_by_parts(*id, *than) }
        };
        let has_row = |transfers: &[(EntityId, i64)]| {
            transfers.iter().any(|(id, amount)| {
                self.accounts.iter().all(|condition| holds(condition, id))
                    && match self.kind {
                        Some("credit") => *amount > 0,
                        Some("debit") => *amount < 0,
                        _ => true,
                    }
            })
        };
        let answers = |(place, transaction): &(usize, &Transaction)| {
            self.result.is_none_or(|result| transaction.success == (result == "success"))
                && self.times.iter().all(|(op, than)| op.holds(*place, *than))
                && has_row(&transaction.transfers)
        };
        let mut places: Vec<usize> =
            data.transactions.iter().enumerate().filter(answers).map(|(place, _)| place).collect();
        if !self.ascending {
            places.reverse();
        }
        places
    }
}
