//! Tanglegram's nodes on real sockets.
//!
//! A node is a state machine without sockets, clock or threads; this crate brings them. All nodes of a [`serve`] call
//! and all their connections live on **one** thread: a request is read, handled and answered without a lock or a hop to
//! another thread, which is what makes it cheap. Only proof of work runs elsewhere, on a worker thread per node.
//!
//! ```text
//! socket -> Watched -> hyper -> iri::Api -> host::Host -> Node::handle -> reply -> hyper -> socket
//!                                               \-> miner (thread) -> Input::Mined -/
//! ```
//!
//! What a client can do is bounded: connections, the head and body of a request, the time for each, the work it leaves
//! behind when it hangs up.

mod access;
mod body;
mod clock;
mod data;
mod faulty;
mod gossip;
mod hedera;
mod host;
mod intake;
mod iri;
mod issuer;
mod listener;
mod miner;
mod mirror;
#[cfg(feature = "mutants")]
mod mutate;
mod net;
mod server;
pub mod simulated;
mod thread;
mod topology;
mod watch;
mod worlds;

pub use access::Access;
pub use data::{DataError, Stored};
pub use faulty::{FaultReport, only_in_the_queue, serve_with_faults};
pub use gossip::Gossip;
pub use hedera::{GRPC_PORT, HederaNet, OPERATOR_BALANCE, Operator, RunningHedera, serve_hedera};
pub use issuer::Milestones;
pub use listener::Listener;
pub use mirror::{Report, ServedMirror};
pub use net::{Running, ServeError, Served, serve, serve_all};
pub use worlds::{Places, serve_world};
