//! Bundles: transactions that belong together, as outputs, inputs with their signatures, or plain messages.

mod builder;
mod validate;

pub use builder::{Bundle, BundleBuildError, BundleBuilder, Input, Output};
pub use validate::{BundleError, validate, verify_signatures};

use crate::{Hash, kerl::Kerl};

/// All the money there is: no sum of values in a bundle may lie beyond it, neither way.
pub const SUPPLY: i64 = 2_779_530_283_277_761;

/// The Kerl hash over the essences of a bundle's members in the order of their indices.
pub fn hash(essences: impl IntoIterator<Item = [Hash; 2]>) -> Hash {
    let mut kerl = Kerl::new();
    essences.into_iter().flatten().for_each(|block| kerl.absorb_hash(&block));
    kerl.squeeze()
}
