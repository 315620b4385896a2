//! The example of the mirror nodes' API document, made here.

use tanglegram_hashgraph::SECOND;
use tanglegram_hashgraph::services::client::{Draft, Form};
use tanglegram_hashgraph::services::{Genesis, Ledger, ResponseCode, TransactionId, client};

use crate::kit::{START, id, signer, transfers};

#[test]
fn the_fees_are_split_as_in_the_example() {
    let mut genesis = Genesis::new(4, client::key(&signer(0)));
    genesis.accounts.push((995, client::key(&signer(1)), 1_000_000));
    let mut ledger = Ledger::new(&genesis);
    let start = START + 468_848_000;
    let payer = TransactionId { payer: id(995), valid_start: start };
    let mut draft = Draft::transfer(payer, id(3), &[(id(995), -84_000), (id(3), 84_000)]);
    draft.body.memo = "hash-hash.info".into();
    draft.body.transaction_fee = 184_000;
    let bytes = draft.sign(&[&signer(1)], Form::BodyBytes);
    let handled = ledger.handle(start + 10 * SECOND, id(3), &bytes).expect("a transaction");
    assert_eq!(handled.result, ResponseCode::SUCCESS);
    assert_eq!(handled.record.transaction_fee, 85_828);
    let expected =
        [(3, 84_000), (3, 3_091), (98, 880), (98, 81_857), (995, -84_000), (995, -880), (995, -84_948)];
    assert_eq!(transfers(&handled), expected);
    assert_eq!(
        ledger.accounts().find(id(995)).map(|account| account.balance),
        Some(1_000_000 - 84_000 - 85_828)
    );
}
