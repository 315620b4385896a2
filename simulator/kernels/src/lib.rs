//! The hot loops of Tanglegram: Curl-P hashing, the Curl-P-81 nonce search, and Keccak-f[1600].
//!
//! | module | what | use it for |
//! | --- | --- | --- |
//! | [`curl`] | [`curl::Curl`] sponge, [`curl::hash`], [`curl::hash_many`] | transaction hashes, midstates |
//! | [`pow`] | [`pow::search`] over a [`pow::Problem`], steered by a [`pow::Control`] | proof of work |
//! | [`keccak`] | [`keccak::permute`], [`keccak::permute_many`] | Kerl, WOTS |
//!
//! Every function is pure: the same input gives the same output on every CPU, with every kernel and any number of
//! threads. Trits are `i8` values in `-1..=1`; any other value is a bug of the caller and is read as some trit
//! (never undefined behaviour).
//!
//! `cargo bench -p tanglegram-kernels` prints how fast all of it is beside `iota-crypto` and the portable code;
//! `cargo +nightly miri test -p tanglegram-kernels --tests` runs what is not vector instructions under Miri. The
//! environment variable [`pow::VARIABLE`], or [`pow::Kernel::force`], makes a CPU one that has less.
//!
//! ```
//! use tanglegram_kernels::curl::{self, Rounds};
//! let hash = curl::hash(&[0; 243], Rounds::P81);
//! assert!(hash.iter().all(|trit| (-1..=1).contains(trit)));
//! ```

#![warn(clippy::undocumented_unsafe_blocks)]

pub mod curl;
pub mod keccak;
pub mod pow;
mod sliced;

/// One balanced trit: -1, 0 or +1.
pub type Trit = i8;

/// Trits in a Curl hash, and the rate of the sponge.
pub const HASH_TRITS: usize = 243;
/// Trits in the Curl state: the rate and twice as much capacity.
pub const STATE_TRITS: usize = 729;
