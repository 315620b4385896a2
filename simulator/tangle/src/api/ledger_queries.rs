//! Commands that ask what the ledger makes of transactions: balances, spent addresses, consistency, inclusion, tips to approve.

use std::collections::{BTreeMap, VecDeque};

use tanglegram_ternary::Hash;

use super::NOT_SYNCHRONIZED;
use super::params::Params;
use super::reply::{Failure, Object};
use crate::bundle::{self, Rules};
use crate::idset::IdSet;
use crate::ledger::Accepted;
use crate::mutant::Mutant;
use crate::node::Node;
use crate::planted::Bug;
use crate::store::{Tangle, TxId};
use crate::walk::WalkValidator;

pub(super) fn balances(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    let addresses = params.hashes("addresses")?;
    let tips = if params.has("tips") { params.hashes("tips")? } else { Vec::new() };
    if node.config.dialect.checks_threshold && !(1..=100).contains(&params.integer("threshold")?) {
        return Err(Failure::error("Illegal 'threshold'"));
    }
    let ignored = node.config.planted.has(Bug::TipsIgnored);
    let references = if tips.is_empty() || ignored { vec![node.ledger.milestone] } else { tips };
    let mut accepted = Accepted::default();
    for reference in &references {
        let known = node.tangle.stored(reference);
        let tip = known.ok_or_else(|| Failure::error(format!("Tip not found: {reference}")))?;
        if !accepted.accept(&node.ledger, &mut node.tangle, &mut node.spent, tip) {
            return Err(Failure::error("Tips are not consistent"));
        }
    }
    let balances = addresses.iter().map(|address| node.ledger.balance(address) + accepted.change(address));
    let object = Object::new().texts("balances", balances).texts("references", references);
    Ok(object.plain("milestoneIndex", node.ledger.index))
}

pub(super) fn spent(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    let addresses = params.hashes("addresses")?;
    let coordinator = node.config.coordinator.identity.address;
    let mut is_spent = |address| node.spent.contains(&mut node.tangle, &coordinator, address);
    let states: Vec<bool> = addresses.iter().map(&mut is_spent).collect();
    Ok(Object::new().plains("states", states))
}

pub(super) fn check_consistency(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    require_synchronized(node)?;
    let tails = params.hashes("tails")?;
    let info = match check_tails(node, &tails)? {
        Ok(ids) if walk_accepts(node, &ids) => {
            return Ok(Object::new().plain("state", true).text("info", ""));
        }
        Ok(_) => {
            "tails are not consistent (would lead to inconsistent ledger state or below max depth)".to_owned()
        }
        Err(info) => info,
    };
    Ok(Object::new().plain("state", false).text("info", &info))
}

/// Checks each tail on its own, up to the first that fails: an outer error is the request's fault, an inner one the
/// transaction's.
fn check_tails(node: &mut Node, tails: &[Hash]) -> Result<Result<Vec<TxId>, String>, Failure> {
    let mut ids = Vec::with_capacity(tails.len());
    for tail in tails {
        let known = node.tangle.stored(tail);
        let id = known.ok_or_else(|| Failure::error(format!("Invalid transaction, missing: {tail}")))?;
        if !node.tangle.is_tail(id) {
            return Err(Failure::error(format!("Invalid transaction, not a tail: {tail}")));
        }
        if !node.tangle.vertex(id).solid {
            return Ok(Err(format!("tails are not solid (missing a referenced tx): {tail}")));
        }
        if bundle::validate(&mut node.tangle, id, Rules::Extra).is_none() {
            return Ok(Err(format!("tails are not consistent (bundle is invalid): {tail}")));
        }
        ids.push(id);
    }
    Ok(Ok(ids))
}

fn walk_accepts(node: &mut Node, tails: &[TxId]) -> bool {
    let mut validator = WalkValidator::default();
    let (mut ground, _) = node.ground();
    let alone = ground.config.planted.has(Bug::TailsAlone);
    tails.iter().all(|&tail| {
        if alone {
            validator = WalkValidator::default();
        }
        validator.accepts(&mut ground, tail)
    })
}

pub(super) fn transactions_to_approve(node: &mut Node, params: &Params<'_>) -> Result<Object, Failure> {
    let reference = if params.has("reference") { Some(params.hash("reference")?) } else { None };
    let depth = params.integer("depth")?;
    if !(0..=node.config.max_depth).contains(&depth) && !node.config.planted.has(Bug::AnyDepth) {
        return Err(Failure::error("Invalid depth input"));
    }
    require_synchronized(node)?;
    let reference = reference.filter(|_| !node.config.planted.has(Bug::ReferenceIgnored));
    let reference = reference.map(|hash| node.tangle.stored(&hash));
    let (trunk, branch) =
        node.select_tips(depth, reference).map_err(|error| Failure::error(error.to_string()))?;
    let object = Object::new().text("trunkTransaction", &node.tangle.hash(trunk).to_string());
    Ok(object.text("branchTransaction", &node.tangle.hash(branch).to_string()))
}

fn require_synchronized(node: &Node) -> Result<(), Failure> {
    let mutation = node.config.mutation;
    let lax = node.config.planted.has(Bug::ServesUnsynced)
        || mutation.has(Mutant::InclusionUnsynchronized)
        || mutation.has(Mutant::ApproveUnsynchronized)
        || mutation.has(Mutant::ConsistencyUnsynchronized);
    if lax || node.is_synchronized() { Ok(()) } else { Err(Failure::error(NOT_SYNCHRONIZED)) }
}

pub(super) fn inclusion_states(node: &Node, params: &Params<'_>) -> Result<Object, Failure> {
    require_synchronized(node)?;
    let transactions = params.hashes("transactions")?;
    let wanted: Vec<Option<TxId>> = transactions.iter().map(|hash| node.tangle.id(hash)).collect();
    let states = if node.config.planted.has(Bug::KnownIsConfirmed) {
        wanted.iter().map(Option::is_some).collect()
    } else if node.config.dialect.inclusion_by_tips {
        inclusion_by_tips(&node.tangle, &wanted, &params.hashes("tips")?)?
    } else {
        wanted.iter().map(|&id| snapshot_index(&node.tangle, id) > 0).collect()
    };
    Ok(Object::new().plains("states", states))
}

/// The milestone that confirmed a transaction; 0 for unconfirmed and unknown ones.
fn snapshot_index(tangle: &Tangle, id: Option<TxId>) -> i32 {
    id.map_or(0, |id| tangle.vertex(id).snapshot_index)
}

/// Whether each wanted transaction is in the past of the tips.
///
/// Where every tip is confirmed, milestone indices decide all but equal ones. What they leave open is searched for among the
/// transactions confirmed by the same milestone, or, from unconfirmed tips, among the unconfirmed.
fn inclusion_by_tips(tangle: &Tangle, wanted: &[Option<TxId>], tips: &[Hash]) -> Result<Vec<bool>, Failure> {
    let known = |tip: &Hash| tangle.stored(tip).ok_or_else(|| Failure::error("One of the tips is absent"));
    let tips: Vec<TxId> = tips.iter().map(known).collect::<Result<_, _>>()?;
    let mut states = by_index(tangle, wanted, &tips);
    let mut open = Open::default();
    for (&id, _) in wanted.iter().zip(&states).filter(|(_, state)| state.is_none()) {
        open.add(snapshot_index(tangle, id));
    }
    let mut analyzed = IdSet::default();
    for (index, count) in open.in_order() {
        let start: VecDeque<TxId> =
            tips.iter().copied().filter(|&tip| tangle.vertex(tip).snapshot_index == index).collect();
        let search = Search { tangle, index, wanted, left: count };
        if !start.is_empty() && !search.run(start, &mut analyzed, &mut states) {
            return Err(Failure::error(NOT_SYNCHRONIZED));
        }
    }
    Ok(states.into_iter().map(|state| state == Some(true)).collect())
}

/// What milestone indices alone tell; `None` where they leave it open.
fn by_index(tangle: &Tangle, wanted: &[Option<TxId>], tips: &[TxId]) -> Vec<Option<bool>> {
    let tip_index = |tip: &TxId| tangle.vertex(*tip).snapshot_index;
    let lowest = tips.iter().map(tip_index).min().unwrap_or(0);
    let highest = tips.iter().map(tip_index).max().unwrap_or(0);
    let decide = |index: i32| match index {
        _ if lowest == 0 => None,
        0 => Some(false),
        index if index == highest => None,
        index => Some(index < highest),
    };
    wanted.iter().map(|&id| decide(snapshot_index(tangle, id))).collect()
}

/// Milestone indices that still are to be searched, with how many wanted transactions each has.
#[derive(Default)]
struct Open {
    counts: BTreeMap<i32, (usize, usize)>,
}

impl Open {
    fn add(&mut self, index: i32) {
        let first_seen = self.counts.len();
        self.counts.entry(index).or_insert((first_seen, 0)).1 += 1;
    }

    /// The order matters, since what one search has seen the later ones skip: the real node's is that of its hash table,
    /// by the index modulo the table's size, then by age.
    fn in_order(self) -> Vec<(i32, usize)> {
        let mut table = 16;
        while self.counts.len() * 4 > table * 3 {
            table *= 2;
        }
        let slot = |index: i32| (index ^ (index >> 16)) as usize & (table - 1);
        let mut order: Vec<_> = self.counts.into_iter().collect();
        order.sort_by_key(|&(index, (first_seen, _))| (slot(index), first_seen));
        order.into_iter().map(|(index, (_, count))| (index, count)).collect()
    }
}

/// A breadth-first search among the transactions of one milestone index.
struct Search<'a> {
    tangle: &'a Tangle,
    index: i32,
    wanted: &'a [Option<TxId>],
    left: usize,
}

impl Search<'_> {
    /// Marks what is found; `false` if the search met an unknown transaction before it had found all.
    fn run(mut self, mut ahead: VecDeque<TxId>, analyzed: &mut IdSet, states: &mut [Option<bool>]) -> bool {
        while let Some(id) = ahead.pop_front() {
            if !analyzed.insert(id) {
                continue;
            }
            let vertex = self.tangle.vertex(id);
            if vertex.snapshot_index != self.index {
                continue;
            }
            if vertex.transaction.is_none() {
                return false;
            }
            if self.mark(id, states) {
                return true;
            }
            ahead.extend([vertex.trunk, vertex.branch]);
        }
        true
    }

    /// Marks every wanted occurrence of `id`; `true` once as many were met as were open.
    fn mark(&mut self, id: TxId, states: &mut [Option<bool>]) -> bool {
        for (state, _) in states.iter_mut().zip(self.wanted).filter(|(_, wanted)| **wanted == Some(id)) {
            if *state != Some(true) {
                *state = Some(true);
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    return true;
                }
            }
        }
        false
    }
}
