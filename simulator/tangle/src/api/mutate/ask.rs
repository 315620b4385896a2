//! Requests that are read otherwise than they were meant.

use std::collections::BTreeSet;

use serde_json::{Deserializer, Value, json};

use super::{Fields, command, fields, stored};
use crate::mutant::Mutant as M;
use crate::node::{ApiRequest, Millis, Node};

/// The commands, as they are to be written.
const COMMANDS: [&str; 18] = [
    "addNeighbors",
    "attachToTangle",
    "broadcastTransactions",
    "checkConsistency",
    "findTransactions",
    "getBalances",
    "getInclusionStates",
    "getMissingTransactions",
    "getNeighbors",
    "getNodeAPIConfiguration",
    "getNodeInfo",
    "getTips",
    "getTransactionsToApprove",
    "getTrytes",
    "interruptAttachingToTangle",
    "removeNeighbors",
    "storeTransactions",
    "wereAddressesSpentFrom",
];

/// The request that the mutant understands.
pub(super) fn rewritten(mutant: M, node: &mut Node, now: Millis, request: &ApiRequest) -> ApiRequest {
    let mut request = request.clone();
    match mutant {
        M::VersionNotNeeded => request.versioned = true,
        M::LimitedCommandServed => request.trusted = true,
        M::EmptyBodyIsObject if request.body.trim().is_empty() => request.body = "{}".to_owned(),
        M::RestOfBodyIgnored => {
            let mut documents = Deserializer::from_str(&request.body).into_iter::<Value>();
            if documents.next().is_some_and(|first| first.is_ok()) {
                let end = documents.byte_offset();
                request.body.truncate(end);
            }
        }
        _ => {
            let mut changed = fields(&request.body);
            if !changed.is_empty() {
                numbers(mutant, &mut changed);
                lists(mutant, node, &mut changed);
                choices(mutant, node, &mut changed);
                neighbors(mutant, node, &mut changed);
                super::refuse::pass_over(mutant, node, now, &mut changed);
                if changed != fields(&request.body) {
                    request.body = Value::from(changed).to_string();
                }
            }
        }
    }
    request
}

/// The settings that the mutant goes by.
pub(super) fn set(mutant: M, node: &mut Node, request: &ApiRequest, asked: &Fields) {
    let is_told = command(asked) == "getNodeAPIConfiguration";
    let config = &mut node.config;
    let limits = &mut config.limits;
    match mutant {
        M::BodyLimitExclusive => limits.max_body_length -= 1,
        M::BodyLimitInBytes if request.body.len() > limits.max_body_length => limits.max_body_length = 0,
        M::BodyLimitIgnored => limits.max_body_length = usize::MAX,
        M::ListLimitExclusive if !is_told => limits.max_requests_list -= 1,
        M::ListLimitOneMore if !is_told => limits.max_requests_list += 1,
        M::ListLimitIgnored if !is_told => limits.max_requests_list = usize::MAX,
        M::TrytesLimitExclusive if !is_told => limits.max_get_trytes -= 1,
        M::TrytesLimitIgnored if !is_told => limits.max_get_trytes = usize::MAX,
        M::FindLimitExclusive if !is_told => limits.max_find_transactions -= 1,
        M::FindLimitIgnored if !is_told => limits.max_find_transactions = usize::MAX,
        M::DepthOneMore => config.max_depth += 1,
        M::ConsistencyDepthUnchecked => {
            (config.max_depth, config.max_analyzed_transactions) = (i32::MAX / 2, usize::MAX);
        }
        M::InclusionIgnoresTips => config.dialect.inclusion_by_tips = false,
        M::InclusionTipsOptional if !asked.contains_key("tips") => config.dialect.inclusion_by_tips = false,
        M::AttachSorts => config.dialect.sorts_bundle = true,
        M::StoreAnyWeight => config.mwm = 0,
        M::StoreOneTritLess => config.mwm -= 1,
        _ => {}
    }
}

fn numbers(mutant: M, fields: &mut Fields) {
    for name in ["depth", "threshold", "minWeightMagnitude"] {
        let Some(value) = fields.get_mut(name) else { continue };
        match (mutant, value.as_f64()) {
            (M::TextsAreNumbers, None) => {
                let number = value.as_str().and_then(|text| text.trim().parse::<f64>().ok());
                *value = number.map_or(value.clone(), Value::from);
            }
            (M::FractionsRoundedUp, Some(number)) => *value = number.ceil().into(),
            (M::NumbersWrap, Some(number)) => *value = (number as i64 as i32).into(),
            _ => {}
        }
    }
    match mutant {
        M::ThresholdIgnored => drop(fields.insert("threshold".to_owned(), 100.into())),
        M::ThresholdOptional => drop(fields.entry("threshold").or_insert(100.into())),
        M::ThresholdZeroTaken => replace(fields, "threshold", 0.0, 1),
        M::ThresholdHundredRefused => replace(fields, "threshold", 100.0, 101),
        M::ThresholdBeyondTaken => replace(fields, "threshold", 101.0, 100),
        M::AttachWeightClamped => replace(fields, "minWeightMagnitude", 244.0, 13),
        M::AttachOneTritLess => {
            let weight = fields.get("minWeightMagnitude").and_then(Value::as_i64);
            if let Some(weight) = weight {
                fields.insert("minWeightMagnitude".to_owned(), (weight - 1).into());
            }
        }
        _ => {}
    }
}

fn replace(fields: &mut Fields, name: &str, number: f64, by: i64) {
    if fields.get(name).and_then(Value::as_f64) == Some(number) {
        fields.insert(name.to_owned(), by.into());
    }
}

fn lists(mutant: M, node: &Node, fields: &mut Fields) {
    let limit = node.config.limits.max_requests_list;
    let mut change = |name: &str, change: &dyn Fn(&mut Vec<Value>)| {
        if let Some(list) = fields.get_mut(name).and_then(Value::as_array_mut) {
            change(list);
        }
    };
    match mutant {
        M::ListCutToLimit => {
            fields.values_mut().filter_map(Value::as_array_mut).for_each(|list| list.truncate(limit));
        }
        M::FindFirstKeyOnly => {
            fields.values_mut().filter_map(Value::as_array_mut).for_each(|list| list.truncate(1));
        }
        M::TrytesSorted => change("hashes", &|list| list.sort_by_key(Value::to_string)),
        M::TrytesUnique => change("hashes", &unique),
        M::BalancesSorted => change("addresses", &|list| list.sort_by_key(Value::to_string)),
        M::BalancesUnique | M::SpentUnique => change("addresses", &unique),
        M::BalancesChecksumTaken | M::FindChecksumTaken | M::SpentChecksumTaken => {
            change("addresses", &|list| list.iter_mut().for_each(|address| cut(address, 90, 81)));
        }
        M::BalancesUnknownTipsSkipped | M::InclusionUnknownTipsSkipped => {
            change("tips", &|list| list.retain(|tip| stored(node, tip).is_some()));
        }
        M::BalancesLastTipOnly => change("tips", &|list| drop(list.drain(..list.len().saturating_sub(1)))),
        M::InclusionFirstTipOnly => change("tips", &|list| list.truncate(1)),
        M::ConsistencyFirstTailOnly => change("tails", &|list| list.truncate(1)),
        M::ConsistencyUnknownSkipped => {
            change("tails", &|list| list.retain(|tail| stored(node, tail).is_some()));
        }
        M::ConsistencyNoTailsSkipped => {
            let is_inner = |tail: &Value| stored(node, tail).is_some_and(|id| !node.tangle.is_tail(id));
            change("tails", &|list| list.retain(|tail| !is_inner(tail)));
        }
        M::FindTagsCut => change("tags", &|list| {
            list.iter_mut().for_each(|tag| {
                let length = tag.as_str().map_or(0, str::len);
                cut(tag, length.max(28), 27);
            });
        }),
        M::BroadcastFirstOnly => change("trytes", &|list| list.truncate(1)),
        _ => {}
    }
}

fn unique(list: &mut Vec<Value>) {
    let mut seen = BTreeSet::new();
    list.retain(|value| seen.insert(value.to_string()));
}

/// Cuts a text of this length.
fn cut(value: &mut Value, length: usize, to: usize) {
    if let Some(short) = value.as_str().filter(|text| text.len() == length).and_then(|text| text.get(..to)) {
        *value = json!(short);
    }
}

fn choices(mutant: M, node: &Node, fields: &mut Fields) {
    let depth = fields.get("depth").and_then(Value::as_i64);
    let max = i64::from(node.config.max_depth);
    match mutant {
        M::CommandCaseIgnored | M::CommandTrimmed => {
            let asked = command(fields).to_owned();
            let is_meant = |known: &&&str| match mutant {
                M::CommandTrimmed => **known == asked.trim(),
                _ => known.eq_ignore_ascii_case(&asked),
            };
            if let Some(known) = COMMANDS.iter().find(is_meant) {
                fields.insert("command".to_owned(), json!(known));
            }
        }
        M::DepthZeroRefused if depth == Some(0) => drop(fields.insert("depth".to_owned(), json!(-1))),
        M::DepthMaxRefused if depth == Some(max) => drop(fields.insert("depth".to_owned(), json!(max + 1))),
        M::DepthClamped if depth > Some(max) => drop(fields.insert("depth".to_owned(), json!(max))),
        M::DepthNegativeTaken if depth.is_some_and(|depth| depth < 0) => {
            fields.insert("depth".to_owned(), json!(0));
        }
        M::DepthOptional => drop(fields.entry("depth").or_insert(json!(max.min(3)))),
        M::ReferenceIgnored => drop(fields.remove("reference")),
        M::ReferenceUnknownSkipped => {
            fields.retain(|name, value| name != "reference" || stored(node, value).is_some());
        }
        M::BalancesIgnoreTips => drop(fields.remove("tips")),
        M::FindFirstParameterOnly => {
            let keys = ["bundles", "addresses", "tags", "approvees"];
            let first = keys.into_iter().find(|key| fields.contains_key(*key));
            fields.retain(|name, _| !keys.contains(&name.as_str()) || Some(name.as_str()) == first);
        }
        M::FindEmptyListIgnored => {
            let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
            if fields.values().any(|value| value.is_array() && !is_empty(value)) {
                fields.retain(|_, value| !is_empty(value));
            }
        }
        M::AttachParentsSwapped => {
            let (trunk, branch) =
                (fields.get("branchTransaction").cloned(), fields.get("trunkTransaction").cloned());
            fields.extend(trunk.map(|trunk| ("trunkTransaction".to_owned(), trunk)));
            fields.extend(branch.map(|branch| ("branchTransaction".to_owned(), branch)));
        }
        M::AttachNodesWeight if fields.get("minWeightMagnitude").is_some_and(Value::is_number) => {
            fields.insert("minWeightMagnitude".to_owned(), node.config.mwm.into());
        }
        _ => {}
    }
}

fn neighbors(mutant: M, node: &Node, fields: &mut Fields) {
    let Some(uris) = fields.get_mut("uris").and_then(Value::as_array_mut) else { return };
    match mutant {
        M::AnySchemeAdded | M::SchemeCaseIgnored => {
            for uri in uris {
                let parts = uri.as_str().and_then(|uri| uri.split_once("://"));
                let takes = |scheme: &str| mutant == M::AnySchemeAdded || scheme.eq_ignore_ascii_case("tcp");
                if let Some((_, rest)) = parts.filter(|(scheme, _)| takes(scheme)) {
                    *uri = json!(format!("tcp://{rest}"));
                }
            }
        }
        M::KnownNeighborNotCounted => {
            let known = node.network.list().unwrap_or_default();
            let known: Vec<String> =
                known.into_iter().map(|known| format!("tcp://{}", known.address)).collect();
            unique(uris);
            uris.retain(|uri| !uri.as_str().is_some_and(|uri| known.iter().any(|known| known == uri)));
        }
        _ => {}
    }
}
