//! How a member, or the mirror node, came to know and handle a transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use tanglegram_hashgraph::Timestamp;
use tanglegram_hashgraph::consensus::Event;
use tanglegram_hashgraph::files::name::{self, Kind};
use tanglegram_hashgraph::services::{Handled, ResponseCode, TransactionId};
use tanglegram_tangle::Millis;

use super::network::Network;

/// One moment in a transaction's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Virtual milliseconds from the start.
    pub at: Millis,
    /// Number of the last trace line written by then.
    pub event: u64,
    /// What happened.
    pub step: Step,
}

/// What happened to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A client gave it to the member, whose precheck said this.
    Submitted(ResponseCode),
    /// The member heard of it by an event, for the first time.
    Heard {
        /// Who told it of the event.
        from: String,
        /// Who created the event.
        creator: String,
    },
    /// It was handled.
    Handled {
        /// Its consensus time, in nanoseconds since 1970.
        consensus: i64,
        /// What came of it.
        result: ResponseCode,
    },
    /// The member finished the record file that it is in.
    Written(String),
    /// The mirror node took in the record file that it is in.
    Imported(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Submitted(code) => write!(f, "submitted by a client: {code:?}"),
            Step::Heard { from, creator } if from == creator => write!(f, "heard from {from}"),
            Step::Heard { from, creator } => write!(f, "heard from {from}, in an event of {creator}"),
            Step::Handled { consensus, result } => {
                write!(f, "handled at consensus time {}: {result:?}", Timestamp(*consensus))
            }
            Step::Written(file) => write!(f, "written to {file}"),
            Step::Imported(file) => write!(f, "shown: the mirror node took in {file}"),
        }
    }
}

/// The moments of all transactions, by who and which.
#[derive(Debug, Default)]
pub(crate) struct History {
    moments: BTreeMap<(usize, TransactionId), Vec<Moment>>,
    /// What was handled at each consensus time.
    records: BTreeMap<i64, TransactionId>,
}

impl History {
    /// Whether somebody handled a transaction within these consensus times.
    fn has_handled(&self, who: usize, id: TransactionId, times: &Range<i64>) -> bool {
        let handled = |moment: &Moment| matches!(&moment.step, Step::Handled { consensus, .. } if times.contains(consensus));
        self.moments.get(&(who, id)).is_some_and(|moments| moments.iter().any(handled))
    }
}

impl Network {
    /// From now on it is kept what becomes of every transaction, for [`Network::explain`].
    pub fn keep_history(&mut self) {
        self.history.get_or_insert_default();
    }

    /// What became of a transaction at a member, or, with the number after the last member's, at the mirror node.
    pub fn explain(&self, who: usize, id: &TransactionId) -> Vec<Moment> {
        let history = self.history.as_ref();
        history.and_then(|history| history.moments.get(&(who, *id)).cloned()).unwrap_or_default()
    }

    /// Whether anybody ever heard of a transaction.
    pub fn knows(&self, id: &TransactionId) -> bool {
        let history = self.history.as_ref();
        history.is_some_and(|history| history.moments.keys().any(|(_, known)| known == id))
    }

    pub(crate) fn note(&mut self, who: usize, id: TransactionId, step: Step) {
        let (at, event) = (self.now, self.trace.lines());
        if let Some(history) = &mut self.history {
            history.moments.entry((who, id)).or_default().push(Moment { at, event, step });
        }
    }

    /// Events reach a member.
    pub(crate) fn note_events(&mut self, who: usize, from: usize, events: &[Arc<Event>]) {
        if self.history.is_none() {
            return;
        }
        for event in events {
            for id in event.transactions().iter().filter_map(|bytes| TransactionId::of(bytes)) {
                if self.explain(who, &id).is_empty() {
                    let name = |number: usize| self.plan.base.nodes.get(number).cloned().unwrap_or_default();
                    let step = Step::Heard { from: name(from), creator: name(event.creator().into()) };
                    self.note(who, id, step);
                }
            }
        }
    }

    pub(crate) fn note_handled(&mut self, who: usize, handled: &Handled) {
        self.note(who, handled.id, Step::Handled { consensus: handled.consensus, result: handled.result });
        if let Some(history) = &mut self.history {
            history.records.insert(handled.consensus, handled.id);
        }
    }

    /// A member finished a file, or the mirror node took it in. Only record files hold transactions: those of a member the ones
    /// that it handled, those that the mirror node takes in the ones that any did.
    pub(crate) fn note_file(&mut self, who: usize, file: &str, step: fn(String) -> Step) {
        let holds_records = name::classify(file).is_some_and(|(kind, ..)| kind == Kind::Records);
        let from = name::time(file).filter(|_| holds_records);
        let (Some(history), Some(from)) = (&self.history, from) else { return };
        let times = from..self.plan.timetable.end_of_records(from);
        let is_in = |id: &TransactionId| who == self.hosts.len() || history.has_handled(who, *id, &times);
        let ids = history.records.range(times.clone()).map(|(_, id)| *id).filter(is_in);
        for id in ids.collect::<BTreeSet<_>>() {
            self.note(who, id, step(file.to_owned()));
        }
    }
}
