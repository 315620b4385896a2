//! What the nodes of a Hedera network are sent: events by each other, transactions and queries by clients.

use prost::Message;
use tanglegram_hashgraph::consensus::{Event, KeyPair};
use tanglegram_hashgraph::files::hapi::TransactionBody;
use tanglegram_hashgraph::services::client::{self, Asked, Draft, Form, SigningKey};
use tanglegram_hashgraph::services::messages::Query;
use tanglegram_hashgraph::services::{Gateway, Genesis, Ledger, SUPPLY, TREASURY, TransactionId};
use tanglegram_hashgraph::{EntityId, SECOND};

use crate::Fixtures;

/// When everything here happens.
const NOW: i64 = 1_570_000_000 * SECOND;
/// The node that is asked, and the account that asks.
const NODE: EntityId = EntityId::new(0, 0, 3);
const CLIENT: EntityId = EntityId::new(0, 0, 1001);

fn keys() -> [SigningKey; 2] {
    [[1; 32], [2; 32]].map(|seed| SigningKey::from_bytes(&seed))
}

fn ledger() -> Ledger {
    let [treasury, client] = keys().map(|signer| client::key(&signer));
    Ledger::new(&Genesis::new(4, treasury).with_account(client, 1_000_000_000))
}

/// There is one way to write an event, and only that is read.
pub(crate) fn event(bytes: &[u8]) -> bool {
    let Ok(event) = Event::decode(bytes) else { return false };
    assert_eq!(event.encode(), bytes);
    assert_eq!(event.size(), bytes.len());
    true
}

/// Whatever a transaction says, signed or not: no hbar is made or lost, nobody owes any, and the state can be written.
pub(crate) fn transaction(bytes: &[u8]) -> bool {
    let mut ledger = ledger();
    let _raw = (ledger.precheck(bytes, NOW, NODE), ledger.handle(NOW + 1, NODE, bytes));
    let body = TransactionBody::decode(bytes);
    let handled = body.is_ok_and(|body| {
        let form = if bytes.len().is_multiple_of(2) { Form::BodyBytes } else { Form::SignedBytes };
        let signed = Draft { body }.sign(&keys().each_ref(), form);
        let _code = ledger.precheck(&signed, NOW, NODE);
        // The second time it is a duplicate.
        let first = ledger.handle(NOW + 2, NODE, &signed);
        first.is_some() && ledger.handle(NOW + 3, NODE, &signed).is_some()
    });
    assert_eq!(ledger.accounts().total(), i128::from(SUPPLY));
    assert!(ledger.accounts().iter().all(|(_, account)| account.balance >= 0), "somebody owes");
    let written = ledger.write();
    assert_eq!(Ledger::read(&written).expect("what was written can be read").write(), written);
    handled
}

/// Whatever a query says, there is an answer, and none to nothing.
pub(crate) fn query(bytes: &[u8]) -> bool {
    let Ok(query) = Query::decode(bytes) else { return false };
    let answered = Gateway::new(NODE, 10).answer(&ledger(), NOW, &query);
    assert_eq!(answered.response.answer.is_some(), query.question.is_some());
    query.question.is_some()
}

/// What is read as a ledger is written so that it reads alike.
pub(crate) fn state(bytes: &[u8]) -> bool {
    let Ok(ledger) = Ledger::read(bytes) else { return false };
    let written = ledger.write();
    assert_eq!(Ledger::read(&written).expect("what was written can be read").write(), written);
    true
}

pub(crate) fn events(_: &Fixtures) -> Vec<Vec<u8>> {
    let keys = [3_u8, 4].map(|seed| KeyPair::from_seed([seed; 32]));
    let first = Event::create(&keys[0], 0, None, None, NOW, vec![]);
    let other = Event::create(&keys[1], 1, None, None, NOW + 1, vec![vec![7; 40].into()]);
    let (own, theirs) = (Some(first.as_parent()), Some(other.as_parent()));
    let child = Event::create(&keys[0], 0, own, theirs, NOW + 2, vec![vec![1].into(), vec![].into()]);
    [first, other, child].map(|event| event.encode()).into()
}

fn drafts() -> Vec<Draft> {
    let id = |payer| TransactionId { payer, valid_start: NOW - SECOND };
    let [treasury, _] = keys().map(|signer| client::key(&signer));
    vec![
        Draft::transfer(id(CLIENT), NODE, &[(CLIENT, -5), (TREASURY, 5)]),
        Draft::transfer(id(TREASURY), NODE, &[(TREASURY, -i64::MAX), (CLIENT, i64::MAX)]).with_memo("all"),
        Draft::create(id(CLIENT), NODE, &treasury, 1_000),
        Draft::new_key(id(CLIENT), NODE, CLIENT, &treasury),
        Draft::delete(id(CLIENT), NODE, CLIENT, TREASURY),
    ]
}

pub(crate) fn transactions(_: &Fixtures) -> Vec<Vec<u8>> {
    drafts().iter().map(|draft| draft.body.encode_to_vec()).collect()
}

pub(crate) fn queries(_: &Fixtures) -> Vec<Vec<u8>> {
    let payment = drafts()[0].sign(&keys().each_ref(), Form::BodyBytes);
    let id = TransactionId { payer: CLIENT, valid_start: NOW };
    let asked = [Asked::Receipt(id), Asked::Record(id), Asked::Balance(CLIENT), Asked::Info(CLIENT)];
    let paid = asked.map(|asked| client::query(asked, Some(&payment)).encode_to_vec());
    [paid.to_vec(), asked.map(|asked| client::query(asked, None).encode_to_vec()).to_vec()].concat()
}

pub(crate) fn states(_: &Fixtures) -> Vec<Vec<u8>> {
    let mut ledger = ledger();
    let before = ledger.write();
    let signed = drafts().into_iter().map(|draft| draft.sign(&keys().each_ref(), Form::BodyBytes));
    for (transaction, after) in signed.zip(1..) {
        ledger.handle(NOW + after, NODE, &transaction);
    }
    vec![before, ledger.write()]
}
