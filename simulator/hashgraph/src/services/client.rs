//! Transactions and queries as clients make them.

use ed25519_dalek::Signer;
pub use ed25519_dalek::SigningKey;
use prost::Message;

use super::envelope::{TransactionId, entity_message};
use super::key::Key;
use super::ledger::time_message;
use super::messages::{
    BalanceQuery, InfoQuery, Query, QueryHeader, Question, SignatureMap, SignaturePair, TransactionQuery,
};
use crate::EntityId;
use crate::files::hapi::{
    self, AccountAmount, CryptoCreate, CryptoDelete, CryptoTransfer, CryptoUpdate, Data, Duration,
    SignedTransaction, Transaction, TransactionBody, TransferList,
};

/// What clients offer at most for a transaction unless they say otherwise, in tinybars: one hbar.
const MAX_FEE: u64 = 100_000_000;

/// Seconds that a new account is renewed for unless its client says otherwise.
const RENEWAL: i64 = 7_776_000;

/// How a signed transaction is put into bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Body and signatures side by side, as in 2019.
    #[default]
    BodyBytes,
    /// Both in a message of their own, as since 2020.
    SignedBytes,
}

/// The public key of an Ed25519 key.
pub fn key(signer: &SigningKey) -> Key {
    Key::Ed25519(signer.verifying_key().to_bytes())
}

/// A transaction that is not signed yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its body, every part open to change.
    pub body: TransactionBody,
}

impl Draft {
    /// A transaction for this node to submit, valid for 120 seconds.
    pub fn new(id: TransactionId, node: EntityId, data: Data) -> Self {
        let transaction_id = hapi::TransactionId {
            valid_start: Some(time_message(id.valid_start)),
            account: Some(entity_message(id.payer)),
        };
        Draft {
            body: TransactionBody {
                transaction_id: Some(transaction_id),
                node_account: Some(entity_message(node)),
                transaction_fee: MAX_FEE,
                valid_duration: Some(Duration { seconds: 120 }),
                memo: String::new(),
                data: Some(data),
            },
        }
    }

    /// One that moves tinybars.
    pub fn transfer(id: TransactionId, node: EntityId, amounts: &[(EntityId, i64)]) -> Self {
        let amount = |(id, amount): &(EntityId, i64)| AccountAmount {
            account: Some(entity_message(*id)),
            amount: *amount,
        };
        let transfers = Some(TransferList { amounts: amounts.iter().map(amount).collect() });
        Draft::new(id, node, Data::CryptoTransfer(CryptoTransfer { transfers }))
    }

    /// One that makes an account with a first balance in tinybars.
    pub fn create(id: TransactionId, node: EntityId, key: &Key, balance: u64) -> Self {
        let body = CryptoCreate {
            key: Some(key.write()),
            initial_balance: balance,
            send_record_threshold: i64::MAX.cast_unsigned(),
            receive_record_threshold: i64::MAX.cast_unsigned(),
            auto_renew_period: Some(Duration { seconds: RENEWAL }),
            ..CryptoCreate::default()
        };
        Draft::new(id, node, Data::CryptoCreateAccount(body))
    }

    /// One that gives an account another key.
    pub fn new_key(id: TransactionId, node: EntityId, account: EntityId, key: &Key) -> Self {
        let body = CryptoUpdate {
            account: Some(entity_message(account)),
            key: Some(key.write()),
            ..CryptoUpdate::default()
        };
        Draft::new(id, node, Data::CryptoUpdateAccount(body))
    }

    /// One that deletes an account; another gets what it holds.
    pub fn delete(id: TransactionId, node: EntityId, account: EntityId, heir: EntityId) -> Self {
        let body = CryptoDelete {
            delete_account: Some(entity_message(account)),
            transfer_account: Some(entity_message(heir)),
        };
        Draft::new(id, node, Data::CryptoDelete(body))
    }

    /// The same with a memo.
    pub fn with_memo(mut self, memo: &str) -> Self {
        self.body.memo = memo.to_owned();
        self
    }

    /// The bytes of the transaction, signed by these keys.
    pub fn sign(&self, signers: &[&SigningKey], form: Form) -> Vec<u8> {
        let body_bytes = self.body.encode_to_vec();
        let pair = |signer: &&SigningKey| SignaturePair {
            prefix: signer.verifying_key().to_bytes().to_vec(),
            ed25519: signer.sign(&body_bytes).to_bytes().to_vec(),
        };
        let map = SignatureMap { pairs: signers.iter().map(pair).collect() };
        let sig_map = Some(map.encode_to_vec());
        let transaction = match form {
            Form::BodyBytes => Transaction { body_bytes, sig_map, ..Transaction::default() },
            Form::SignedBytes => Transaction {
                signed_transaction_bytes: SignedTransaction { body_bytes, sig_map }.encode_to_vec(),
                ..Transaction::default()
            },
        };
        transaction.encode_to_vec()
    }
}

/// A query with what pays for it, a signed transaction, if anything does.
pub fn query(question: Asked, payment: Option<&[u8]>) -> Query {
    // A payment that is no transaction is refused by the node like one that is missing.
    let payment = payment.and_then(|bytes| Transaction::decode(bytes).ok());
    let header = Some(QueryHeader { payment, response_type: 0 });
    let transaction = |id: TransactionId| {
        let id = hapi::TransactionId {
            valid_start: Some(time_message(id.valid_start)),
            account: Some(entity_message(id.payer)),
        };
        TransactionQuery { header: header.clone(), transaction_id: Some(id) }
    };
    let account = |id| Some(entity_message(id));
    let question = match question {
        Asked::Receipt(id) => Question::Receipt(transaction(id)),
        Asked::Record(id) => Question::Record(transaction(id)),
        Asked::Balance(id) => {
            Question::Balance(BalanceQuery { header, account: account(id), contract: None })
        }
        Asked::Info(id) => Question::Info(InfoQuery { header, account: account(id) }),
    };
    Query { question: Some(question) }
}

/// What can be asked of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What became of a transaction.
    Receipt(TransactionId),
    /// All about what became of it.
    Record(TransactionId),
    /// What an account holds.
    Balance(EntityId),
    /// All about an account.
    Info(EntityId),
}
