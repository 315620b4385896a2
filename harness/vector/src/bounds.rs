//! Comparisons: `">= 0, < 10"`.

use std::fmt;
use std::str::FromStr;

/// One comparison of a [`Bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound<T> {
    relation: Relation,
    limit: T,
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

/// Comparisons that all must hold; none for `any`. Mostly with whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds<T = i128>(Vec<Bound<T>>);

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromStr + Ord> Bounds<T> {
    /// Reads `any`, or comparisons joined by commas, a bare value being one; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "any" {
            return Some(Self::default());
        }
        text.split(',').map(bound).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether every comparison holds for this value.
    pub fn hold(&self, value: &T) -> bool {
        self.0.iter().all(|bound| match bound.relation {
            Relation::Less => *value < bound.limit,
            Relation::AtMost => *value <= bound.limit,
            Relation::Equal => *value == bound.limit,
            Relation::Unequal => *value != bound.limit,
            Relation::AtLeast => *value >= bound.limit,
            Relation::Greater => *value > bound.limit,
        })
    }
}

impl Bounds {
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
}

fn bound<T: FromStr>(text: &str) -> Option<Bound<T>> {
    let text = text.trim();
    let found = RELATIONS.iter().find(|(sign, _)| text.starts_with(sign));
    let (sign, relation) = found.map_or(("", Relation::Equal), |(sign, relation)| (*sign, *relation));
    let limit = text[sign.len()..].trim().parse().ok()?;
    Some(Bound { relation, limit })
}

impl<T: fmt::Display> fmt::Display for Bounds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, bound) in self.0.iter().enumerate() {
            let sign = RELATIONS.iter().find(|(_, relation)| *relation == bound.relation);
            let comma = if i == 0 { " " } else { ", " };
            write!(f, "{comma}{} {}", sign.map_or("", |(sign, _)| sign), bound.limit)?;
        }
        Ok(())
    }
}
