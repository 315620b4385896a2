//! The coordinator of a simulated network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tanglegram_tangle::Millis;
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone;
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Hash, SignatureMode, Transaction};

use super::check::ScenarioError;
use super::scenario::{CoordinatorPlan, Keys};

/// Key trees by depth. A tree is a function of its depth, so that keeping it changes nothing but the time a run takes.
static TREES: Mutex<BTreeMap<usize, Arc<KeyTree>>> = Mutex::new(BTreeMap::new());

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
    /// When each milestone was signed, by index.
    pub(crate) issued: BTreeMap<u32, Millis>,
}

impl Coordinator {
    pub(crate) fn new(plan: &CoordinatorPlan, start: u32) -> Result<Coordinator, ScenarioError> {
        let tree = match &plan.keys {
            Keys::Tree(tree) => tree.clone(),
            Keys::Depth(depth) => tree_of(*depth).ok_or(ScenarioError::KeyDepth(*depth))?,
        };
        Ok(Coordinator {
            tree,
            last: start,
            pending: Vec::new(),
            stopped: false,
            equivocates: false,
            has_equivocated: false,
            issued: BTreeMap::new(),
        })
    }

    /// Whether there is a key for another milestone.
    pub(crate) fn has_keys(&self) -> bool {
        u64::from(self.last) + 1 < 1 << self.tree.depth()
    }

    /// The next milestone on these parents, mined; `None` once all keys are used up. Given several pairs of parents, one
    /// milestone of the same index on each, dated a second apart.
    pub(crate) fn issue(
        &mut self,
        now: Millis,
        clock: Millis,
        mwm: u8,
        parents: &[(Hash, Hash)],
    ) -> Option<Vec<Vec<Transaction>>> {
        let milestones =
            parents.iter().zip(0..).map(|(parents, number)| self.sign(clock + 1000 * number, mwm, parents));
        let milestones = milestones.collect::<Option<Vec<_>>>()?;
        self.has_equivocated |= milestones.len() > 1;
        self.last += 1;
        self.issued.insert(self.last, now);
        Some(milestones)
    }

    fn sign(&self, clock: Millis, mwm: u8, (trunk, branch): &(Hash, Hash)) -> Option<Vec<Transaction>> {
        let (control, seconds) = (Control::new(), i64::try_from(clock / 1000).ok()?);
        let timestamp = i64::try_from(clock).ok()?;
        let work = Work { mwm: usize::from(mwm), timestamp, threads: 1, control: &control };
        let attach = |member, trunk: &Hash, branch: &Hash| pow::attach(member, trunk, branch, &work);
        milestone::issue(&self.tree, self.last + 1, seconds, (trunk, branch), attach).ok()
    }
}

fn tree_of(depth: usize) -> Option<Arc<KeyTree>> {
    let mut trees = TREES.lock().unwrap_or_else(PoisonError::into_inner);
    if let std::collections::btree_map::Entry::Vacant(missing) = trees.entry(depth) {
        let seed = Hash::from_trytes_padded("SIMULATED9COORDINATOR").ok()?;
        let tree = KeyTree::generate(SignatureMode::CurlP27, &seed, Security::Low, depth).ok()?;
        missing.insert(Arc::new(tree));
    }
    trees.get(&depth).cloned()
}
