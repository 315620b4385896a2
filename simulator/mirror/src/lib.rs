//! One Hedera mirror node, sans-IO.
//!
//! A mirror node learns what the network did from the files that the network's nodes write, and answers questions about it over a
//! read-only REST API. Here that is two steps without a socket, a file system or a clock:
//!
//! - a [`Store`] is filled: an [importer](ingest::Importer) reads the [files] of the network's nodes, or a [data set](dataset) comes in one
//!   JSON document;
//! - a [`Mirror`] answers: [`Mirror::handle`] maps a [`Request`] to a [`Response`], a pure function of the store.
//!
//! Where the public API document and the real server of 2019 differ, a [`Dialect`] names each difference.

pub mod dataset;
mod dialect;
mod entity;
pub mod ingest;
mod mutant;
mod rest;
pub mod store;

pub use dialect::{Dialect, UnknownDialect};
pub use entity::{Entity, EntityKind};
pub use mutant::{Mutant, Mutation};
pub use rest::{Mirror, Request, Response};
pub use store::Store;
pub use tanglegram_hashgraph::{BadEntityId, EntityId, SECOND, Timestamp, files};
