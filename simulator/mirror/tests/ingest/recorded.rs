//! The recorded data set, written as record and balance files and read from them, gives the same answers.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tanglegram_mirror::files::balance::BalanceFile;
use tanglegram_mirror::files::hapi::{self, AccountAmount, Data};
use tanglegram_mirror::files::record::Version;
use tanglegram_mirror::files::{FileHash, name, results};
use tanglegram_mirror::ingest::{Importer, Trust};
use tanglegram_mirror::{Dialect, EntityId, Mirror, Request, Store, dataset};

use super::network::{Draft, NODES, Written, time};

fn entity(text: &Value) -> hapi::EntityId {
    let EntityId { shard, realm, num } = text.as_str().and_then(|id| id.parse().ok()).expect("an id");
    hapi::EntityId { shard, realm, num }
}

fn int(text: &Value) -> Option<i64> {
    text.as_str()?.parse().ok()
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hexadecimal"))
        .collect()
}

fn data(name: &str) -> Option<Data> {
    match name {
        "CRYPTOTRANSFER" => Some(Data::CryptoTransfer(hapi::CryptoTransfer::default())),
        "FREEZE" => Some(Data::Freeze(hapi::Freeze::default())),
        "CONTRACTCALL" => Some(Data::ContractCall(hapi::ContractCall::default())),
        "CRYPTOADDCLAIM" => Some(Data::CryptoAddClaim(hapi::CryptoAddClaim::default())),
        _ => None,
    }
}

/// The transaction as a draft, where a record file can tell all of it.
fn draft(transaction: &Value) -> Option<Draft> {
    let transaction_id = Some(hapi::TransactionId {
        valid_start: Some(time(int(&transaction["valid_start_ns"])?)),
        account: Some(entity(&transaction["payer"])),
    });
    let amounts = transaction["transfers"].as_array()?.iter();
    let amount =
        |pair: &Value| Some(AccountAmount { account: Some(entity(&pair[0])), amount: int(&pair[1])? });
    let mut draft = Draft::new(1, Some(data(transaction["name"].as_str()?)?));
    draft.body.transaction_id = transaction_id;
    draft.body.node_account = Some(entity(&transaction["node"]));
    draft.body.transaction_fee = int(&transaction["max_fee"])?.try_into().ok()?;
    draft.body.valid_duration =
        Some(hapi::Duration { seconds: int(&transaction["valid_duration_seconds"])? });
    draft.body.memo = String::from_utf8(unhex(transaction["memo_hex"].as_str()?)).ok()?;
    draft.receipt().status = results::number(transaction["result"].as_str()?)?;
    draft.record.consensus_timestamp = Some(time(int(&transaction["consensus_ns"])?));
    draft.record.transaction_fee = int(&transaction["charged_tx_fee"])?.try_into().ok()?;
    draft.record.transfer_list =
        Some(hapi::TransferList { amounts: amounts.map(amount).collect::<Option<_>>()? });
    Some(draft)
}

/// The store that reads the transactions and the balances from files.
fn through_files(transactions: &[&Value], snapshots: &[Value]) -> Store {
    let (mut importer, mut store) = (Importer::new(0, Trust::Anyone), Store::new());
    let mut previous = FileHash::NONE;
    for (second, some) in (1_568_542_000..).zip(transactions.chunks(20)) {
        let drafts: Vec<Draft> = some.iter().filter_map(|transaction| draft(transaction)).collect();
        let file = Written::new(Version::V2, previous, second, &drafts);
        previous = file.hash;
        file.offer(&mut importer, NODES[0]);
    }
    for snapshot in snapshots {
        let row = |row: &Value| {
            let hapi::EntityId { shard, realm, num } = entity(&row[0]);
            (EntityId::new(shard, realm, num), int(&row[1]).expect("a balance"))
        };
        let time = int(&snapshot["consensus_ns"]).expect("a time");
        let balances = snapshot["balances"].as_array().expect("rows").iter().map(row).collect();
        importer.offer(NODES[0], &name::balance(time), BalanceFile { time, balances }.write());
    }
    let events = importer.advance(&mut store);
    assert_eq!(events.len(), transactions.chunks(20).len() + snapshots.len(), "{events:?}");
    store
}

#[test]
fn files_tell_what_the_data_set_tells() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded/mirror-2019/dataset.json");
    let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let transactions = whole["transactions"].as_array().unwrap();
    let told: Vec<&Value> = transactions.iter().filter(|transaction| draft(transaction).is_some()).collect();
    assert!(told.len() > 150, "{} of {} transactions", told.len(), transactions.len());
    let snapshots = whole["balance_snapshots"].as_array().unwrap();
    let plain = json!({ "transactions": told, "balance_snapshots": snapshots }).to_string();
    let mirror = |store| Mirror::new(store, Dialect::DOCUMENT);
    let (files, plain) = (mirror(through_files(&told, snapshots)), mirror(dataset::load(&plain).unwrap()));

    for target in [
        "/api/v1/transactions",
        "/api/v1/transactions?order=asc&limit=7",
        "/api/v1/transactions?account.id=0.0.1001&type=credit",
        "/api/v1/balances",
        "/api/v1/accounts",
        "/api/v1/accounts/0.0.1001",
        "/api/v1/balances?timestamp=1568417400",
    ] {
        let (theirs, ours) = (plain.handle(&Request::get(target)), files.handle(&Request::get(target)));
        assert_eq!(
            String::from_utf8(ours.body).unwrap(),
            String::from_utf8(theirs.body).unwrap(),
            "{target}"
        );
    }
}
