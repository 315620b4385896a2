//! Tip selection: a random walk from an old milestone towards the tips, over what the ledger allows.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use crate::config::Config;
use crate::idset::IdSet;
use crate::ledger::{Accepted, Ledger};
use crate::milestone::Milestones;
use crate::planted::Bug;
use crate::spent::SpentAddresses;
use crate::store::{Tangle, TxId};

/// Why no tips were selected; the texts, class names included, are those of the real node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WalkError {
    #[error("java.lang.IllegalStateException: entry point failed consistency check: {0}")]
    EntryPoint(tanglegram_ternary::Hash),
    #[error("java.security.InvalidAlgorithmParameterException: reference transaction is invalid")]
    InvalidReference,
    #[error("java.security.InvalidAlgorithmParameterException: reference transaction is too old")]
    OldReference,
    #[error("java.lang.IllegalStateException: inconsistent tips pair selected")]
    InconsistentPair,
}

/// The parts of a node that a walk reads, and the two it may teach: bundle verdicts and spent addresses.
pub(crate) struct Ground<'a> {
    pub(crate) config: &'a Config,
    pub(crate) ledger: &'a Ledger,
    pub(crate) milestones: &'a Milestones,
    pub(crate) tangle: &'a mut Tangle,
    pub(crate) spent: &'a mut SpentAddresses,
}

/// Decides which tails a walk may step on. What it accepted stays accepted: later tails must be consistent with it.
#[derive(Default)]
pub(crate) struct WalkValidator {
    accepted: Accepted,
    within_depth: IdSet,
}

impl WalkValidator {
    /// Whether `tail` is stored, a tail, solid, not below max depth, and consistent with all that was accepted before.
    pub(crate) fn accepts(&mut self, ground: &mut Ground<'_>, tail: TxId) -> bool {
        ground.tangle.is_tail(tail)
            && ground.tangle.vertex(tail).solid
            && !self.is_below_max_depth(ground, tail)
            && self.accepted.accept(ground.ledger, ground.tangle, ground.spent, tail)
    }

    /// Whether the unconfirmed past of `tip` reaches something confirmed too long ago, a solid entry point, or is larger
    /// than the node is willing to look at.
    fn is_below_max_depth(&mut self, ground: &Ground<'_>, tip: TxId) -> bool {
        let planted = ground.config.planted;
        let max_depth = if planted.has(Bug::ShallowMaxDepth) { 1 } else { ground.config.max_depth };
        let (tangle, limit) = (&*ground.tangle, ground.ledger.index - max_depth);
        if planted.has(Bug::NoMaxDepth) {
            return false;
        }
        if tangle.vertex(tip).snapshot_index >= limit {
            return false;
        }
        let mut analyzed = IdSet::default();
        let mut ahead = VecDeque::from([tip]);
        while let Some(id) = ahead.pop_front() {
            if analyzed.len() == ground.config.max_analyzed_transactions {
                return true;
            }
            if !analyzed.insert(id) {
                continue;
            }
            let vertex = tangle.vertex(id);
            let is_bottom = vertex.snapshot_index != 0 || tangle.is_entry_point(id);
            if is_bottom && vertex.snapshot_index < limit {
                return true;
            }
            if vertex.snapshot_index == 0 && !self.within_depth.contains(id) {
                ahead.extend([vertex.trunk, vertex.branch]);
            }
        }
        self.within_depth.insert(tip);
        false
    }
}

/// How much a transaction attracts the walk: the future of the entry point, with weights when alpha asks for them.
struct Rating {
    reachable: IdSet,
    /// Cumulative weight: how many transactions approve this one, itself included. Empty when alpha is 0.
    weights: BTreeMap<TxId, u32>,
    alpha: f64,
}

impl Rating {
    fn new(tangle: &Tangle, entry: TxId, alpha: f64) -> Rating {
        let reachable = future(tangle, entry);
        let weigh = |id| (id, u32::try_from(future(tangle, id).len()).unwrap_or(u32::MAX));
        let weights = if alpha == 0.0 { BTreeMap::new() } else { reachable.iter().map(weigh).collect() };
        Rating { reachable, weights, alpha }
    }

    /// Draws one of the candidates: uniformly, or with a probability that falls off exponentially below the heaviest.
    fn draw(&self, candidates: &[TxId], rng: &mut ChaCha8Rng) -> usize {
        if self.weights.is_empty() {
            return below(rng, candidates.len());
        }
        let weight = |id: &TxId| f64::from(self.weights.get(id).copied().unwrap_or(0));
        let heaviest = candidates.iter().map(weight).fold(0.0, f64::max);
        // libm, not the platform's exp: the same walk on every machine.
        let chances: Vec<f64> =
            candidates.iter().map(|id| libm::exp(self.alpha * (weight(id) - heaviest))).collect();
        let mut target = unit(rng) * chances.iter().sum::<f64>();
        let last = candidates.len() - 1;
        chances[..last]
            .iter()
            .position(|chance| {
                target -= chance;
                target <= 0.0
            })
            .unwrap_or(last)
    }
}

/// Everything that approves `start`, directly or not, itself included.
fn future(tangle: &Tangle, start: TxId) -> IdSet {
    let mut reached = IdSet::default();
    reached.insert(start);
    let mut ahead = vec![start];
    while let Some(id) = ahead.pop() {
        ahead
            .extend(tangle.vertex(id).approvers.iter().copied().filter(|&approver| reached.insert(approver)));
    }
    reached
}

/// A number below `bound`, by multiplication: the bias is below 2^-32 for any tangle that fits in memory.
fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// A number in 0..1 with 53 random bits.
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Selects a trunk and a branch, starting `depth` milestones back; the branch walk starts at the reference if given.
///
/// `reference` is the outer `None` when there is none, and the inner `None` when it is unknown to the node.
pub(crate) fn select_tips(
    ground: &mut Ground<'_>,
    rng: &mut ChaCha8Rng,
    depth: i32,
    reference: Option<Option<TxId>>,
) -> Result<(TxId, TxId), WalkError> {
    let entry = entry_point(ground, depth);
    let rating = Rating::new(ground.tangle, entry, ground.config.alpha);
    let mut validator = WalkValidator::default();
    let trunk = walk(ground, rng, &rating, &mut validator, entry)?;
    if ground.config.planted.has(Bug::SeparateWalks) {
        let branch = walk(ground, rng, &rating, &mut WalkValidator::default(), entry)?;
        return Ok((trunk, branch));
    }
    let start = match reference {
        Some(reference) => check_reference(ground, &rating, &mut validator, reference)?,
        None => entry,
    };
    let branch = walk(ground, rng, &rating, &mut validator, start)?;
    let mut pair = Accepted::default();
    let consistent =
        [trunk, branch].into_iter().all(|tip| pair.accept(ground.ledger, ground.tangle, ground.spent, tip));
    if consistent { Ok((trunk, branch)) } else { Err(WalkError::InconsistentPair) }
}

/// The milestone `depth` below the latest solid one, or the next higher that exists.
fn entry_point(ground: &Ground<'_>, depth: i32) -> TxId {
    let floor = (ground.ledger.index - depth - 1).max(ground.tangle.initial().index);
    let solid = || ground.tangle.id(&ground.ledger.milestone).unwrap_or(TxId::NULL);
    ground.milestones.next_after(floor).unwrap_or_else(solid)
}

fn check_reference(
    ground: &mut Ground<'_>,
    rating: &Rating,
    validator: &mut WalkValidator,
    reference: Option<TxId>,
) -> Result<TxId, WalkError> {
    if ground.config.alpha != 0.0 {
        return reference.filter(|&id| rating.reachable.contains(id)).ok_or(WalkError::OldReference);
    }
    reference.filter(|&id| validator.accepts(ground, id)).ok_or(WalkError::InvalidReference)
}

/// Walks from tail to tail until no approver is acceptable; the last tail is the tip.
fn walk(
    ground: &mut Ground<'_>,
    rng: &mut ChaCha8Rng,
    rating: &Rating,
    validator: &mut WalkValidator,
    start: TxId,
) -> Result<TxId, WalkError> {
    if !validator.accepts(ground, start) {
        return Err(WalkError::EntryPoint(ground.tangle.hash(start)));
    }
    let mut tip = start;
    while let Some(next) = step(ground, rng, rating, validator, tip) {
        tip = next;
    }
    Ok(tip)
}

/// Draws approvers of the tail until one belongs to a bundle whose tail is acceptable.
fn step(
    ground: &mut Ground<'_>,
    rng: &mut ChaCha8Rng,
    rating: &Rating,
    validator: &mut WalkValidator,
    tail: TxId,
) -> Option<TxId> {
    let approvers = ground.tangle.vertex(tail).approvers.iter().copied();
    let mut candidates: Vec<TxId> = approvers.filter(|&id| rating.reachable.contains(id)).collect();
    while !candidates.is_empty() {
        let drawn = candidates.remove(rating.draw(&candidates, rng));
        let next = ground.tangle.tail_of(drawn).filter(|&next| validator.accepts(ground, next));
        if next.is_some() {
            return next;
        }
    }
    None
}
