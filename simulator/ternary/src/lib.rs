//! The ternary side of the IOTA tangle: trits and their text and byte forms, Curl and Kerl hashes, WOTS signatures,
//! transactions and bundles, proof of work, and the coordinator's Merkle-tree keys.
//!
//! Everything here is a pure function of its input: no clock, no randomness, no I/O.

mod error;
pub mod kerl;
mod packed;
pub mod t5b1;
pub mod transaction;
pub mod trits;
pub mod trytes;

pub use error::DecodeError;
pub use packed::{Address, Hash, Packed, Tag};
pub use transaction::{Transaction, TransactionBuilder};
pub use trits::Trit;
