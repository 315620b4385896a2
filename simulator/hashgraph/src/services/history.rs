//! What was handled lately: receipts, records, and which transactions would be duplicates.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::ResponseCode;
use super::envelope::TransactionId;
use crate::files::hapi::TransactionRecord;
use crate::{EntityId, SECOND};

/// How long a receipt is kept after the consensus, in nanoseconds. No transaction is valid for longer: so none can be
/// processed again once it is forgotten.
pub const KEPT: i64 = 180 * SECOND;

/// A transaction that the network handled.
#[derive(Clone, Debug, PartialEq)]
pub struct Handled {
    /// The consensus time, in nanoseconds since 1970.
    pub consensus: i64,
    /// Which transaction it was.
    pub id: TransactionId,
    /// The node that submitted it.
    pub node: EntityId,
    /// What became of it.
    pub result: ResponseCode,
    /// Whether it got as far as being processed, successfully or not: then every further one with this id is a duplicate.
    pub processed: bool,
    /// The transaction, as record files hold it; empty where the ledger was restored after it.
    pub transaction: Vec<u8>,
    /// Its record; only a receipt where the ledger was restored after it.
    pub record: TransactionRecord,
}

/// The transactions of the last 180 seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    by_id: BTreeMap<TransactionId, Entries>,
    in_order: VecDeque<Arc<Handled>>,
}

/// What was handled under one id.
#[derive(Clone, Debug, Default, PartialEq)]
struct Entries {
    processed: Option<Arc<Handled>>,
    others: VecDeque<Arc<Handled>>,
}

impl History {
    pub(super) fn add(&mut self, handled: Arc<Handled>) {
        let entries = self.by_id.entry(handled.id).or_default();
        match handled.processed {
            true => entries.processed = Some(Arc::clone(&handled)),
            false => entries.others.push_back(Arc::clone(&handled)),
        }
        self.in_order.push_back(handled);
    }

    /// Forgets what is too old at this consensus time.
    pub(super) fn forget(&mut self, now: i64) {
        while let Some(oldest) = self.pop_old(now) {
            let Some(entries) = self.by_id.get_mut(&oldest.id) else { continue };
            match oldest.processed {
                true => entries.processed = None,
                false => drop(entries.others.pop_front()),
            }
            if entries.processed.is_none() && entries.others.is_empty() {
                self.by_id.remove(&oldest.id);
            }
        }
    }

    fn pop_old(&mut self, now: i64) -> Option<Arc<Handled>> {
        let oldest = self.in_order.front()?;
        if is_old(oldest, now) { self.in_order.pop_front() } else { None }
    }

    /// The one with this id that was processed.
    pub fn processed(&self, id: &TransactionId) -> Option<&Arc<Handled>> {
        self.by_id.get(id)?.processed.as_ref()
    }

    /// The one with this id that a receipt is about at this time: that which was processed, else the last that was refused.
    pub fn find(&self, id: &TransactionId, now: i64) -> Option<&Arc<Handled>> {
        let entries = self.by_id.get(id)?;
        let is_duplicate = |handled: &Handled| handled.result == ResponseCode::DUPLICATE_TRANSACTION;
        let refused = || entries.others.iter().rev().find(|handled| !is_duplicate(handled));
        entries.processed.as_ref().or_else(refused).filter(|found| !is_old(found, now))
    }

    /// All, in order of consensus.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Handled>> {
        self.in_order.iter()
    }
}

fn is_old(handled: &Handled, now: i64) -> bool {
    now.saturating_sub(handled.consensus) > KEPT
}
