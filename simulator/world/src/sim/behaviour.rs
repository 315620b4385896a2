//! Nodes that do not keep the rules.

use std::fmt;

use tanglegram_tangle::Millis;

/// A node that misbehaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Misbehaving {
    /// Its number.
    pub node: usize,
    /// What it does.
    pub behaviour: Behaviour,
}

impl Misbehaving {
    /// The same with nodes numbered anew; `None` where the node is gone.
    pub(crate) fn renumbered(&self, renumber: &impl Fn(usize) -> Option<usize>) -> Option<Misbehaving> {
        Some(Misbehaving { node: renumber(self.node)?, behaviour: self.behaviour.clone() })
    }
}

/// What a misbehaving node does besides running the protocol. The checks of honest nodes hold whatever it does; its own
/// ledger is checked too, since it still follows the coordinator, but it need not be live.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Behaviour {
    /// Keeps the rules (again).
    Honest,
    /// Each so many milliseconds it spends some funds twice: each half of its neighbours is told of another of two bundles.
    DoubleSpender {
        /// Milliseconds between double spends.
        every: Millis,
    },
    /// Each so many milliseconds it sends a transaction on parents that were tips long ago.
    LazyTips {
        /// Milliseconds between transactions.
        every: Millis,
    },
    /// Builds a chain of its own, hidden from all, that spends what it spent in public, and tells it all at once.
    ParasiteChain {
        /// Milliseconds between transactions of the chain.
        every: Millis,
        /// Transactions of a chain until it is told.
        length: usize,
    },
    /// Does not pass on milestones until it behaves again; then it tells them.
    WithholdMilestones,
    /// Sends transactions that stand on others it does not tell, nor gives to who asks, until it behaves again.
    WithholdReferences {
        /// Milliseconds between transactions.
        every: Millis,
    },
    /// Sends packets whose bytes are no transaction.
    Garbage {
        /// Milliseconds between packets, to each neighbour.
        every: Millis,
    },
    /// Sends packets longer than the protocol allows; who gets one hangs up, and the node dials again.
    Oversize {
        /// Milliseconds between packets, to each neighbour.
        every: Millis,
    },
    /// Claims by heartbeats to have milestones it does not have.
    FalseHeartbeats {
        /// Milliseconds between heartbeats, to each neighbour.
        every: Millis,
    },
}

impl Behaviour {
    /// Milliseconds between its deeds; `None`: it only leaves things undone.
    pub fn every(&self) -> Option<Millis> {
        match self {
            Behaviour::Honest | Behaviour::WithholdMilestones => None,
            Behaviour::DoubleSpender { every }
            | Behaviour::LazyTips { every }
            | Behaviour::ParasiteChain { every, .. }
            | Behaviour::WithholdReferences { every }
            | Behaviour::Garbage { every }
            | Behaviour::Oversize { every }
            | Behaviour::FalseHeartbeats { every } => Some(*every),
        }
    }

    /// How many deeds that makes in so many milliseconds.
    pub(crate) fn most_deeds(&self, millis: Millis) -> f64 {
        self.every().map_or(0.0, |every| millis as f64 / every.max(1) as f64)
    }

    /// Its name in world files and traces.
    pub fn name(&self) -> &'static str {
        match self {
            Behaviour::Honest => "honest",
            Behaviour::DoubleSpender { .. } => "double-spender",
            Behaviour::LazyTips { .. } => "lazy-tips",
            Behaviour::ParasiteChain { .. } => "parasite-chain",
            Behaviour::WithholdMilestones => "withhold-milestones",
            Behaviour::WithholdReferences { .. } => "withhold-references",
            Behaviour::Garbage { .. } => "garbage",
            Behaviour::Oversize { .. } => "oversize",
            Behaviour::FalseHeartbeats { .. } => "false-heartbeats",
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
