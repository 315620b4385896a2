//! The files of a network's nodes, and what the mirror node that reads them shows: just what the network agreed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tanglegram_hashgraph::files::address_book::AddressBook;
use tanglegram_hashgraph::files::name::Kind;
use tanglegram_hashgraph::hex;
use tanglegram_hashgraph::services::client::{self, Draft, Form, SigningKey};
use tanglegram_hashgraph::services::{Genesis, Handled, Key, TransactionId};
use tanglegram_hashgraph::streams::{StreamFile, Timetable, keys};
use tanglegram_hashgraph::{Application, EntityId, Replica, SECOND, Timestamp};
use tanglegram_mirror::ingest::{Event, Importer, Trust};
use tanglegram_mirror::{Dialect, Mirror, Request, Store};

const START: i64 = 1_568_542_800 * SECOND;

fn id(num: i64) -> EntityId {
    EntityId::new(0, 0, num)
}

fn signer(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// What happened on a network, and what was written of it.
struct Lived {
    handled: Vec<Arc<Handled>>,
    files: Vec<StreamFile>,
    /// All balances after each transaction, by its time.
    balances: BTreeMap<i64, BTreeMap<EntityId, i64>>,
}

fn balances(replica: &Replica) -> BTreeMap<EntityId, i64> {
    replica.ledger().accounts().iter().map(|(id, account)| (id, account.balance)).collect()
}

/// Two minutes in the life of a network: payments, failures, duplicates, accounts that come, change and go.
fn live() -> Lived {
    let genesis = Genesis::new(4, client::key(&signer(1)));
    let genesis = genesis.with_account(client::key(&signer(2)), 900_000_000);
    let genesis = genesis.with_account(client::key(&signer(3)), 1_000_000);
    let mut replica = Replica::new(&genesis, Timetable { records: 10 * SECOND, balances: 40 * SECOND });
    let mut lived =
        Lived { handled: Vec::new(), files: Vec::new(), balances: BTreeMap::from([(0, balances(&replica))]) };
    for number in 0..60i64 {
        let time = START + number * 2_300_000_001;
        let bytes = transaction(number, time);
        replica.handle(Timestamp(time), 0, &bytes);
        lived.balances.insert(time, balances(&replica));
    }
    replica.advance(START + 200 * SECOND);
    lived.handled.extend(replica.take_handled());
    lived.files.extend(replica.take_files());
    lived
}

fn transaction(number: i64, time: i64) -> Vec<u8> {
    let (rich, poor) = (id(1001), id(1002));
    let at = |payer| TransactionId { payer, valid_start: time - SECOND };
    let pay = |payer, amount: i64| Draft::transfer(at(payer), id(3), &[(payer, -amount), (id(5), amount)]);
    let lists = Key::Of(1, vec![client::key(&signer(4)), client::key(&signer(5))]);
    let draft = match number % 10 {
        1 => pay(poor, 5_000_000),
        2 => Draft::create(at(rich), id(3), &lists, u64::try_from(number).unwrap_or(0) * 7),
        4 => Draft::create(at(rich), id(3), &client::key(&signer(4)), 0),
        6 => Draft::new_key(at(rich), id(3), rich, &client::key(&signer(2))),
        // The same as ten transactions before.
        7 => Draft::transfer(TransactionId { payer: rich, valid_start: START }, id(3), &[]),
        8 => Draft::delete(at(rich), id(3), id(1003 + number / 10), rich),
        _ => pay(rich, 1000 + number).with_memo("täst"),
    };
    let signers = [signer(2), signer(3), signer(4)];
    draft.sign(
        &signers.iter().collect::<Vec<_>>(),
        if number % 2 == 0 { Form::BodyBytes } else { Form::SignedBytes },
    )
}

/// A mirror node that read the files, which came late and in a bad order, signed by three of four nodes.
fn mirror(files: &[StreamFile]) -> Mirror {
    let nodes: Vec<EntityId> = (3..7).map(id).collect();
    let book = keys::address_book(&nodes).write().expect("a book");
    let book = AddressBook::read(&book).expect("the book can be read");
    let (mut importer, mut store) = (Importer::new(0, Trust::SignedBy(book)), Store::default());
    let mut imported = 0;
    for file in files.iter().rev() {
        for (member, node) in (0..3).zip(&nodes) {
            let signature = file.sign(keys::of(member).expect("a key"));
            assert_eq!(importer.offer(*node, &file.signature_name(), signature), None);
        }
    }
    let events = importer.advance(&mut store);
    assert!(events.iter().all(|event| matches!(event, Event::Held { .. })), "{events:?}");
    files.iter().rev().for_each(|file| {
        importer.offer(nodes[1], &file.name, file.bytes.to_vec());
    });
    for event in importer.advance(&mut store) {
        assert!(matches!(event, Event::Imported { .. }), "{event}");
        imported += 1;
    }
    assert_eq!(imported, files.len());
    Mirror::new(store, Dialect::default())
}

fn get(mirror: &Mirror, target: &str) -> Value {
    let response = mirror.handle(&Request { method: "GET", target, headers: &[], body: b"" });
    assert_eq!(response.status, 200, "{target}");
    serde_json::from_slice(&response.body).expect("JSON")
}

fn sorted(mut transfers: Vec<(String, i64)>) -> Vec<(String, i64)> {
    transfers.sort();
    transfers
}

#[test]
fn rest_shows_what_the_ledger_did() {
    let lived = live();
    let mirror = mirror(&lived.files);
    transactions_are_those_handled(&lived, &mirror);
    balances_at_any_time_are_those_of_the_point_before(&lived, &mirror);
    accounts_have_their_keys_and_are_gone_when_deleted(&lived, &mirror);
}

fn transactions_are_those_handled(lived: &Lived, mirror: &Mirror) {
    let shown = get(mirror, "/api/v1/transactions?order=asc");
    let shown = shown["transactions"].as_array().expect("a list");
    // What moved nothing at all shows nowhere.
    let moved =
        |handled: &&Arc<Handled>| handled.record.transfer_list.iter().any(|list| !list.amounts.is_empty());
    let handled: Vec<_> = lived.handled.iter().filter(moved).collect();
    assert_eq!((shown.len(), lived.handled.len()), (handled.len(), 60));
    for (shown, handled) in shown.iter().zip(&handled) {
        assert_eq!(shown["consensus_timestamp"], Timestamp(handled.consensus).to_string());
        assert_eq!(shown["result"], handled.result.name());
        assert_eq!(shown["node"], handled.node.to_string());
        assert_eq!(shown["charged_tx_fee"], handled.record.transaction_fee);
        let of_record = handled.record.transfer_list.iter().flat_map(|list| &list.amounts);
        let of_record =
            of_record.map(|each| (id(each.account.unwrap_or_default().num).to_string(), each.amount));
        let of_mirror = shown["transfers"].as_array().expect("a list").iter();
        let of_mirror = of_mirror.map(|each| {
            (each["account"].as_str().expect("a text").to_owned(), each["amount"].as_i64().expect("a number"))
        });
        assert_eq!(sorted(of_mirror.collect()), sorted(of_record.collect()), "{handled:?}");
    }
    let results: std::collections::BTreeSet<&str> =
        handled.iter().map(|handled| handled.result.name()).collect();
    for expected in ["SUCCESS", "DUPLICATE_TRANSACTION", "INSUFFICIENT_ACCOUNT_BALANCE"] {
        assert!(results.contains(expected), "{expected} is among {results:?}");
    }
}

fn balances_at_any_time_are_those_of_the_point_before(lived: &Lived, mirror: &Mirror) {
    assert_eq!(lived.files.iter().filter(|file| file.kind == Kind::Balances).count(), 6);
    for seconds in [0, 7, 20, 33, 59, 60, 61, 119, 200] {
        let time = START + seconds * SECOND;
        let point = time.div_euclid(40 * SECOND) * 40 * SECOND;
        // The last point is told once time has gone on behind it.
        let point = if seconds == 200 { point - 40 * SECOND } else { point };
        let shown = get(mirror, &format!("/api/v1/balances?timestamp={}", Timestamp(time)));
        assert_eq!(shown["timestamp"], Timestamp(point).to_string());
        let expected = lived.balances.range(..=point).next_back().expect("the start").1;
        let shown: BTreeMap<EntityId, i64> = shown["balances"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| {
                let account = row["account"].as_str().expect("a text").parse().expect("an id");
                (account, row["balance"].as_i64().expect("a number"))
            })
            .collect();
        assert_eq!(&shown, expected, "at {seconds} s");
    }
}

fn accounts_have_their_keys_and_are_gone_when_deleted(lived: &Lived, mirror: &Mirror) {
    let created =
        |handled: &&Arc<Handled>| handled.record.receipt.is_some_and(|receipt| receipt.account.is_some());
    assert_eq!(lived.handled.iter().filter(created).count(), 12);
    let plain = get(mirror, "/api/v1/accounts/0.0.1004");
    let key = signer(4).verifying_key().to_bytes();
    assert_eq!(plain["key"], serde_json::json!({"_type": "ED25519", "key": hex::encode(&key)}));
    assert_eq!(plain["deleted"], true, "the second that was made was deleted");
    let list = get(mirror, "/api/v1/accounts/0.0.1013");
    assert_eq!((&list["key"]["_type"], &list["deleted"]), (&"ProtobufEncoded".into(), &false.into()));
}
