//! Where an account occurs: sorted lists of positions in the order of consensus, one for each class of occurrence.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

use super::entities::EntityRef;

/// A transaction's position in the order of consensus.
pub(super) type Position = u32;

/// How an account takes part in a transaction, as far as a request can ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// The transaction's result is `SUCCESS`.
    pub(super) success: bool,
    /// Some transfer to the account is above zero.
    pub(super) credit: bool,
    /// Some transfer to the account is below zero.
    pub(super) debit: bool,
}

impl Class {
    /// The class of these transfers, in a transaction of that success.
    pub(super) fn of(transfers: &[(EntityRef, i64)], success: bool) -> Self {
        let credit = transfers.iter().any(|(_, amount)| *amount > 0);
        let debit = transfers.iter().any(|(_, amount)| *amount < 0);
        Class { success, credit, debit }
    }

    /// The class of those of the transfers that are to or from one account.
    pub(super) fn of_account(account: EntityRef, transfers: &[(EntityRef, i64)], success: bool) -> Self {
        let mut class = Class { success, credit: false, debit: false };
        for (_, amount) in transfers.iter().filter(|(known, _)| *known == account) {
            class.credit |= *amount > 0;
            class.debit |= *amount < 0;
        }
        class
    }
}

/// Positions by class; few classes occur, so they are searched one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Postings(Vec<(Class, Vec<Position>)>);

impl Postings {
    /// Adds an occurrence; at the end this is cheap.
    pub(super) fn insert(&mut self, class: Class, position: Position) {
        let index = self.0.iter().position(|(known, _)| *known == class).unwrap_or_else(|| {
            self.0.push((class, Vec::new()));
            self.0.len() - 1
        });
        let positions = &mut self.0[index].1;
        match positions.last() {
            Some(last) if *last >= position => {
                let place = positions.partition_point(|earlier| *earlier < position);
                positions.insert(place, position);
            }
            _ => positions.push(position),
        }
    }

    /// Moves every position from this one on up by one, since a transaction comes in before them.
    pub(super) fn make_room(&mut self, at: Position) {
        for (_, positions) in &mut self.0 {
            let start = positions.partition_point(|earlier| *earlier < at);
            positions[start..].iter_mut().for_each(|position| *position += 1);
        }
    }

    /// The lists of the classes that are wanted.
    pub(super) fn lists(&self, wanted: impl Fn(Class) -> bool) -> impl Iterator<Item = &[Position]> {
        self.0.iter().filter(move |(class, _)| wanted(*class)).map(|(_, positions)| positions.as_slice())
    }
}

/// The part of a sorted list within a range.
pub(super) fn within<'a>(positions: &'a [Position], range: &Range<Position>) -> &'a [Position] {
    let start = positions.partition_point(|position| *position < range.start);
    let end = positions.partition_point(|position| *position < range.end);
    positions.get(start..end).unwrap_or_default()
}

/// A list that is being merged: its next position, and what comes after. Compares by the position alone.
#[derive(Debug)]
pub(super) struct Head<'a> {
    position: Position,
    rest: &'a [Position],
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.position.cmp(&other.position)
    }
}

/// Merges sorted lists: every position that occurs in any, once, ascending or descending.
#[derive(Debug)]
pub(super) enum Merge<'a> {
    Ascending(BinaryHeap<Reverse<Head<'a>>>),
    Descending(BinaryHeap<Head<'a>>),
}

fn first(list: &[Position]) -> Option<Reverse<Head<'_>>> {
    list.split_first().map(|(&position, rest)| Reverse(Head { position, rest }))
}

fn last(list: &[Position]) -> Option<Head<'_>> {
    list.split_last().map(|(&position, rest)| Head { position, rest })
}

impl<'a> Merge<'a> {
    pub(super) fn new(lists: impl Iterator<Item = &'a [Position]>, ascending: bool) -> Self {
        if ascending {
            Merge::Ascending(lists.filter_map(first).collect())
        } else {
            Merge::Descending(lists.filter_map(last).collect())
        }
    }

    fn peek(&self) -> Option<Position> {
        match self {
            Merge::Ascending(heap) => heap.peek().map(|Reverse(head)| head.position),
            Merge::Descending(heap) => heap.peek().map(|head| head.position),
        }
    }

    fn advance(&mut self) -> Option<Position> {
        match self {
            Merge::Ascending(heap) => {
                let Reverse(head) = heap.pop()?;
                heap.extend(first(head.rest));
                Some(head.position)
            }
            Merge::Descending(heap) => {
                let head = heap.pop()?;
                heap.extend(last(head.rest));
                Some(head.position)
            }
        }
    }
}

impl Iterator for Merge<'_> {
    type Item = Position;

    fn next(&mut self) -> Option<Position> {
        let position = self.advance()?;
        while self.peek() == Some(position) {
            self.advance();
        }
        Some(position)
    }
}
