//! Comparisons with whole numbers: `">= 0, < 10"`.

use std::fmt;

/// One comparison of a [`Bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    relation: Relation,
    limit: i128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    Greater,
}

/// The spellings, longest first so that `>=` is not read as `>`.
const RELATIONS: [(&str, Relation); 6] = [
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("==", Relation::Equal),
    ("!=", Relation::Unequal),
    (">", Relation::Greater),
    ("<", Relation::Less),
];

/// Comparisons that all must hold; none for `any`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds(Vec<Bound>);

impl Bounds {
    /// Reads `any`, or comparisons joined by commas, a bare number being one; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "any" {
            return Some(Self::default());
        }
        text.split(',').map(bound).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Exactly this number.
    pub fn exactly(limit: i128) -> Self {
        Self(vec![Bound { relation: Relation::Equal, limit }])
    }

    /// These bounds, and not negative either.
    #[must_use]
    pub fn or_at_least_zero(mut self) -> Self {
        if self.0.is_empty() {
            self.0.push(Bound { relation: Relation::AtLeast, limit: 0 });
        }
        self
    }

    /// Whether every comparison holds for this number.
    pub fn hold(&self, number: i128) -> bool {
        self.0.iter().all(|bound| match bound.relation {
            Relation::Less => number < bound.limit,
            Relation::AtMost => number <= bound.limit,
            Relation::Equal => number == bound.limit,
            Relation::Unequal => number != bound.limit,
            Relation::AtLeast => number >= bound.limit,
            Relation::Greater => number > bound.limit,
        })
    }
}

fn bound(text: &str) -> Option<Bound> {
    let text = text.trim();
    let found = RELATIONS.iter().find(|(sign, _)| text.starts_with(sign));
    let (sign, relation) = found.map_or(("", Relation::Equal), |(sign, relation)| (*sign, *relation));
    let limit = text[sign.len()..].trim().parse().ok()?;
    Some(Bound { relation, limit })
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, bound) in self.0.iter().enumerate() {
            let sign = RELATIONS.iter().find(|(_, relation)| *relation == bound.relation);
            let comma = if i == 0 { " " } else { ", " };
            write!(f, "{comma}{} {}", sign.map_or("", |(sign, _)| sign), bound.limit)?;
        }
        Ok(())
    }
}
