//! Gossip: how nodes tell each other what they know, as IRI 1.8 does over TCP.
//!
//! Both sides send a handshake right after connecting. From then on every message carries a transaction and the hash of one the
//! sender would like to have; asking for the very transaction that is sent means wanting nothing. Whatever is new and valid
//! is passed on to all other neighbours.

pub mod codec;
mod exchange;
mod message;
mod network;
mod peer;
mod requests;
mod uri;
mod wanted;

pub use message::{Handshake, Message, VERSIONS};
pub(crate) use network::{Network, Shown};
pub use peer::PeerId;
pub(crate) use peer::{Metrics, Peer};
pub(crate) use requests::Requests;
pub(crate) use wanted::AddressFault;
