//! What neighbours say to each other.

use std::sync::Arc;

use tanglegram_ternary::{Address, Hash, Transaction};

use crate::node::Millis;

/// The protocol versions this node speaks, as the handshake tells them: bit 0 is version 1.
pub const VERSIONS: u8 = 0b1;

/// A message of the gossip protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The first message each way.
    Handshake(Handshake),
    /// A transaction, and the hash of another that the sender would like to have.
    Transaction {
        /// What is told.
        transaction: Arc<Transaction>,
        /// What is wanted; the hash of `transaction` itself: nothing.
        requested: Hash,
    },
    /// Which milestones the sender has solid; understood since 1.8.6, never sent by IRI.
    Heartbeat {
        /// Index of the first.
        first_solid: i32,
        /// Index of the last.
        last_solid: i32,
    },
    /// A transaction message whose bytes are no trits.
    Garbled,
}

/// Who a node is and what it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The port the sender listens on for neighbours.
    pub port: u16,
    /// The sender's clock.
    pub timestamp: Millis,
    /// The coordinator the sender believes.
    pub coordinator: Address,
    /// The sender's minimum weight magnitude.
    pub mwm: u8,
    /// Supported versions as a bit mask, 1 to 32 bytes, the first byte the lowest versions.
    pub versions: Vec<u8>,
}

impl Handshake {
    /// Whether the sender speaks a version that this node speaks.
    pub fn has_common_version(&self) -> bool {
        self.versions.first().is_some_and(|versions| versions & VERSIONS != 0)
    }
}
