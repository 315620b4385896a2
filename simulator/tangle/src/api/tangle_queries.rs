//! Commands that look transactions up: `findTransactions`, `getTrytes`, `getTips`, `getMissingTransactions`.

use tanglegram_ternary::transaction::field::TRANSACTION_TRYTES;
use tanglegram_ternary::{Hash, Tag, trytes};

use super::params::{Params, invalid, text};
use super::reply::{Failure, Object, Thrown};
use crate::idset::IdSet;
use crate::index::Indexes;
use crate::node::Node;
use crate::store::{Tangle, TxId};

const OVER_LIMIT: &str = "Could not complete request";
/// What stands for a transaction the node does not know.
const UNKNOWN: &str = {
    const NINES: [u8; TRANSACTION_TRYTES] = [b'9'; TRANSACTION_TRYTES];
    match std::str::from_utf8(&NINES) {
        Ok(nines) => nines,
        Err(_) => "",
    }
};

pub(super) fn trytes(node: &Node, params: &Params<'_>) -> Result<Object, Failure> {
    let hashes = params.hashes("hashes")?;
    if hashes.len() > node.config.limits.max_get_trytes {
        return Err(Failure::error(OVER_LIMIT));
    }
    let object = Object::with_capacity(hashes.len() * (TRANSACTION_TRYTES + 3));
    let known = |hash: &Hash| node.tangle.id(hash).and_then(|id| node.tangle.transaction(id));
    Ok(object.list("trytes", &hashes, |out, hash| {
        out.push('"');
        match known(hash) {
            Some(transaction) => out.push_str(&transaction.to_trytes()),
            None => out.push_str(UNKNOWN),
        }
        out.push('"');
    }))
}

pub(super) fn tips(node: &Node) -> Object {
    hashes(&node.tangle, node.tips.iter())
}

pub(super) fn missing_transactions(node: &mut Node) -> Result<Object, Failure> {
    node.refresh_requests();
    Ok(Object::new().texts("hashes", node.requests.iter()))
}

fn hashes(tangle: &Tangle, ids: impl Iterator<Item = TxId>) -> Object {
    Object::new().texts("hashes", ids.map(|id| tangle.hash(id)))
}

/// Finds transactions: the union within a parameter, the intersection between parameters.
pub(super) fn find_transactions(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    let found = search(&mut node.tangle, params).map_err(|thrown| Failure::from(thrown).wrapped())?;
    let Some((smallest, others)) = intersectable(&found) else {
        return Err(Failure::from(Thrown::validation("Invalid parameters")).wrapped());
    };
    let matching: Vec<TxId> =
        smallest.iter().filter(|&id| others.iter().all(|set| set.contains(id))).collect();
    if matching.len() > node.config.limits.max_find_transactions {
        return Err(Failure::error(OVER_LIMIT));
    }
    Ok(hashes(&node.tangle, matching.into_iter()))
}

/// One set for each parameter given, in the order the real node looks at them.
fn search(tangle: &mut Tangle, params: &Params<'_>) -> Result<Vec<IdSet>, Thrown> {
    let indexes = tangle.indexes();
    let mut found = Vec::new();
    if params.has("bundles") {
        found.push(union(&search_keys(params, "bundles")?, |bundle| indexes.with_bundle(bundle)));
    }
    if params.has("addresses") {
        found.push(union(&search_keys(params, "addresses")?, |address| indexes.with_address(address)));
    }
    if params.has("tags") {
        found.push(search_tags(indexes, params)?);
    }
    if params.has("approvees") {
        found.push(union(&search_keys(params, "approvees")?, |hash| tangle.approvers(hash)));
    }
    Ok(found)
}

/// The smallest set, and the others to intersect it with.
fn intersectable(sets: &[IdSet]) -> Option<(&IdSet, Vec<&IdSet>)> {
    let (position, smallest) = sets.iter().enumerate().min_by_key(|(_, set)| set.len())?;
    let others = sets.iter().enumerate().filter(|(other, _)| *other != position);
    Some((smallest, others.map(|(_, set)| set).collect()))
}

fn union<'t, K>(keys: &[K], lookup: impl Fn(&K) -> &'t [TxId]) -> IdSet {
    let mut found = IdSet::default();
    found.extend(keys.iter().flat_map(|key| lookup(key).iter().copied()));
    found
}

fn search_keys(params: &Params<'_>, name: &str) -> Result<Vec<Hash>, Thrown> {
    let keys = params.hashes(name)?;
    if keys.contains(&Hash::NULL) { Err(invalid(name)) } else { Ok(keys) }
}

/// Searches the tags; if none of them matches anything, the obsolete tags.
fn search_tags(indexes: &Indexes, params: &Params<'_>) -> Result<IdSet, Thrown> {
    let list = params.list("tags")?;
    let null_hash = Hash::NULL.to_trytes();
    if list.iter().any(|tag| text(tag).is_ok_and(|tag| tag.as_bytes() == null_hash)) {
        return Err(invalid("tags"));
    }
    let tags: Vec<Option<Tag>> =
        list.iter().map(|element| search_tag(text(element)?)).collect::<Result<_, _>>()?;
    let tags: Vec<Tag> = tags.into_iter().flatten().collect();
    let found = union(&tags, |tag| indexes.with_tag(tag));
    Ok(if found.len() == 0 { union(&tags, |tag| indexes.with_obsolete_tag(tag)) } else { found })
}

/// A tag to search for, filled up with nines; `None`: one that no transaction can have, as it goes on behind 27 trytes.
fn search_tag(tag: &str) -> Result<Option<Tag>, Thrown> {
    if tag.len() <= 81 && tag.bytes().all(|tryte| tryte == b'9') {
        return Err(invalid("tag"));
    }
    if tag.encode_utf16().count() > 81 {
        return Err(Thrown::illegal_argument("Destination array is not large enough."));
    }
    if !trytes::is_trytes(tag) {
        return Err(Thrown::index_out_of_bounds("-1"));
    }
    let (head, tail) = tag.split_at(tag.len().min(27));
    Ok(tail.bytes().all(|tryte| tryte == b'9').then(|| Tag::from_trytes_padded(head).ok()).flatten())
}
