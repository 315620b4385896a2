//! What must hold in any node at any time, checked over all it knows.

use tanglegram_ternary::{Address, Hash};

use crate::SUPPLY;
use crate::node::Node;
use crate::store::TxId;

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
    /// Iotas were made or lost.
    #[error("the ledger holds {sum} iotas instead of {SUPPLY}")]
    Supply {
        /// The sum of all balances.
        sum: i128,
    },
    /// An address owes.
    #[error("address {address} has a balance of {balance}")]
    Overspent {
        /// The address.
        address: Address,
        /// Its balance, below zero.
        balance: i64,
    },
    /// The ledger is ahead of the milestones.
    #[error("the solid milestone {solid} is above the latest one, {latest}")]
    SolidAboveLatest {
        /// Index of the latest solid milestone.
        solid: i32,
        /// Index of the latest milestone.
        latest: i32,
    },
    /// A transaction counts as solid though its past is not.
    #[error("transaction {transaction} is solid, but its parent {parent} is not")]
    LooseParent {
        /// The child.
        transaction: Hash,
        /// The parent.
        parent: Hash,
    },
    /// A transaction was confirmed before what it stands on.
    #[error(
        "transaction {transaction} is confirmed by milestone {index}, its parent {parent} by {parent_index} (0: none)"
    )]
    UnconfirmedParent {
        /// The child.
        transaction: Hash,
        /// The milestone that confirmed it.
        index: i32,
        /// The parent.
        parent: Hash,
        /// The milestone that confirmed the parent.
        parent_index: i32,
    },
}

impl Node {
    /// Checks the ledger: its sum, no address below zero, no milestone solid that is not known. Quick.
    pub fn audit_ledger(&self) -> Result<(), Breach> {
        let balances = self.ledger.balances();
        if let Some((&address, &balance)) = balances.iter().find(|(_, balance)| **balance < 0) {
            return Err(Breach::Overspent { address, balance });
        }
        let sum = balances.values().map(|&balance| i128::from(balance)).sum();
        if sum != i128::from(SUPPLY) {
            return Err(Breach::Supply { sum });
        }
        let (solid, latest) = (self.ledger.index, self.milestones.latest.0);
        if solid > latest { Err(Breach::SolidAboveLatest { solid, latest }) } else { Ok(()) }
    }

    /// Checks every transaction against its parents: solidity and confirmation only ever grow downwards.
    pub fn audit_tangle(&self) -> Result<(), Breach> {
        self.tangle.arrivals().iter().try_for_each(|&id| self.audit_transaction(id))
    }

    fn audit_transaction(&self, id: TxId) -> Result<(), Breach> {
        let vertex = self.tangle.vertex(id);
        if self.tangle.is_confirmed_by(id, self.tangle.initial().index) {
            return Ok(()); // the snapshot vouches for it, and its past may be forgotten
        }
        let above_bottom =
            [vertex.trunk, vertex.branch].into_iter().filter(|&id| !self.tangle.is_entry_point(id));
        for parent_id in above_bottom {
            let parent = self.tangle.vertex(parent_id);
            let (transaction, parent_hash) = (self.tangle.hash(id), self.tangle.hash(parent_id));
            if vertex.solid && !parent.solid {
                return Err(Breach::LooseParent { transaction, parent: parent_hash });
            }
            let (index, parent_index) = (vertex.snapshot_index, parent.snapshot_index);
            if index != 0 && !(1..=index).contains(&parent_index) {
                return Err(Breach::UnconfirmedParent {
                    transaction,
                    index,
                    parent: parent_hash,
                    parent_index,
                });
            }
        }
        Ok(())
    }
}
