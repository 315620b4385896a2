//! The rows of the API, field by field in the order they are written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use crate::store::{BalanceRow, EntityRef, Snapshot, Store, Transaction};
use crate::{Dialect, EntityId, EntityKind, Timestamp};
use tanglegram_hashgraph::hex;
use tanglegram_hashgraph::short::Short;

/// The greatest integer up to which all have an exact 64-bit float.
const EXACT: u64 = 1 << 53;

/// An integer in JSON: exact, or as JavaScript writes it after it went through a 64-bit float.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    value: i64,
    exact: bool,
}

impl Amount {
    pub(super) fn new(value: i64, dialect: Dialect) -> Self {
        Amount { value, exact: dialect.exact_integers }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.exact || self.value.unsigned_abs() <= EXACT {
            return serializer.serialize_i64(self.value);
        }
        // The shortest digits that read back as the same float, filled up with zeros: no more than 19, which fit.
        let shown = (self.value as f64).to_string();
        serializer.serialize_i128(shown.parse().unwrap_or(i128::from(self.value)))
    }
}

#[derive(Serialize)]
pub(super) struct Links {
    pub(super) next: Option<String>,
}

#[derive(Serialize)]
struct Balance {
    timestamp: Timestamp,
    balance: Amount,
}

#[derive(Serialize)]
struct Key {
    #[serde(rename = "_type")]
    kind: &'static str,
    key: String,
}

impl Key {
    fn new(bytes: &[u8]) -> Self {
        match bytes {
            [0x12, 0x20, key @ ..] => Key { kind: "ED25519", key: hex::encode(key) },
            other => Key { kind: "ProtobufEncoded", key: hex::encode(other) },
        }
    }
}

/// What the API shows of an account.
#[derive(Serialize)]
pub(super) struct AccountView {
    balance: Balance,
    pub(super) account: EntityId,
    expiry_timestamp: Option<Timestamp>,
    auto_renew_period: Option<Amount>,
    key: Option<Key>,
    deleted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_type: Option<&'static str>,
}

impl AccountView {
    pub(super) fn new(store: &Store, snapshot: &Snapshot, row: &BalanceRow, dialect: Dialect) -> Self {
        let account = snapshot.id(row);
        let entity = store.entity(account).filter(|entity| entity.holds_balance());
        let kind = entity.map_or(EntityKind::Account, |entity| entity.kind);
        let amount = |value| Amount::new(value, dialect);
        AccountView {
            balance: Balance { timestamp: Timestamp(snapshot.time()), balance: amount(row.balance) },
            account,
            expiry_timestamp: entity.and_then(|entity| entity.expiry).map(Timestamp),
            auto_renew_period: entity.and_then(|entity| entity.auto_renew_period).map(amount),
            key: entity.and_then(|entity| entity.key.as_deref()).map(Key::new),
            deleted: entity.and_then(|entity| entity.deleted),
            entity_type: dialect.shows_entity_type.then_some(kind.name()),
        }
    }
}

/// What the API shows of an account's balance.
#[derive(Serialize)]
pub(super) struct BalanceView {
    pub(super) account: EntityId,
    balance: Amount,
}

impl BalanceView {
    pub(super) fn new(snapshot: &Snapshot, row: &BalanceRow, dialect: Dialect) -> Self {
        BalanceView { account: snapshot.id(row), balance: Amount::new(row.balance, dialect) }
    }
}

#[derive(Serialize)]
struct TransferView {
    account: EntityId,
    amount: Amount,
}

/// The id of a transaction: payer and valid start.
struct TransactionId {
    payer: EntityId,
    valid_start: Timestamp,
}

impl Serialize for TransactionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, nanos) = self.valid_start.parts();
        let text = self.payer.short().letter(b'-').number(seconds).letter(b'-');
        serializer.serialize_str(text.digits(nanos.unsigned_abs(), 9).as_str())
    }
}

/// An integer that is told as a text.
struct Decimal(i64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Short::new().number(self.0).as_str())
    }
}

/// The transfers of a transaction.
struct Transfers<'a> {
    store: &'a Store,
    dialect: Dialect,
    transfers: &'a [(EntityRef, i64)],
}

impl Serialize for Transfers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.transfers.iter().map(|&(account, amount)| TransferView {
            account: self.store.entities().get(account).id,
            amount: Amount::new(amount, self.dialect),
        }))
    }
}

/// What the API shows of a transaction.
#[derive(Serialize)]
pub(super) struct TransactionView<'a> {
    consensus_timestamp: Timestamp,
    valid_start_timestamp: Timestamp,
    charged_tx_fee: Amount,
    memo_base64: Option<String>,
    result: &'a str,
    name: &'a str,
    max_fee: Option<Decimal>,
    valid_duration_seconds: Option<Decimal>,
    node: EntityId,
    transaction_id: TransactionId,
    transfers: Transfers<'a>,
}

impl<'a> TransactionView<'a> {
    pub(super) fn new(store: &'a Store, transaction: &'a Transaction, dialect: Dialect) -> Self {
        let id = |entity: EntityRef| store.entities().get(entity).id;
        let valid_start = Timestamp(transaction.valid_start);
        TransactionView {
            consensus_timestamp: Timestamp(transaction.consensus),
            valid_start_timestamp: valid_start,
            charged_tx_fee: Amount::new(transaction.charged_fee.unwrap_or(0), dialect),
            memo_base64: transaction.memo.as_deref().map(|memo| STANDARD.encode(memo)),
            result: &transaction.result,
            name: &transaction.name,
            max_fee: transaction.max_fee.map(Decimal),
            valid_duration_seconds: transaction.valid_duration.map(Decimal),
            node: id(transaction.node),
            transaction_id: TransactionId { payer: id(transaction.payer), valid_start },
            transfers: Transfers { store, dialect, transfers: &transaction.transfers },
        }
    }
}
