//! Where an account occurs: sorted lists of consensus times, one for each class of occurrence.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::entities::EntityRef;

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
}

/// Consensus times by class; few classes occur, so they are searched one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Postings(Vec<(Class, Vec<i64>)>);

impl Postings {
    /// Adds an occurrence; in order of time this is cheap.
    pub(super) fn insert(&mut self, class: Class, time: i64) {
        let position = self.0.iter().position(|(known, _)| *known == class).unwrap_or_else(|| {
            self.0.push((class, Vec::new()));
            self.0.len() - 1
        });
        let times = &mut self.0[position].1;
        match times.last() {
            Some(last) if *last >= time => {
                let place = times.partition_point(|earlier| *earlier < time);
                times.insert(place, time);
            }
            _ => times.push(time),
        }
    }

    /// The lists of the classes that are wanted.
    pub(super) fn lists(&self, wanted: impl Fn(Class) -> bool) -> impl Iterator<Item = &[i64]> {
        self.0.iter().filter(move |(class, _)| wanted(*class)).map(|(_, times)| times.as_slice())
    }
}

/// A list that is being merged: its next time, and what comes after. Compares by the time alone.
#[derive(Debug)]
pub(super) struct Head<'a> {
    time: i64,
    rest: &'a [i64],
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.time == other.time
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
        self.time.cmp(&other.time)
    }
}

/// Merges sorted lists: every time that occurs in any, once, ascending or descending.
#[derive(Debug)]
pub(super) enum Merge<'a> {
    Ascending(BinaryHeap<Reverse<Head<'a>>>),
    Descending(BinaryHeap<Head<'a>>),
}

fn first(list: &[i64]) -> Option<Reverse<Head<'_>>> {
    list.split_first().map(|(&time, rest)| Reverse(Head { time, rest }))
}

fn last(list: &[i64]) -> Option<Head<'_>> {
    list.split_last().map(|(&time, rest)| Head { time, rest })
}

impl<'a> Merge<'a> {
    pub(super) fn new(lists: impl Iterator<Item = &'a [i64]>, ascending: bool) -> Self {
        if ascending {
            Merge::Ascending(lists.filter_map(first).collect())
        } else {
            Merge::Descending(lists.filter_map(last).collect())
        }
    }

    fn peek(&self) -> Option<i64> {
        match self {
            Merge::Ascending(heap) => heap.peek().map(|Reverse(head)| head.time),
            Merge::Descending(heap) => heap.peek().map(|head| head.time),
        }
    }

    fn advance(&mut self) -> Option<i64> {
        match self {
            Merge::Ascending(heap) => {
                let Reverse(head) = heap.pop()?;
                heap.extend(first(head.rest));
                Some(head.time)
            }
            Merge::Descending(heap) => {
                let head = heap.pop()?;
                heap.extend(last(head.rest));
                Some(head.time)
            }
        }
    }
}

impl Iterator for Merge<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let time = self.advance()?;
        while self.peek() == Some(time) {
            self.advance();
        }
        Some(time)
    }
}
