//! Coordinators' keys. They are a function of what they are made from, so that keeping them changes nothing but the time that
//! worlds take.

use std::sync::{Arc, Mutex, PoisonError};

use tanglegram_ternary::merkle::{KeyTree, TooDeep};
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Hash, SignatureMode};

/// How many trees are kept: those that were made last.
const KEPT: usize = 16;

static TREES: Mutex<Vec<Arc<KeyTree>>> = Mutex::new(Vec::new());

/// The `2^depth` keys of a seed.
pub(crate) fn tree(
    mode: SignatureMode,
    seed: &Hash,
    security: Security,
    depth: usize,
) -> Result<Arc<KeyTree>, TooDeep> {
    let is_it = |tree: &&Arc<KeyTree>| {
        (tree.mode(), tree.seed(), tree.security(), tree.depth()) == (mode, seed, security, depth)
    };
    let mut trees = TREES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = trees.iter().find(is_it) {
        return Ok(known.clone());
    }
    let tree = Arc::new(KeyTree::generate(mode, seed, security, depth)?);
    if trees.len() == KEPT {
        trees.remove(0);
    }
    trees.push(tree.clone());
    Ok(tree)
}
