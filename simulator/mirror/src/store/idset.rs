//! Which entity ids a request asks for.

use super::span::Op;
use crate::EntityId;

/// The ids that satisfy some comparisons, all of them.
#[derive(Clone, Debug, Default)]
pub struct IdSet {
    conditions: Vec<(Op, EntityId)>,
    /// Ids compare as a whole; otherwise part by part, see [`holds_by_parts`].
    whole: bool,
}

/// Whether each part of `id` compares with its counterpart: the number by `op`, shard and realm by the same, equals allowed.
fn holds_by_parts(op: Op, id: EntityId, than: EntityId) -> bool {
    let outer = op.or_equal();
    outer.holds(&id.shard, &than.shard) && outer.holds(&id.realm, &than.realm) && op.holds(&id.num, &than.num)
}

impl IdSet {
    /// The ids for which every comparison holds: of ids as a whole, or part by part.
    pub fn new(conditions: Vec<(Op, EntityId)>, whole: bool) -> Self {
        IdSet { conditions, whole }
    }

    /// Whether every id is in the set.
    pub fn is_all(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether the id is in the set.
    pub fn contains(&self, id: EntityId) -> bool {
        self.conditions
            .iter()
            .all(|&(op, than)| if self.whole { op.holds(&id, &than) } else { holds_by_parts(op, id, than) })
    }

    /// Whether no id of this shard can be in the set.
    pub fn excludes_shard(&self, shard: i64) -> bool {
        !self.whole && self.conditions.iter().any(|(op, than)| !op.or_equal().holds(&shard, &than.shard))
    }

    /// The least and the greatest id that may be in the set; not all between them are.
    pub fn bounds(&self) -> (EntityId, EntityId) {
        let mut low = EntityId::new(i64::MIN, i64::MIN, i64::MIN);
        let mut high = EntityId::new(i64::MAX, i64::MAX, i64::MAX);
        for &(op, than) in &self.conditions {
            if matches!(op, Op::Eq | Op::Gt | Op::Gte) {
                low = if self.whole { low.max(than) } else { by_parts(low, than, i64::max) };
            }
            if matches!(op, Op::Eq | Op::Lt | Op::Lte) {
                high = if self.whole { high.min(than) } else { by_parts(high, than, i64::min) };
            }
        }
        (low, high)
    }
}

fn by_parts(left: EntityId, right: EntityId, pick: impl Fn(i64, i64) -> i64) -> EntityId {
    EntityId::new(pick(left.shard, right.shard), pick(left.realm, right.realm), pick(left.num, right.num))
}
