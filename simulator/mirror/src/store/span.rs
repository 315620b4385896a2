//! Which values of a column a request asks for.

use std::cmp::Ordering;
use std::ops::Range;

/// A comparison, as in `gte:5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less than.
    Lt,
    /// Less than or equal.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Gte,
}

impl Op {
    /// Whether `left op right`.
    pub fn holds<T: Ord + ?Sized>(self, left: &T, right: &T) -> bool {
        let order = left.cmp(right);
        match self {
            Op::Eq => order == Ordering::Equal,
            Op::Ne => order != Ordering::Equal,
            Op::Lt => order == Ordering::Less,
            Op::Lte => order != Ordering::Greater,
            Op::Gt => order == Ordering::Greater,
            Op::Gte => order != Ordering::Less,
        }
    }

    /// The same comparison, `<` and `>` also true for equals.
    pub fn or_equal(self) -> Op {
        match self {
            Op::Lt => Op::Lte,
            Op::Gt => Op::Gte,
            other => other,
        }
    }
}

/// The integers that satisfy some comparisons, all of them: an interval with holes.
///
/// The ends are wider than any column, so that a bound that no value can reach needs no special case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    low: i128,
    high: i128,
    holes: Vec<i128>,
}

impl Default for Span {
    fn default() -> Self {
        Span { low: i128::MIN, high: i128::MAX, holes: Vec::new() }
    }
}

impl Span {
    /// Every integer.
    pub fn all() -> Self {
        Span::default()
    }

    /// Keeps of the span what compares so with `value`.
    pub fn restrict(&mut self, op: Op, value: i128) {
        match op {
            Op::Eq => (self.low, self.high) = (self.low.max(value), self.high.min(value)),
            Op::Ne => self.holes.push(value),
            Op::Lt => self.high = self.high.min(value.saturating_sub(1)),
            Op::Lte => self.high = self.high.min(value),
            Op::Gt => self.low = self.low.max(value.saturating_add(1)),
            Op::Gte => self.low = self.low.max(value),
        }
    }

    /// Whether the value is in the span.
    pub fn contains(&self, value: i64) -> bool {
        let value = i128::from(value);
        self.low <= value && value <= self.high && !self.holes.contains(&value)
    }

    /// Whether every integer is in the span.
    pub fn is_all(&self) -> bool {
        *self == Span::default()
    }

    /// The places of a sorted slice between the span's ends, holes included.
    pub fn range<T>(&self, sorted: &[T], value: impl Fn(&T) -> i64) -> Range<usize> {
        let is_below = |item: &T| i128::from(value(item)) < self.low;
        let is_within = |item: &T| i128::from(value(item)) <= self.high;
        // Most spans are open on one side or both: then there is nothing to search.
        let start = if sorted.first().is_some_and(is_below) { sorted.partition_point(is_below) } else { 0 };
        let open = sorted.last().is_none_or(is_within);
        let end = if open { sorted.len() } else { sorted.partition_point(is_within) };
        start.min(end)..end
    }

    /// The part of a sorted slice between the span's ends, holes included.
    pub fn slice<'a, T>(&self, sorted: &'a [T], value: impl Fn(&T) -> i64) -> &'a [T] {
        &sorted[self.range(sorted, value)]
    }
}
