//! One IRI-compatible tangle node, sans-IO.
//!
//! A [`Node`] is a state machine: [`Node::handle`] takes the time and an [`Input`] and appends [`Output`]s. It owns no
//! socket, clock, thread or source of randomness; whoever drives it (an HTTP server, a simulated network, a test) brings
//! those. The same inputs at the same times give the same outputs, on every machine.
//!
//! What a node knows lives in four places, each built on the one before:
//!
//! - the tangle store: transactions, who approves whom, solidity, the verdict on each bundle;
//! - the ledger: balances at the latest solid milestone, the milestones, spent addresses;
//! - tip selection: the random walk over what the ledger allows;
//! - the API: the 18 commands of the IRI HTTP API, from the request's text to the reply's text.
//!
//! Where nodes differ between versions, a [`Dialect`] names each difference.

mod api;
mod audit;
mod bundle;
mod config;
mod dialect;
pub mod gossip;
mod idset;
mod index;
mod keyed;
mod ledger;
mod milestone;
mod mutant;
mod node;
pub mod persist;
mod planted;
mod progress;
pub mod snapshot;
mod spent;
mod store;
mod tips;
mod validity;
mod verdicts;
mod walk;

pub use audit::Breach;
pub use config::{
    ApiLimits, Config, CoordinatorConfig, DEFAULT_PRUNING_DELAY, Genesis, GenesisError, Host, LocalSnapshots,
};
pub use dialect::{Dialect, UnknownDialect};
pub use mutant::{Mutant, Mutation};
pub use node::{ApiRequest, Input, JobId, Millis, Node, Output, Reply, RequestId, Status};
pub use persist::{Disk, Record, RestoreError};
pub use planted::{Bug, Planted};
pub use progress::{Detail, Step};
pub use snapshot::{Snapshot, SnapshotError};

pub use tanglegram_ternary::bundle::SUPPLY;
pub use verdicts::SharedVerdicts;
