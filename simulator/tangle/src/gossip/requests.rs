//! The request queue: transactions the node needs to make its milestones solid.

use std::collections::{BTreeMap, VecDeque};

use tanglegram_ternary::Hash;

use crate::idset::IdSet;
use crate::milestone::Milestones;
use crate::snapshot::Snapshot;
use crate::store::{Tangle, TxId};

/// The most hashes asked for at a time; beyond that the oldest is forgotten.
const MAX_REQUESTS: usize = 10_000;
/// How many milestones are made solid at a time, lowest first.
const MILESTONES_AT_ONCE: usize = 20;
/// How much of a milestone's past is searched at a time.
const MAX_SEARCHED: usize = 50_000;

/// How far above the solid milestone those are asked for that the snapshot says were seen.
const SEEN_RANGE: i32 = 50;
/// The place of a hash in the queue: those queued later have higher ones.
pub(crate) type Place = u64;

/// Hashes to ask the neighbours for, in order of need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    hashes: BTreeMap<Place, Hash>,
    places: BTreeMap<Hash, Place>,
    last: Place,
    /// Those of the hashes that were queued for candidates, which may turn out to be no milestones.
    speculative: Vec<Hash>,
    /// Milestones that the snapshot says were seen and that were not asked for yet.
    seen: BTreeMap<Hash, i32>,
}

impl Requests {
    /// Nothing but the milestones that a snapshot says were seen, once it is their turn.
    pub(crate) fn of(snapshot: &Snapshot) -> Requests {
        Requests { seen: snapshot.seen_milestones.clone(), ..Requests::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hash> {
        self.hashes.values()
    }

    /// All hashes and their places, in order of need.
    pub(crate) fn places(&self) -> impl Iterator<Item = (Place, Hash)> {
        self.hashes.iter().map(|(&place, &hash)| (place, hash))
    }

    /// Whether there are milestones the snapshot says were seen whose turn to be asked for may have come.
    pub(crate) fn knows_of_more(&self) -> bool {
        !self.seen.is_empty()
    }

    /// The transaction came.
    pub(crate) fn fulfil(&mut self, hash: &Hash) {
        if let Some(place) = self.places.remove(hash) {
            self.hashes.remove(&place);
        }
    }

    /// The first hash behind a place of the queue (0: the very first), and its place.
    pub(crate) fn after(&self, place: Place) -> Option<(Place, Hash)> {
        self.hashes.range(place + 1..).next().map(|(&place, &hash)| (place, hash))
    }

    pub(crate) fn add(&mut self, hash: Hash) {
        if self.places.contains_key(&hash) {
            return;
        }
        if self.hashes.len() == MAX_REQUESTS
            && let Some((_, oldest)) = self.hashes.pop_first()
        {
            self.places.remove(&oldest);
        }
        self.last += 1;
        self.hashes.insert(self.last, hash);
        self.places.insert(hash, self.last);
    }

    /// Queues what is missing from the past of the lowest milestones that are not solid.
    pub(crate) fn solidify(&mut self, tangle: &Tangle, milestones: &Milestones, solid_index: i32) {
        self.ask_for_seen(tangle, solid_index);
        let loose = milestones.above(solid_index).filter(|&id| !tangle.vertex(id).solid);
        for milestone in loose.take(MILESTONES_AT_ONCE) {
            for missing in missing_below(tangle, milestone) {
                self.add(tangle.hash(missing));
            }
        }
    }
}

impl Requests {
    /// Queues what milestone candidates lack, in place of what they lacked the last time.
    pub(crate) fn complete(&mut self, tangle: &Tangle, milestones: &Milestones) {
        for hash in std::mem::take(&mut self.speculative) {
            self.fulfil(&hash);
        }
        for missing in milestones.missing_members(tangle) {
            let hash = tangle.hash(missing);
            if !self.places.contains_key(&hash) {
                self.add(hash);
                self.speculative.push(hash);
            }
        }
    }

    fn ask_for_seen(&mut self, tangle: &Tangle, solid_index: i32) {
        let (near, far): (BTreeMap<Hash, i32>, _) = std::mem::take(&mut self.seen)
            .into_iter()
            .partition(|(_, index)| *index < solid_index.saturating_add(SEEN_RANGE));
        self.seen = far;
        for hash in near.into_keys().filter(|hash| tangle.stored(hash).is_none()) {
            self.add(hash);
        }
    }
}

/// The unknown transactions that keep `start` from being solid.
fn missing_below(tangle: &Tangle, start: TxId) -> Vec<TxId> {
    let mut missing = Vec::new();
    let mut seen = IdSet::default();
    let mut ahead = VecDeque::from([start]);
    while let Some(id) = ahead.pop_front() {
        let vertex = tangle.vertex(id);
        if vertex.solid || tangle.is_entry_point(id) || !seen.insert(id) {
            continue;
        }
        if seen.len() > MAX_SEARCHED {
            break;
        }
        if vertex.transaction.is_some() {
            ahead.extend([vertex.trunk, vertex.branch]);
        } else {
            missing.push(id);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_queued_behind_what_was_asked_for_is_next() {
        let [a, b, c] = ["A", "B", "C"].map(|name| Hash::from_trytes_padded(name).unwrap());
        let mut requests = Requests::default();
        [a, b, a].into_iter().for_each(|hash| requests.add(hash));
        assert_eq!(requests.iter().collect::<Vec<_>>(), [&a, &b]);
        let (asked, first) = requests.after(0).unwrap();
        assert_eq!(first, a);
        requests.fulfil(&a);
        requests.fulfil(&b);
        assert_eq!(requests.after(asked), None);
        requests.add(c);
        assert_eq!(requests.after(asked).map(|(_, hash)| hash), Some(c));
        assert_eq!(requests.len(), 1);
    }
}
