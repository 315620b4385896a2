//! Many nodes, one seed, one clock: a whole tangle network that runs the same way every time.
//!
//! A [`Simulation`] is an event heap over [`tanglegram_tangle::Node`]s. Nothing in it looks at a real clock or at any
//! randomness but the seed's; each purpose draws from a stream of its own, so that changing one thing leaves every other
//! draw as it was. Every event becomes a line of the trace, and the trace's digest names the run.

mod coordinator;
mod engine;
mod faults;
mod host;
mod invariants;
mod links;
mod scenario;
mod streams;
mod trace;
mod wallet;
mod workload;

pub use engine::{Report, ScenarioError, Simulation};
pub use invariants::{Invariant, Violation};
pub use scenario::{Fault, LinkModel, Scenario, Swarm, Timed, Topology, Workload};
pub use trace::Trace;
