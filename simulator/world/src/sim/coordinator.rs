//! The coordinator of a simulated network.

use std::collections::BTreeMap;
use std::sync::Arc;

use tanglegram_tangle::{Millis, Node};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone;
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Hash, SignatureMode, Transaction};

use super::check::ScenarioError;
use super::scenario::{CoordinatorPlan, Keys};
use crate::trees;

/// What a milestone stands on.
pub(crate) struct Tips {
    /// What its trunk is: one tip, or several to be joined by checkpoints; where there is none, the branch.
    pub(crate) joined: Vec<Hash>,
    /// What its branch is.
    pub(crate) branch: Hash,
}

impl Tips {
    /// Two tips of random walks; with checkpoints the latest milestone and the oldest tips, so many that the checkpoints can
    /// join them.
    pub(crate) fn of(node: &mut Node, checkpoints: usize) -> Tips {
        if checkpoints > 0 && node.latest_milestone_index() == node.solid_milestone_index() {
            let (branch, joined) = node.oldest_tips(checkpoints + 1);
            return Tips { joined, branch };
        }
        let (trunk, branch) = node.milestone_parents();
        Tips { joined: vec![trunk], branch }
    }
}

/// Signs one milestone after the other.
pub(crate) struct Coordinator {
    pub(crate) tree: Arc<KeyTree>,
    /// Index of the last milestone signed.
    pub(crate) last: u32,
    /// The last milestone signed, where there is one of its index.
    pub(crate) pending: Vec<Arc<Transaction>>,
    pub(crate) stopped: bool,
    pub(crate) equivocates: bool,
    /// It signed two milestones of one index at least once.
    pub(crate) has_equivocated: bool,
    /// When it first had no key for another milestone.
    pub(crate) out_of_keys: Option<Millis>,
    /// When each milestone was signed, by index.
    pub(crate) issued: BTreeMap<u32, Millis>,
}

impl Coordinator {
    pub(crate) fn new(plan: &CoordinatorPlan, start: u32) -> Result<Coordinator, ScenarioError> {
        Ok(Coordinator {
            tree: plan.tree()?,
            last: start,
            pending: Vec::new(),
            stopped: false,
            equivocates: false,
            has_equivocated: false,
            out_of_keys: None,
            issued: BTreeMap::new(),
        })
    }

    /// Whether there is a key for another milestone.
    pub(crate) fn has_keys(&self) -> bool {
        u64::from(self.last) + 1 < 1 << self.tree.depth()
    }

    /// So many milestones of the next index on these tips, the last the milestone before, each mined and dated a second apart;
    /// parents come before children. `None` once all keys are used up.
    pub(crate) fn issue(
        &mut self,
        now: Millis,
        clock: Millis,
        mwm: u8,
        (count, tips): (u64, &Tips),
    ) -> Option<Vec<Vec<Transaction>>> {
        if !self.has_keys() {
            self.out_of_keys.get_or_insert(now);
            return None;
        }
        let milestones = (0..count).map(|number| self.sign(clock + 1000 * number, mwm, tips));
        let milestones = milestones.collect::<Option<Vec<_>>>()?;
        self.has_equivocated |= milestones.len() > 1;
        self.last += 1;
        self.issued.insert(self.last, now);
        Some(milestones)
    }

    fn sign(&self, clock: Millis, mwm: u8, tips: &Tips) -> Option<Vec<Transaction>> {
        let (control, seconds) = (Control::new(), i64::try_from(clock / 1000).ok()?);
        let timestamp = i64::try_from(clock).ok()?;
        let work = Work { mwm: usize::from(mwm), timestamp, threads: 1, control: &control };
        let attach = |member, trunk: &Hash, branch: &Hash| pow::attach(member, trunk, branch, &work);
        let (mut transactions, trunk) =
            milestone::checkpoints(&tips.joined, &tips.branch, seconds, attach).ok()?;
        let parents = (&trunk, &tips.branch);
        transactions.extend(milestone::issue(&self.tree, self.last + 1, seconds, parents, attach).ok()?);
        Some(transactions)
    }
}

impl CoordinatorPlan {
    /// The coordinator's keys.
    pub fn tree(&self) -> Result<Arc<KeyTree>, ScenarioError> {
        match &self.keys {
            Keys::Tree(tree) => Ok(tree.clone()),
            Keys::Depth(depth) => tree_of(*depth).ok_or(ScenarioError::KeyDepth(*depth)),
        }
    }
}

fn tree_of(depth: usize) -> Option<Arc<KeyTree>> {
    let seed = Hash::from_trytes_padded("SIMULATED9COORDINATOR").ok()?;
    trees::tree(SignatureMode::CurlP27, &seed, Security::Low, depth).ok()
}
