//! A small network of its own, not that of the fixture: as a data set, and as the files of its nodes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tanglegram_mirror::files::balance::BalanceFile;
use tanglegram_mirror::files::hapi::{self, AccountAmount, Data};
use tanglegram_mirror::files::record::{Item, RecordFile, Version};
use tanglegram_mirror::files::{FileHash, name, results};
use tanglegram_mirror::{EntityId, SECOND, Timestamp};

const START: i64 = 1_580_000_000 * SECOND;

/// The accounts that hold something, in order.
pub(crate) fn accounts() -> Vec<EntityId> {
    (2..22).chain(1001..1031).map(|num| EntityId::new(0, 0, num)).collect()
}

pub(crate) struct Transaction {
    pub(crate) consensus: i64,
    valid_start: i64,
    payer: EntityId,
    node: EntityId,
    result: &'static str,
    transfers: Vec<(EntityId, i64)>,
}

/// So many transactions, from the one of that number on. One in seven fails, one in eleven is the duplicate of the one before.
pub(crate) fn transactions(numbers: std::ops::Range<i64>) -> Vec<Transaction> {
    numbers.map(transaction).collect()
}

fn transaction(number: i64) -> Transaction {
    let original = if number % 11 == 10 { number - 1 } else { number };
    let account = |salt: i64| EntityId::new(0, 0, 1001 + (original * salt + salt) % 30);
    let (payer, node) = (account(7), EntityId::new(0, 0, 3 + original % 4));
    let amount = 1 + original * 13 % 900;
    let result = match number {
        number if number != original => "DUPLICATE_TRANSACTION",
        number if number % 7 == 3 => "INSUFFICIENT_PAYER_BALANCE",
        _ => "SUCCESS",
    };
    let transfers =
        vec![(payer, -amount - 9), (account(11), amount), (node, 4), (EntityId::new(0, 0, 12), 5)];
    let consensus = START + 3_000 * SECOND + number * 1_500_000_001;
    let valid_start = START + 2_990 * SECOND + original * 1_500_000_001;
    Transaction { consensus, valid_start, payer, node, result, transfers }
}

/// The balances of three times.
pub(crate) fn snapshots() -> Vec<BalanceFile> {
    let balances = |at: i64| {
        accounts().into_iter().map(|id| (id, id.num * 37 % 2_500 + at)).collect::<Vec<(EntityId, i64)>>()
    };
    (0..3).map(|at| BalanceFile { time: START + at * 900 * SECOND + 5, balances: balances(at) }).collect()
}

/// The network as a data set.
pub(crate) fn dataset(count: i64) -> Value {
    let pairs = |pairs: &[(EntityId, i64)]| -> Vec<Value> {
        pairs.iter().map(|(id, amount)| json!([id.to_string(), amount.to_string()])).collect()
    };
    let entities: Vec<Value> = accounts()
        .iter()
        .map(|id| json!({ "id": id.to_string(), "type": "account", "deleted": false }))
        .collect();
    let snapshots: Vec<Value> = snapshots()
        .iter()
        .map(|file| json!({ "consensus_ns": file.time.to_string(), "balances": pairs(&file.balances) }))
        .collect();
    let transactions: Vec<Value> = transactions(0..count)
        .iter()
        .map(|one| {
            json!({ "consensus_ns": one.consensus.to_string(), "valid_start_ns": one.valid_start.to_string(),
                "payer": one.payer.to_string(), "node": one.node.to_string(), "name": "CRYPTOTRANSFER", "result": one.result,
                "transfers": pairs(&one.transfers), "charged_tx_fee": "9", "memo_hex": "", "max_fee": "100",
                "valid_duration_seconds": "120" })
        })
        .collect();
    json!({ "entities": entities, "balance_snapshots": snapshots, "transactions": transactions })
}

/// Writes a balance file for each time.
pub(crate) fn write_balances(folder: &Path) {
    for file in snapshots() {
        fs::write(folder.join(name::balance(file.time)), file.write()).expect("a file can be written");
    }
}

/// Writes a record file of these transactions that goes on after another one; returns its hash.
pub(crate) fn write_records(folder: &Path, previous: FileHash, transactions: &[Transaction]) -> FileHash {
    let file = RecordFile::new(Version::V2, previous, transactions.iter().map(item).collect());
    let path = folder.join(name::record(transactions[0].consensus));
    fs::write(path, file.write()).expect("a file can be written");
    file.hash
}

fn item(one: &Transaction) -> Item<'static> {
    let id = |id: EntityId| Some(hapi::EntityId { shard: id.shard, realm: id.realm, num: id.num });
    let time = |nanos: i64| {
        let (seconds, nanos) = Timestamp(nanos).parts();
        Some(hapi::Timestamp { seconds, nanos: i32::try_from(nanos).expect("less than a second") })
    };
    let amounts =
        one.transfers.iter().map(|(to, amount)| AccountAmount { account: id(*to), amount: *amount });
    let transaction_id =
        Some(hapi::TransactionId { valid_start: time(one.valid_start), account: id(one.payer) });
    let body = hapi::TransactionBody {
        transaction_id,
        node_account: id(one.node),
        transaction_fee: 100,
        valid_duration: Some(hapi::Duration { seconds: 120 }),
        memo: String::new(),
        data: Some(Data::CryptoTransfer(hapi::CryptoTransfer::default())),
    };
    let status = results::number(one.result).expect("a known result");
    let record = hapi::TransactionRecord {
        receipt: Some(hapi::TransactionReceipt { status, ..hapi::TransactionReceipt::default() }),
        consensus_timestamp: time(one.consensus),
        transaction_id,
        transaction_fee: 9,
        transfer_list: Some(hapi::TransferList { amounts: amounts.collect() }),
        ..hapi::TransactionRecord::default()
    };
    Item::new(&body, &record)
}
