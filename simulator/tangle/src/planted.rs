//! Bugs that can be planted in a node, to see whether whoever tests it notices.
//!
//! A node has none unless it is compiled with the feature `planted-bugs` and told which. Without the feature every
//! question for a bug is a constant `false`, and nothing of them is left in the program.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A mistake that an author of a node might make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bug {
    /// A milestone is applied although its past is not complete.
    UnsolidMilestone,
    /// Trunk and branch are chosen by walks that know nothing of each other.
    SeparateWalks,
    /// Each tail of checkConsistency is looked at alone.
    TailsAlone,
    /// Only confirmed payments count an address as spent from.
    PendingUnspent,
    /// What only a branch reaches is not confirmed.
    BranchUnconfirmed,
    /// The request queue is dropped when a neighbour disconnects, and not filled again.
    QueueDropped,
    /// Nothing is below max depth.
    NoMaxDepth,
    /// Max depth is one milestone.
    ShallowMaxDepth,
    /// Balances may fall below zero.
    Overdraft,
    /// What a payment brings is credited twice.
    DoubleCredit,
    /// A transaction with approvers stays a tip.
    TipsStay,
    /// What arrives never becomes a tip.
    NoTips,
    /// What neighbours tell is not told on.
    NoRelay,
    /// What the API is given is not told to neighbours.
    NoBroadcast,
    /// Requests are not answered.
    DeafToRequests,
    /// Every request is answered with the latest milestone.
    WrongAnswer,
    /// The node never asks for anything.
    NeverAsks,
    /// What is known counts as confirmed.
    KnownIsConfirmed,
    /// getBalances ignores the tips it is given.
    TipsIgnored,
    /// Commands that need a synchronised node are served by one that is not.
    ServesUnsynced,
    /// The last transaction written is not read after a restart.
    LastRecordLost,
    /// An older milestone that arrives late becomes the latest.
    LatestGoesBack,
    /// Neighbours that are gone are shown as connected.
    AlwaysConnected,
    /// The reference of getTransactionsToApprove is ignored.
    ReferenceIgnored,
    /// Any depth is allowed.
    AnyDepth,
    /// A transaction is solid as soon as its trunk is.
    TrunkIsEnough,
    /// What is drawn at random depends on how many nodes were started before, in the same process: no run is like another.
    Unsteady,
}

impl Bug {
    /// All that a look at the network shows. What shows only when a run is repeated is not among them.
    pub const ALL: [Bug; 26] = [
        Bug::UnsolidMilestone,
        Bug::SeparateWalks,
        Bug::TailsAlone,
        Bug::PendingUnspent,
        Bug::BranchUnconfirmed,
        Bug::QueueDropped,
        Bug::NoMaxDepth,
        Bug::ShallowMaxDepth,
        Bug::Overdraft,
        Bug::DoubleCredit,
        Bug::TipsStay,
        Bug::NoTips,
        Bug::NoRelay,
        Bug::NoBroadcast,
        Bug::DeafToRequests,
        Bug::WrongAnswer,
        Bug::NeverAsks,
        Bug::KnownIsConfirmed,
        Bug::TipsIgnored,
        Bug::ServesUnsynced,
        Bug::LastRecordLost,
        Bug::LatestGoesBack,
        Bug::AlwaysConnected,
        Bug::ReferenceIgnored,
        Bug::AnyDepth,
        Bug::TrunkIsEnough,
    ];
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Which bug a node has: none, unless the feature `planted-bugs` is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-bugs"), derive(Default))]
pub struct Planted {
    #[cfg(feature = "planted-bugs")]
    bug: Option<Bug>,
}

/// The bug that the environment variable `TANGLEGRAM_PLANTED_BUG` names, so that whole programs can be tested with it.
#[cfg(feature = "planted-bugs")]
impl Default for Planted {
    fn default() -> Planted {
        static NAMED: std::sync::LazyLock<Option<Bug>> = std::sync::LazyLock::new(|| {
            let name = std::env::var("TANGLEGRAM_PLANTED_BUG").ok()?;
            Bug::ALL.into_iter().chain([Bug::Unsteady]).find(|bug| bug.to_string() == name)
        });
        Planted { bug: *NAMED }
    }
}

impl Planted {
    /// This one.
    #[cfg(feature = "planted-bugs")]
    pub fn only(bug: Bug) -> Planted {
        Planted { bug: Some(bug) }
    }

    /// The seed of a node's random streams.
    pub(crate) fn seed(self, seed: u64) -> u64 {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        if self.has(Bug::Unsteady) { seed ^ STARTED.fetch_add(1, Ordering::Relaxed) } else { seed }
    }

    /// Whether it is this one.
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn has(self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Never.
    #[cfg(not(feature = "planted-bugs"))]
    pub(crate) const fn has(self, _: Bug) -> bool {
        false
    }
}
