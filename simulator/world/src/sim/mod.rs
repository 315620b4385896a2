//! Many nodes, one seed, one clock: a whole tangle network that runs the same way every time.
//!
//! A [`Simulation`] is an event queue over [`tanglegram_tangle::Node`]s. Nothing in it looks at a real clock or at any
//! randomness but the seed's; each purpose, node and link draws from a stream of its own, so that changing one thing leaves
//! every other draw as it was. Every event becomes a line of the [`Trace`], and the trace's digest names the run.
//!
//! ```
//! use tanglegram_world::sim::{Fault, Scenario, Simulation, Trace, names};
//!
//! let scenario = Scenario { nodes: names(4), duration: 60_000, recovery: 30_000, ..Scenario::default() };
//! let mut simulation = Simulation::new(scenario, 42, Trace::default())?;
//! simulation.advance_to(20_000);
//! simulation.apply(Fault::Isolate(3)).expect("there is such a node");
//! simulation.advance_by(10_000);
//! simulation.apply(Fault::Heal).expect("always possible");
//! let report = simulation.run();
//! assert_eq!(report.violations, []);
//! # Ok::<(), tanglegram_world::sim::ScenarioError>(())
//! ```

mod behaviour;
mod check;
mod coordinator;
mod engine;
mod fault;
mod history;
mod host;
mod inspector;
mod invariants;
mod links;
mod mischief;
mod numbers;
mod outage;
mod queue;
mod report;
mod requests;
mod scenario;
mod seal;
mod sending;
mod streams;
mod subject;
mod substrate;
mod swarm;
mod trace;
mod transport;
mod users;
mod wallet;
mod workload;

pub(crate) use check::{check as check_scenario, check_fault};
pub(crate) use queue::Queue;
pub(crate) use scenario::renumbered;
pub(crate) use streams::Stream;
pub(crate) use swarm::timetable;

pub use behaviour::{Behaviour, Misbehaving};
pub use check::{Flaw, MAX_DURATION, MAX_LINKS, MAX_MWM, MAX_NODES, MAX_SENDS, ScenarioError};
pub use engine::{EPOCH, START_INDEX, Simulation};
pub use fault::{Fault, Files, Scope, Timed, Tweak};
pub use history::{Moment, Step};
pub use inspector::{Inspector, Ledger};
pub use invariants::{Invariant, Violation};
pub use links::{Change, Defect, Fate, Links};
pub use report::Report;
pub use requests::RequestError;
pub use scenario::{
    CoordinatorPlan, DEFAULT_KEY_DEPTH, Keys, LinkModel, LinkOverride, Scenario, Swarm, Topology, Workload,
    names,
};
pub use substrate::{equip, node_address};
pub use trace::{Line, Trace};
pub use users::{Errand, Nodes, Users};
pub use wallet::{address as account_address, message, payment};
