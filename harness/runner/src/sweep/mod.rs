//! Many seeds of one world: on all cores, in shards, and never twice.
//!
//! A [`Sweep`] is a world and its [`Seeds`]; [`run`] goes through a [`Shard`] of them and keeps the [`SeedResult`]s in a file
//! from which it goes on after whatever ended it; [`merge`] puts the files of all shards together.

mod merge;
mod results;
mod shard;
mod store;
mod work;

pub use merge::{MergeError, merge};
pub use results::{Found, Header, Results, SeedResult, digest};
pub use shard::{Seeds, Shard, ShardError};
pub use store::{Store, StoreError, read};
pub use work::{Progress, Sweep, SweepError, run};
