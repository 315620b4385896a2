//! The same transaction by several nodes, and what is forgotten.

use tanglegram_hashgraph::SECOND;
use tanglegram_hashgraph::services::client::{Draft, Form};
use tanglegram_hashgraph::services::{FEE_ACCOUNT, KEPT, ResponseCode, TransactionId};

use crate::kit::{Net, RICH, account, id, signer, transfers};

/// A transfer of 100 for a node to submit; all with the same id.
fn bytes(transaction: TransactionId, node: i64) -> Vec<u8> {
    let draft = Draft::transfer(transaction, id(node), &[(account(1), -100), (account(2), 100)]);
    draft.sign(&[&signer(1)], Form::SignedBytes)
}

#[test]
fn every_further_node_gets_a_duplicate_and_the_payer_pays_the_network_for_it() {
    let mut net = Net::new();
    let transaction = net.id(account(1));
    assert_eq!(net.handle(3, &bytes(transaction, 3)).result, ResponseCode::SUCCESS);
    let paid = RICH - net.balance(account(1));
    for node in [4, 5] {
        let again = net.handle(node, &bytes(transaction, node));
        assert_eq!((again.result, again.node), (ResponseCode::DUPLICATE_TRANSACTION, id(node)));
        assert_eq!(transfers(&again), [(98, 880), (1001, -880)]);
        assert_eq!(again.record.transaction_fee, 880);
    }
    assert_eq!(net.balance(account(1)), RICH - paid - 2 * 880);
    assert_eq!(net.balance(account(2)), RICH + 100, "only one was processed");
    let receipt = net.ledger.history().find(&transaction, net.now).expect("a receipt");
    assert_eq!(receipt.result, ResponseCode::SUCCESS);
}

#[test]
fn a_node_that_submits_twice_pays_for_it() {
    let mut net = Net::new();
    net.pay(4, id(4), 10_000);
    let transaction = net.id(account(1));
    net.handle(4, &bytes(transaction, 4));
    let before = net.balance(account(1));
    let again = net.handle(4, &bytes(transaction, 4));
    assert_eq!(again.result, ResponseCode::DUPLICATE_TRANSACTION);
    assert_eq!((transfers(&again), net.balance(account(1))), (vec![(4, -880), (98, 880)], before));
}

#[test]
fn a_failed_transaction_is_charged_in_full_and_occupies_its_id() {
    let mut net = Net::new();
    let transaction = net.id(account(1));
    let draft = Draft::transfer(transaction, id(3), &[(account(1), -RICH), (account(2), RICH)]);
    let failed = net.handle(3, &draft.sign(&[&signer(1)], Form::BodyBytes));
    assert_eq!(failed.result, ResponseCode::INSUFFICIENT_ACCOUNT_BALANCE);
    assert_eq!(transfers(&failed), [(3, 3_091), (98, 880), (98, 81_857), (1001, -880), (1001, -84_948)]);
    assert_eq!((net.balance(account(1)), net.balance(account(2))), (RICH - 85_828, RICH));
    assert_eq!(net.handle(4, &bytes(transaction, 4)).result, ResponseCode::DUPLICATE_TRANSACTION);
}

#[test]
fn who_cannot_sign_cannot_occupy_an_id() {
    let mut net = Net::new();
    let transaction = net.id(account(1));
    let draft = Draft::transfer(transaction, id(3), &[(account(1), -100), (account(2), 100)]);
    let forged = net.handle(3, &draft.sign(&[&signer(2)], Form::BodyBytes));
    assert_eq!((forged.result, transfers(&forged)), (ResponseCode::INVALID_PAYER_SIGNATURE, Vec::new()));
    assert_eq!(net.handle(3, &bytes(transaction, 3)).result, ResponseCode::SUCCESS);
    let receipt = net.ledger.history().find(&transaction, net.now).expect("a receipt");
    assert_eq!(receipt.result, ResponseCode::SUCCESS);
}

#[test]
fn receipts_are_kept_for_180_seconds() {
    let mut net = Net::new();
    let transaction = net.id(account(1));
    let handled = net.handle(3, &bytes(transaction, 3));
    let find = |net: &Net, now| net.ledger.history().find(&transaction, now).map(|found| found.result);
    assert_eq!(find(&net, handled.consensus + KEPT), Some(ResponseCode::SUCCESS));
    assert_eq!(find(&net, handled.consensus + KEPT + 1), None);
    // A transaction that comes later throws it out, so that the memory does not grow; by then the id is no longer valid.
    net.now += KEPT + SECOND;
    let late = net.handle(4, &bytes(transaction, 4));
    assert_eq!(late.result, ResponseCode::TRANSACTION_EXPIRED);
    assert_eq!(net.ledger.history().iter().count(), 1);
    assert!(net.balance(FEE_ACCOUNT) > 0);
}
