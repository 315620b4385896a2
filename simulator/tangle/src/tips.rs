//! The tips: stored transactions that nothing known approved when they arrived.

use std::collections::BTreeMap;

use crate::store::TxId;

/// The most tips of each kind that are kept; beyond that the oldest is forgotten.
const MAX_TIPS: usize = 5_000;

/// Tips, those with a complete past apart from the others, each kind in order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tips {
    loose: Fifo,
    solid: Fifo,
}

impl Tips {
    pub(crate) fn add(&mut self, id: TxId) {
        self.loose.add(id);
    }

    pub(crate) fn remove(&mut self, id: TxId) {
        if !self.loose.remove(id) {
            self.solid.remove(id);
        }
    }

    pub(crate) fn set_solid(&mut self, id: TxId) {
        if self.loose.remove(id) {
            self.solid.add(id);
        }
    }

    /// One of the solid tips, or of the others if there is none, chosen by a random number.
    pub(crate) fn random(&self, draw: u64) -> Option<TxId> {
        let tips = if self.solid.order.is_empty() { &self.loose.order } else { &self.solid.order };
        let position = ((u128::from(draw) * tips.len() as u128) >> 64) as usize;
        tips.values().nth(position).copied()
    }

    /// Gives every tip its new id, after some transactions were forgotten.
    pub(crate) fn renumber(&mut self, new: impl Fn(TxId) -> Option<TxId>) {
        for tips in [&mut self.loose, &mut self.solid] {
            let kept = tips.order.iter().filter_map(|(&place, &id)| Some((place, new(id)?)));
            tips.order = kept.collect();
            tips.place = tips.order.iter().map(|(&place, &id)| (id, place)).collect();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.loose.order.len() + self.solid.order.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = TxId> {
        self.loose.order.values().chain(self.solid.order.values()).copied()
    }
}

/// A bounded set in order of insertion.
#[derive(Clone, Debug, Default)]
struct Fifo {
    order: BTreeMap<u64, TxId>,
    place: BTreeMap<TxId, u64>,
    next: u64,
}

impl Fifo {
    fn add(&mut self, id: TxId) {
        if self.place.contains_key(&id) {
            return;
        }
        if self.order.len() == MAX_TIPS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.place.remove(&oldest);
        }
        self.order.insert(self.next, id);
        self.place.insert(id, self.next);
        self.next += 1;
    }

    fn remove(&mut self, id: TxId) -> bool {
        self.place.remove(&id).is_some_and(|place| self.order.remove(&place).is_some())
    }
}
