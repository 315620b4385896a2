//! The messages of the Hedera API of 2019, as far as a mirror node reads them, with their field numbers of then.
//!
//! Fields that nobody here looks at are left out; readers skip them. Keys stay bytes, for they are kept and shown as such.

#![allow(missing_docs, reason = "the names are those of the Hedera API")]

use prost::{Message, Oneof};

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Duration {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
}

/// An account, contract or file: the three messages have the same fields.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct EntityId {
    #[prost(int64, tag = "1")]
    pub shard: i64,
    #[prost(int64, tag = "2")]
    pub realm: i64,
    #[prost(int64, tag = "3")]
    pub num: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Transaction {
    #[prost(message, optional, boxed, tag = "1")]
    pub body: Option<Box<TransactionBody>>,
    /// The signatures, as they are.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub sig_map: Option<Vec<u8>>,
    #[prost(bytes = "vec", tag = "4")]
    pub body_bytes: Vec<u8>,
    /// A [`SignedTransaction`] in place of the rest: how clients have sent transactions since 2020. Record files of 2019 never
    /// hold it.
    #[prost(bytes = "vec", tag = "5")]
    pub signed_transaction_bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct SignedTransaction {
    #[prost(bytes = "vec", tag = "1")]
    pub body_bytes: Vec<u8>,
    /// The signatures, as they are.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub sig_map: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct TransactionId {
    #[prost(message, optional, tag = "1")]
    pub valid_start: Option<Timestamp>,
    #[prost(message, optional, tag = "2")]
    pub account: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TransactionBody {
    #[prost(message, optional, tag = "1")]
    pub transaction_id: Option<TransactionId>,
    #[prost(message, optional, tag = "2")]
    pub node_account: Option<EntityId>,
    #[prost(uint64, tag = "3")]
    pub transaction_fee: u64,
    #[prost(message, optional, tag = "4")]
    pub valid_duration: Option<Duration>,
    #[prost(string, tag = "6")]
    pub memo: String,
    #[prost(oneof = "Data", tags = "7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23")]
    pub data: Option<Data>,
}

/// What a transaction does.
#[derive(Clone, PartialEq, Oneof)]
pub enum Data {
    #[prost(message, tag = "7")]
    ContractCall(ContractCall),
    #[prost(message, tag = "8")]
    ContractCreateInstance(ContractCreate),
    #[prost(message, tag = "9")]
    ContractUpdateInstance(ContractUpdate),
    #[prost(message, tag = "10")]
    CryptoAddClaim(CryptoAddClaim),
    #[prost(message, tag = "11")]
    CryptoCreateAccount(CryptoCreate),
    #[prost(message, tag = "12")]
    CryptoDelete(CryptoDelete),
    #[prost(message, tag = "13")]
    CryptoDeleteClaim(CryptoDeleteClaim),
    #[prost(message, tag = "14")]
    CryptoTransfer(CryptoTransfer),
    #[prost(message, tag = "15")]
    CryptoUpdateAccount(CryptoUpdate),
    #[prost(message, tag = "16")]
    FileAppend(FileReference),
    #[prost(message, tag = "17")]
    FileCreate(FileCreate),
    #[prost(message, tag = "18")]
    FileDelete(FileReference),
    #[prost(message, tag = "19")]
    FileUpdate(FileUpdate),
    #[prost(message, tag = "20")]
    SystemDelete(SystemDelete),
    #[prost(message, tag = "21")]
    SystemUndelete(SystemDelete),
    #[prost(message, tag = "22")]
    ContractDeleteInstance(ContractDelete),
    #[prost(message, tag = "23")]
    Freeze(Freeze),
}

#[derive(Clone, PartialEq, Message)]
pub struct ContractCall {
    #[prost(message, optional, tag = "1")]
    pub contract: Option<EntityId>,
    #[prost(int64, tag = "2")]
    pub gas: i64,
    #[prost(int64, tag = "3")]
    pub amount: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct ContractCreate {
    #[prost(bytes = "vec", optional, tag = "3")]
    pub admin_key: Option<Vec<u8>>,
    #[prost(int64, tag = "4")]
    pub gas: i64,
    #[prost(int64, tag = "5")]
    pub initial_balance: i64,
    #[prost(message, optional, tag = "6")]
    pub proxy_account: Option<EntityId>,
    #[prost(message, optional, tag = "8")]
    pub auto_renew_period: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ContractUpdate {
    #[prost(message, optional, tag = "1")]
    pub contract: Option<EntityId>,
    #[prost(message, optional, tag = "2")]
    pub expiration_time: Option<Timestamp>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub admin_key: Option<Vec<u8>>,
    #[prost(message, optional, tag = "6")]
    pub proxy_account: Option<EntityId>,
    #[prost(message, optional, tag = "7")]
    pub auto_renew_period: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ContractDelete {
    #[prost(message, optional, tag = "1")]
    pub contract: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CryptoAddClaim {
    #[prost(message, optional, tag = "3")]
    pub claim: Option<Claim>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Claim {
    #[prost(message, optional, tag = "1")]
    pub account: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CryptoCreate {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub key: Option<Vec<u8>>,
    #[prost(uint64, tag = "2")]
    pub initial_balance: u64,
    #[prost(message, optional, tag = "3")]
    pub proxy_account: Option<EntityId>,
    #[prost(uint64, tag = "6")]
    pub send_record_threshold: u64,
    #[prost(uint64, tag = "7")]
    pub receive_record_threshold: u64,
    #[prost(bool, tag = "8")]
    pub receiver_sig_required: bool,
    #[prost(message, optional, tag = "9")]
    pub auto_renew_period: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CryptoUpdate {
    #[prost(message, optional, tag = "2")]
    pub account: Option<EntityId>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub key: Option<Vec<u8>>,
    #[prost(message, optional, tag = "4")]
    pub proxy_account: Option<EntityId>,
    #[prost(uint64, optional, tag = "6")]
    pub send_record_threshold: Option<u64>,
    #[prost(uint64, optional, tag = "7")]
    pub receive_record_threshold: Option<u64>,
    #[prost(message, optional, tag = "8")]
    pub auto_renew_period: Option<Duration>,
    #[prost(message, optional, tag = "9")]
    pub expiration_time: Option<Timestamp>,
    #[prost(bool, optional, tag = "10")]
    pub receiver_sig_required: Option<bool>,
    #[prost(message, optional, tag = "11")]
    pub send_record_threshold_wrapper: Option<UnsignedValue>,
    #[prost(message, optional, tag = "12")]
    pub receive_record_threshold_wrapper: Option<UnsignedValue>,
    #[prost(message, optional, tag = "13")]
    pub receiver_sig_required_wrapper: Option<BoolValue>,
}

/// A number that may be absent, as later clients send it.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct UnsignedValue {
    #[prost(uint64, tag = "1")]
    pub value: u64,
}

/// A truth value that may be absent, as later clients send it.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct BoolValue {
    #[prost(bool, tag = "1")]
    pub value: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct CryptoDelete {
    #[prost(message, optional, tag = "1")]
    pub transfer_account: Option<EntityId>,
    #[prost(message, optional, tag = "2")]
    pub delete_account: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CryptoDeleteClaim {
    #[prost(message, optional, tag = "1")]
    pub account: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CryptoTransfer {
    #[prost(message, optional, tag = "1")]
    pub transfers: Option<TransferList>,
}

/// The file that is appended to or deleted.
#[derive(Clone, PartialEq, Message)]
pub struct FileReference {
    #[prost(message, optional, tag = "2")]
    pub file: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct FileCreate {
    #[prost(message, optional, tag = "2")]
    pub expiration_time: Option<Timestamp>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub keys: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct FileUpdate {
    #[prost(message, optional, tag = "1")]
    pub file: Option<EntityId>,
    #[prost(message, optional, tag = "2")]
    pub expiration_time: Option<Timestamp>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub keys: Option<Vec<u8>>,
}

/// What is deleted or brought back; one of the two.
#[derive(Clone, PartialEq, Message)]
pub struct SystemDelete {
    #[prost(message, optional, tag = "1")]
    pub file: Option<EntityId>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Freeze {
    #[prost(int32, tag = "1")]
    pub start_hour: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct TransferList {
    #[prost(message, repeated, tag = "1")]
    pub amounts: Vec<AccountAmount>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct AccountAmount {
    #[prost(message, optional, tag = "1")]
    pub account: Option<EntityId>,
    #[prost(sint64, tag = "2")]
    pub amount: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct TransactionReceipt {
    #[prost(int32, tag = "1")]
    pub status: i32,
    #[prost(message, optional, tag = "2")]
    pub account: Option<EntityId>,
    #[prost(message, optional, tag = "3")]
    pub file: Option<EntityId>,
    #[prost(message, optional, tag = "4")]
    pub contract: Option<EntityId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TransactionRecord {
    #[prost(message, optional, tag = "1")]
    pub receipt: Option<TransactionReceipt>,
    #[prost(bytes = "vec", tag = "2")]
    pub transaction_hash: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    pub consensus_timestamp: Option<Timestamp>,
    #[prost(message, optional, tag = "4")]
    pub transaction_id: Option<TransactionId>,
    #[prost(string, tag = "5")]
    pub memo: String,
    #[prost(uint64, tag = "6")]
    pub transaction_fee: u64,
    #[prost(message, optional, tag = "10")]
    pub transfer_list: Option<TransferList>,
}

/// A key, where it is one plain Ed25519 key.
#[derive(Clone, PartialEq, Message)]
pub struct Key {
    #[prost(bytes = "vec", optional, tag = "2")]
    pub ed25519: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct NodeAddressBook {
    #[prost(message, repeated, tag = "1")]
    pub node_address: Vec<NodeAddress>,
}

#[derive(Clone, PartialEq, Message)]
pub struct NodeAddress {
    #[prost(bytes = "vec", tag = "1")]
    pub ip_address: Vec<u8>,
    #[prost(int32, tag = "2")]
    pub portno: i32,
    /// The node's account as a text.
    #[prost(bytes = "vec", tag = "3")]
    pub memo: Vec<u8>,
    /// The node's public key, X.509 DER in hexadecimal digits.
    #[prost(string, tag = "4")]
    pub rsa_pub_key: String,
}
