//! What a node answers.

use tanglegram_hashgraph::services::client::{Asked, Draft, Form, query};
use tanglegram_hashgraph::services::messages::{Answer, Query, Question, ResponseHeader};
use tanglegram_hashgraph::services::{Answered, Gateway, QUERY_FEE, ResponseCode, TransactionId};

use crate::kit::{Net, RICH, account, id, signer};

fn header(answered: &Answered) -> (ResponseCode, u64) {
    let header: Option<ResponseHeader> = match answered.response.answer.as_ref().expect("an answer") {
        Answer::Balance(answer) => answer.header,
        Answer::Info(answer) => answer.header,
        Answer::Receipt(answer) => answer.header,
        Answer::Record(answer) => answer.header,
    };
    let header = header.expect("a header");
    (ResponseCode::from_number(header.precheck).expect("a code"), header.cost)
}

fn status(answered: &Answered) -> Option<i32> {
    match answered.response.answer.as_ref() {
        Some(Answer::Receipt(answer)) => answer.receipt.map(|receipt| receipt.status),
        other => panic!("no receipt: {other:?}"),
    }
}

fn payment(net: &mut Net, amount: i64) -> Vec<u8> {
    let draft = Draft::transfer(net.id(account(1)), id(3), &[(account(1), -amount), (id(3), amount)]);
    draft.sign(&[&signer(1)], Form::BodyBytes)
}

#[test]
fn a_transaction_is_unknown_until_it_is_handled() {
    let mut net = Net::new();
    let (mut gateway, mut other) = (Gateway::new(id(3), 10), Gateway::new(id(4), 10));
    let transaction = net.id(account(1));
    let draft = Draft::transfer(transaction, id(3), &[(account(1), -1), (account(2), 1)]);
    let bytes = draft.sign(&[&signer(1)], Form::SignedBytes);
    let asked = query(Asked::Receipt(transaction), None);
    let ask = |gateway: &mut Gateway, net: &Net| gateway.answer(&net.ledger, net.now, &asked);
    assert_eq!(header(&ask(&mut gateway, &net)), (ResponseCode::RECEIPT_NOT_FOUND, 0));
    assert_eq!(gateway.submit(&net.ledger, net.now, &bytes).code, ResponseCode::OK);
    assert_eq!(status(&ask(&mut gateway, &net)), Some(ResponseCode::UNKNOWN.number()));
    assert_eq!(header(&ask(&mut other, &net)).0, ResponseCode::RECEIPT_NOT_FOUND);
    assert_eq!(gateway.submit(&net.ledger, net.now, &bytes).code, ResponseCode::DUPLICATE_TRANSACTION);
    let handled = net.handle(3, &bytes);
    gateway.handled(&handled);
    assert_eq!(gateway.waiting(), 0);
    for gateway in [&mut gateway, &mut other] {
        assert_eq!(status(&ask(gateway, &net)), Some(ResponseCode::SUCCESS.number()));
        let again = gateway.submit(&net.ledger, net.now, &draft.sign(&[&signer(1)], Form::BodyBytes));
        let expected = if gateway.node() == id(3) {
            ResponseCode::DUPLICATE_TRANSACTION
        } else {
            ResponseCode::INVALID_NODE_ACCOUNT
        };
        assert_eq!(again.code, expected);
    }
}

#[test]
fn a_full_node_is_busy_until_there_is_room() {
    let mut net = Net::new();
    let mut gateway = Gateway::new(id(3), 2);
    let mut submit = |net: &mut Net| {
        let bytes = payment(net, 1);
        (gateway.submit(&net.ledger, net.now, &bytes).code, bytes)
    };
    let (first, bytes) = submit(&mut net);
    assert_eq!((first, submit(&mut net).0), (ResponseCode::OK, ResponseCode::OK));
    assert_eq!(submit(&mut net).0, ResponseCode::BUSY);
    let handled = net.handle(3, &bytes);
    gateway.handled(&handled);
    assert_eq!(
        gateway.submit(&net.ledger, net.now, &payment(&mut Net::new(), 1)).code,
        ResponseCode::DUPLICATE_TRANSACTION
    );
    assert_eq!(gateway.waiting(), 1);
}

#[test]
fn a_record_has_its_price() {
    let mut net = Net::new();
    let mut gateway = Gateway::new(id(3), 10);
    let handled = net.pay(1, account(2), 5);
    let mut ask = |net: &Net, query: &Query| gateway.answer(&net.ledger, net.now, query);
    let asked = Asked::Record(handled.id);
    let unpaid = ask(&net, &query(asked, None));
    assert_eq!((header(&unpaid).0, unpaid.payment), (ResponseCode::INSUFFICIENT_TX_FEE, None));
    let mut cost = query(asked, None);
    let Some(Question::Record(question)) = &mut cost.question else { panic!("a record") };
    question.header.as_mut().expect("a header").response_type = 2;
    assert_eq!(header(&ask(&net, &cost)), (ResponseCode::OK, 84_000));
    let little = payment(&mut net, QUERY_FEE - 1);
    assert_eq!(header(&ask(&net, &query(asked, Some(&little)))).0, ResponseCode::INSUFFICIENT_TX_FEE);
    let draft = Draft::transfer(net.id(account(1)), id(3), &[(account(1), -QUERY_FEE), (id(4), QUERY_FEE)]);
    let wrong = draft.sign(&[&signer(1)], Form::BodyBytes);
    assert_eq!(
        header(&ask(&net, &query(asked, Some(&wrong)))).0,
        ResponseCode::INVALID_RECEIVING_NODE_ACCOUNT
    );
    let enough = payment(&mut net, QUERY_FEE);
    let answered = ask(&net, &query(asked, Some(&enough)));
    assert_eq!(header(&answered).0, ResponseCode::OK);
    let Some(Answer::Record(answer)) = answered.response.answer else { panic!("a record") };
    assert_eq!(answer.record.as_ref(), Some(&handled.record));
    let paid = net.handle(3, &answered.payment.expect("the payment is for the network"));
    assert_eq!(paid.result, ResponseCode::SUCCESS);
    assert_eq!(header(&ask(&net, &query(asked, Some(&enough)))).0, ResponseCode::DUPLICATE_TRANSACTION);
}

#[test]
fn balances_are_free_and_infos_tell_all() {
    let mut net = Net::new();
    let mut gateway = Gateway::new(id(3), 10);
    let payment = payment(&mut net, QUERY_FEE);
    let mut ask = |asked, payment| gateway.answer(&net.ledger, net.now, &query(asked, payment));
    for attached in [None, Some(payment.as_slice())] {
        let answered = ask(Asked::Balance(account(1)), attached);
        let Some(Answer::Balance(answer)) = answered.response.answer else { panic!("a balance") };
        assert_eq!((answer.balance, answered.payment), (RICH.cast_unsigned(), None), "nothing is taken");
    }
    assert_eq!(header(&ask(Asked::Balance(id(5_555)), None)).0, ResponseCode::INVALID_ACCOUNT_ID);
    let Some(Answer::Info(answer)) = ask(Asked::Info(account(1)), Some(&payment)).response.answer else {
        panic!("an info")
    };
    let info = answer.info.expect("paid for");
    assert_eq!(
        (info.balance, info.contract_account.as_str()),
        (RICH.cast_unsigned(), "00000000000000000000000000000000000003e9")
    );
    let nothing = ask(Asked::Receipt(TransactionId { payer: account(1), valid_start: 0 }), None);
    assert_eq!(header(&nothing).0, ResponseCode::RECEIPT_NOT_FOUND);
}
