//! Gossip: with whom to sync, what to send, when to create an event (SWIRLDS-TR-2016-01, §3 and §4, Figure 4).

use std::sync::Arc;

use super::{Node, Output, OwnTip};
use crate::Application;
use crate::consensus::{Event, Inserted, MAX_TRANSACTIONS, Rejected, Transaction};
use crate::gossip::{Known, MAX_EVENTS, Message};

impl<A: Application> Node<A> {
    /// Begins a sync with a member chosen at random.
    pub(super) fn tick(&mut self, now: i64, out: &mut Vec<Output>) {
        if now < self.next_sync {
            return;
        }
        let members = self.graph.roster().count() as u64;
        // Not all at the same time: between half and one and a half times what is set.
        let every = self.settings.sync_every.max(2);
        self.next_sync = now + every / 2 + (self.random(every as u64) as i64);
        if members > 1 {
            let step = 1 + self.random(members - 1);
            let to = ((u64::from(self.me) + step) % members) as u16;
            out.push(Output::Send { to, message: Message::Sync(self.known()) });
        } else {
            self.create(now, None, out);
            self.deliver(out);
        }
    }

    /// The next number of a SplitMix64 stream, below `bound`.
    fn random(&mut self, bound: u64) -> u64 {
        self.draw = self.draw.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.draw ^ (self.draw >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(mixed ^ (mixed >> 31)) * u128::from(bound)) >> 64) as u64
    }

    fn known(&self) -> Known {
        let forming = self.forming.as_ref();
        Known {
            tips: self.graph.tips(),
            ancient: self.graph.ancient_generation(),
            round: self.graph.decided_round(),
            state_round: forming.map_or(0, |signed| signed.state.window.round),
            signatures: forming.map_or(Vec::new(), |signed| signed.signatures.clone()),
        }
    }

    pub(super) fn message(&mut self, now: i64, from: u16, message: Message, out: &mut Vec<Output>) {
        if from == self.me || usize::from(from) >= self.graph.roster().count() {
            return;
        }
        match message {
            Message::Sync(known) => {
                self.hear_signatures(&known, out);
                if let Some(events) = self.lacking(from, &known, out) {
                    out.push(Output::Send { to: from, message: Message::Reply(self.known(), events) });
                }
            }
            Message::Reply(known, events) => {
                self.hear_signatures(&known, out);
                self.learn(now, from, events, out);
                if let Some(events) = self.lacking(from, &known, out).filter(|events| !events.is_empty()) {
                    out.push(Output::Send { to: from, message: Message::Events(events) });
                }
            }
            Message::Events(events) => self.learn(now, from, events, out),
            Message::State(state) => self.catch_up(state, out),
        }
    }

    /// What another member lacks. One that is too far behind is sent a state, and nothing else.
    fn lacking(&self, to: u16, known: &Known, out: &mut Vec<Output>) -> Option<Vec<Arc<Event>>> {
        let missing = self.graph.missing(&known.tips, known.ancient, MAX_EVENTS);
        let state = self.complete.as_ref().filter(|signed| signed.state.window.round > known.round);
        match state.filter(|_| missing.has_gap) {
            Some(state) => {
                out.push(Output::Send { to, message: Message::State(state.clone()) });
                None
            }
            None => Some(missing.events),
        }
    }

    /// Takes another member's events in, and creates one of its own that says so (Figure 4).
    fn learn(&mut self, now: i64, from: u16, events: Vec<Arc<Event>>, out: &mut Vec<Output>) {
        for event in events.into_iter().take(MAX_EVENTS) {
            self.insert(event, out);
        }
        self.insert_waiting(out);
        self.create(now, Some(from), out);
        self.deliver(out);
        self.revive();
    }

    /// Takes an event into the graph. One whose parents are not known waits for them.
    pub(super) fn insert(&mut self, event: Arc<Event>, out: &mut Vec<Output>) {
        match self.graph.insert(event.clone()) {
            Ok(Inserted::New) => {
                let is_own = event.creator() == self.me;
                out.push(Output::Keep { event, is_own });
            }
            Err(Rejected::MissingParent { .. }) => {
                let is_known = self.waiting.iter().any(|waiting| waiting.hash() == event.hash());
                if !is_known && self.waiting.len() < self.settings.max_waiting {
                    self.waiting.push_back(event);
                }
            }
            _ => {}
        }
    }

    /// Tries again what waits, as long as that helps.
    pub(super) fn insert_waiting(&mut self, out: &mut Vec<Output>) {
        while !self.waiting.is_empty() {
            let before = self.waiting.len();
            for event in std::mem::take(&mut self.waiting) {
                self.insert(event, out);
            }
            if self.waiting.len() == before {
                return;
            }
        }
    }

    /// Creates an event: after its own last one, and after the last one of a member it has just heard from.
    pub(super) fn create(&mut self, now: i64, from: Option<u16>, out: &mut Vec<Output>) {
        let own = self.tip.map(|tip| tip.parent);
        // After a restart its own last event may not be back yet: to create another now would be a fork.
        let is_back = |parent| self.graph.is_known(parent);
        if own.as_ref().is_some_and(|own| !is_back(own)) {
            return;
        }
        let other = from.and_then(|from| self.graph.last_of(from));
        if own.is_some() && other.is_none() && self.graph.roster().count() > 1 {
            return;
        }
        let time = now.max(self.tip.map_or(i64::MIN, |tip| tip.timestamp.saturating_add(1)));
        let transactions = self.take_pending();
        let event = Arc::new(Event::create(&self.key, self.me, own, other, time, transactions));
        self.tip = Some(OwnTip { parent: event.as_parent(), timestamp: time });
        if !event.transactions().is_empty() {
            self.open.push_back(event.clone());
        }
        if self.graph.insert_verified(event.clone()).is_ok() {
            out.push(Output::Keep { event, is_own: true });
        }
    }

    fn take_pending(&mut self) -> Vec<Transaction> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let most = self.settings.max_event_bytes;
        while taken.len() < MAX_TRANSACTIONS
            && self.pending.front().is_some_and(|next| bytes + next.len() <= most)
            && let Some(next) = self.pending.pop_front()
        {
            bytes += next.len();
            taken.push(next);
        }
        taken
    }
}
