//! The coordinator of a simulated network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tanglegram_tangle::Millis;
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone;
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Hash, SignatureMode, Transaction};

/// Key trees by depth. A tree is a function of its depth, so that keeping it changes nothing but the time a run takes.
static TREES: Mutex<BTreeMap<usize, Arc<KeyTree>>> = Mutex::new(BTreeMap::new());

/// Signs one milestone after the other.
pub(crate) struct Coordinator {
    pub(crate) tree: Arc<KeyTree>,
    /// Index of the last milestone issued.
    pub(crate) last: u32,
    pub(crate) stopped: bool,
    /// When each milestone was issued, by index.
    pub(crate) issued: BTreeMap<u32, Millis>,
}

impl Coordinator {
    /// `None` where a tree of that depth is not built.
    pub(crate) fn new(depth: usize, start: u32) -> Option<Coordinator> {
        let mut trees = TREES.lock().unwrap_or_else(PoisonError::into_inner);
        if let std::collections::btree_map::Entry::Vacant(missing) = trees.entry(depth) {
            let seed = Hash::from_trytes_padded("SIMULATED9COORDINATOR").ok()?;
            missing.insert(Arc::new(
                KeyTree::generate(SignatureMode::CurlP27, &seed, Security::Low, depth).ok()?,
            ));
        }
        let tree = trees.get(&depth)?.clone();
        Some(Coordinator { tree, last: start, stopped: false, issued: BTreeMap::new() })
    }

    /// The next milestone on these parents, mined; `None` once all keys are used up.
    pub(crate) fn issue(
        &mut self,
        now: Millis,
        mwm: u8,
        parents: (&Hash, &Hash),
    ) -> Option<Vec<Transaction>> {
        let (control, seconds) = (Control::new(), i64::try_from(now / 1000).ok()?);
        let work = Work {
            mwm: usize::from(mwm),
            timestamp: i64::try_from(now).ok()?,
            threads: 1,
            control: &control,
        };
        let attach = |member, trunk: &Hash, branch: &Hash| pow::attach(member, trunk, branch, &work);
        let members = milestone::issue(&self.tree, self.last + 1, seconds, parents, attach).ok()?;
        self.last += 1;
        self.issued.insert(self.last, now);
        Some(members)
    }
}
