//! A network of Hedera consensus nodes: one seed, one clock, and what goes wrong.
//!
//! A [`Network`] is an event queue over [`tanglegram_hashgraph::node::Node`]s with the crypto service on top, in the same way
//! as [`Simulation`](crate::sim::Simulation) is one over the nodes of a tangle: the same links, faults, random streams and
//! trace. While it runs, it is checked that all honest members agree on the order, time and result of everything.

mod check;
mod client;
mod faults;
mod history;
mod host;
mod mischief;
mod network;
mod plan;
mod report;
mod watch;
mod wish;

pub use client::{client_account, member_account};
pub use history::{Moment, Step};
pub use mischief::Misdeed;
pub use network::Network;
pub(crate) use plan::MOST_MEMBERS;
pub use plan::Plan;
pub use report::{NetworkReport, Run};
pub use tanglegram_hashgraph::EntityId;
pub use tanglegram_hashgraph::services::{ResponseCode, TransactionId};
pub use wish::{Deed, Taken, Wish};

/// The name of the mirror node where members have theirs.
pub const MIRROR: &str = "mirror";
