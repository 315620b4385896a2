//! The vector language: questions to a node and the answers that conformance demands, as YAML.
//!
//! Data flows one way: text → [`Source`] → YAML tree with positions → [`VectorFile`] of [`Vector`]s of [`Step`]s,
//! whose [`Pattern`]s are then held against replies and yield [`Difference`]s. Nothing here reads a file, opens a
//! socket or looks at a clock. The language itself is described in `vectors/README.md`.

mod attached;
mod bounds;
mod clauses;
mod diff;
mod dotted;
mod expected;
mod fields;
mod model;
mod network;
mod pattern;
mod problem;
mod read;
mod rows;
mod step;
mod submit;
mod template;
mod yaml;

pub use attached::Attached;
pub use bounds::Bounds;
pub use clauses::{Clause, SpecFile, read_spec};
pub use diff::{Context, Difference, Differences, Path, shorten, shown};
pub use dotted::{Dotted, NotDotted};
pub use expected::{ExpectedFile, Known, Way, read_expected};
pub use model::{
    ANY_WORLD, Ask, BodyPattern, CHANGING_COMMANDS, Capture, Catalogue, Expect, INLINE_WORLD, Level, RawBody,
    Snapshot, Status, Step, Trying, Vector, VectorFile, Walk, WorldFacts,
};
pub use network::{Act, NETWORK, Network, NetworkWorld, Payment, Sending, Sent, Written};
pub use pattern::{Kind, Pattern};
pub use problem::{Mistake, Problem, Source, Span, nearest};
pub use read::read_file;
pub use rows::{Sorted, Sum};
pub use submit::{Deed, Submission};
pub use template::{MAX_GENERATED, Name, Part, Scope, Template, Undefined};
pub use yaml::{MAX_DEPTH, MAX_FILE, MAX_WEIGHT};
