//! What must hold in every run, whatever goes wrong.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::Arc;

use tanglegram_hashgraph::consensus::{EventHash, Ordered};
use tanglegram_hashgraph::files::{FileHash, name};
use tanglegram_hashgraph::services::{Handled, Ledger, SUPPLY, TransactionId};
use tanglegram_hashgraph::streams::StreamFile;
use tanglegram_tangle::Millis;

use crate::sim::{Invariant, Violation};

/// The most violations that are told of a run.
const MAX_TOLD: usize = 100;

/// The place of an event: its hash, its round, the time of its first transaction.
type Place = (EventHash, u64, i64);

/// Checks what members say they agree on.
pub(crate) struct Checker {
    names: Vec<String>,
    /// The order, as the first who told it told it.
    order: Vec<Place>,
    /// What became of the transaction of each consensus time, as the first who told it told it.
    results: BTreeMap<i64, Arc<Handled>>,
    /// When each transaction was handled for good.
    processed: BTreeMap<TransactionId, i64>,
    /// The consensus time of what each member handled last.
    last: Vec<i64>,
    /// The hashes of the files, as the first who wrote them has them.
    files: BTreeMap<String, FileHash>,
    /// How long the order was, each second.
    growth: Vec<(Millis, usize)>,
    pub(crate) violations: Vec<Violation>,
}

impl Checker {
    pub(crate) fn new(names: &[String]) -> Checker {
        Checker {
            names: names.to_vec(),
            order: Vec::new(),
            results: BTreeMap::new(),
            processed: BTreeMap::new(),
            last: vec![0; names.len()],
            files: BTreeMap::new(),
            growth: Vec::new(),
            violations: Vec::new(),
        }
    }

    pub(crate) fn report(&mut self, invariant: Invariant, node: usize, at: Millis, what: String) {
        if self.violations.len() < MAX_TOLD {
            let name = self.names.get(node).cloned().unwrap_or_default();
            self.violations.push(Violation { invariant, node, name, at, what });
        }
    }

    /// How many transactions were handled.
    pub(crate) fn handled_count(&self) -> usize {
        self.results.len()
    }

    /// A member says that an event has this place in the order.
    pub(crate) fn ordered(&mut self, at: Millis, node: usize, number: u64, ordered: &Ordered, first: i64) {
        let place = (ordered.event.hash(), ordered.round_received, first);
        match self.order.get(number as usize) {
            Some(known) if *known == place => {}
            Some(known) => {
                let what = format!("event {number} of the order is {place:?}, to others it is {known:?}");
                self.report(Invariant::Agreement, node, at, what);
            }
            None if number as usize == self.order.len() => self.order.push(place),
            None => {
                let what =
                    format!("it has event {number} of the order, nobody else the {}th", self.order.len());
                self.report(Invariant::Agreement, node, at, what);
            }
        }
    }

    /// A member starts again, or goes on from a state: what it handles may be what it handled before.
    pub(crate) fn begins_again(&mut self, node: usize) {
        self.last[node] = 0;
    }

    /// A member handled a transaction. Tells whether it is the first.
    pub(crate) fn handled(&mut self, at: Millis, node: usize, handled: &Arc<Handled>) -> bool {
        let time = handled.consensus;
        if time <= self.last[node] {
            let what =
                format!("a transaction is handled at {time}, the one before it at {}", self.last[node]);
            self.report(Invariant::Order, node, at, what);
        }
        self.last[node] = time;
        let known = self.results.entry(time).or_insert_with(|| handled.clone());
        let is_first = Arc::ptr_eq(known, handled);
        if known != handled {
            let what =
                format!("the record of {time} is {:?}, to others it is {:?}", handled.record, known.record);
            self.report(Invariant::Agreement, node, at, what);
        }
        if handled.processed {
            let first = *self.processed.entry(handled.id).or_insert(time);
            if first != time {
                let what = format!("{:?} is handled at {time}, after it was at {first}", handled.id);
                self.report(Invariant::DoubleSpend, node, at, what);
            }
        }
        is_first
    }

    /// A member wrote a file: all write the same.
    pub(crate) fn wrote(&mut self, at: Millis, node: usize, file: &StreamFile) {
        let known = *self.files.entry(file.name.clone()).or_insert(file.hash);
        if known != file.hash {
            let what = format!("its file {} has the hash {}, that of others {known}", file.name, file.hash);
            self.report(Invariant::Agreement, node, at, what);
        }
    }

    /// The names of the files that begin before a time, in nanoseconds since 1970.
    pub(crate) fn files_before(&self, time: i64) -> impl Iterator<Item = &String> {
        let is_before = move |name: &&String| name::time(name).is_some_and(|start| start < time);
        self.files.keys().filter(is_before)
    }

    /// What was agreed on for the transactions of these times.
    pub(crate) fn results(&self, times: impl RangeBounds<i64>) -> impl Iterator<Item = &Arc<Handled>> {
        self.results.range(times).map(|(_, handled)| handled)
    }

    /// Looks at a member's accounts.
    pub(crate) fn accounts(&mut self, at: Millis, node: usize, ledger: &Ledger) {
        let total = ledger.accounts().total();
        if total != i128::from(SUPPLY) {
            self.report(Invariant::Supply, node, at, format!("there are {total} tinybars, not {SUPPLY}"));
        }
        if let Some((id, account)) = ledger.accounts().iter().find(|(_, account)| account.balance < 0) {
            self.report(Invariant::Overspent, node, at, format!("{id} has {} tinybars", account.balance));
        }
    }

    /// A second has passed.
    pub(crate) fn second(&mut self, at: Millis) {
        self.growth.push((at, self.order.len()));
    }

    /// How long the order was at some time.
    pub(crate) fn length_at(&self, at: Millis) -> usize {
        let place = self.growth.partition_point(|(time, _)| *time <= at);
        place.checked_sub(1).map_or(0, |place| self.growth[place].1)
    }
}
