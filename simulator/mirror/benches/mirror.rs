//! Requests per second on tables of growing size, the speed of ingest, and what a transaction takes in memory.
//!
//! `cargo bench -p tanglegram-mirror`. The network is generated: 5,000 accounts with a balance each, transfers among them, one in
//! twenty of which fails. The requests are those that the real server was measured with.

use std::borrow::Cow;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use prost::Message;
use tanglegram_mirror::files::record::{Item, RecordFile, Version};
use tanglegram_mirror::files::{FileHash, hapi, name, results};
use tanglegram_mirror::ingest::{Importer, Trust};
use tanglegram_mirror::store::{BalanceRow, NewTransaction, Snapshot};
use tanglegram_mirror::{Dialect, EntityId, EntityKind, Mirror, Request, Store, Timestamp};

const ACCOUNTS: i64 = 5_000;
const FIRST_ACCOUNT: i64 = 50_000;
const BUSY: EntityId = EntityId::new(0, 0, FIRST_ACCOUNT + 7);
const START: i64 = 1_568_000_000_000_000_000;
const STEP: i64 = 10_000_000;

/// A number that looks random, always the same for the same place.
fn scatter(place: i64, salt: i64) -> i64 {
    let mixed = (place ^ salt.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x2545_F491_4F6C_DD1D);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x369D_EA0F_31A5_3F85) >> 16 & i64::MAX
}

fn account(place: i64, salt: i64) -> EntityId {
    EntityId::new(0, 0, FIRST_ACCOUNT + scatter(place, salt) % ACCOUNTS)
}

struct Generated {
    consensus: i64,
    payer: EntityId,
    node: EntityId,
    result: &'static str,
    transfers: [(EntityId, i64); 4],
}

fn generate(place: i64) -> Generated {
    // One account pays for one transaction in a hundred, so that its pages are full in the smallest table, too.
    let payer = if place % 100 == 50 { BUSY } else { account(place, 1) };
    let node = EntityId::new(0, 0, 3 + place % 10);
    let amount = 1 + scatter(place, 2) % 1_000_000;
    let result = if place % 20 == 0 || place % 1000 == 50 { "INSUFFICIENT_PAYER_BALANCE" } else { "SUCCESS" };
    let transfers = [
        (payer, -amount - 84_000),
        (account(place, 3), amount),
        (node, 4_000),
        (EntityId::new(0, 0, 98), 80_000),
    ];
    Generated { consensus: START + place * STEP, payer, node, result, transfers }
}

fn network(transactions: i64) -> Store {
    let mut store = Store::new();
    let accounts = FIRST_ACCOUNT..FIRST_ACCOUNT + ACCOUNTS;
    for num in accounts.clone() {
        store.entities_mut().find_or_insert(EntityId::new(0, 0, num), EntityKind::Account);
    }
    let row = |num: i64| BalanceRow { realm: 0, num: num as i32, balance: scatter(num, 4) % 1_000_000_000 };
    store.insert_snapshot(Snapshot::new(START, 0, accounts.map(row).collect()));
    for place in 0..transactions {
        let new = generate(place);
        let transaction = NewTransaction {
            consensus: new.consensus,
            payer: new.payer,
            valid_start: new.consensus - 5_000_000_000,
            name: "CRYPTOTRANSFER",
            result: new.result,
            node: new.node,
            transfers: &new.transfers,
            charged_fee: Some(84_000),
            memo: Some(b"a memo of usual length"),
            max_fee: Some(100_000),
            valid_duration: Some(120),
        };
        store.insert_transaction(&transaction).expect("times differ");
    }
    store
}

/// The requests that the real server was measured with, and what selects little from much.
fn targets(transactions: i64) -> Vec<(&'static str, String)> {
    let middle = generate(transactions / 2);
    let (seconds, nanos) = Timestamp(middle.consensus - 5_000_000_000).parts();
    let time = Timestamp(middle.consensus);
    let (payer, busy) = (middle.payer, BUSY);
    vec![
        ("transactions", "/api/v1/transactions?limit=25".to_owned()),
        ("accounts", "/api/v1/accounts?limit=25".to_owned()),
        ("balances", "/api/v1/balances?limit=25".to_owned()),
        ("transaction", format!("/api/v1/transactions/{payer}-{seconds}-{nanos:09}")),
        ("transactions of an account", format!("/api/v1/transactions?account.id={busy}&limit=25")),
        ("transactions before", format!("/api/v1/transactions?timestamp=lt:{time}&limit=25")),
        ("failed transactions", "/api/v1/transactions?result=fail&limit=25".to_owned()),
        (
            "debits of an account, failed",
            format!("/api/v1/transactions?account.id={busy}&type=debit&result=fail&limit=5"),
        ),
        ("transactions of a range", "/api/v1/transactions?account.id=gt:0.0.50000&limit=25".to_owned()),
        ("account", format!("/api/v1/accounts/{busy}?limit=5")),
        ("accounts by balance", "/api/v1/accounts?account.balance=gt:999000000&limit=25".to_owned()),
    ]
}

fn requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("requests");
    group.throughput(Throughput::Elements(1)).warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1)).sample_size(20);
    for transactions in [10_000, 100_000, 1_000_000] {
        let before = resident();
        let mirror = Mirror::new(network(transactions), Dialect::DOCUMENT);
        if let (Some(before), Some(after)) = (before, resident()) {
            println!(
                "memory: {} bytes a transaction at {transactions}",
                (after - before) / transactions as u64
            );
        }
        if transactions == 100_000 {
            compare(&mirror, &targets(transactions));
        }
        for (name, target) in targets(transactions) {
            let answer = mirror.handle(&Request::get(&target));
            assert_eq!(answer.status, 200, "{target}");
            group.bench_function(BenchmarkId::new(name, transactions), |bencher| {
                bencher.iter(|| mirror.handle(black_box(&Request::get(&target))));
            });
        }
    }
}

/// Requests per second of the real server on a table of this size: one process, each request over a connection of this machine.
const REAL: [(&str, f64); 9] = [
    ("transactions", 225.0),
    ("accounts", 238.0),
    ("balances", 1216.0),
    ("transaction", 571.0),
    ("transactions of an account", 190.0),
    ("transactions before", 158.0),
    ("failed transactions", 164.0),
    ("transactions of a range", 115.0),
    ("account", 129.0),
];

/// Prints how many times as many requests are answered as by the real server; without sockets, whose cost is the web server's.
#[allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn compare(mirror: &Mirror, targets: &[(&str, String)]) {
    const ROUNDS: u32 = 2_000;
    for (name, target) in targets {
        let Some((_, real)) = REAL.iter().find(|(known, _)| known == name) else { continue };
        let started = Instant::now();
        for _ in 0..ROUNDS {
            black_box(mirror.handle(black_box(&Request::get(target))));
        }
        let rate = f64::from(ROUNDS) / started.elapsed().as_secs_f64();
        println!("{name}: {rate:.0} requests a second, {:.0} times the real server's {real:.0}", rate / real);
    }
}

/// The bytes of memory the process has, where the system tells.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

fn message(id: EntityId) -> Option<hapi::EntityId> {
    Some(hapi::EntityId { shard: id.shard, realm: id.realm, num: id.num })
}

fn time(nanos: i64) -> Option<hapi::Timestamp> {
    let (seconds, nanos) = Timestamp(nanos).parts();
    Some(hapi::Timestamp { seconds, nanos: nanos as i32 })
}

fn item(place: i64) -> Item<'static> {
    let new = generate(place);
    let id =
        hapi::TransactionId { valid_start: time(new.consensus - 5_000_000_000), account: message(new.payer) };
    let amounts = new
        .transfers
        .iter()
        .map(|(id, amount)| hapi::AccountAmount { account: message(*id), amount: *amount });
    let list = hapi::TransferList { amounts: amounts.collect() };
    let body = hapi::TransactionBody {
        transaction_id: Some(id),
        node_account: message(new.node),
        transaction_fee: 100_000,
        valid_duration: Some(hapi::Duration { seconds: 120 }),
        memo: "a memo of usual length".to_owned(),
        data: Some(hapi::Data::CryptoTransfer(hapi::CryptoTransfer { transfers: Some(list.clone()) })),
    };
    let receipt = hapi::TransactionReceipt {
        status: results::number(new.result).expect("a known result"),
        ..hapi::TransactionReceipt::default()
    };
    let record = hapi::TransactionRecord {
        receipt: Some(receipt),
        transaction_hash: vec![7; 48],
        consensus_timestamp: time(new.consensus),
        transaction_id: Some(id),
        transaction_fee: 84_000,
        transfer_list: Some(list),
        ..hapi::TransactionRecord::default()
    };
    let transaction = hapi::Transaction {
        body_bytes: body.encode_to_vec(),
        sig_map: Some(vec![9; 70]),
        ..hapi::Transaction::default()
    };
    Item { transaction: Cow::Owned(transaction.encode_to_vec()), record: Cow::Owned(record.encode_to_vec()) }
}

/// Files of 500 transactions each, one after the other.
fn files(transactions: i64) -> Vec<(String, Vec<u8>)> {
    let mut previous = FileHash::NONE;
    let write = |start: i64| {
        let file = RecordFile::new(Version::V2, previous, (start..start + 500).map(item).collect());
        previous = file.hash;
        (name::record(generate(start).consensus), file.write())
    };
    (0..transactions).step_by(500).map(write).collect()
}

fn ingest(criterion: &mut Criterion) {
    let transactions = 100_000;
    let files = files(transactions);
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(transactions as u64)).sample_size(10);
    group.measurement_time(Duration::from_secs(8));
    group.bench_function("record files, believed", |bencher| {
        let fresh = || {
            let mut importer = Importer::new(0, Trust::Anyone);
            for (name, content) in &files {
                importer.offer(EntityId::new(0, 0, 3), name, content.clone());
            }
            (importer, Store::new())
        };
        let run = |(mut importer, mut store): (Importer, Store)| {
            importer.advance(&mut store);
            assert_eq!(store.transactions().len(), transactions as usize);
            store
        };
        bencher.iter_batched(fresh, run, BatchSize::PerIteration);
    });
}

criterion_group!(benches, requests, ingest);
criterion_main!(benches);
