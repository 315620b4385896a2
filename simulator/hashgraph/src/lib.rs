//! One Hedera consensus node, sans-IO, and the files in which such nodes write down what happened.
//!
//! The [files] are all that a mirror node sees of the network.

mod entity;
pub mod files;
pub mod hex;
pub mod short;
mod time;

pub use entity::{BadEntityId, EntityId};
pub use time::{SECOND, Timestamp};
