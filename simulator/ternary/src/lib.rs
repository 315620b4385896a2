//! The ternary side of the IOTA tangle: trits and their text and byte forms, Curl and Kerl hashes, WOTS signatures,
//! transactions and bundles, proof of work, and the coordinator's Merkle-tree keys.
//!
//! Everything here is a pure function of its input: no clock, no randomness, no I/O.

pub mod bundle;
pub mod checksum;
mod error;
pub mod kerl;
pub mod merkle;
pub mod milestone;
mod packed;
pub mod pow;
mod signature_mode;
pub mod t5b1;
pub mod transaction;
pub mod trits;
pub mod trytes;
pub mod wots;

pub use error::DecodeError;
pub use packed::{Address, Hash, Packed, Tag};
pub use signature_mode::{SignatureMode, UnknownMode};
pub use tanglegram_kernels::curl;
pub use transaction::{Transaction, TransactionBuilder};
pub use trits::Trit;
