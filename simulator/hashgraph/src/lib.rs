//! One Hedera consensus node, sans-IO, and the files in which such nodes write down what happened.
//!
//! [consensus] brings the transactions that members submit into one order, with a time for each; an [`Application`], such as
//! a [`Replica`] of what the [services] keep, handles them in that order. A [`Node`](node::Node) is one member, with [gossip]
//! and all. The [files] are all that a mirror node sees of the network; [streams] tells when which is written.

// Tests inside share code with tests outside.
#[cfg(test)]
extern crate self as tanglegram_hashgraph;

mod application;
pub mod consensus;
mod entity;
pub mod files;
pub mod gossip;
pub mod hex;
pub mod node;
mod planted;
mod replica;
pub mod services;
pub mod short;
pub mod state;
pub mod streams;
mod time;

pub use application::{Application, BadState};
pub use entity::{BadEntityId, EntityId};
pub use planted::{Bug, Planted};
pub use replica::Replica;
pub use time::{MILLISECOND, SECOND, Timestamp};
