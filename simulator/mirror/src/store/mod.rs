//! What a mirror node knows, indexed for what is asked of it.

mod entities;
mod idset;
mod postings;
mod snapshot;
mod span;
mod transactions;

use crate::{Entity, EntityId};

pub use entities::{Entities, EntityRef};
pub use idset::IdSet;
pub use snapshot::{BalanceRow, RowOrder, RowQuery, Snapshot};
pub use span::{Op, Span};
pub use transactions::{
    Direction, DuplicateTime, NewTransaction, Outcome, Transaction, TransactionQuery, Transactions,
};

/// What a mirror node knows: entities, balance snapshots and transactions.
///
/// Nothing is ever forgotten. Transactions are cheap to add in the order of consensus.
#[derive(Clone, Debug, Default)]
pub struct Store {
    entities: Entities,
    /// By time; only those that have rows.
    snapshots: Vec<Snapshot>,
    transactions: Transactions,
}

impl Store {
    /// A store that knows nothing.
    pub fn new() -> Self {
        Store::default()
    }

    /// The entities.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// The entities, to learn more of them.
    pub fn entities_mut(&mut self) -> &mut Entities {
        &mut self.entities
    }

    /// The transactions.
    pub fn transactions(&self) -> &Transactions {
        &self.transactions
    }

    /// Adds a balance snapshot; it replaces one of the same time. One without rows is passed over.
    pub fn insert_snapshot(&mut self, snapshot: Snapshot) {
        if snapshot.is_empty() {
            return;
        }
        match self.snapshots.binary_search_by_key(&snapshot.time(), Snapshot::time) {
            Ok(place) => self.snapshots[place] = snapshot,
            Err(place) => self.snapshots.insert(place, snapshot),
        }
    }

    /// The newest snapshot within a span of time.
    pub fn newest_snapshot(&self, within: &Span) -> Option<&Snapshot> {
        within
            .slice(&self.snapshots, Snapshot::time)
            .iter()
            .rev()
            .find(|snapshot| within.contains(snapshot.time()))
    }

    /// Adds a transaction. Accounts it names that nobody knew become entities of type account.
    ///
    /// # Errors
    /// When there is a transaction of the same consensus time; then nothing changes.
    pub fn insert_transaction(&mut self, new: &NewTransaction<'_>) -> Result<(), DuplicateTime> {
        self.transactions.insert(&mut self.entities, new)
    }

    /// Up to `limit` transactions that a request asks for, in order.
    pub fn select_transactions(&self, query: &TransactionQuery) -> Vec<&Transaction> {
        self.transactions.select(&self.entities, query)
    }

    /// The entity of an id.
    pub fn entity(&self, id: EntityId) -> Option<&Entity> {
        self.entities.find(id).map(|known| self.entities.get(known))
    }
}
