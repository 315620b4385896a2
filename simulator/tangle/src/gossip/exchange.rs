//! What a node does with what its neighbours tell and ask.

use std::sync::{Arc, LazyLock};

use rand_chacha::rand_core::Rng;
use tanglegram_ternary::{Hash, Transaction, TransactionBuilder};

use super::{Message, PeerId};
use crate::node::{Millis, Node, Output};
use crate::planted::Bug;
use crate::store::TxId;
use crate::validity::{self, Refusal};

/// The transaction of nothing but nines, which every node has and none stores: it carries the requests of a node that has no
/// other.
fn nines() -> Arc<Transaction> {
    static NINES: LazyLock<Arc<Transaction>> = LazyLock::new(|| Arc::new(TransactionBuilder::new().build()));
    NINES.clone()
}

/// One in so many random answers is the latest milestone instead of a tip (IRI's `p-send-milestone`, 2 %).
const MILESTONE_ONE_IN: u64 = 50;

impl Node {
    /// Takes a neighbour's message in.
    pub(crate) fn receive(&mut self, now: Millis, peer: PeerId, message: Message, out: &mut Vec<Output>) {
        match message {
            Message::Handshake(handshake) => {
                self.network.greeted(&self.config, now, peer, &handshake, out);
                let is_behind = self.ledger.index < self.milestones.latest.0;
                if self.network.is_ready(peer) && (is_behind || self.requests.knows_of_more()) {
                    self.network.schedule_solidify(now);
                }
            }
            // The first message must be a handshake.
            _ if !self.network.is_ready(peer) => self.network.close(peer, out),
            Message::Transaction { transaction, requested } => {
                self.network.count(peer, |metrics| metrics.all += 1);
                self.receive_transaction(now, peer, transaction, requested, out);
            }
            Message::Garbled => self.network.count(peer, |metrics| {
                metrics.all += 1;
                metrics.invalid += 1;
            }),
            Message::Heartbeat { .. } => {}
        }
    }

    fn receive_transaction(
        &mut self,
        now: Millis,
        peer: PeerId,
        transaction: Arc<Transaction>,
        requested: Hash,
        out: &mut Vec<Output>,
    ) {
        let hash = transaction.hash();
        // The transaction of nothing but nines carries a request and is never stored: nothing is new about it.
        if !hash.is_null() && self.tangle.stored(&hash).is_none() {
            if let Err(refusal) = self.check(now, &transaction) {
                return self.network.count(peer, |metrics| match refusal {
                    Refusal::Timestamp => metrics.stale += 1,
                    _ => metrics.invalid += 1,
                });
            }
            self.network.count(peer, |metrics| metrics.new += 1);
            self.store_and_ask_on(now, transaction.clone());
            if !self.config.planted.has(Bug::NoRelay) {
                self.broadcast(&transaction, Some(peer), out);
            }
        }
        self.answer(now, peer, (requested != hash && !requested.is_null()).then_some(requested), out);
    }

    /// The checks of [`validity::check`]; the date of a transaction that was asked for does not matter.
    pub(crate) fn check(&self, now: Millis, transaction: &Transaction) -> Result<(), Refusal> {
        match validity::check(&self.config, &self.tangle, now, transaction) {
            Err(Refusal::Timestamp) if self.network.recently_requested.contains(&transaction.hash()) => {
                validity::check_undated(&self.config, transaction)
            }
            checked => checked,
        }
    }

    /// Stores a transaction; if it was asked for, asks for what it stands on.
    pub(crate) fn store_and_ask_on(&mut self, now: Millis, transaction: Arc<Transaction>) {
        let (hash, parents) = (transaction.hash(), [transaction.trunk(), transaction.branch()]);
        self.store(now, transaction);
        if self.network.recently_requested.remove(&hash) {
            for parent in parents {
                if let Some(id) = self.tangle.id(&parent)
                    && !self.tangle.is_stored(id)
                    && !self.tangle.is_entry_point(id)
                {
                    self.requests.add(parent);
                }
            }
        }
    }

    /// Tells a transaction to every neighbour but the one it came from.
    pub(crate) fn broadcast(
        &mut self,
        transaction: &Arc<Transaction>,
        origin: Option<PeerId>,
        out: &mut Vec<Output>,
    ) {
        let peers: Vec<PeerId> = self.network.ready().filter(|&peer| Some(peer) != origin).collect();
        for peer in peers {
            self.tell(peer, transaction.clone(), out);
        }
    }

    /// Sends a transaction together with the next request, if there is one.
    fn tell(&mut self, peer: PeerId, transaction: Arc<Transaction>, out: &mut Vec<Output>) {
        let silent = self.config.planted.has(Bug::NeverAsks);
        let next = (!silent).then(|| self.network.next_to_ask(peer, &self.requests)).flatten();
        let requested = next.inspect(|hash| {
            self.network.recently_requested.insert(*hash);
        });
        let requested = requested.unwrap_or_else(|| transaction.hash());
        self.send(peer, transaction, requested, out);
    }

    fn send(&mut self, peer: PeerId, transaction: Arc<Transaction>, requested: Hash, out: &mut Vec<Output>) {
        self.network.count(peer, |metrics| metrics.sent += 1);
        out.push(Output::Send { peer, message: Message::Transaction { transaction, requested } });
    }

    /// Answers a request. Whoever asks for nothing gets something only while this node itself is behind: that keeps the
    /// talk, and with it the node's own requests, going. Two nodes that are both behind would talk at the speed of the line
    /// for ever, so that without a request to carry there is one such answer a round.
    fn answer(&mut self, now: Millis, peer: PeerId, requested: Option<Hash>, out: &mut Vec<Output>) {
        let answer = match requested {
            Some(_) if self.config.planted.has(Bug::DeafToRequests) => return,
            Some(_) if self.config.planted.has(Bug::WrongAnswer) => {
                self.tangle.stored(&self.milestones.latest.1)
            }
            Some(hash) => {
                self.network.fell_behind(now, peer);
                self.tangle.stored(&hash)
            }
            None if self.ledger.index >= self.milestones.latest.0 - 1 => {
                return self.network.owe(now, peer);
            }
            None if !self.network.can_ask(peer, &self.requests) && !self.network.entertain(peer) => {
                return;
            }
            None => {
                self.network.count(peer, |metrics| metrics.random_requests += 1);
                self.random_tip()
            }
        };
        let fallback = || {
            let tells_milestone = requested.is_none() || self.config.dialect.answers_unknown_requests;
            tells_milestone.then(|| self.tangle.stored(&self.milestones.latest.1)).flatten()
        };
        if let Some(transaction) = answer.or_else(fallback).and_then(|id| self.tangle.shared(id)) {
            self.tell(peer, transaction, out);
        }
    }

    fn random_tip(&mut self) -> Option<TxId> {
        if self.gossip_rng.next_u64().is_multiple_of(MILESTONE_ONE_IN) {
            return self.tangle.stored(&self.milestones.latest.1);
        }
        let draw = self.gossip_rng.next_u64();
        self.tips.random(draw)
    }

    /// Does what is due: asks for tips, looks for what the milestones lack.
    pub(crate) fn tick(&mut self, now: Millis, out: &mut Vec<Output>) {
        let due = self.network.tick(&self.config, now, out);
        if due.tips_request || due.solidify {
            self.network.new_round();
        }
        if due.tips_request {
            self.request_tips(out);
        }
        if due.pay {
            self.pay(out);
        }
        if due.solidify {
            self.requests.complete(&self.tangle, &self.milestones);
            self.refresh_requests();
            self.ask_the_silent(out);
            if self.requests.len() > 0 {
                self.network.schedule_solidify(now);
            }
        }
    }

    /// Asks the neighbours to which there was nothing else to say: requests travel with transactions, and where nobody sends
    /// any they would wait for ever.
    fn ask_the_silent(&mut self, out: &mut Vec<Output>) {
        if self.requests.len() == 0 || self.config.planted.has(Bug::NeverAsks) {
            return;
        }
        for (peer, hash) in self.network.deal(&self.requests) {
            let carrier = self.random_tip().and_then(|id| self.tangle.shared(id));
            self.network.recently_requested.insert(hash);
            self.send(peer, carrier.unwrap_or_else(nines), hash, out);
        }
    }

    /// Gives neighbours that are behind the word, so that they can ask on.
    fn pay(&mut self, out: &mut Vec<Output>) {
        let latest = self.tangle.stored(&self.milestones.latest.1).and_then(|id| self.tangle.shared(id));
        let Some(milestone) = latest else { return };
        for (peer, owed) in self.network.settle() {
            (0..owed).for_each(|_| self.tell(peer, milestone.clone(), out));
        }
    }

    /// Sends the latest milestone to every neighbour, asking for nothing: whoever is behind will answer.
    fn request_tips(&mut self, out: &mut Vec<Output>) {
        let latest = self.tangle.stored(&self.milestones.latest.1).and_then(|id| self.tangle.shared(id));
        let Some(milestone) = latest else { return };
        let peers: Vec<PeerId> = self.network.ready().collect();
        for peer in peers {
            self.send(peer, milestone.clone(), milestone.hash(), out);
        }
    }

    /// Queues what the milestones lack.
    pub(crate) fn refresh_requests(&mut self) {
        if self.config.planted.has(Bug::QueueDropped) && self.requests.len() == 0 {
            return;
        }
        self.requests.solidify(&self.tangle, &self.milestones, self.ledger.index);
    }
}
