//! From vectors to verdicts: [`Library`] (what there is) → plan (what is selected, in which order) → exchange →
//! verdict → report.

mod fixture;
mod library;
mod worlds;

pub use fixture::{Batch, Fixture, State};
pub use library::Library;
pub use worlds::{DIALECTS, WORLDS, World};
