//! What of a milestone the coordinator signed.
//!
//! The signature is one of the hash of the member that follows the signed ones, the siblings. It says nothing about the
//! attachment timestamps, tags and nonces of the members that carry it: whoever changes those and does the little proof of
//! work makes another tail of the same milestone. A node takes the tail that comes first, so nodes agree on what is signed
//! and may differ in the tails.

use std::iter::successors;
use std::sync::Arc;

use tanglegram_ternary::{Hash, Transaction};

use super::subject::Subject;

/// The members of a milestone that carry its signature, the tail first; none where it is not stored.
fn carriers(node: &impl Subject, tail: &Hash) -> impl Iterator<Item = Arc<Transaction>> {
    successors(node.transaction(tail), |member| {
        let next = node.transaction(&member.trunk())?;
        (next.current_index() > member.current_index() && next.address() == member.address()).then_some(next)
    })
}

/// What the signature of a milestone signs; the tail itself where it is not stored.
pub(super) fn signed(node: &impl Subject, tail: &Hash) -> Hash {
    carriers(node, tail).last().map_or(*tail, |last| last.trunk())
}

/// Whether a transaction carries the signature of the milestone with an index.
pub(super) fn carries(node: &impl Subject, hash: &Hash, index: i32) -> bool {
    node.milestone(index).is_some_and(|tail| carriers(node, &tail).any(|member| member.hash() == *hash))
}
