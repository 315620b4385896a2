//! What a mirror node knows of accounts, contracts and files.

use serde::Deserialize;

use crate::EntityId;

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntityKind {
    /// A cryptocurrency account.
    Account,
    /// A smart contract; it has a balance too.
    Contract,
    /// A file.
    File,
}

impl EntityKind {
    /// The name the API shows.
    pub fn name(self) -> &'static str {
        match self {
            EntityKind::Account => "account",
            EntityKind::Contract => "contract",
            EntityKind::File => "file",
        }
    }
}

/// What a mirror node knows of an entity, apart from its balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its id.
    pub id: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// Its key as protobuf bytes.
    pub key: Option<Box<[u8]>>,
    /// Its key in lower-case hexadecimal digits, where that is one plain Ed25519 key.
    pub ed25519: Option<Box<str>>,
    /// When it expires, in nanoseconds since 1970.
    pub expiry: Option<i64>,
    /// The period in which it renews itself, in seconds.
    pub auto_renew_period: Option<i64>,
    /// Whether it was deleted.
    pub deleted: Option<bool>,
}

impl Entity {
    /// An entity that was only referred to so far.
    pub fn new(id: EntityId, kind: EntityKind) -> Self {
        Entity {
            id,
            kind,
            key: None,
            ed25519: None,
            expiry: None,
            auto_renew_period: None,
            deleted: Some(false),
        }
    }

    /// Whether it can hold a balance: an account or a contract.
    pub fn holds_balance(&self) -> bool {
        self.kind != EntityKind::File
    }
}
