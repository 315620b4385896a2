//! What users and the coordinator send.

use std::sync::Arc;

use tanglegram_tangle::Input;
use tanglegram_ternary::{Hash, Transaction, TransactionBuilder};

use super::coordinator::Tips;
use super::engine::{EPOCH, Event, Simulation};
use super::history::Step;
use super::workload::{self, Draw};

impl Simulation {
    /// The coordinator is due.
    pub(crate) fn milestone(&mut self) {
        self.schedule(self.now + self.scenario.coordinator.every, Event::Milestone);
        let number = self.scenario.coordinator.node;
        let clock = EPOCH + self.hosts[number].clock(self.now);
        let Some(node) = self.hosts[number].up().filter(|_| !self.coordinator.stopped) else { return };
        if node.latest_milestone_index() < self.coordinator.last as i32
            && !self.coordinator.pending.is_empty()
        {
            // Its node lost the last one, or was away when it was done. The next would leave a gap that nobody gets over.
            let transactions = self.coordinator.pending.clone();
            return self.schedule(self.now, Event::Made { host: number, transactions });
        }
        let tips = Tips::of(node, self.scenario.coordinator.checkpoints);
        let count = if self.coordinator.equivocates { 2 } else { 1 };
        let had_keys = self.coordinator.out_of_keys.is_none();
        let issued = self.coordinator.issue(self.now, clock, self.scenario.mwm, (count, &tips));
        if had_keys && self.coordinator.out_of_keys.is_some() {
            let next = u64::from(self.coordinator.last) + 1;
            drop(self.line(number, "out-of-keys").number("milestone", next));
        }
        let mut issued = issued.unwrap_or_default();
        if issued.len() == 1 {
            let milestone = issued.remove(0);
            self.coordinator.pending = milestone.iter().cloned().map(Arc::new).collect();
            self.made_later(number, milestone);
            return;
        }
        self.coordinator.pending.clear();
        for (half, milestone) in issued.into_iter().enumerate() {
            let milestone: Vec<Arc<Transaction>> = milestone.into_iter().map(Arc::new).collect();
            milestone.iter().for_each(|transaction| self.tell_made(number, transaction));
            self.tell(number, &milestone, |position| position % 2 == half);
        }
    }

    pub(crate) fn schedule_send(&mut self) {
        if let Some(delay) = self.workload.next_in() {
            self.schedule(self.now + delay, Event::Send);
        }
    }

    /// Somebody sends a bundle: a message, or a payment; perhaps the same funds are spent once more at another node.
    pub(crate) fn send(&mut self) {
        self.schedule_send();
        let Some(draw) = self.workload.draw() else { return };
        let Some(conflict) = self.send_wish(&draw) else { return };
        self.send_from(draw.other, conflict, &draw);
    }

    fn send_wish(&mut self, draw: &Draw) -> Option<Vec<TransactionBuilder>> {
        let clock = EPOCH + self.hosts[draw.node].clock(self.now);
        let node = self.hosts[draw.node].up()?;
        // Tips first: whoever finds none signs nothing, since what is signed counts as spent.
        let parents = self.workload.parents(node, draw)?;
        let wish = self.workload.wish(node, clock, draw)?;
        self.attach_later(draw.node, wish.members, parents);
        wish.conflict
    }

    /// Sends a bundle from a host, if it runs and finds tips.
    fn send_from(&mut self, number: usize, members: Vec<TransactionBuilder>, draw: &Draw) {
        let Some(node) = self.hosts[number].up() else { return };
        if let Some(parents) = self.workload.parents(node, draw) {
            self.attach_later(number, members, parents);
        }
    }

    /// One more transaction of a spammer, on top of its last one.
    pub(crate) fn spam(&mut self, spammer: usize) {
        let (number, delay) = self.workload.spam_in(spammer);
        self.schedule(self.now + delay, Event::Spam { spammer });
        let clock = EPOCH + self.hosts[number].clock(self.now);
        let Some(node) = self.hosts[number].up() else { return };
        let solid = node.solid_milestone();
        let last = self.workload.last_spam(spammer).unwrap_or(solid);
        let Some(members) = workload::text(1, "SPAM", clock) else { return };
        if let Some(transactions) = self.attach(number, members, (last, last)) {
            self.workload.spammed(spammer, transactions[0].hash());
            self.made_later(number, transactions);
        }
    }

    /// Does the proof of work of a bundle with a host's clock.
    pub(crate) fn attach(
        &self,
        number: usize,
        members: Vec<TransactionBuilder>,
        (trunk, branch): (Hash, Hash),
    ) -> Option<Vec<Transaction>> {
        let clock = EPOCH + self.hosts[number].clock(self.now);
        workload::attach(members, (&trunk, &branch), self.scenario.mwm, clock)
    }

    pub(crate) fn attach_later(
        &mut self,
        number: usize,
        members: Vec<TransactionBuilder>,
        parents: (Hash, Hash),
    ) {
        if let Some(transactions) = self.attach(number, members, parents) {
            self.made_later(number, transactions);
        }
    }

    /// Gives transactions to a host once a miner of the scenario's speed would have them.
    pub(crate) fn made_later(&mut self, host: usize, transactions: Vec<Transaction>) {
        let due = self.now + self.mining_time(self.scenario.mwm, transactions.len());
        let transactions = transactions.into_iter().map(Arc::new).collect();
        self.schedule(due, Event::Made { host, transactions });
    }

    /// A host has new transactions of its own.
    pub(crate) fn made(&mut self, host: usize, transactions: Vec<Arc<Transaction>>) {
        self.made += transactions.len() as u64;
        for transaction in &transactions {
            self.tell_made(host, transaction);
        }
        self.input(host, Input::Store { transactions });
    }

    pub(crate) fn tell_made(&mut self, host: usize, transaction: &Transaction) {
        let hash = transaction.hash();
        let (tx, _) = self.number_of(&hash);
        drop(self.line(host, "made").number("tx", tx).hash("hash", &hash));
        self.note(host, hash, Step::Made);
    }
}
