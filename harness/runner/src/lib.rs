//! From vectors to verdicts.
//!
//! [`Library`] (what there is) → [`Plan`] (what is selected, in which order, with requests ready) → [`run`] (exchange
//! and verdict, one [`Outcome`] each) → [`Summary`].

mod crew;
pub mod differ;
mod execute;
mod feed;
mod known;
mod library;
pub mod mutate;
mod network;
mod networks;
mod pages;
mod plan;
mod preflight;
mod prepare;
mod probe;
pub mod record;
pub mod report;
mod run;
mod sending;
pub mod shrink;
mod snapshot;
mod sources;
mod summary;
pub mod sweep;
mod transcript;
mod verdict;

pub use feed::Remote;
pub use known::{Deviation, Expectations, deviations, read_profiles};
pub use library::{Library, catalogue};
pub use plan::{Plan, Selection};
pub use preflight::{NodeInfo, mirror_preflight, preflight};
pub use prepare::Prepared;
pub use run::{Ending, RunOptions, replay, replay_network, run};
pub use snapshot::{Recorded, Snapshots};
pub use sources::{GENESIS, profile, profiles};
pub use summary::{Counts, Summary};
pub use verdict::{Failure, Outcome, Verdict};
