//! The entities and their indexes.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::IdSet;
use crate::{Entity, EntityId, EntityKind};

/// Of how many matching entities at least it is faster to walk all entities in order of insertion than to sort the matching ones.
const MANY: usize = 65_536;
/// How many of the entities known first are looked at, for each that is wanted, before those in the range of ids are: where many
/// match, those suffice.
const NEAR: usize = 4;

/// A short handle on an entity of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityRef(u32);

impl EntityRef {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All entities, in order of insertion.
#[derive(Clone, Debug, Default)]
pub struct Entities {
    entities: Vec<Entity>,
    by_id: BTreeMap<EntityId, EntityRef>,
    by_key: BTreeMap<Box<str>, BTreeSet<EntityId>>,
}

impl Entities {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// The handle of an id.
    pub fn find(&self, id: EntityId) -> Option<EntityRef> {
        self.by_id.get(&id).copied()
    }

    /// The entity of a handle.
    pub fn get(&self, entity: EntityRef) -> &Entity {
        &self.entities[entity.index()]
    }

    /// The handle of an id; an id that is new becomes an entity of that kind.
    pub fn find_or_insert(&mut self, id: EntityId, kind: EntityKind) -> EntityRef {
        self.find(id).unwrap_or_else(|| self.push(Entity::new(id, kind)))
    }

    /// Adds an entity, or replaces what was known of it.
    pub fn insert(&mut self, entity: Entity) -> EntityRef {
        let Some(known) = self.find(entity.id) else { return self.push(entity) };
        self.update(known, |old| *old = entity);
        known
    }

    /// Changes what is known of an entity; its id must stay.
    pub fn update(&mut self, entity: EntityRef, change: impl FnOnce(&mut Entity)) {
        let slot = &mut self.entities[entity.index()];
        let (id, old_key) = (slot.id, slot.ed25519.clone());
        change(slot);
        debug_assert_eq!(slot.id, id, "an entity changed its id");
        let new_key = slot.ed25519.clone();
        if old_key != new_key {
            self.forget_key(old_key.as_deref(), id);
            self.learn_key(new_key, id);
        }
    }

    fn push(&mut self, entity: Entity) -> EntityRef {
        let handle = EntityRef(u32::try_from(self.entities.len()).unwrap_or(u32::MAX));
        self.by_id.insert(entity.id, handle);
        self.learn_key(entity.ed25519.clone(), entity.id);
        self.entities.push(entity);
        handle
    }

    fn learn_key(&mut self, key: Option<Box<str>>, id: EntityId) {
        if let Some(key) = key {
            self.by_key.entry(key).or_default().insert(id);
        }
    }

    fn forget_key(&mut self, key: Option<&str>, id: EntityId) {
        if let Some(ids) = key.and_then(|key| self.by_key.get_mut(key)) {
            ids.remove(&id);
        }
    }

    /// The ids of the entities with exactly this Ed25519 key (lower-case hexadecimal), in order.
    pub fn with_key(&self, key: &str) -> impl Iterator<Item = EntityId> {
        self.by_key.get(key).into_iter().flatten().copied()
    }

    /// The accounts and contracts of a set, but no more than `limit`: those that were known first.
    pub fn first_holders(&self, ids: &IdSet, limit: usize) -> Vec<EntityRef> {
        let (low, high) = ids.bounds();
        if low > high {
            return Vec::new();
        }
        let is_wanted = |entity: &Entity| entity.holds_balance() && ids.contains(entity.id);
        let oldest = (0u32..).map(EntityRef).zip(&self.entities).take(limit.saturating_mul(NEAR));
        let near: Vec<EntityRef> =
            oldest.filter(|(_, entity)| is_wanted(entity)).map(|(known, _)| known).take(limit).collect();
        if near.len() == limit {
            return near;
        }
        let in_range = || self.by_id.range(low..=high).map(|(_, known)| *known);
        let mut found: Vec<EntityRef> =
            in_range().filter(|known| is_wanted(self.get(*known))).take(MANY).collect();
        if found.len() == MANY {
            let all = self.entities.iter().filter(|entity| is_wanted(entity)).take(limit);
            return all.filter_map(|entity| self.find(entity.id)).collect();
        }
        if found.len() > limit {
            found.select_nth_unstable(limit);
            found.truncate(limit);
        }
        found
    }
}
