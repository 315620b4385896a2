//! Whatever can be asked.
//!
//! An [`Endpoint`] says where a node's API is, a [`Client`] exchanges [`Request`]s for [`Reply`]s with it. A target is
//! hostile until shown otherwise: each reply is bounded in size and time, redirects are not followed, compression is
//! never asked for. A [`Provider`] finds the endpoint whose node is in the state that a vector needs.

mod client;
mod connector;
#[cfg(feature = "containers")]
pub mod container;
mod embedded;
mod endpoint;
mod faulty;
mod fixture;
mod log;
mod message;
mod mutant;
#[cfg(target_os = "linux")]
pub mod process;
mod provider;
mod proxies;
mod recorder;
mod recording;
mod tls;
mod worlds;

pub use client::{Client, ExchangeError, Limits};
pub use connector::{Connector, Stream, Tcp, outside_address};
pub use embedded::{EMBEDDED_SEED, Embedded, EmbeddedError, Serving};
pub use endpoint::{Endpoint, UrlError};
pub use faulty::{BadFaults, Between, Counts, Faults, FaultyProxy};
pub use fixture::{Batch, Fixture, State};
pub use hyper::body::Bytes;
pub use hyper::header::{HeaderMap, HeaderValue};
pub use hyper::{Method, StatusCode};
pub use log::LogTail;
pub use message::{BadRequest, Reply, Request};
pub use mutant::{Mutant, NotBuilt};
pub use provider::{Need, Provider, Refusal};
pub use proxies::{BadProxy, Proxies};
pub use recorder::{Exchange, RecordingProxy};
pub use recording::{Recorder, Recording, RecordingError};
pub use tls::{Tls, TlsError};
pub use worlds::{DIALECTS, IRI, MIRROR, MIRROR_DIALECTS, WORLDS, World, dialects};

/// The hash of a transaction, both in trytes; none if they are no transaction.
pub fn transaction_hash(trytes: &str) -> Option<String> {
    let transaction = tanglegram_ternary::Transaction::from_trytes(trytes).ok()?;
    Some(transaction.hash().to_string())
}

/// The hash of the bundle a transaction is of, both in trytes; none if they are no transaction.
pub fn bundle_hash(trytes: &str) -> Option<String> {
    let transaction = tanglegram_ternary::Transaction::from_trytes(trytes).ok()?;
    Some(transaction.bundle().to_string())
}
