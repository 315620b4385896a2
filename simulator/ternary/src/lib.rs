//! The ternary side of the IOTA tangle.
//!
//! | module | what |
//! | --- | --- |
//! | [`trits`], [`trytes`], [`t5b1`] | numbers, text and bytes against single trits |
//! | [`Hash`](type@Hash), [`Address`], [`Tag`] | fixed-size trit strings, packed |
//! | [`curl`], [`kerl`] | the two hash functions |
//! | [`wots`] | one-time keys: addresses, signing, verification |
//! | [`transaction`] | [`Transaction`]: parsed and hashed once; [`TransactionBuilder`]: still in the making |
//! | [`bundle`] | transactions that belong together: building, signing, validating |
//! | [`pow`] | attaching: parents, timestamps, nonce |
//! | [`merkle`], [`milestone`] | the coordinator's keys, and what it signs with them |
//! | [`checksum`] | addresses as people type them |
//!
//! Everything here is a pure function of its input: no clock, no randomness, no I/O. Text, trits and bytes from outside are
//! checked and refused with a [`DecodeError`] that says where they are wrong; nothing panics on them.
//!
//! ```
//! use tanglegram_ternary::{bundle::{self, BundleBuilder, Input, Output}, pow, wots::{self, Security}, Hash, Tag};
//!
//! // Send 5 of the 7 that key 0 of a seed holds; the rest goes to key 1.
//! let seed = Hash::from_trytes_padded("MYSEED")?;
//! let address = |index| wots::address(&seed, index, Security::Medium);
//! let mut builder = BundleBuilder::new(1_573_000_000);
//! builder.output(&Output { address: Hash::from_trytes_padded("FRIEND")?, value: 5, ..Output::default() })?;
//! builder.input(&Input { address: address(0), balance: 7, key_index: 0, security: Security::Medium, tag: Tag::NULL })?;
//! let bundle = builder.finish(Some(&address(1)))?.sign(&seed);
//!
//! // Attach it to the genesis.
//! let control = pow::Control::new();
//! let work = pow::Work { mwm: 3, timestamp: 1_573_000_001_000, threads: 1, control: &control };
//! let transactions = pow::attach_bundle(bundle.into_transactions(), &Hash::NULL, &Hash::NULL, |member, trunk, branch| {
//!     pow::attach(member, trunk, branch, &work)
//! })?;
//! assert!(transactions.iter().all(|transaction| transaction.hash().trailing_zeros() >= 3));
//! bundle::validate(&transactions.iter().collect::<Vec<_>>())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
