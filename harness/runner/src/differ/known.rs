//! What both targets know, to ask about.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tanglegram_target::{MIRROR, Reply};

use crate::probe::Probe;

/// How often is asked for more, each time with what was learnt before.
pub(super) const ROUNDS: usize = 3;
/// Most values of one kind.
const MOST: usize = 40;

/// Values that occur in replies of both targets.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Hashes of transactions.
    pub hashes: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Hashes of bundles.
    pub bundles: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Accounts, as `0.0.1001`.
    pub accounts: Vec<String>,
    /// Ids of a mirror node's transactions.
    pub transactions: Vec<String>,
    /// Times, as `1568542814.468848000`.
    pub times: Vec<String>,
    /// Public keys in hexadecimal digits.
    pub keys: Vec<String>,
}

fn add(known: &mut Vec<String>, value: &str) {
    if !value.is_empty() && known.len() < MOST && !known.iter().any(|other| other == value) {
        known.push(value.to_owned());
    }
}

impl Known {
    /// What to ask in order to know more.
    pub(super) fn questions(&self, api: &str) -> Vec<Probe> {
        if api == MIRROR {
            let lists = [
                "accounts?limit=25",
                "balances?limit=25",
                "transactions?limit=25",
                "transactions?order=asc&limit=25",
            ];
            return lists.iter().map(|list| Probe::Get(format!("/api/v1/{list}"))).collect();
        }
        let with = |name: &str, values: &[String]| Map::from_iter([(name.to_owned(), json!(values))]);
        let mut questions = vec![Probe::call("getNodeInfo", Map::new()), Probe::call("getTips", Map::new())];
        for (name, values) in
            [("addresses", &self.addresses), ("bundles", &self.bundles), ("approvees", &self.hashes)]
        {
            if !values.is_empty() {
                questions.push(Probe::call("findTransactions", with(name, values)));
            }
        }
        if !self.hashes.is_empty() {
            questions.push(Probe::call("getTrytes", with("hashes", &self.hashes)));
        }
        questions
    }

    /// Takes in what both replies hold.
    pub(super) fn learn(&mut self, probe: &Probe, first: &Reply, second: &Reply) {
        let texts = |reply: &Reply| {
            let mut found = BTreeSet::new();
            collect("", &serde_json::from_slice(&reply.body).unwrap_or_default(), &mut found);
            found
        };
        let (first, second) = (texts(first), texts(second));
        for (field, value) in first.intersection(&second) {
            self.take(probe, field, value);
        }
    }

    fn take(&mut self, probe: &Probe, field: &str, value: &str) {
        match (probe, value.len()) {
            (Probe::Call { .. }, 2673) => {
                // Address, tag, bundle, trunk and branch by their places in the transaction.
                let part = |from: usize, length: usize| value.get(from..from + length).unwrap_or_default();
                add(&mut self.addresses, part(2187, 81));
                add(&mut self.bundles, part(2349, 81));
                add(&mut self.hashes, part(2430, 81));
                add(&mut self.hashes, part(2511, 81));
                add(&mut self.tags, part(2592, 27));
            }
            (Probe::Call { .. }, 81) if field != "coordinatorAddress" => add(&mut self.hashes, value),
            (Probe::Get(_), _) => match field {
                "account" | "node" => add(&mut self.accounts, value),
                "transaction_id" => add(&mut self.transactions, value),
                "consensus_timestamp" | "timestamp" => add(&mut self.times, value),
                "key" => add(&mut self.keys, value),
                _ => {}
            },
            _ => {}
        }
    }
}

/// Every text with the name of the field that holds it or the list it is in.
fn collect(field: &str, value: &Value, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::String(text) => {
            found.insert((field.to_owned(), text.clone()));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(field, item, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| collect(name, value, found)),
        _ => {}
    }
}
