//! A data set in one JSON document: entities, balance snapshots and transactions.
//!
//! Integers are written as texts, since some are beyond what JSON readers keep exact; plain numbers are taken too. See
//! `fixtures/recorded/mirror-2019/dataset.json` for an example.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};

use crate::store::{BalanceRow, DuplicateTime, NewTransaction, Snapshot, Store};
use crate::{BadEntityId, Entity, EntityId, EntityKind};

/// Why a data set cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// It is not JSON of the form expected; the error tells line and column.
    #[error("the data set cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    /// Something is not hexadecimal.
    #[error("{what} is not hexadecimal: `{text}`")]
    Hex {
        /// Where it stands.
        what: String,
        /// What stands there.
        text: String,
    },
    /// A balance row does not fit: another shard than the others, or a number too great.
    #[error(
        "snapshot {snapshot}: account {id} is out of range: realms go to 32767, numbers to 2147483647, all in one shard"
    )]
    Account {
        /// The snapshot's time in nanoseconds.
        snapshot: i64,
        /// The account.
        id: EntityId,
    },
    /// Two transactions have the same consensus time.
    #[error(transparent)]
    Duplicate(#[from] DuplicateTime),
}

/// An integer, written as a text or a number.
#[derive(Clone, Copy, Debug)]
struct Int(i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an integer of 64 bits, as a text or a number")]
        enum Form<'a> {
            Number(i64),
            #[serde(borrow)]
            Text(Cow<'a, str>),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(number) => Ok(Int(number)),
            Form::Text(text) => {
                text.parse().map(Int).map_err(|_| de::Error::custom(format!("`{text}` is no 64-bit integer")))
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Id(EntityId);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Id).map_err(|error: BadEntityId| de::Error::custom(error))
    }
}

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow, default)]
    entities: Vec<EntityForm<'a>>,
    #[serde(default)]
    balance_snapshots: Vec<SnapshotForm>,
    #[serde(borrow, default)]
    transactions: Vec<TransactionForm<'a>>,
}

#[derive(Deserialize)]
struct EntityForm<'a> {
    id: Id,
    #[serde(rename = "type")]
    kind: EntityKind,
    #[serde(borrow)]
    key_hex: Option<Cow<'a, str>>,
    #[serde(borrow)]
    ed25519_hex: Option<Cow<'a, str>>,
    exp_time_ns: Option<Int>,
    auto_renew_period: Option<Int>,
    deleted: Option<bool>,
}

#[derive(Deserialize)]
struct SnapshotForm {
    consensus_ns: Int,
    balances: Vec<(Id, Int)>,
}

#[derive(Deserialize)]
struct TransactionForm<'a> {
    consensus_ns: Int,
    payer: Id,
    valid_start_ns: Int,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    result: Cow<'a, str>,
    node: Id,
    transfers: Vec<(Id, Int)>,
    charged_tx_fee: Option<Int>,
    #[serde(borrow)]
    memo_hex: Option<Cow<'a, str>>,
    max_fee: Option<Int>,
    valid_duration_seconds: Option<Int>,
}

/// Loads a data set into a new store.
///
/// # Errors
/// When the text is not such a data set; see [`DatasetError`].
pub fn load(json: &str) -> Result<Store, DatasetError> {
    let form: Form<'_> = serde_json::from_str(json)?;
    let mut store = Store::new();
    for entity in &form.entities {
        let entity = entity.read()?;
        store.entities_mut().insert(entity);
    }
    for snapshot in form.balance_snapshots {
        store.insert_snapshot(snapshot.read()?);
    }
    let mut transactions = form.transactions;
    transactions.sort_by_key(|transaction| transaction.consensus_ns.0);
    for transaction in &transactions {
        transaction.insert(&mut store)?;
    }
    Ok(store)
}

impl EntityForm<'_> {
    fn read(&self) -> Result<Entity, DatasetError> {
        let what = || format!("key_hex of entity {}", self.id.0);
        let key = self.key_hex.as_deref().map(|digits| unhex(digits, what)).transpose()?;
        Ok(Entity {
            id: self.id.0,
            kind: self.kind,
            key: key.map(Vec::into_boxed_slice),
            ed25519: self.ed25519_hex.as_deref().map(|digits| digits.to_ascii_lowercase().into()),
            expiry: self.exp_time_ns.map(|int| int.0),
            auto_renew_period: self.auto_renew_period.map(|int| int.0),
            deleted: self.deleted,
        })
    }
}

impl SnapshotForm {
    fn read(self) -> Result<Snapshot, DatasetError> {
        let time = self.consensus_ns.0;
        let shard = self.balances.first().map_or(0, |(id, _)| id.0.shard);
        let row = |(Id(id), Int(balance)): &(Id, Int)| {
            let outside = || DatasetError::Account { snapshot: time, id: *id };
            let realm = i16::try_from(id.realm).ok().filter(|_| id.shard == shard).ok_or_else(outside)?;
            let num = i32::try_from(id.num).map_err(|_| outside())?;
            Ok(BalanceRow { realm, num, balance: *balance })
        };
        let rows: Result<Vec<BalanceRow>, DatasetError> = self.balances.iter().map(row).collect();
        Ok(Snapshot::new(time, shard, rows?))
    }
}

impl TransactionForm<'_> {
    fn insert(&self, store: &mut Store) -> Result<(), DatasetError> {
        let what = || format!("memo_hex of the transaction at {}", self.consensus_ns.0);
        let memo = self.memo_hex.as_deref().map(|digits| unhex(digits, what)).transpose()?;
        let transfers: Vec<(EntityId, i64)> =
            self.transfers.iter().map(|(id, amount)| (id.0, amount.0)).collect();
        store.insert_transaction(&NewTransaction {
            consensus: self.consensus_ns.0,
            payer: self.payer.0,
            valid_start: self.valid_start_ns.0,
            name: &self.name,
            result: &self.result,
            node: self.node.0,
            transfers: &transfers,
            charged_fee: self.charged_tx_fee.map(|int| int.0),
            memo: memo.as_deref(),
            max_fee: self.max_fee.map(|int| int.0),
            valid_duration: self.valid_duration_seconds.map(|int| int.0),
        })?;
        Ok(())
    }
}

fn unhex(digits: &str, what: impl Fn() -> String) -> Result<Vec<u8>, DatasetError> {
    tanglegram_hashgraph::hex::decode(digits)
        .ok_or_else(|| DatasetError::Hex { what: what(), text: digits.to_owned() })
}
