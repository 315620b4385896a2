//! A signed transaction, taken out of either of its wire forms.

use std::fmt;
use std::str::FromStr;

use prost::Message;
use prost::bytes::Buf;
use prost::encoding::{self, DecodeContext};

use super::ResponseCode;
use super::messages::{SignatureMap, SignaturePair};
use crate::files::FileHash;
use crate::files::hapi::{self, Data, SignedTransaction, Transaction, TransactionBody};
use crate::{EntityId, SECOND, Timestamp};

/// Bytes of the longest transaction.
pub const MAX_TRANSACTION: usize = 6144;

/// What tells a transaction from all others: who pays, and from when on it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionId {
    /// The account that pays.
    pub payer: EntityId,
    /// In nanoseconds since 1970.
    pub valid_start: i64,
}

impl TransactionId {
    /// The id of a signed transaction, in either of its wire forms; `None` where there is none.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Envelope::open(bytes).ok().map(|envelope| envelope.id)
    }

    /// Reads the message; the start must be a time from 1970 on that 64 bits of nanoseconds can tell.
    pub fn read(id: &hapi::TransactionId) -> Option<Self> {
        let start = id.valid_start.filter(|start| (0..1_000_000_000).contains(&start.nanos))?;
        let seconds = Some(start.seconds).filter(|seconds| *seconds >= 0)?.checked_mul(SECOND)?;
        let valid_start = seconds.checked_add(start.nanos.into())?;
        Some(TransactionId { payer: entity(id.account?), valid_start })
    }
}

impl fmt::Display for TransactionId {
    /// As mirror nodes write it: `0.0.1001-1568542919-000000000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = Timestamp(self.valid_start).parts();
        write!(f, "{}-{seconds}-{nanos:09}", self.payer)
    }
}

impl FromStr for TransactionId {
    type Err = BadTransactionId;

    fn from_str(text: &str) -> Result<Self, BadTransactionId> {
        let parts = || {
            let (payer, start) = text.split_once('-')?;
            let (seconds, nanos) = start.split_once('-').filter(|(_, nanos)| nanos.len() == 9)?;
            let nanos = nanos.parse::<u32>().ok()?;
            let start = seconds.parse::<u32>().ok().map(i64::from)?.checked_mul(SECOND)? + i64::from(nanos);
            Some(TransactionId { payer: payer.parse().ok()?, valid_start: start })
        };
        parts().ok_or(BadTransactionId)
    }
}

/// A text that is no transaction's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a transaction's id is as 0.0.1001-1568542919-000000000")]
pub struct BadTransactionId;

/// The id of a message.
pub(super) fn entity(id: hapi::EntityId) -> EntityId {
    EntityId::new(id.shard, id.realm, id.num)
}

/// The message of an id.
pub(super) fn entity_message(id: EntityId) -> hapi::EntityId {
    hapi::EntityId { shard: id.shard, realm: id.realm, num: id.num }
}

/// What a transaction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Moves hbars between accounts.
    Transfer,
    /// Makes an account.
    Create,
    /// Changes an account.
    Update,
    /// Deletes an account.
    Delete,
    /// Something that this network does not do.
    Other,
}

/// A transaction, its parts in reach.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) id: TransactionId,
    /// The node that the client wants to submit it.
    pub(super) node: EntityId,
    /// How long it is valid, in nanoseconds.
    pub(super) duration: i64,
    pub(super) kind: Kind,
    pub(super) body: TransactionBody,
    /// What the signatures are over.
    pub(super) signed: Vec<u8>,
    pub(super) signatures: Vec<SignaturePair>,
    /// SHA-384 of what the client sent.
    pub(super) hash: FileHash,
    /// The transaction as record files of 2019 hold it: with `bodyBytes`, whatever the wire form was.
    pub(super) recorded: Vec<u8>,
}

impl Envelope {
    /// Opens a transaction.
    ///
    /// # Errors
    /// When it has no form that could ever be handled: the code that its client is told.
    pub(super) fn open(bytes: &[u8]) -> Result<Self, ResponseCode> {
        if bytes.len() > MAX_TRANSACTION {
            return Err(ResponseCode::TRANSACTION_OVERSIZE);
        }
        let (hash, transaction) = unwrap(bytes).ok_or(ResponseCode::INVALID_TRANSACTION)?;
        let map = transaction.sig_map.as_deref().unwrap_or_default();
        let signatures = SignatureMap::decode(map).map_err(|_| ResponseCode::INVALID_TRANSACTION)?.pairs;
        let signed = transaction.body_bytes.clone();
        let body =
            TransactionBody::decode(signed.as_slice()).map_err(|_| ResponseCode::INVALID_TRANSACTION_BODY)?;
        let id = body.transaction_id.as_ref().and_then(TransactionId::read);
        let id = id.ok_or(ResponseCode::INVALID_TRANSACTION_ID)?;
        let node = entity(body.node_account.ok_or(ResponseCode::INVALID_NODE_ACCOUNT)?);
        let duration = body.valid_duration.and_then(|duration| duration.seconds.checked_mul(SECOND));
        let duration = duration.ok_or(ResponseCode::INVALID_TRANSACTION_DURATION)?;
        let kind = kind(&body, &signed).ok_or(ResponseCode::INVALID_TRANSACTION_BODY)?;
        let recorded = transaction.encode_to_vec();
        Ok(Envelope { id, node, duration, kind, body, signed, signatures, hash, recorded })
    }
}

/// The hash and the transaction in the wire form of 2019; `None` if it is in no form or in two.
fn unwrap(bytes: &[u8]) -> Option<(FileHash, Transaction)> {
    let mut transaction = Transaction::decode(bytes).ok()?;
    if transaction.body.is_some()
        || transaction.body_bytes.is_empty() == transaction.signed_transaction_bytes.is_empty()
    {
        return None;
    }
    if transaction.signed_transaction_bytes.is_empty() {
        return Some((FileHash::of(&[bytes]), transaction));
    }
    let signed = std::mem::take(&mut transaction.signed_transaction_bytes);
    let SignedTransaction { body_bytes, sig_map } = SignedTransaction::decode(signed.as_slice()).ok()?;
    (transaction.body_bytes, transaction.sig_map) = (body_bytes, sig_map);
    Some((FileHash::of(&[&signed]), transaction))
}

/// What a body is about; `None` if it says nothing at all.
fn kind(body: &TransactionBody, bytes: &[u8]) -> Option<Kind> {
    match body.data {
        Some(Data::CryptoTransfer(_)) => Some(Kind::Transfer),
        Some(Data::CryptoCreateAccount(_)) => Some(Kind::Create),
        Some(Data::CryptoUpdateAccount(_)) => Some(Kind::Update),
        Some(Data::CryptoDelete(_)) => Some(Kind::Delete),
        Some(_) => Some(Kind::Other),
        None => has_later_field(bytes).then_some(Kind::Other),
    }
}

/// Whether a body has a field behind those of 2019: a type of transaction that came later.
fn has_later_field(mut bytes: &[u8]) -> bool {
    while bytes.has_remaining() {
        let Ok((tag, wire_type)) = encoding::decode_key(&mut bytes) else { return false };
        if tag > 23 {
            return true;
        }
        if encoding::skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).is_err() {
            return false;
        }
    }
    false
}
