//! What a node answers to queries.

use prost::Message;

use super::account::Account;
use super::envelope::{Envelope, TransactionId, entity, entity_message};
use super::fees::QUERY_FEE;
use super::gateway::Gateway;
use super::history::Handled;
use super::messages::{
    AccountInfo, Answer, BalanceAnswer, BalanceQuery, InfoAnswer, InfoQuery, Query, QueryHeader, Question,
    ReceiptAnswer, RecordAnswer, Response, ResponseHeader, TransactionQuery,
};
use super::{Kind, Ledger, ResponseCode};
use crate::files::hapi::{self, Data, TransactionReceipt};
use crate::{EntityId, hex};

/// Asks for the answer itself.
const ANSWER_ONLY: i32 = 0;
/// Asks what the answer would cost.
const COST_ANSWER: i32 = 2;

/// What a node says to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What the client is told.
    pub response: Response,
    /// The transaction that pays for it, for the node to submit to the network.
    pub payment: Option<Vec<u8>>,
}

/// A node and what it knows, at one time.
struct Desk<'a> {
    gateway: &'a mut Gateway,
    ledger: &'a Ledger,
    now: i64,
    payment: Option<Vec<u8>>,
}

impl Gateway {
    /// Answers a query, at a time of the node's clock in nanoseconds since 1970.
    ///
    /// Balances and receipts are free, also where a payment is attached, which is left alone; the rest costs
    /// [`QUERY_FEE`](super::QUERY_FEE), to be paid to this node by a transfer in the query's header.
    pub fn answer(&mut self, ledger: &Ledger, now: i64, query: &Query) -> Answered {
        let mut desk = Desk { gateway: self, ledger, now, payment: None };
        let answer = match &query.question {
            None => None,
            Some(Question::Balance(query)) => Some(Answer::Balance(desk.balance(query))),
            Some(Question::Info(query)) => Some(Answer::Info(desk.info(query))),
            Some(Question::Receipt(query)) => Some(Answer::Receipt(desk.receipt(query))),
            Some(Question::Record(query)) => Some(Answer::Record(desk.record(query))),
        };
        Answered { response: Response { answer }, payment: desk.payment }
    }
}

/// The header of an answer, and what else it holds if it holds anything.
type Reply<T> = (Option<ResponseHeader>, Option<T>);

impl Desk<'_> {
    /// Answers what has a price; `look` finds the answer.
    fn reply<T>(
        &mut self,
        header: Option<&QueryHeader>,
        price: i64,
        look: impl FnOnce(&Self) -> Result<T, ResponseCode>,
    ) -> Reply<T> {
        let response_type = header.map_or(ANSWER_ONLY, |header| header.response_type);
        let told = |code: ResponseCode| {
            let cost = price.cast_unsigned();
            Some(ResponseHeader { precheck: code.number(), response_type, cost })
        };
        let found = match (header, response_type) {
            (None, _) => Err(ResponseCode::MISSING_QUERY_HEADER),
            (Some(_), COST_ANSWER) => return (told(ResponseCode::OK), None),
            (Some(header), ANSWER_ONLY) => {
                look(self).and_then(|found| self.cash(header, price).map(|()| found))
            }
            (Some(_), _) => Err(ResponseCode::NOT_SUPPORTED),
        };
        match found {
            Ok(found) => (told(ResponseCode::OK), Some(found)),
            Err(code) => (told(code), None),
        }
    }

    /// Takes the payment for an answer.
    fn cash(&mut self, header: &QueryHeader, price: i64) -> Result<(), ResponseCode> {
        if price == 0 {
            return Ok(());
        }
        let payment = header.payment.as_ref().ok_or(ResponseCode::INSUFFICIENT_TX_FEE)?.encode_to_vec();
        let envelope = Envelope::open(&payment)?;
        if paid_to(&envelope, self.gateway.node)? < price {
            return Err(ResponseCode::INSUFFICIENT_TX_FEE);
        }
        self.gateway.take(self.ledger, self.now, &envelope)?;
        self.payment = Some(payment);
        Ok(())
    }

    fn balance(&mut self, query: &BalanceQuery) -> BalanceAnswer {
        let (header, found) = self.reply(query.header.as_ref(), 0, |desk| {
            if query.contract.is_some() {
                return Err(ResponseCode::INVALID_CONTRACT_ID);
            }
            desk.account(query.account).map(|(id, account)| (id, account.balance))
        });
        let (account, balance) = found.unzip();
        BalanceAnswer {
            header,
            account: account.map(entity_message),
            balance: balance.unwrap_or_default().cast_unsigned(),
        }
    }

    fn info(&mut self, query: &InfoQuery) -> InfoAnswer {
        let (header, info) = self.reply(query.header.as_ref(), QUERY_FEE, |desk| {
            desk.account(query.account).map(|(id, account)| info(id, account))
        });
        InfoAnswer { header, info }
    }

    fn receipt(&mut self, query: &TransactionQuery) -> ReceiptAnswer {
        let (header, receipt) = self.reply(query.header.as_ref(), 0, |desk| {
            let id = transaction_id(query)?;
            match desk.find(&id) {
                Some(handled) => Ok(handled.record.receipt.unwrap_or_default()),
                None if desk.gateway.is_waiting(&id) => Ok(TransactionReceipt {
                    status: ResponseCode::UNKNOWN.number(),
                    ..TransactionReceipt::default()
                }),
                None => Err(ResponseCode::RECEIPT_NOT_FOUND),
            }
        });
        ReceiptAnswer { header, receipt }
    }

    fn record(&mut self, query: &TransactionQuery) -> RecordAnswer {
        let (header, record) = self.reply(query.header.as_ref(), QUERY_FEE, |desk| {
            // Of what was handled before this ledger was restored there is no record.
            let handled = desk.find(&transaction_id(query)?);
            let handled = handled.filter(|handled| handled.record.transfer_list.is_some());
            handled.map(|handled| handled.record.clone()).ok_or(ResponseCode::RECORD_NOT_FOUND)
        });
        RecordAnswer { header, record }
    }

    fn find(&self, id: &TransactionId) -> Option<&Handled> {
        self.ledger.history().find(id, self.now).map(AsRef::as_ref)
    }

    fn account(&self, id: Option<hapi::EntityId>) -> Result<(EntityId, &Account), ResponseCode> {
        let id = id.map(entity).ok_or(ResponseCode::INVALID_ACCOUNT_ID)?;
        self.ledger.accounts().alive(id).map(|account| (id, account))
    }
}

fn transaction_id(query: &TransactionQuery) -> Result<TransactionId, ResponseCode> {
    let id = query.transaction_id.as_ref().and_then(TransactionId::read);
    id.ok_or(ResponseCode::INVALID_TRANSACTION_ID)
}

/// What a payment gives a node.
fn paid_to(envelope: &Envelope, node: EntityId) -> Result<i64, ResponseCode> {
    let (Kind::Transfer, Some(Data::CryptoTransfer(body))) = (envelope.kind, &envelope.body.data) else {
        return Err(ResponseCode::INVALID_TRANSACTION_BODY);
    };
    let mut amounts = body.transfers.iter().flat_map(|list| &list.amounts);
    let to_node = amounts.find(|amount| amount.account.map(entity) == Some(node));
    to_node.map(|amount| amount.amount).ok_or(ResponseCode::INVALID_RECEIVING_NODE_ACCOUNT)
}

fn info(id: EntityId, account: &Account) -> AccountInfo {
    // The id as contracts know it: shard in 4 bytes, realm and number in 8 each.
    let contract_id = [&[0; 4], id.realm.to_be_bytes().as_slice(), &id.num.to_be_bytes()].concat();
    AccountInfo {
        account: Some(entity_message(id)),
        contract_account: hex::encode(&contract_id),
        deleted: account.deleted,
        proxy_account: account.proxy.map(entity_message),
        key: account.key.as_ref().map(super::Key::write),
        balance: account.balance.cast_unsigned(),
        send_record_threshold: account.send_threshold.cast_unsigned(),
        receive_record_threshold: account.receive_threshold.cast_unsigned(),
        receiver_sig_required: account.receiver_signs,
        expiration_time: Some(hapi::Timestamp { seconds: account.expiry, nanos: 0 }),
        auto_renew_period: Some(hapi::Duration { seconds: account.auto_renew }),
    }
}
