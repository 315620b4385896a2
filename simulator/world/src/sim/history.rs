//! How a node came to know, solidify and confirm a transaction.

use std::collections::BTreeMap;
use std::fmt;

use tanglegram_tangle::Millis;
use tanglegram_ternary::Hash;

/// One moment in a transaction's life at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Virtual milliseconds from the start.
    pub at: Millis,
    /// Number of the last trace line written by then.
    pub event: u64,
    /// What happened.
    pub step: Step,
}

/// What happened to a transaction at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It was made at this node.
    Made,
    /// The node asked a neighbour for it, for the first time since it last came.
    Asked {
        /// Number of the neighbour.
        of: usize,
    },
    /// It came from a neighbour, for the first time.
    Heard {
        /// Number of the neighbour.
        from: usize,
    },
    /// It came again from a neighbour while it was not stored: what came before had been refused or lost.
    HeardAgain {
        /// Number of the neighbour.
        from: usize,
    },
    /// It was stored.
    Stored,
    /// All it stands on is known.
    Solid,
    /// A milestone confirmed it.
    Confirmed {
        /// Index of the milestone.
        milestone: i32,
    },
    /// The node stopped; what follows is its life after a restart.
    Stopped,
}

impl From<tanglegram_tangle::Step> for Step {
    fn from(step: tanglegram_tangle::Step) -> Step {
        match step {
            tanglegram_tangle::Step::Confirmed(milestone) => Step::Confirmed { milestone },
            tanglegram_tangle::Step::Solid => Step::Solid,
            _ => Step::Stored,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Made => f.write_str("made here"),
            Step::Asked { of } => write!(f, "asked of node number {of}"),
            Step::Heard { from } => write!(f, "heard from node number {from}"),
            Step::HeardAgain { from } => write!(f, "heard again from node number {from}"),
            Step::Stored => f.write_str("stored"),
            Step::Solid => f.write_str("solid"),
            Step::Confirmed { milestone } => write!(f, "confirmed by milestone {milestone}"),
            Step::Stopped => f.write_str("the node stopped"),
        }
    }
}

/// The moments of all transactions at all nodes.
#[derive(Default)]
pub(crate) struct History {
    moments: BTreeMap<(usize, Hash), Vec<Moment>>,
}

impl History {
    /// Takes note of a step; one that says nothing new is left out.
    pub(crate) fn note(&mut self, node: usize, hash: Hash, (at, event): (Millis, u64), step: Step) {
        let moments = self.moments.entry((node, hash)).or_default();
        let is_stored = moments
            .iter()
            .rev()
            .take_while(|moment| moment.step != Step::Stopped)
            .any(|moment| matches!(moment.step, Step::Stored));
        let is_heard = moments.iter().any(|moment| matches!(moment.step, Step::Heard { .. }));
        let step = match step {
            Step::Heard { .. } | Step::Asked { .. } if is_stored => return,
            Step::Heard { from } if is_heard => Step::HeardAgain { from },
            Step::Asked { .. } if matches!(moments.last(), Some(Moment { step: Step::Asked { .. }, .. })) => {
                return;
            }
            step => step,
        };
        moments.push(Moment { at, event, step });
    }

    /// A node stopped: whatever it knew it may not know any more.
    pub(crate) fn stopped(&mut self, node: usize, (at, event): (Millis, u64)) {
        for (_, moments) in
            self.moments.range_mut((node, Hash::NULL)..).take_while(|((of, _), _)| *of == node)
        {
            moments.push(Moment { at, event, step: Step::Stopped });
        }
    }

    pub(crate) fn of(&self, node: usize, hash: &Hash) -> Vec<Moment> {
        self.moments.get(&(node, *hash)).cloned().unwrap_or_default()
    }
}
