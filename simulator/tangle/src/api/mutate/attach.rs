//! What goes wrong during proof of work.

use std::sync::Arc;

use serde_json::Value;
use tanglegram_ternary::transaction::field;
use tanglegram_ternary::{Transaction, TransactionBuilder};

use super::{Exchange, Fields, fields, written};
use crate::api::attach::Attaching;
use crate::mutant::Mutant as M;
use crate::node::{Millis, Node, Reply, Status};

/// Changes a transaction that is ready to be mined; `before` is as it came.
pub(in crate::api) fn prepared(
    attaching: &Attaching,
    before: &TransactionBuilder,
    member: &mut TransactionBuilder,
) {
    let (trunk, branch, is_head) = (&attaching.trunk, &attaching.branch, attaching.done.is_empty());
    let time = member.number(field::ATTACHMENT_TIMESTAMP);
    // Numbers and tags that were in a transaction fit into it.
    let _ = match attaching.mutation.mutant() {
        Some(M::AttachTimeInSeconds) => member.set_number(field::ATTACHMENT_TIMESTAMP, time / 1000),
        Some(M::AttachWithoutTime) => member.set_number(field::ATTACHMENT_TIMESTAMP, 0),
        Some(M::AttachUpperBoundZero) => member.set_number(field::ATTACHMENT_TIMESTAMP_UPPER_BOUND, 0),
        Some(M::AttachEveryoneOnTrunk) => {
            member.set_parents(trunk, branch);
            Ok(())
        }
        Some(M::AttachMembersOnBranch) if !is_head => {
            let behind = member.hash_in(field::TRUNK);
            member.set_parents(&behind, branch);
            Ok(())
        }
        Some(M::AttachTagOverwritten) => {
            let tag = member.tag_in(field::OBSOLETE_TAG);
            member.set_tag(&tag);
            Ok(())
        }
        Some(M::AttachTagStaysEmpty) => {
            member.set_tag(&before.tag_in(field::TAG));
            Ok(())
        }
        _ => Ok(()),
    };
}

/// The reply after proof of work, as the mutant tells it.
pub(in crate::api) fn attached(node: &mut Node, now: Millis, reply: Reply) -> Reply {
    let Some(mutant) = node.config.mutation.mutant() else { return reply };
    let body = fields(&reply.body);
    let mut exchange = Exchange { node, now, fields: Fields::new(), status: reply.status, body };
    match mutant {
        M::AttachedHeadFirst => exchange.list("trytes", |trytes| trytes.reverse()),
        M::AttachedFirstOnly => exchange.list("trytes", |trytes| trytes.truncate(1)),
        M::AttachStores => {
            for trytes in exchange.body.get("trytes").and_then(Value::as_array).into_iter().flatten() {
                let transaction = trytes.as_str().and_then(|trytes| Transaction::from_trytes(trytes).ok());
                if let Some(transaction) = transaction {
                    exchange.node.store(now, Arc::new(transaction));
                }
            }
        }
        M::InterruptedIsException if exchange.is_ok() => {
            let is_empty = exchange.body.get("trytes").and_then(Value::as_array).is_some_and(Vec::is_empty);
            if is_empty {
                exchange.fail("interrupted");
                exchange.rename("error", "exception");
                exchange.status = Status::Exception;
            }
        }
        _ => return shared(mutant, exchange),
    }
    written(exchange.status, &exchange.body, true)
}

/// What goes wrong with every reply.
fn shared(mutant: M, mut exchange: Exchange<'_>) -> Reply {
    super::tell::envelope(mutant, &mut exchange);
    written(exchange.status, &exchange.body, mutant != M::HtmlNotEscaped)
}
