//! The ledger as bytes: what a node that comes late is given.

use std::sync::Arc;

use prost::Message;

use super::account::{Account, Accounts};
use super::envelope::{TransactionId, entity, entity_message};
use super::history::{Handled, History};
use super::key::Key;
use super::{Ledger, ResponseCode};
use crate::files::hapi;
use crate::{EntityId, Planted};

#[derive(Clone, PartialEq, Message)]
struct LedgerState {
    #[prost(message, repeated, tag = "1")]
    nodes: Vec<hapi::EntityId>,
    #[prost(int64, tag = "2")]
    next: i64,
    #[prost(message, repeated, tag = "3")]
    accounts: Vec<AccountState>,
    #[prost(message, repeated, tag = "4")]
    history: Vec<HandledState>,
}

#[derive(Clone, PartialEq, Message)]
struct AccountState {
    #[prost(int64, tag = "1")]
    num: i64,
    #[prost(bytes = "vec", optional, tag = "2")]
    key: Option<Vec<u8>>,
    #[prost(int64, tag = "3")]
    balance: i64,
    #[prost(int64, tag = "4")]
    expiry: i64,
    #[prost(int64, tag = "5")]
    auto_renew: i64,
    #[prost(bool, tag = "6")]
    deleted: bool,
    #[prost(message, optional, tag = "7")]
    proxy: Option<hapi::EntityId>,
    #[prost(bool, tag = "8")]
    receiver_signs: bool,
    #[prost(int64, tag = "9")]
    send_threshold: i64,
    #[prost(int64, tag = "10")]
    receive_threshold: i64,
}

/// Of what was handled lately only what tells duplicates, and its receipt: records are many bytes, and nothing depends on them.
#[derive(Clone, PartialEq, Message)]
struct HandledState {
    #[prost(int64, tag = "1")]
    consensus: i64,
    #[prost(message, optional, tag = "2")]
    payer: Option<hapi::EntityId>,
    #[prost(int64, tag = "3")]
    valid_start: i64,
    #[prost(message, optional, tag = "4")]
    node: Option<hapi::EntityId>,
    #[prost(bool, tag = "5")]
    processed: bool,
    #[prost(message, optional, tag = "6")]
    receipt: Option<hapi::TransactionReceipt>,
}

/// Bytes are no state of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no state of a ledger: {0}")]
pub struct BadLedgerState(String);

fn bad(problem: impl ToString) -> BadLedgerState {
    BadLedgerState(problem.to_string())
}

impl Ledger {
    /// All that later transactions depend on, and the receipts, but not the records; the same bytes wherever the same was handled.
    pub fn write(&self) -> Vec<u8> {
        LedgerState {
            nodes: self.nodes.iter().copied().map(entity_message).collect(),
            next: self.accounts.next(),
            accounts: self.accounts.iter().map(write_account).collect(),
            history: self.history.iter().map(|handled| write_handled(handled)).collect(),
        }
        .encode_to_vec()
    }

    /// The ledger of some bytes. It has the receipts of what was handled before, but no records.
    ///
    /// # Errors
    /// When [`Ledger::write`] cannot have given them.
    pub fn read(bytes: &[u8]) -> Result<Self, BadLedgerState> {
        let state = LedgerState::decode(bytes).map_err(bad)?;
        let mut accounts = Accounts::new(state.next);
        for account in state.accounts {
            let num = account.num;
            let account = read_account(account).ok_or_else(|| bad(format!("account {num} cannot be")))?;
            accounts.insert(num, account);
        }
        let mut history = History::default();
        for handled in state.history {
            let consensus = handled.consensus;
            let handled = read_handled(handled)
                .ok_or_else(|| bad(format!("the transaction of time {consensus} cannot be")))?;
            history.add(Arc::new(handled));
        }
        let nodes = state.nodes.into_iter().map(entity).collect();
        Ok(Ledger { nodes, accounts, history, planted: Planted::default() })
    }
}

fn write_account((id, account): (EntityId, &Account)) -> AccountState {
    AccountState {
        num: id.num,
        key: account.key.as_ref().map(Key::write),
        balance: account.balance,
        expiry: account.expiry,
        auto_renew: account.auto_renew,
        deleted: account.deleted,
        proxy: account.proxy.map(entity_message),
        receiver_signs: account.receiver_signs,
        send_threshold: account.send_threshold,
        receive_threshold: account.receive_threshold,
    }
}

fn read_account(account: AccountState) -> Option<Account> {
    let key = account.key.map(|key| Key::read(&key)).transpose().ok()?;
    Some(account.balance).filter(|balance| *balance >= 0)?;
    Some(Account {
        key,
        balance: account.balance,
        expiry: account.expiry,
        auto_renew: account.auto_renew,
        deleted: account.deleted,
        proxy: account.proxy.map(entity),
        receiver_signs: account.receiver_signs,
        send_threshold: account.send_threshold,
        receive_threshold: account.receive_threshold,
    })
}

fn write_handled(handled: &Handled) -> HandledState {
    HandledState {
        consensus: handled.consensus,
        payer: Some(entity_message(handled.id.payer)),
        valid_start: handled.id.valid_start,
        node: Some(entity_message(handled.node)),
        processed: handled.processed,
        receipt: handled.record.receipt,
    }
}

fn read_handled(handled: HandledState) -> Option<Handled> {
    let receipt = handled.receipt?;
    Some(Handled {
        consensus: handled.consensus,
        id: TransactionId { payer: entity(handled.payer?), valid_start: handled.valid_start },
        node: entity(handled.node?),
        result: ResponseCode::from_number(receipt.status)?,
        processed: handled.processed,
        transaction: Vec::new(),
        record: hapi::TransactionRecord { receipt: Some(receipt), ..hapi::TransactionRecord::default() },
    })
}
