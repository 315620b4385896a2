//! Verdicts on bundles that several nodes share.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use tanglegram_ternary::Hash;

/// What is known of bundles, by the hash of their tail: bundle hash and signatures are right, or not.
///
/// The tail's hash commits to all members, so that this verdict is the same for every node that has them all. Nodes of one
/// simulation share a memory and verify each bundle once; it only ever saves work and never changes an answer.
#[derive(Clone, Debug, Default)]
pub struct SharedVerdicts(Arc<Mutex<IndexMap<Hash, bool>>>);

impl SharedVerdicts {
    /// The verdict on the bundle of this tail, worked out if nobody did before.
    pub(crate) fn get_or(&self, tail: Hash, verify: impl FnOnce() -> bool) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&tail).copied();
        known.unwrap_or_else(|| {
            let verdict = verify();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tail, verdict);
            verdict
        })
    }
}
