//! Requests that are answered at once, without the node: refused, mostly, though nothing is wrong with them.

use serde_json::{Value, json};
use tanglegram_ternary::Transaction;

use super::{Fields, command, list, stored};
use crate::api::NOT_SYNCHRONIZED;
use crate::mutant::Mutant as M;
use crate::node::{Millis, Node, Status};
use crate::validity::{self, Refusal};

/// Every parameter that some command has.
const PARAMETERS: [&str; 17] = [
    "command",
    "uris",
    "hashes",
    "bundles",
    "addresses",
    "tags",
    "approvees",
    "threshold",
    "tips",
    "transactions",
    "depth",
    "reference",
    "tails",
    "trytes",
    "trunkTransaction",
    "branchTransaction",
    "minWeightMagnitude",
];

/// What the mutant answers without asking the node.
pub(super) fn refuse(mutant: M, node: &Node, now: Millis, fields: &Fields) -> Option<(Status, Fields)> {
    let is_empty = |name: &str| fields.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty);
    let unknown =
        |name: &str| fields.get(name).is_some_and(|hash| hash.is_string() && stored(node, hash).is_none());
    let is_refused = match mutant {
        M::UnknownParameterRefused => fields.keys().any(|name| !PARAMETERS.contains(&name.as_str())),
        M::FractionsRefused => {
            fields.values().any(|value| value.as_f64().is_some_and(|number| number.fract() != 0.0))
        }
        M::SpentEmptyRefused => is_empty("addresses"),
        M::StoreEmptyRefused | M::AttachEmptyRefused => is_empty("trytes"),
        M::AttachParentsKnown => unknown("trunkTransaction") || unknown("branchTransaction"),
        M::InclusionUnknownRefused => {
            list(fields, "transactions").iter().any(|hash| stored(node, hash).is_none())
        }
        M::UnknownTrytesRefused => list(fields, "hashes").iter().any(|hash| stored(node, hash).is_none()),
        M::FindShortTagsRefused => {
            list(fields, "tags").iter().any(|tag| tag.as_str().is_some_and(|tag| tag.len() < 27))
        }
        M::SynchronizedBeforeDepth => !node.is_synchronized(),
        M::InterruptNothingRefused => !node.attaching.is_busy(),
        M::BroadcastRefusesKnown | M::StoreRefusesKnown => {
            transactions(fields).any(|transaction| node.tangle.stored(&transaction.hash()).is_some())
        }
        M::BroadcastRefusesInvalid => {
            transactions(fields).any(|transaction| refusal(node, now, &transaction).is_some())
        }
        M::StoreUnknownParentsRefused => transactions(fields).any(|transaction| {
            let is_known = |hash| node.tangle.stored(&hash).is_some();
            !is_known(transaction.trunk()) || !is_known(transaction.branch())
        }),
        M::StoreStrictAddress => {
            transactions(fields).any(|transaction| transaction.address().last_trit() != 0)
        }
        _ => return fine(mutant, fields).map(|body| (Status::Ok, body)),
    };
    let text = if mutant == M::SynchronizedBeforeDepth { NOT_SYNCHRONIZED } else { "Invalid request" };
    is_refused.then(|| (Status::BadRequest, body(json!({ "error": text, "duration": 0 }))))
}

/// What the mutant answers without having done it.
fn fine(mutant: M, fields: &Fields) -> Option<Fields> {
    match mutant {
        M::InterruptIgnored => Some(body(json!({ "duration": 0 }))),
        M::AttachDoesNothing => {
            let trytes = fields.get("trytes").and_then(Value::as_array)?;
            let trytes: Vec<&Value> = trytes.iter().rev().collect();
            Some(body(json!({ "trytes": trytes, "duration": 0 })))
        }
        _ => None,
    }
}

fn body(value: Value) -> Fields {
    if let Value::Object(fields) = value { fields } else { Fields::new() }
}

/// The transactions of a request, as far as they are some.
fn transactions(fields: &Fields) -> impl Iterator<Item = Transaction> {
    list(fields, "trytes").iter().filter_map(read)
}

fn read(trytes: &Value) -> Option<Transaction> {
    Transaction::from_trytes(trytes.as_str()?).ok()
}

fn refusal(node: &Node, now: Millis, transaction: &Transaction) -> Option<Refusal> {
    validity::check(&node.config, &node.tangle, now, transaction).err()
}

/// Takes transactions in that should be refused, or leaves them out, where the mutant does.
pub(super) fn pass_over(mutant: M, node: &mut Node, now: Millis, fields: &mut Fields) {
    let is_taken = |refusal: Refusal, transaction: &Transaction| match (mutant, refusal) {
        (M::StoreSkipsInvalid, _)
        | (M::StoreAnyValue, Refusal::Value)
        | (M::StoreAnyAddress, Refusal::Address) => true,
        (M::StoreOldTaken, Refusal::Timestamp) => !is_ahead(transaction, now),
        (M::StoreFutureTaken, Refusal::Timestamp) => is_ahead(transaction, now),
        _ => false,
    };
    if command(fields) != "storeTransactions" {
        return;
    }
    let Some(trytes) = fields.get_mut("trytes").and_then(Value::as_array_mut) else { return };
    trytes.retain(|trytes| {
        let Some(transaction) = read(trytes) else { return true };
        let is_taken =
            refusal(node, now, &transaction).is_some_and(|refusal| is_taken(refusal, &transaction));
        if is_taken && mutant != M::StoreSkipsInvalid {
            node.store(now, transaction.into());
        }
        !is_taken
    });
}

fn is_ahead(transaction: &Transaction, now: Millis) -> bool {
    let seconds = transaction.timestamp().max(transaction.attachment_timestamp() / 1000);
    u64::try_from(seconds).is_ok_and(|seconds| seconds > now / 1000)
}
