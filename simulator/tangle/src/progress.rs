//! What happens to transactions inside a node: for drivers that check a run, or tell how a transaction got where it is.

use tanglegram_ternary::Hash;

use crate::node::Node;

/// Something that happened to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It was stored.
    Stored,
    /// Its whole past is known.
    Solid,
    /// The milestone of this index confirmed it.
    Confirmed(i32),
}

/// How much a driver wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Confirmations.
    Confirmations,
    /// Every [`Step`].
    Everything,
}

/// What happened since a driver last asked.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    detail: Detail,
    steps: Vec<(Hash, Step)>,
}

impl Progress {
    pub(crate) fn new(detail: Detail) -> Progress {
        Progress { detail, steps: Vec::new() }
    }

    pub(crate) fn wants_all(&self) -> bool {
        self.detail == Detail::Everything
    }

    pub(crate) fn note(&mut self, hash: Hash, step: Step) {
        self.steps.push((hash, step));
    }
}

impl Node {
    /// Takes note from now on of what happens to transactions, for [`Node::take_progress`]. Whoever asks for this must ask
    /// for that too: what was noted stays in memory until then.
    pub fn keep_progress(&mut self, detail: Detail) {
        self.tangle.progress = Some(Progress::new(detail));
    }

    /// What happened to transactions since the last call, in order; nothing without [`Node::keep_progress`].
    pub fn take_progress(&mut self) -> Vec<(Hash, Step)> {
        self.tangle.progress.as_mut().map(|progress| std::mem::take(&mut progress.steps)).unwrap_or_default()
    }
}
