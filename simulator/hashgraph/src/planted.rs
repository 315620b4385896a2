//! Bugs that can be planted in a node, to see whether whoever tests it notices.
//!
//! A node has none unless it is compiled with the feature `planted-bugs` and told which. Without the feature every question for
//! a bug is a constant `false`, and nothing of them is left in the program.

use std::fmt;

/// A mistake that an author of a node might make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bug {
    /// A member that forks is seen all the same, and both of its events count.
    ForkCountsTwice,
    /// The consensus timestamp is the mean of the times, not the median.
    MeanTime,
    /// The consensus timestamp is the first of the times, not the median.
    EarliestTime,
    /// Ties are broken by the signatures as they are, not whitened.
    UnwhitenedTies,
    /// An event is received when more than two thirds of the unique famous witnesses know it, not all.
    MostJudges,
    /// An election is over when more than half of the votes that a witness collects agree.
    MajorityDecides,
    /// An event is strongly seen by way of more than half of the members.
    WeaklySeen,
    /// No round of an election is a coin round.
    NoCoinRound,
    /// Two transactions may have the same consensus timestamp.
    TimesRepeat,
    /// Transactions of events that became ancient are not submitted again.
    TransactionsForgotten,
    /// After a restart the node begins its line of events anew.
    ForksAfterRestart,
    /// A transaction that fails costs nothing.
    FeeForgiven,
    /// A duplicate is not handled: no record, no fee.
    DuplicatesDropped,
    /// A duplicate is processed once more.
    DuplicatesProcessed,
    /// The balances of a balance file are those after the transaction that comes next.
    BalancesLate,
}

impl Bug {
    /// Those of the algorithm, which show in the order of a graph.
    pub const CONSENSUS: [Bug; 8] = [
        Bug::ForkCountsTwice,
        Bug::MeanTime,
        Bug::EarliestTime,
        Bug::UnwhitenedTies,
        Bug::MostJudges,
        Bug::MajorityDecides,
        Bug::WeaklySeen,
        Bug::NoCoinRound,
    ];

    /// Those of the node, which show in a network.
    pub const NODE: [Bug; 3] = [Bug::TimesRepeat, Bug::TransactionsForgotten, Bug::ForksAfterRestart];

    /// Those of the services and of the files, which show in records, accounts and files.
    pub const SERVICES: [Bug; 4] =
        [Bug::FeeForgiven, Bug::DuplicatesDropped, Bug::DuplicatesProcessed, Bug::BalancesLate];
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Which bug a node has: none, unless the feature `planted-bugs` is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planted {
    #[cfg(feature = "planted-bugs")]
    bug: Option<Bug>,
}

impl Planted {
    /// This one.
    #[cfg(feature = "planted-bugs")]
    pub fn only(bug: Bug) -> Planted {
        Planted { bug: Some(bug) }
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
