//! What a node refuses at once, and what the network makes of it all the same.

use prost::Message;
use tanglegram_hashgraph::SECOND;
use tanglegram_hashgraph::files::hapi::{self, Data, Duration, Transaction, TransactionBody};
use tanglegram_hashgraph::services::client::{Draft, Form};
use tanglegram_hashgraph::services::{ResponseCode, TransactionId};

use crate::kit::{Net, RICH, account, id, signer, transfers};

fn draft(net: &mut Net) -> Draft {
    Draft::transfer(net.id(account(1)), id(3), &[(account(1), -1), (account(2), 1)])
}

fn precheck(net: &Net, draft: &Draft) -> ResponseCode {
    let codes = [Form::BodyBytes, Form::SignedBytes]
        .map(|form| net.ledger.precheck(&draft.sign(&[&signer(1)], form), net.now, id(3)));
    assert_eq!(codes[0], codes[1], "the form makes no difference");
    codes[0]
}

/// What the network makes of a transaction of client 1.
fn handled(net: &mut Net, draft: &Draft) -> (ResponseCode, Vec<(i64, i64)>) {
    let handled = net.handle(3, &draft.sign(&[&signer(1)], Form::BodyBytes));
    (handled.result, transfers(&handled))
}

/// Spoils a body.
type Change = &'static dyn Fn(&mut TransactionBody);

#[test]
fn each_flaw_has_its_code() {
    use ResponseCode as Code;
    let changes: [(Change, Code); 12] = [
        (&|_| (), Code::OK),
        (
            &|body| body.node_account = Some(hapi::EntityId { shard: 0, realm: 0, num: 4 }),
            Code::INVALID_NODE_ACCOUNT,
        ),
        (&|body| body.node_account = None, Code::INVALID_NODE_ACCOUNT),
        (&|body| body.memo = "x".repeat(101), Code::MEMO_TOO_LONG),
        (&|body| body.valid_duration = None, Code::INVALID_TRANSACTION_DURATION),
        (&|body| body.valid_duration = Some(Duration { seconds: 0 }), Code::INVALID_TRANSACTION_DURATION),
        (&|body| body.valid_duration = Some(Duration { seconds: 181 }), Code::INVALID_TRANSACTION_DURATION),
        (
            &|body| body.valid_duration = Some(Duration { seconds: i64::MAX }),
            Code::INVALID_TRANSACTION_DURATION,
        ),
        (&|body| body.transaction_id = None, Code::INVALID_TRANSACTION_ID),
        (&|body| body.transaction_fee = 85_827, Code::INSUFFICIENT_TX_FEE),
        (&|body| body.data = None, Code::INVALID_TRANSACTION_BODY),
        (&|body| body.memo = "x".repeat(7000), Code::TRANSACTION_OVERSIZE),
    ];
    for (change, expected) in changes {
        let mut net = Net::new();
        let mut draft = draft(&mut net);
        change(&mut draft.body);
        assert_eq!(precheck(&net, &draft), expected);
    }
}

#[test]
fn each_bad_list_has_its_code() {
    use ResponseCode as Code;
    let many: Vec<_> = (0..11).map(|num| (id(1000 + num), 0)).collect();
    for (amounts, expected) in [
        (vec![(account(1), -1), (account(2), 2)], Code::INVALID_ACCOUNT_AMOUNTS),
        (vec![(account(1), i64::MIN), (account(2), i64::MIN)], Code::INVALID_ACCOUNT_AMOUNTS),
        (vec![(account(1), -2), (account(2), 1), (account(2), 1)], Code::ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS),
        (many, Code::TRANSFER_LIST_SIZE_LIMIT_EXCEEDED),
    ] {
        let mut net = Net::new();
        let draft = Draft::transfer(net.id(account(1)), id(3), &amounts);
        assert_eq!(precheck(&net, &draft), expected);
        assert_eq!(handled(&mut net, &draft).0, expected, "and it is charged for if a node submits it");
        assert_eq!(net.balance(account(1)), RICH - 85_828);
    }
    for (other, expected) in [
        (id(99_999), Code::INVALID_ACCOUNT_ID),
        (tanglegram_hashgraph::EntityId::new(0, 7, 1002), Code::INVALID_ACCOUNT_ID),
    ] {
        assert_eq!(Net::new().pay(1, other, 1).result, expected);
    }
}

#[test]
fn times_are_held_to_the_clock_and_to_the_consensus() {
    let mut net = Net::new();
    let early = TransactionId { payer: account(1), valid_start: net.now + 2 * SECOND };
    let draft = Draft::transfer(early, id(3), &[(account(1), -1), (account(2), 1)]);
    assert_eq!(precheck(&net, &draft), ResponseCode::INVALID_TRANSACTION_START);
    let refused = vec![(98, 880), (1001, -880)];
    assert_eq!(handled(&mut net, &draft), (ResponseCode::INVALID_TRANSACTION_START, refused.clone()));
    // It becomes valid, and then the refusal before does not count.
    net.now += SECOND;
    assert_eq!(precheck(&net, &draft), ResponseCode::OK);
    net.now += 120 * SECOND;
    assert_eq!(precheck(&net, &draft), ResponseCode::OK, "the last nanosecond");
    net.now += 1;
    assert_eq!(precheck(&net, &draft), ResponseCode::TRANSACTION_EXPIRED);
    assert_eq!(handled(&mut net, &draft), (ResponseCode::TRANSACTION_EXPIRED, refused));
}

#[test]
fn who_has_too_little_pays_what_there_is() {
    let mut net = Net::new();
    net.pay(1, account(2), RICH - 85_828 - 500);
    assert_eq!(net.balance(account(1)), 500);
    let draft = draft(&mut net);
    assert_eq!(precheck(&net, &draft), ResponseCode::INSUFFICIENT_PAYER_BALANCE);
    let expected = (ResponseCode::INSUFFICIENT_PAYER_BALANCE, vec![(98, 500), (1001, -500)]);
    assert_eq!(handled(&mut net, &draft), expected);
    assert_eq!(handled(&mut net, &draft), (ResponseCode::INSUFFICIENT_PAYER_BALANCE, Vec::new()));
}

#[test]
fn other_types_are_not_supported_and_have_a_receipt() {
    let mut net = Net::new();
    for data in [Data::Freeze(hapi::Freeze::default()), Data::ContractCall(hapi::ContractCall::default())] {
        let handled = net.run(1, |id, node| Draft::new(id, node, data));
        assert_eq!(handled.result, ResponseCode::NOT_SUPPORTED);
        assert_eq!(transfers(&handled), [(3, 3_091), (98, 880), (1001, -880), (1001, -3_091)]);
    }
    // A type that came after 2019: its field (29, tokenCreation) is one that nobody here knows.
    let mut body = draft(&mut net).body;
    body.data = None;
    let mut bytes = body.encode_to_vec();
    bytes.extend([(29 << 3 | 2) as u8 | 0x80, 1, 0]);
    let signature = ed25519_dalek::Signer::sign(&signer(1), &bytes).to_bytes().to_vec();
    let pairs = vec![tanglegram_hashgraph::services::messages::SignaturePair {
        prefix: Vec::new(),
        ed25519: signature,
    }];
    let map = tanglegram_hashgraph::services::messages::SignatureMap { pairs }.encode_to_vec();
    let transaction = Transaction { body_bytes: bytes, sig_map: Some(map), ..Transaction::default() };
    assert_eq!(net.handle(3, &transaction.encode_to_vec()).result, ResponseCode::NOT_SUPPORTED);
}

#[test]
fn a_payer_that_is_not_there_costs_the_node() {
    let mut net = Net::new();
    net.pay(4, id(3), 10_000);
    let before = net.balance(id(3));
    let stranger = TransactionId { payer: id(77_777), valid_start: net.now };
    let draft = Draft::transfer(stranger, id(3), &[]);
    assert_eq!(precheck(&net, &draft), ResponseCode::PAYER_ACCOUNT_NOT_FOUND);
    let expected = (ResponseCode::PAYER_ACCOUNT_NOT_FOUND, vec![(3, -880), (98, 880)]);
    assert_eq!(handled(&mut net, &draft), expected);
    assert_eq!(net.balance(id(3)), before - 880);
}
