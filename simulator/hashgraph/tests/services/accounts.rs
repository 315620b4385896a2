//! Making, changing and deleting accounts.

use ed25519_dalek::SigningKey;
use tanglegram_hashgraph::files::hapi::{self, CryptoUpdate, Data};
use tanglegram_hashgraph::services::client::{self, Draft, Form};
use tanglegram_hashgraph::services::{Key, ResponseCode};
use tanglegram_hashgraph::{EntityId, SECOND};

use crate::kit::{Net, RICH, account, id, signer, transfers};

fn create(net: &mut Net, key: &Key, balance: u64) -> EntityId {
    let handled = net.run(1, |id, node| Draft::create(id, node, key, balance));
    assert_eq!(handled.result, ResponseCode::SUCCESS);
    let created = handled.record.receipt.and_then(|receipt| receipt.account).expect("an account");
    id(created.num)
}

/// Client 2 tries to send on what an account holds, with more signatures.
fn spend(net: &mut Net, from: EntityId, signers: &[&SigningKey]) -> ResponseCode {
    let draft = Draft::transfer(net.id(account(2)), id(3), &[(from, -1), (account(3), 1)]);
    let mut all = vec![];
    let payer = signer(2);
    all.push(&payer);
    all.extend(signers);
    net.handle(3, &draft.sign(&all, Form::SignedBytes)).result
}

#[test]
fn a_new_account_has_the_next_number_and_its_balance() {
    let mut net = Net::new();
    let handled = net.run(1, |id, node| Draft::create(id, node, &client::key(&signer(9)), 500));
    let receipt = handled.record.receipt.expect("a receipt");
    assert_eq!(receipt.account, Some(hapi::EntityId { shard: 0, realm: 0, num: 1005 }));
    assert_eq!(net.balance(id(1005)), 500);
    let moved = transfers(&handled);
    assert!(moved.contains(&(1001, -500)) && moved.contains(&(1005, 500)), "{moved:?}");
    let made = net.ledger.accounts().find(id(1005)).expect("made");
    assert_eq!(made.expiry, net.now / SECOND + 7_776_000);
    assert_eq!(create(&mut net, &client::key(&signer(9)), 0), id(1006));
}

#[test]
fn an_account_cannot_start_with_more_than_its_payer_has() {
    let mut net = Net::new();
    let rich = u64::try_from(RICH).expect("positive");
    let handled = net.run(1, |id, node| Draft::create(id, node, &client::key(&signer(9)), rich));
    assert_eq!(handled.result, ResponseCode::INSUFFICIENT_PAYER_BALANCE);
    assert_eq!(handled.record.receipt.and_then(|receipt| receipt.account), None);
    assert!(net.balance(account(1)) < RICH, "the fee was charged all the same");
    assert_eq!(net.ledger.accounts().find(id(1005)), None);
    assert_eq!(create(&mut net, &client::key(&signer(9)), 0), id(1005), "the number was not used up");
}

#[test]
fn a_threshold_of_lists_needs_its_signatures() {
    let mut net = Net::new();
    let [a, b, c] = [11, 12, 13].map(signer);
    let list = Key::Of(2, vec![client::key(&a), client::key(&b)]);
    let key = Key::Of(1, vec![list, client::key(&c)]);
    let made = create(&mut net, &key, 100);
    assert_eq!(spend(&mut net, made, &[]), ResponseCode::INVALID_SIGNATURE);
    assert_eq!(spend(&mut net, made, &[&a]), ResponseCode::INVALID_SIGNATURE);
    assert_eq!(spend(&mut net, made, &[&a, &b]), ResponseCode::SUCCESS);
    assert_eq!(spend(&mut net, made, &[&c]), ResponseCode::SUCCESS);
    assert_eq!(net.balance(made), 98);
}

#[test]
fn another_key_needs_the_old_and_the_new_signature() {
    let mut net = Net::new();
    let [old, new] = [21, 22].map(signer);
    let made = create(&mut net, &client::key(&old), 100);
    let update = |net: &mut Net, signers: &[&SigningKey]| {
        let draft = Draft::new_key(net.id(account(1)), id(3), made, &client::key(&new));
        net.handle(3, &draft.sign(&[&[&signer(1)], signers].concat(), Form::BodyBytes)).result
    };
    assert_eq!(update(&mut net, &[&old]), ResponseCode::INVALID_SIGNATURE);
    assert_eq!(update(&mut net, &[&new]), ResponseCode::INVALID_SIGNATURE);
    assert_eq!(update(&mut net, &[&old, &new]), ResponseCode::SUCCESS);
    assert_eq!(spend(&mut net, made, &[&old]), ResponseCode::INVALID_SIGNATURE);
    assert_eq!(spend(&mut net, made, &[&new]), ResponseCode::SUCCESS);
}

#[test]
fn an_update_changes_what_is_given_and_shortens_no_life() {
    let mut net = Net::new();
    let mut update = |change: &dyn Fn(&mut CryptoUpdate)| {
        let mut body = CryptoUpdate {
            account: Some(hapi::EntityId { shard: 0, realm: 0, num: 1001 }),
            ..CryptoUpdate::default()
        };
        change(&mut body);
        let result = net.run(1, |id, node| Draft::new(id, node, Data::CryptoUpdateAccount(body))).result;
        (result, net.ledger.accounts().find(account(1)).cloned().expect("there"))
    };
    let (result, before) = update(&|body| body.auto_renew_period = Some(hapi::Duration { seconds: 5 }));
    assert_eq!((result, before.auto_renew), (ResponseCode::SUCCESS, 5));
    let expiry = |seconds| Some(hapi::Timestamp { seconds, nanos: 0 });
    let (result, after) = update(&|body| body.expiration_time = expiry(before.expiry - 1));
    assert_eq!((result, &after), (ResponseCode::INVALID_EXPIRATION_TIME, &strip(&before, &after)));
    let (result, after) = update(&|body| body.expiration_time = expiry(before.expiry + 1));
    assert_eq!((result, after.expiry), (ResponseCode::SUCCESS, before.expiry + 1));
    let (result, after) = update(&|body| {
        body.receiver_sig_required_wrapper = Some(hapi::BoolValue { value: true });
        body.send_record_threshold_wrapper = Some(hapi::UnsignedValue { value: 7 });
        body.receive_record_threshold = Some(8);
        body.proxy_account = Some(hapi::EntityId { shard: 0, realm: 0, num: 3 });
    });
    assert_eq!(result, ResponseCode::SUCCESS);
    assert_eq!((after.receiver_signs, after.send_threshold, after.receive_threshold), (true, 7, 8));
    assert_eq!(after.proxy, Some(id(3)));
    let (_, after) = update(&|body| body.proxy_account = Some(hapi::EntityId::default()));
    assert_eq!(after.proxy, None);
}

/// An account as another one, save for the balance, from which fees went.
fn strip(
    account: &tanglegram_hashgraph::services::Account,
    other: &tanglegram_hashgraph::services::Account,
) -> tanglegram_hashgraph::services::Account {
    tanglegram_hashgraph::services::Account { balance: other.balance, ..account.clone() }
}

#[test]
fn a_receiver_that_has_to_sign_has_to_sign() {
    let mut net = Net::new();
    let body = CryptoUpdate {
        account: Some(hapi::EntityId { shard: 0, realm: 0, num: 1003 }),
        receiver_sig_required: Some(true),
        ..CryptoUpdate::default()
    };
    net.run(3, |id, node| Draft::new(id, node, Data::CryptoUpdateAccount(body)));
    assert_eq!(net.pay(1, account(3), 5).result, ResponseCode::INVALID_SIGNATURE);
    let draft = Draft::transfer(net.id(account(1)), id(3), &[(account(1), -5), (account(3), 5)]);
    let signed = draft.sign(&[&signer(1), &signer(3)], Form::BodyBytes);
    assert_eq!(net.handle(3, &signed).result, ResponseCode::SUCCESS);
}

#[test]
fn a_deleted_account_leaves_all_it_has_and_is_gone() {
    let mut net = Net::new();
    let owner = signer(31);
    let made = create(&mut net, &client::key(&owner), 700);
    let delete = |net: &mut Net, account_id, heir, signers: &[&SigningKey]| {
        let draft = Draft::delete(net.id(account(1)), id(3), account_id, heir);
        net.handle(3, &draft.sign(&[&[&signer(1)], signers].concat(), Form::BodyBytes))
    };
    assert_eq!(delete(&mut net, made, account(4), &[]).result, ResponseCode::INVALID_SIGNATURE);
    assert_eq!(delete(&mut net, made, made, &[&owner]).result, ResponseCode::INVALID_ACCOUNT_ID);
    assert_eq!(delete(&mut net, id(98), made, &[&owner]).result, ResponseCode::ENTITY_NOT_ALLOWED_TO_DELETE);
    let handled = delete(&mut net, made, account(4), &[&owner]);
    assert_eq!(handled.result, ResponseCode::SUCCESS);
    assert!(transfers(&handled).contains(&(1004, 700)));
    assert_eq!((net.balance(made), net.balance(account(4))), (0, RICH + 700));
    assert_eq!(delete(&mut net, made, account(4), &[&owner]).result, ResponseCode::ACCOUNT_DELETED);
    assert_eq!(net.pay(1, made, 5).result, ResponseCode::ACCOUNT_DELETED);
    // Whoever deletes the account that pays, leaves what the fee left.
    let handled = net.run(2, |id, node| Draft::delete(id, node, account(2), account(4)));
    assert_eq!((handled.result, net.balance(account(2))), (ResponseCode::SUCCESS, 0));
}
