//! The messages of the Hedera API that only clients and nodes exchange: signatures, keys, queries. Those that also stand in
//! record files are in [`hapi`].

#![allow(missing_docs, reason = "the names are those of the Hedera API")]

use prost::{Message, Oneof};

use crate::files::hapi::{self, Duration, EntityId, Timestamp, Transaction, TransactionId};

#[derive(Clone, PartialEq, Message)]
pub struct SignatureMap {
    #[prost(message, repeated, tag = "1")]
    pub pairs: Vec<SignaturePair>,
}

/// A signature by the key that starts with some bytes. Signatures of other kinds than Ed25519 are not read.
#[derive(Clone, PartialEq, Message)]
pub struct SignaturePair {
    #[prost(bytes = "vec", tag = "1")]
    pub prefix: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub ed25519: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Key {
    #[prost(oneof = "KeyKind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub kind: Option<KeyKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum KeyKind {
    #[prost(message, tag = "1")]
    Contract(EntityId),
    #[prost(bytes, tag = "2")]
    Ed25519(Vec<u8>),
    #[prost(bytes, tag = "3")]
    Rsa3072(Vec<u8>),
    #[prost(bytes, tag = "4")]
    Ecdsa384(Vec<u8>),
    #[prost(message, tag = "5")]
    Threshold(ThresholdKey),
    #[prost(message, tag = "6")]
    List(KeyList),
    #[prost(bytes, tag = "7")]
    EcdsaSecp256k1(Vec<u8>),
}

#[derive(Clone, PartialEq, Message)]
pub struct ThresholdKey {
    #[prost(uint32, tag = "1")]
    pub threshold: u32,
    #[prost(message, optional, tag = "2")]
    pub keys: Option<KeyList>,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyList {
    #[prost(message, repeated, tag = "1")]
    pub keys: Vec<Key>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct TransactionResponse {
    #[prost(int32, tag = "1")]
    pub precheck: i32,
    #[prost(uint64, tag = "2")]
    pub cost: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Query {
    #[prost(oneof = "Question", tags = "7, 9, 14, 15")]
    pub question: Option<Question>,
}

/// What is asked, of what this node answers.
#[derive(Clone, PartialEq, Oneof)]
pub enum Question {
    #[prost(message, tag = "7")]
    Balance(BalanceQuery),
    #[prost(message, tag = "9")]
    Info(InfoQuery),
    #[prost(message, tag = "14")]
    Receipt(TransactionQuery),
    #[prost(message, tag = "15")]
    Record(TransactionQuery),
}

#[derive(Clone, PartialEq, Message)]
pub struct QueryHeader {
    #[prost(message, optional, tag = "1")]
    pub payment: Option<Transaction>,
    /// 0: the answer; 1: with a proof; 2: what the answer costs; 3: what it costs with a proof.
    #[prost(int32, tag = "2")]
    pub response_type: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct BalanceQuery {
    #[prost(message, optional, tag = "1")]
    pub header: Option<QueryHeader>,
    #[prost(message, optional, tag = "2")]
    pub account: Option<EntityId>,
    #[prost(message, optional, tag = "3")]
    pub contract: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct InfoQuery {
    #[prost(message, optional, tag = "1")]
    pub header: Option<QueryHeader>,
    #[prost(message, optional, tag = "2")]
    pub account: Option<EntityId>,
}

/// Asks for a receipt or a record.
#[derive(Clone, PartialEq, Message)]
pub struct TransactionQuery {
    #[prost(message, optional, tag = "1")]
    pub header: Option<QueryHeader>,
    #[prost(message, optional, tag = "2")]
    pub transaction_id: Option<TransactionId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Response {
    #[prost(oneof = "Answer", tags = "7, 9, 14, 15")]
    pub answer: Option<Answer>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Answer {
    #[prost(message, tag = "7")]
    Balance(BalanceAnswer),
    #[prost(message, tag = "9")]
    Info(InfoAnswer),
    #[prost(message, tag = "14")]
    Receipt(ReceiptAnswer),
    #[prost(message, tag = "15")]
    Record(RecordAnswer),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct ResponseHeader {
    #[prost(int32, tag = "1")]
    pub precheck: i32,
    #[prost(int32, tag = "2")]
    pub response_type: i32,
    #[prost(uint64, tag = "3")]
    pub cost: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct BalanceAnswer {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, optional, tag = "2")]
    pub account: Option<EntityId>,
    #[prost(uint64, tag = "3")]
    pub balance: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct InfoAnswer {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, optional, tag = "2")]
    pub info: Option<AccountInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AccountInfo {
    #[prost(message, optional, tag = "1")]
    pub account: Option<EntityId>,
    /// The account as the contracts know it: 20 bytes in hexadecimal digits.
    #[prost(string, tag = "2")]
    pub contract_account: String,
    #[prost(bool, tag = "3")]
    pub deleted: bool,
    #[prost(message, optional, tag = "4")]
    pub proxy_account: Option<EntityId>,
    #[prost(bytes = "vec", optional, tag = "7")]
    pub key: Option<Vec<u8>>,
    #[prost(uint64, tag = "8")]
    pub balance: u64,
    #[prost(uint64, tag = "9")]
    pub send_record_threshold: u64,
    #[prost(uint64, tag = "10")]
    pub receive_record_threshold: u64,
    #[prost(bool, tag = "11")]
    pub receiver_sig_required: bool,
    #[prost(message, optional, tag = "12")]
    pub expiration_time: Option<Timestamp>,
    #[prost(message, optional, tag = "13")]
    pub auto_renew_period: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReceiptAnswer {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, optional, tag = "2")]
    pub receipt: Option<hapi::TransactionReceipt>,
}

#[derive(Clone, PartialEq, Message)]
pub struct RecordAnswer {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, optional, tag = "3")]
    pub record: Option<hapi::TransactionRecord>,
}
