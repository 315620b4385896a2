//! Rows that are told otherwise than they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::{ask, home, right, rows_name};
use crate::Mirror;
use crate::mutant::Mutant as M;
use crate::rest::Request;
use crate::store::{Op, Snapshot, Span};

type Rows = Vec<Value>;

/// Changes the body of an answer.
pub(super) fn told(mutant: M, mirror: &Mirror, request: &Request<'_>, body: &mut Value) {
    let path = request.path();
    selected(mutant, mirror, request, body);
    whole(mutant, mirror, body);
    let Some(rows) = body.get_mut(rows_name(path)).and_then(Value::as_array_mut) else { return };
    order(mutant, rows);
    let pairs = ask::pairs(request.query());
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        match home(path) {
            "accounts" => account(mutant, mirror, row),
            "balances" => balance(mutant, mirror, row),
            _ => {
                transaction(mutant, row);
                amounts(mutant, &pairs, row);
            }
        }
    }
    times(mutant, &pairs, body);
}

fn order(mutant: M, rows: &mut Rows) {
    match mutant {
        M::AccountsUnsorted | M::BalancesUnsorted | M::TransactionsUnsorted if rows.len() > 1 => {
            rows.swap(0, 1)
        }
        M::AccountsRowTwice | M::TransactionsRowTwice => rows.extend(rows.last().cloned()),
        M::AccountsDeletedHidden => rows.retain(|row| row["deleted"] != true),
        M::AccountsContractsHidden => rows.retain(|row| row["entity_type"] != "contract"),
        M::BalancesZeroHidden => rows.retain(|row| row["balance"] != 0),
        M::TransactionsFailedHidden | M::TransactionSuccessOnly => {
            rows.retain(|row| row["result"] == "SUCCESS")
        }
        M::TransactionsDuplicatesHidden => {
            let mut seen = BTreeSet::new();
            rows.retain(|row| seen.insert(row["transaction_id"].to_string()));
        }
        M::TransactionFirstOnly => rows.truncate(1),
        M::TransactionDescending => rows.reverse(),
        M::AccountNoTransactions => rows.clear(),
        _ => {}
    }
}

/// Changes which rows there are.
fn selected(mutant: M, mirror: &Mirror, request: &Request<'_>, body: &mut Value) {
    let pairs = ask::pairs(request.query());
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let name = rows_name(request.path());
    let Some(rows) = body.get_mut(name).and_then(Value::as_array_mut) else { return };
    let paid_by = |row: &Value, id: &str| {
        let payer = row["transaction_id"].as_str().and_then(|id| id.split('-').next()).unwrap_or_default();
        payer == id || payer.rsplit('.').next() == Some(id)
    };
    match mutant {
        M::TransactionsPayerOnly => {
            if let Some(id) = value("account.id").filter(|id| !id.contains(':')) {
                rows.retain(|row| paid_by(row, id));
            }
        }
        M::AccountPaidOnly => {
            let id = request.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            rows.retain(|row| paid_by(row, id));
        }
        M::TransactionsTypeOfAnyone => {
            let sign = if value("type") == Some("debit") { -1 } else { 1 };
            let goes = |row: &Value| {
                let transfers = row["transfers"].as_array().into_iter().flatten();
                transfers.filter_map(|one| one["amount"].as_i64()).any(|amount| amount.signum() == sign)
            };
            if value("type").is_some() {
                rows.retain(goes);
            }
        }
        M::TransactionsOkIsSuccess => {
            let is_success = |row: &Value| row["result"] == "SUCCESS" || row["result"] == "OK";
            if let Some(result @ ("success" | "fail")) = value("result") {
                rows.retain(|row| is_success(row) == (result == "success"));
            }
        }
        M::AccountsIdUnion | M::TransactionsIdUnion => union(mirror, request, &pairs, rows),
        _ => {}
    }
}

/// Every row that fits any `account.id`.
fn union(mirror: &Mirror, request: &Request<'_>, pairs: &[(String, String)], rows: &mut Rows) {
    let ids: Vec<_> = pairs.iter().filter(|(name, _)| name == "account.id").collect();
    if ids.len() < 2 {
        return;
    }
    let mut seen = BTreeSet::new();
    rows.clear();
    for id in ids {
        let one: Vec<_> =
            pairs.iter().filter(|(name, _)| name != "account.id").chain([id]).cloned().collect();
        let target = format!("{}?{}", request.path(), ask::text(&one));
        let found =
            right(mirror, &target).and_then(|body| body.get(rows_name(request.path()))?.as_array().cloned());
        rows.extend(found.into_iter().flatten().filter(|row| seen.insert(row.to_string())));
    }
}

/// Changes what is beside the rows.
fn whole(mutant: M, mirror: &Mirror, body: &mut Value) {
    let Some(fields) = body.as_object_mut() else { return };
    match mutant {
        M::AccountNested => {
            let name = |name: &&String| !matches!(name.as_str(), "transactions" | "links");
            let names: Vec<String> = fields.keys().filter(name).cloned().collect();
            let account: Map<String, Value> = names
                .into_iter()
                .filter_map(|name| fields.remove(&name).map(|value| (name, value)))
                .collect();
            fields.insert("account".to_owned(), account.into());
        }
        M::AccountNoLinks => drop(fields.remove("links")),
        M::AccountStaleBalance => account(mutant, mirror, fields),
        M::TransactionAlone => {
            let first = fields.get("transactions").and_then(|rows| rows.get(0)).cloned();
            *body = first.unwrap_or_default();
        }
        M::TransactionLinks => drop(fields.insert("links".to_owned(), json!({ "next": null }))),
        _ => {}
    }
}

/// The snapshot before the newest.
fn before(mirror: &Mirror) -> Option<&Snapshot> {
    let newest = mirror.store.newest_snapshot(&Span::all())?;
    let mut earlier = Span::all();
    earlier.restrict(Op::Lt, newest.time().into());
    mirror.store.newest_snapshot(&earlier)
}

/// What an account had in the snapshot before the newest.
fn stale(mirror: &Mirror, id: &Value) -> Option<i64> {
    let mut parts = id.as_str()?.split('.').skip(1).map(|part| part.parse().ok());
    Some(before(mirror)?.find(parts.next()??, parts.next()??)?.balance)
}

fn account(mutant: M, mirror: &Mirror, row: &mut Map<String, Value>) {
    let hex = row.get("key").and_then(|key| key["key"].as_str()).map(str::to_owned);
    match mutant {
        M::AccountsStaleBalances | M::AccountStaleBalance => {
            if let Some(balance) = stale(mirror, &row["account"]) {
                row["balance"]["balance"] = balance.into();
            }
        }
        M::AccountsBalanceTimeCut => {
            let time = row["balance"]["timestamp"].as_str().and_then(|time| time.split('.').next());
            row["balance"]["timestamp"] = json!(time.map(str::to_owned));
        }
        M::AccountsBalanceFlat => row["balance"] = row["balance"]["balance"].take(),
        M::AccountsBalanceText => row["balance"]["balance"] = json!(row["balance"]["balance"].to_string()),
        M::AccountsDeletedFalse if row["deleted"].is_null() => row["deleted"] = false.into(),
        M::AccountsKeyWithPrefix => {
            if let Some(hex) = hex.filter(|_| row["key"]["_type"] == "ED25519") {
                row["key"]["key"] = json!(format!("1220{hex}"));
            }
        }
        M::AccountsKeyAlwaysEd25519 if hex.is_some() => row["key"]["_type"] = json!("ED25519"),
        M::AccountsKeyFlat if hex.is_some() => row["key"] = json!(hex),
        M::AccountsKeyUpperCase => {
            if let Some(hex) = hex {
                row["key"]["key"] = json!(hex.to_ascii_uppercase());
            }
        }
        M::AccountsNullsLeftOut => row.retain(|_, value| !value.is_null()),
        M::AccountsNoEntityType => drop(row.remove("entity_type")),
        M::AccountsShortIds => {
            row["account"] =
                json!(row["account"].as_str().and_then(|id| id.split_once('.')).map(|(_, id)| id))
        }
        _ => {}
    }
}

fn balance(mutant: M, mirror: &Mirror, row: &mut Map<String, Value>) {
    match mutant {
        M::BalancesStale => {
            if let Some(balance) = stale(mirror, &row["account"]) {
                row["balance"] = balance.into();
            }
        }
        M::BalancesText => row["balance"] = json!(row["balance"].to_string()),
        _ => {}
    }
}

fn transaction(mutant: M, row: &mut Map<String, Value>) {
    let number = |value: &Value| {
        value.as_str().and_then(|text| text.parse::<f64>().ok()).map_or(Value::Null, Value::from)
    };
    let integer = |value: &Value| {
        value.as_str().and_then(|text| text.parse::<i64>().ok()).map_or(Value::Null, Value::from)
    };
    let text = |row: &Map<String, Value>, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    match mutant {
        M::TransactionsFeeText => row["charged_tx_fee"] = json!(row["charged_tx_fee"].to_string()),
        M::TransactionsMaxFeeNumber => row["max_fee"] = integer(&row["max_fee"]),
        M::TransactionsFeeIsMaxFee => row["charged_tx_fee"] = integer(&row["max_fee"]),
        M::TransactionsDurationNumber => {
            row["valid_duration_seconds"] = integer(&row["valid_duration_seconds"])
        }
        M::TransactionsMemoPlain if row["memo_base64"].is_string() => row["memo_base64"] = json!("memo"),
        M::TransactionsMemoUnpadded if row["memo_base64"].is_string() => {
            row["memo_base64"] = json!(text(row, "memo_base64").trim_end_matches('='));
        }
        M::TransactionsMemoNull if row["memo_base64"] == "" => row["memo_base64"] = Value::Null,
        M::TransactionsNameLower => row["name"] = json!(text(row, "name").to_ascii_lowercase()),
        M::TransactionsNodeIsPayer => row["node"] = json!(text(row, "transaction_id").split('-').next()),
        M::TransactionsStartIsConsensus => row["valid_start_timestamp"] = row["consensus_timestamp"].clone(),
        M::TransactionsMicroseconds => {
            row["consensus_timestamp"] = json!(text(row, "consensus_timestamp").get(..17))
        }
        M::TransactionsTimesTrimmed => {
            let time = text(row, "consensus_timestamp");
            row["consensus_timestamp"] = json!(time.trim_end_matches('0').trim_end_matches('.'));
        }
        M::TransactionsTimesNumbers => row["consensus_timestamp"] = number(&row["consensus_timestamp"]),
        M::TransactionsSdkIds => {
            let id = text(row, "transaction_id");
            let mut parts = id.split('-');
            let mut part = || parts.next().unwrap_or_default();
            row["transaction_id"] = json!(format!("{}@{}.{}", part(), part(), part()));
        }
        M::TransactionNoTransfers => drop(row.remove("transfers")),
        M::TransactionNoFee => drop(row.remove("charged_tx_fee")),
        _ => {}
    }
}

/// Changes the transfers of a transaction.
fn amounts(mutant: M, pairs: &[(String, String)], row: &mut Map<String, Value>) {
    let node = row.get("node").cloned();
    let Some(transfers) = row.get_mut("transfers").and_then(Value::as_array_mut) else { return };
    let asked = pairs.iter().find(|(name, value)| name == "account.id" && !value.contains(':'));
    match mutant {
        M::TransactionsOwnTransfersOnly => {
            if let Some((_, id)) = asked {
                let is_own = |one: &Value| {
                    one["account"].as_str().is_some_and(|own| own == id || own.rsplit('.').next() == Some(id))
                };
                transfers.retain(is_own);
            }
        }
        M::TransactionsTransfersMerged => {
            let mut sums: BTreeMap<String, i64> = BTreeMap::new();
            for one in transfers.iter() {
                let account = one["account"].as_str().unwrap_or_default().to_owned();
                *sums.entry(account).or_default() += one["amount"].as_i64().unwrap_or_default();
            }
            if sums.len() < transfers.len() {
                *transfers = sums
                    .into_iter()
                    .map(|(account, amount)| json!({ "account": account, "amount": amount }))
                    .collect();
            }
        }
        M::TransactionsAmountsText => {
            transfers.iter_mut().for_each(|one| one["amount"] = json!(one["amount"].to_string()));
        }
        M::TransactionsFeesHidden => transfers.retain(|one| Some(&one["account"]) != node.as_ref()),
        _ => {}
    }
}

/// Changes the time of balances.
fn times(mutant: M, pairs: &[(String, String)], body: &mut Value) {
    let asked = pairs
        .iter()
        .find(|(name, _)| name == "timestamp")
        .map(|(_, value)| value.rsplit(':').next().unwrap_or(value));
    let is_empty = body.get("balances").and_then(Value::as_array).is_some_and(Vec::is_empty);
    match mutant {
        M::BalancesTimeEchoed => {
            if let Some(asked) = asked.filter(|_| !is_empty) {
                body["timestamp"] = json!(asked);
            }
        }
        M::BalancesTimestampExact => {
            let is_plain = pairs.iter().any(|(name, value)| name == "timestamp" && !value.contains(':'));
            let told = body["timestamp"].as_str().unwrap_or_default();
            let is_same = asked.is_some_and(|asked| {
                told.trim_end_matches('0').trim_end_matches('.')
                    == asked.trim_end_matches('0').trim_end_matches('.')
            });
            if is_plain && !is_same {
                *body = json!({ "timestamp": null, "balances": [], "links": { "next": null } });
            }
        }
        M::BalancesTimeAlways if is_empty => body["timestamp"] = json!("1568542500.000000000"),
        M::BalancesTimeLeftOut if is_empty => {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("timestamp");
            }
        }
        _ => {}
    }
}
