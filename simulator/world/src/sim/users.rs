//! The users of a scenario, for substrates other than the event queue: the same bundles at the same times from the same seed.

use std::collections::BTreeMap;

use tanglegram_tangle::{Millis, Node};
use tanglegram_ternary::{Hash, Transaction, TransactionBuilder};

use super::scenario::Scenario;
use super::workload::{self, Draw, Workload};

/// The nodes that users look at before they send.
pub trait Nodes {
    /// Shows a node and the time on its clock, in milliseconds since 1970; `false`, and nothing is shown, while it is down.
    fn look(&mut self, number: usize, see: &mut dyn FnMut(&mut Node, Millis)) -> bool;
}

/// A bundle on its way to a node.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Number of the node that is to have it.
    pub node: usize,
    /// When its proof of work is done, in milliseconds from the start.
    pub at: Millis,
    /// Its transactions, the last first, as the node is to store them.
    pub transactions: Vec<Transaction>,
}

enum Wake {
    Send,
    Spam(usize),
}

/// Everybody who sends bundles in a scenario.
pub struct Users {
    workload: Workload,
    mwm: u8,
    hash_rate: f64,
    waiting: BTreeMap<(Millis, u64), Wake>,
    scheduled: u64,
}

impl Users {
    /// The users of a scenario that was [checked](Scenario::check), at its start.
    pub fn new(scenario: &Scenario, seed: u64) -> Users {
        let mut users = Users {
            workload: Workload::new(scenario, seed),
            mwm: scenario.mwm,
            hash_rate: scenario.hash_rate,
            waiting: BTreeMap::new(),
            scheduled: 0,
        };
        users.schedule_send(0);
        for spammer in 0..users.workload.spammers() {
            let (_, delay) = users.workload.spam_in(spammer);
            users.schedule(delay, Wake::Spam(spammer));
        }
        users
    }

    /// Lets everybody act who is due by now, in milliseconds from the start; what they send is to be brought to the nodes.
    pub fn act(&mut self, now: Millis, nodes: &mut impl Nodes) -> Vec<Errand> {
        let mut errands = Vec::new();
        while let Some(next) = self.waiting.first_entry().filter(|next| next.key().0 <= now) {
            let ((at, _), wake) = next.remove_entry();
            match wake {
                Wake::Send => self.send(at, nodes, &mut errands),
                Wake::Spam(spammer) => errands.extend(self.spam(at, spammer, nodes)),
            }
        }
        errands
    }

    fn schedule(&mut self, at: Millis, wake: Wake) {
        self.scheduled += 1;
        self.waiting.insert((at, self.scheduled), wake);
    }

    fn schedule_send(&mut self, now: Millis) {
        if let Some(delay) = self.workload.next_in() {
            self.schedule(now + delay, Wake::Send);
        }
    }

    fn send(&mut self, at: Millis, nodes: &mut impl Nodes, errands: &mut Vec<Errand>) {
        self.schedule_send(at);
        let Some(draw) = self.workload.draw() else { return };
        let Some((members, parents, clock, conflict)) = self.wish(&draw, nodes) else { return };
        errands.extend(self.errand(at, draw.node, members, parents, clock));
        let Some(members) = conflict else { return };
        let mut chosen = None;
        nodes.look(draw.other, &mut |node, clock| {
            chosen = self.workload.parents(node, &draw).map(|parents| (parents, clock));
        });
        if let Some((parents, clock)) = chosen {
            errands.extend(self.errand(at, draw.other, members, parents, clock));
        }
    }

    #[allow(clippy::type_complexity, reason = "unpacked at the only call")]
    fn wish(
        &mut self,
        draw: &Draw,
        nodes: &mut impl Nodes,
    ) -> Option<(Vec<TransactionBuilder>, (Hash, Hash), Millis, Option<Vec<TransactionBuilder>>)> {
        let mut wished = None;
        nodes.look(draw.node, &mut |node, clock| {
            // Tips first: whoever finds none signs nothing, since what is signed counts as spent.
            let Some(parents) = self.workload.parents(node, draw) else { return };
            let wish = self.workload.wish(node, clock, draw);
            wished = wish.map(|wish| (wish.members, parents, clock, wish.conflict));
        });
        wished
    }

    fn spam(&mut self, at: Millis, spammer: usize, nodes: &mut impl Nodes) -> Option<Errand> {
        let (number, delay) = self.workload.spam_in(spammer);
        self.schedule(at + delay, Wake::Spam(spammer));
        let mut seen = None;
        nodes.look(number, &mut |node, clock| seen = Some((node.solid_milestone(), clock)));
        let (solid, clock) = seen?;
        let last = self.workload.last_spam(spammer).unwrap_or(solid);
        let errand = self.errand(at, number, workload::text(1, "SPAM", clock)?, (last, last), clock)?;
        self.workload.spammed(spammer, errand.transactions[0].hash());
        Some(errand)
    }

    fn errand(
        &self,
        now: Millis,
        node: usize,
        members: Vec<TransactionBuilder>,
        (trunk, branch): (Hash, Hash),
        clock: Millis,
    ) -> Option<Errand> {
        let transactions = workload::attach(members, (&trunk, &branch), self.mwm, clock)?;
        let at = now + workload::mining_time(self.hash_rate, self.mwm, transactions.len());
        Some(Errand { node, at, transactions })
    }
}
