//! Good inputs to start from: what real nodes were asked and answered, and the files that are here.

use std::path::{Path, PathBuf};
use std::{fs, io};

use prost::Message;
use serde_json::Value;
use tanglegram_hashgraph::files::FileHash;
use tanglegram_hashgraph::files::balance::BalanceFile;
use tanglegram_hashgraph::files::hapi::{
    AccountAmount, EntityId, Timestamp, TransactionBody, TransactionId, TransactionReceipt, TransactionRecord,
};
use tanglegram_hashgraph::files::record::{Item, RecordFile, Version};
use tanglegram_hashgraph::files::signature::SignatureFile;
use tanglegram_hashgraph::{EntityId as Account, SECOND};
use tanglegram_ternary::Transaction;
use tanglegram_ternary::transaction::field::TRANSACTION_BYTES;

/// How many seeds of one kind are enough.
const MOST: usize = 64;

/// The folder of the project, with its fixtures, vectors and worlds.
#[derive(Debug, Clone)]
pub struct Fixtures(pub PathBuf);

impl Fixtures {
    /// Those this program was built from.
    pub fn here() -> Self {
        Fixtures(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.0.join(path)).unwrap_or_default()
    }

    fn yaml(&self, folder: &str) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.0.join(folder)) else { return Vec::new() };
        let paths: io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths = paths.unwrap_or_default();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
        paths.sort();
        paths.iter().filter_map(|path| fs::read(path).ok()).collect()
    }

    fn lines(&self, path: &str) -> Vec<Value> {
        let text = String::from_utf8_lossy(&self.read(path)).into_owned();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn requests<'l>(lines: &'l [Value], field: &'l str) -> impl Iterator<Item = Vec<u8>> + 'l {
    let every = (lines.len() / MOST).max(1);
    lines
        .iter()
        .filter_map(move |line| Some(line["request"][field].as_str()?.as_bytes().to_vec()))
        .filter(|body| body.len() < 1 << 14)
        .step_by(every)
}

pub(crate) fn iri_bodies(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    let strange = fixtures.lines("fixtures/recorded/iri-bodies/bodies.jsonl");
    // Most of these are refused: a few are enough.
    let strange = strange.iter().step_by(20);
    let strange = strange.filter_map(|line| Some(line["body"].as_str()?.as_bytes().to_vec()));
    let plain = fixtures.lines("fixtures/recorded/iri-1.8/public.jsonl");
    requests(&plain, "body").chain(strange).collect()
}

pub(crate) fn mirror_targets(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    requests(&fixtures.lines("fixtures/recorded/mirror-2019/public.jsonl"), "path").collect()
}

pub(crate) fn vectors(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    let all = ["vectors/iri", "vectors/mirror", "vectors/network"].map(|folder| fixtures.yaml(folder));
    all.into_iter().flatten().filter(|text| text.len() < 1 << 13).collect()
}

pub(crate) fn worlds(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    fixtures.yaml("fixtures/worlds")
}

/// The trytes of the recorded transactions.
fn texts(fixtures: &Fixtures) -> Vec<String> {
    let all: Value = serde_json::from_slice(&fixtures.read("fixtures/recorded/iri-1.8/transactions.json"))
        .unwrap_or_default();
    let mut found = Vec::new();
    collect(&all, &mut found);
    found.truncate(MOST);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() == crate::tangle::TRYTES => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        _ => {}
    }
}

pub(crate) fn trytes(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    texts(fixtures).iter().map(|text| text.as_bytes()[2187..].to_vec()).collect()
}

fn packed(fixtures: &Fixtures) -> Vec<Transaction> {
    texts(fixtures).iter().filter_map(|text| Transaction::from_trytes(text).ok()).collect()
}

pub(crate) fn transactions(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    let bytes =
        packed(fixtures).iter().map(|transaction| transaction.as_bytes().to_vec()).collect::<Vec<_>>();
    bytes.into_iter().chain(texts(fixtures).into_iter().map(String::into_bytes)).collect()
}

/// The bundles among the recorded transactions, tail first.
pub(crate) fn bundles(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    let all = packed(fixtures);
    let tails = all.iter().filter(|transaction| transaction.current_index() == 0);
    tails
        .map(|tail| {
            let mut bytes = Vec::with_capacity(TRANSACTION_BYTES * 4);
            let mut next = Some(tail);
            while let Some(member) = next {
                bytes.extend(member.as_bytes());
                next = all.iter().find(|other| {
                    other.hash() == member.trunk() && member.current_index() < member.last_index()
                });
            }
            bytes
        })
        .collect()
}

/// Handshake, transactions and heartbeat, read in pieces of 7 bytes.
pub(crate) fn gossip(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    use tanglegram_tangle::gossip::codec::encode;
    use tanglegram_tangle::gossip::{Handshake, Message, VERSIONS};
    let all = packed(fixtures);
    let coordinator = all.first().map(Transaction::address).unwrap_or_default();
    let handshake = Handshake {
        port: 15_600,
        timestamp: 1_573_000_000_000,
        coordinator,
        mwm: 9,
        versions: vec![VERSIONS],
    };
    let mut streams =
        vec![Message::Handshake(handshake), Message::Heartbeat { first_solid: 1, last_solid: 9 }];
    streams.extend(all.into_iter().map(|transaction| Message::Transaction {
        requested: transaction.trunk(),
        transaction: transaction.into(),
    }));
    let one = |message: &Message| {
        let mut bytes = vec![7];
        encode(message, &mut bytes);
        bytes
    };
    streams.iter().map(one).collect()
}

pub(crate) fn snapshots(fixtures: &Fixtures) -> Vec<Vec<u8>> {
    let state =
        String::from_utf8_lossy(&fixtures.read("fixtures/recorded/iri-1.8/snapshot.txt")).into_owned();
    let hash = "9".repeat(81);
    vec![format!("{state}\0{hash}\n20\n1570000000\n1\n1\n{hash};0\n{hash};20\n").into_bytes()]
}

fn body() -> TransactionBody {
    TransactionBody {
        transaction_id: Some(TransactionId {
            valid_start: Some(Timestamp { seconds: 1_568_000_000, nanos: 5 }),
            account: Some(EntityId { shard: 0, realm: 0, num: 1001 }),
        }),
        transaction_fee: 100_000,
        memo: "a memo".into(),
        ..TransactionBody::default()
    }
}

fn record() -> TransactionRecord {
    let amount = |num, amount| AccountAmount { account: Some(EntityId { shard: 0, realm: 0, num }), amount };
    TransactionRecord {
        receipt: Some(TransactionReceipt { status: 22, ..TransactionReceipt::default() }),
        consensus_timestamp: Some(Timestamp { seconds: 1_568_000_001, nanos: 0 }),
        transaction_fee: 84_000,
        transfer_list: Some(tanglegram_hashgraph::files::hapi::TransferList {
            amounts: vec![amount(1001, -84_000), amount(98, 84_000)],
        }),
        ..TransactionRecord::default()
    }
}

pub(crate) fn protobuf(_: &Fixtures) -> Vec<Vec<u8>> {
    vec![body().encode_to_vec(), record().encode_to_vec()]
}

pub(crate) fn record_files(_: &Fixtures) -> Vec<Vec<u8>> {
    let (body, record) = (body(), record());
    let file = |version| RecordFile::new(version, FileHash::NONE, vec![Item::new(&body, &record); 2]).write();
    vec![file(Version::V1), file(Version::V2)]
}

pub(crate) fn signature_files(_: &Fixtures) -> Vec<Vec<u8>> {
    vec![SignatureFile { hash: FileHash::of(&[b"a file"]), signature: vec![7; 384] }.write()]
}

pub(crate) fn balance_files(_: &Fixtures) -> Vec<Vec<u8>> {
    let balances = (1..9).map(|num| (Account::new(0, 0, num), num * 1_000)).collect();
    vec![BalanceFile { time: 1_568_000_000 * SECOND + 1, balances }.write()]
}
