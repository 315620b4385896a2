//! What holds for every sequence of transactions.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tanglegram_hashgraph::EntityId;
use tanglegram_hashgraph::SECOND;
use tanglegram_hashgraph::services::client::{self, Draft, Form};
use tanglegram_hashgraph::services::{FEE_ACCOUNT, Handled, Ledger, ResponseCode, SUPPLY, TransactionId};

use crate::kit::{Net, START, account, id, signer};

/// A transaction of a client, by a node, with an id that may be that of another.
#[derive(Clone, Debug)]
struct Step {
    client: u8,
    signer: u8,
    node: i64,
    submitter: i64,
    start: i64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Transfer(Vec<(i64, i64)>),
    Pay(i64, i64),
    Create(u64),
    Key(i64, u8),
    Delete(i64, i64),
}

fn accounts() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 1001i64..1008, 1 => Just(98i64), 1 => Just(3i64)]
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -500_000_000i64..500_000_000, 1 => any::<i64>(), 1 => Just(0i64)]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        1 => prop::collection::vec((accounts(), amounts()), 0..4).prop_map(What::Transfer),
        4 => (accounts(), 0i64..600_000_000).prop_map(|(to, amount)| What::Pay(to, amount)),
        2 => prop_oneof![0u64..500_000_000, any::<u64>()].prop_map(What::Create),
        1 => (accounts(), 1u8..5).prop_map(|(account, key)| What::Key(account, key)),
        1 => (accounts(), accounts()).prop_map(|(account, heir)| What::Delete(account, heir)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let signer = |client: u8| prop_oneof![9 => Just(client), 1 => 1u8..5];
    (1u8..5, 3i64..7, 0i64..200, what()).prop_flat_map(move |(client, node, start, what)| {
        let submitter = prop_oneof![9 => Just(node), 1 => 3i64..7];
        (signer(client), submitter).prop_map(move |(signer, submitter)| Step {
            client,
            signer,
            node,
            submitter,
            start,
            what: what.clone(),
        })
    })
}

impl Step {
    fn bytes(&self) -> Vec<u8> {
        let payer = account(self.client);
        let transaction = TransactionId { payer, valid_start: START + self.start * SECOND };
        let node = id(self.node);
        let draft = match &self.what {
            What::Transfer(amounts) => {
                let amounts: Vec<(EntityId, i64)> =
                    amounts.iter().map(|(num, amount)| (id(*num), *amount)).collect();
                Draft::transfer(transaction, node, &amounts)
            }
            What::Pay(to, amount) => {
                Draft::transfer(transaction, node, &[(payer, -amount), (id(*to), *amount)])
            }
            What::Create(balance) => {
                Draft::create(transaction, node, &client::key(&signer(self.client)), *balance)
            }
            What::Key(account, key) => {
                Draft::new_key(transaction, node, id(*account), &client::key(&signer(*key)))
            }
            What::Delete(account, heir) => Draft::delete(transaction, node, id(*account), id(*heir)),
        };
        draft.sign(&[&signer(self.signer)], Form::BodyBytes)
    }
}

/// What a record says that moved, by account.
fn moved(handled: &Handled) -> BTreeMap<EntityId, i128> {
    let mut sums = BTreeMap::new();
    for each in handled.record.transfer_list.iter().flat_map(|list| &list.amounts) {
        let entity = each.account.expect("named");
        *sums.entry(EntityId::new(entity.shard, entity.realm, entity.num)).or_default() +=
            i128::from(each.amount);
    }
    sums
}

fn balances(ledger: &Ledger) -> BTreeMap<EntityId, i128> {
    ledger.accounts().iter().map(|(id, account)| (id, i128::from(account.balance))).collect()
}

/// Handles a step and holds it to all that holds for a single one.
fn handle(ledger: &mut Ledger, time: i64, step: &Step) {
    let before = balances(ledger);
    let handled = ledger.handle(time, id(step.submitter), &step.bytes()).expect("a transaction");
    let after = balances(ledger);
    assert_eq!(ledger.accounts().total(), i128::from(SUPPLY), "hbars neither come nor go");
    assert!(after.values().all(|balance| *balance >= 0), "no balance is below zero: {after:?}");
    let moves = moved(&handled);
    assert_eq!(moves.values().sum::<i128>(), 0, "{moves:?}");
    for (id, balance) in &after {
        let was = before.get(id).copied().unwrap_or_default();
        let change = moves.get(id).copied().unwrap_or_default();
        assert_eq!(balance - was, change, "the record of {handled:?} tells what changed for {id}");
    }
    let fee = i128::from(handled.record.transaction_fee);
    let collected = after[&FEE_ACCOUNT] - before[&FEE_ACCOUNT];
    if handled.processed && handled.result != ResponseCode::SUCCESS {
        assert!(fee > 0 && collected > 0, "a failure is charged: {handled:?}");
        assert_eq!(collected + after[&id(step.submitter)] - before[&id(step.submitter)], fee);
    }
    if !handled.processed {
        assert_eq!(collected, fee, "only the network is paid: {handled:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_books_are_right_after_every_transaction(steps in prop::collection::vec(step(), 1..40)) {
        let mut ledger = Net::new().ledger;
        for (step, number) in steps.iter().zip(0..) {
            handle(&mut ledger, START + number * 5 * SECOND, step);
        }
    }

    #[test]
    fn the_same_order_gives_the_same_state_from_any_copy(
        steps in prop::collection::vec(step(), 1..30), copied in 0usize..30
    ) {
        let mut ledger = Net::new().ledger;
        let mut copy = None;
        for (number, step) in steps.iter().enumerate() {
            if number == copied.min(steps.len() - 1) {
                copy = Some(Ledger::read(&ledger.write()).expect("what was written can be read"));
            }
            let time = START + i64::try_from(number).expect("small") * 9 * SECOND;
            let handled = ledger.handle(time, id(step.submitter), &step.bytes());
            if let Some(copy) = &mut copy {
                prop_assert_eq!(&copy.handle(time, id(step.submitter), &step.bytes()), &handled);
            }
        }
        prop_assert_eq!(copy.as_ref().map(Ledger::accounts), Some(ledger.accounts()));
        prop_assert_eq!(copy.map(|copy| copy.write()), Some(ledger.write()));
    }

    #[test]
    fn no_id_is_processed_twice(steps in prop::collection::vec(step(), 1..40)) {
        let mut ledger = Net::new().ledger;
        let mut processed = std::collections::BTreeSet::new();
        for (step, number) in steps.iter().zip(0..) {
            let time = START + number * 7 * SECOND;
            let handled = ledger.handle(time, id(step.submitter), &step.bytes()).expect("a transaction");
            if handled.processed {
                prop_assert!(processed.insert(handled.id), "{:?}", handled.id);
            }
        }
    }
}
