//! Verdicts on bundles that several nodes share.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use tanglegram_ternary::{Address, Hash};

use crate::keyed::Keyed;

type Known<K> = Mutex<IndexMap<K, bool, Keyed>>;

/// What is known of bundles, by the hash of their tail: bundle hash and signatures are right, or not.
///
/// The tail's hash commits to all members, so that this verdict is the same for every node that has them all. Nodes of one
/// simulation share a memory and verify each bundle once; it only ever saves work and never changes an answer.
#[derive(Clone, Debug, Default)]
pub struct SharedVerdicts {
    bundles: Arc<Known<Hash>>,
    milestones: Arc<Known<(Hash, Address)>>,
}

impl SharedVerdicts {
    /// The verdict on the bundle of this tail, worked out if nobody did before.
    pub(crate) fn bundle(&self, tail: Hash, verify: impl FnOnce() -> bool) -> bool {
        known_or(&self.bundles, tail, verify)
    }

    /// The verdict on a milestone's signature: whether the bundle of this tail was signed by the coordinator of that address.
    pub(crate) fn milestone(&self, tail: Hash, coordinator: Address, verify: impl FnOnce() -> bool) -> bool {
        known_or(&self.milestones, (tail, coordinator), verify)
    }
}

fn known_or<K: std::hash::Hash + Eq>(known: &Known<K>, key: K, verify: impl FnOnce() -> bool) -> bool {
    let verdict = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
    verdict.unwrap_or_else(|| {
        let verdict = verify();
        known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, verdict);
        verdict
    })
}
