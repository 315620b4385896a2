//! A world's nodes on turmoil hosts: the HTTP server, the gossip, the coordinator and the data folder that [`serve`](crate::serve)
//! runs on real sockets and a real disk, here on a simulated network and simulated disks, in virtual time.
//!
//! ```text
//! Scenario + seed -> run: faults, users (HTTP) -> turmoil hosts: net::Starting (server, gossip, issuer, journal) -> Inspector
//! ```
//!
//! | of the scenario | here |
//! | --- | --- |
//! | latency | turmoil's, the same both ways (the larger one, where the ways differ), in steps of [`TICK`] |
//! | partition, one way cut, isolation | turmoil's: TCP segments vanish, dialling fails; a connection that lost one is given up after [`GIVE_UP`], and dialled again when the node does that |
//! | crash, power loss, restart | turmoil's: what was not synced to the disk is lost, or torn in the middle of a block |
//! | jitter, loss, duplication, damage, bandwidth, reordering | of whole gossip messages, as in the event queue: turmoil's TCP does not send lost segments again |
//! | pause, slow node, clock skew and jump, coordinator that stops | as with `serve --faults` |
//! | misbehaving nodes, a coordinator that equivocates | refused: [`SimulatedError::Fault`] |
//!
//! Users send bundles by HTTP, `storeTransactions` and `broadcastTransactions`, to the nodes and at the times of the event queue.
//! Nothing here looks at a real clock or at any randomness but the seed's: the digest over what every node hears and when is the
//! same in every run. It depends on the program's version, and on the order in which tokio polls tasks.

mod disk;
mod errands;
mod faults;
mod machine;
mod net;
mod run;

pub use faults::refusal;
pub use machine::{API_PORT, Machine, Machines};
pub use net::GIVE_UP;
pub use run::{NetworkRun, USERS, run};

use tanglegram_tangle::Millis;
use tanglegram_world::sim::ScenarioError;

/// The most nodes: turmoil looks at every pair of hosts in every step.
pub const MAX_NODES: usize = 25;

/// Virtual milliseconds of a step.
pub const TICK: Millis = 5;

/// Why a scenario cannot run on turmoil hosts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatedError {
    /// Too many nodes.
    #[error(
        "{0} nodes are too many for turmoil hosts: at most {MAX_NODES}; without --wire there may be thousands"
    )]
    Nodes(usize),
    /// The scenario makes no sense.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// Something goes wrong that cannot be had on real sockets.
    #[error(
        "{what} is only for the event queue (without --wire): on real sockets nodes run nothing but the protocol"
    )]
    Fault {
        /// What, and when.
        what: String,
    },
    /// A node could not be started, or turmoil gave up.
    #[error("the simulated network stopped after {at} ms: {source}")]
    Stopped {
        /// Virtual milliseconds from the start.
        at: Millis,
        /// Why.
        source: Box<dyn std::error::Error>,
    },
}
