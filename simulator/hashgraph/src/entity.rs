//! The ids that accounts, contracts and files go by.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::short::Short;

/// The id of an entity, written `shard.realm.num`. Compares part by part, shard first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId {
    /// The shard.
    pub shard: i64,
    /// The realm within the shard.
    pub realm: i64,
    /// The number within the realm.
    pub num: i64,
}

impl EntityId {
    /// The id `shard.realm.num`.
    pub const fn new(shard: i64, realm: i64, num: i64) -> Self {
        EntityId { shard, realm, num }
    }

    /// The id as a text that needs no allocation.
    pub fn short(self) -> Short {
        Short::new().number(self.shard).letter(b'.').number(self.realm).letter(b'.').number(self.num)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short().as_str())
    }
}

impl Serialize for EntityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.short().as_str())
    }
}

/// A text is not an entity id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no entity id: write shard.realm.num, e.g. 0.0.1001")]
pub struct BadEntityId(pub String);

impl FromStr for EntityId {
    type Err = BadEntityId;

    fn from_str(text: &str) -> Result<Self, BadEntityId> {
        let bad = || BadEntityId(text.to_owned());
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = text
            .split('.')
            .map(|part| if is_digits(part) { part.parse::<i64>().map_err(|_| bad()) } else { Err(bad()) });
        let mut part = || parts.next().unwrap_or_else(|| Err(bad()));
        let id = EntityId::new(part()?, part()?, part()?);
        if parts.next().is_none() { Ok(id) } else { Err(bad()) }
    }
}
