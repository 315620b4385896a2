//! The ledger: balances at the latest solid milestone, and what an unconfirmed past would change of them.

use std::collections::{BTreeMap, VecDeque};

use tanglegram_ternary::{Address, Hash};

use crate::bundle::{self, Rules};
use crate::idset::IdSet;
use crate::planted::{Bug, Planted};
use crate::snapshot::Snapshot;
use crate::spent::SpentAddresses;
use crate::store::{Tangle, TxId};

/// Iotas gained or lost, by address.
pub(crate) type Diff = BTreeMap<Address, i64>;

/// Balances as of the latest solid milestone.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    balances: BTreeMap<Address, i64>,
    /// What each milestone above the snapshot changed, if it did change anything.
    changes: BTreeMap<i32, Diff>,
    /// Index of the latest solid milestone, or of the snapshot.
    pub(crate) index: i32,
    /// Its hash; the null hash at a genesis.
    pub(crate) milestone: Hash,
    pub(crate) planted: Planted,
}

impl Ledger {
    pub(crate) fn new(snapshot: &Snapshot) -> Ledger {
        let balances = snapshot.balances.iter().filter(|(_, balance)| **balance != 0);
        Ledger {
            balances: balances.map(|(address, balance)| (*address, *balance)).collect(),
            changes: BTreeMap::new(),
            index: snapshot.index,
            milestone: snapshot.hash,
            planted: Planted::default(),
        }
    }

    /// Balances above zero as of an earlier milestone, not below the snapshot.
    pub(crate) fn balances_at(&self, index: i32) -> BTreeMap<Address, i64> {
        let mut earlier = self.balances.clone();
        for diff in self.changes.range(index.saturating_add(1)..).map(|(_, diff)| diff) {
            for (address, change) in diff {
                *earlier.entry(*address).or_default() -= change;
            }
        }
        earlier.retain(|_, balance| *balance != 0);
        earlier
    }

    /// Forgets how the ledger came to be what it was at a milestone.
    pub(crate) fn forget_changes_up_to(&mut self, index: i32) {
        self.changes.retain(|&changed, _| changed > index);
    }

    /// Balances above zero.
    pub(crate) fn balances(&self) -> &BTreeMap<Address, i64> {
        &self.balances
    }

    pub(crate) fn balance(&self, address: &Address) -> i64 {
        self.balances.get(address).copied().unwrap_or(0)
    }

    /// Whether no address would fall below zero.
    fn can_take(&self, diff: &Diff) -> bool {
        self.planted.has(Bug::Overdraft)
            || diff.iter().all(|(address, change)| self.balance(address) + change >= 0)
    }

    fn apply(&mut self, diff: &Diff) {
        for (address, change) in diff {
            let twice = self.planted.has(Bug::DoubleCredit) && *change > 0;
            let balance = self.balance(address) + if twice { 2 * change } else { *change };
            if balance == 0 {
                self.balances.remove(address);
            } else {
                self.balances.insert(*address, balance);
            }
        }
    }

    /// Sums what the unconfirmed bundles in the past of `start`, itself included, move; `None` if one of them is invalid,
    /// incomplete or unknown. Only tails count: a member that is no tail contributes nothing.
    ///
    /// Tails met are added to `visited` and those already there are skipped. The inputs of every valid bundle met are
    /// marked as spent, as the real node does on the way.
    fn unconfirmed_diff(
        &self,
        tangle: &mut Tangle,
        spent: &mut SpentAddresses,
        visited: &mut IdSet,
        start: TxId,
        rules: Rules,
    ) -> Option<Diff> {
        let mut diff = Diff::new();
        let mut ahead = VecDeque::from([start]);
        while let Some(id) = ahead.pop_front() {
            let is_bottom = tangle.is_entry_point(id) || tangle.current_index(id) != 0;
            if is_bottom || !visited.insert(id) {
                continue;
            }
            if !tangle.is_stored(id) {
                if self.planted.has(Bug::UnsolidMilestone) {
                    continue;
                }
                return None;
            }
            if tangle.is_confirmed_by(id, self.index) {
                continue;
            }
            let members = bundle::validate(tangle, id, rules)?;
            for tx in
                members.iter().filter_map(|&member| tangle.transaction(member)).filter(|tx| tx.value() != 0)
            {
                spent.mark_input(tx);
                *diff.entry(tx.address()).or_default() += tx.value();
            }
            ahead.extend(tangle.approved_tails(id));
        }
        Some(diff)
    }

    /// Confirms everything in the past of a milestone that no earlier one confirmed, and moves the funds.
    /// `false`, with nothing changed, if that past is not solid, not valid or would overspend.
    pub(crate) fn apply_milestone(
        &mut self,
        tangle: &mut Tangle,
        spent: &mut SpentAddresses,
        milestone: TxId,
        index: i32,
    ) -> bool {
        let mut visited = IdSet::default();
        let Some(diff) = self.unconfirmed_diff(tangle, spent, &mut visited, milestone, Rules::Base) else {
            return false;
        };
        if !self.can_take(&diff) {
            return false;
        }
        self.apply(&diff);
        if !diff.is_empty() {
            self.changes.insert(index, diff);
        }
        (self.index, self.milestone) = (index, tangle.hash(milestone));
        confirm_past(tangle, milestone, index, self.planted);
        true
    }
}

/// Sets the snapshot index of the milestone and all that it reaches and no milestone confirmed before.
fn confirm_past(tangle: &mut Tangle, milestone: TxId, index: i32, planted: Planted) {
    let mut ahead = vec![milestone];
    while let Some(id) = ahead.pop() {
        let vertex = tangle.vertex(id);
        if vertex.transaction.is_some() && vertex.snapshot_index == 0 {
            ahead.push(vertex.trunk);
            if !planted.has(Bug::BranchUnconfirmed) {
                ahead.push(vertex.branch);
            }
            tangle.set_snapshot_index(id, index);
        }
    }
}

/// The pasts accepted so far in one walk or one question, which must be consistent together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted {
    visited: IdSet,
    diff: Diff,
}

impl Accepted {
    /// Accepts the past of `tip` if it is solid, valid and, together with what was accepted before, overspends nothing;
    /// otherwise leaves everything as it was.
    pub(crate) fn accept(
        &mut self,
        ledger: &Ledger,
        tangle: &mut Tangle,
        spent: &mut SpentAddresses,
        tip: TxId,
    ) -> bool {
        if !tangle.vertex(tip).solid {
            return false;
        }
        if self.visited.contains(tip) {
            return true;
        }
        let before = self.visited.len();
        let diff = ledger.unconfirmed_diff(tangle, spent, &mut self.visited, tip, Rules::Extra);
        match diff.map(|diff| self.merged(diff)).filter(|diff| ledger.can_take(diff)) {
            Some(merged) => {
                self.diff.extend(merged);
                true
            }
            None => {
                self.visited.rewind(before);
                false
            }
        }
    }

    /// What was accepted changes of this address's balance.
    pub(crate) fn change(&self, address: &Address) -> i64 {
        self.diff.get(address).copied().unwrap_or(0)
    }

    /// The new changes on top of those accepted before, for the addresses the new ones touch.
    fn merged(&self, mut diff: Diff) -> Diff {
        for (address, change) in &mut diff {
            *change += self.change(address);
        }
        diff
    }
}
