//! What misbehaving nodes do.
//!
//! A misbehaving host runs an ordinary node, so that it follows the network, and does its misdeeds beside it: it sends what
//! that node does not know of, and holds back what that node wants to send.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::IndexMap;
use tanglegram_tangle::Input;
use tanglegram_tangle::gossip::{Message, PeerId};
use tanglegram_ternary::transaction::field::TRANSACTION_TRITS;
use tanglegram_ternary::{Hash, Transaction, TransactionBuilder};

use super::behaviour::Behaviour;
use super::engine::{EPOCH, Event, Simulation};
use super::links::Defect;
use super::streams::Stream;
use super::workload;

/// How many of its own deeds ago a lazy node chose the tips it approves.
const LAZY_BY: usize = 16;
/// `depth` of tip selection.
const DEPTH: i32 = 3;
/// The most transactions that are held back; the oldest are let go.
const MAX_WITHHELD: usize = 10_000;

/// What a misbehaving host remembers.
pub(crate) struct Mischief {
    pub(crate) behaviour: Behaviour,
    /// Counts the changes of behaviour, so that what an earlier one scheduled does not happen.
    turn: u32,
    stream: Stream,
    /// Parents it selected, the oldest first.
    parents: VecDeque<(Hash, Hash)>,
    /// What it holds back, by hash.
    withheld: IndexMap<Hash, Arc<Transaction>>,
    /// Its hidden chain.
    chain: Vec<Arc<Transaction>>,
}

impl Mischief {
    pub(crate) fn new(seed: u64, name: &str) -> Mischief {
        Mischief {
            behaviour: Behaviour::Honest,
            turn: 0,
            stream: Stream::new(seed, &format!("mischief {name}")),
            parents: VecDeque::new(),
            withheld: IndexMap::new(),
            chain: Vec::new(),
        }
    }

    pub(crate) fn is_honest(&self) -> bool {
        self.behaviour == Behaviour::Honest
    }

    fn withhold(&mut self, transaction: &Arc<Transaction>) {
        if self.withheld.len() == MAX_WITHHELD {
            self.withheld.shift_remove_index(0);
        }
        self.withheld.insert(transaction.hash(), transaction.clone());
    }
}

impl Simulation {
    /// A host behaves differently from now on. What it held back so far it tells.
    pub(crate) fn behave(&mut self, number: usize, behaviour: Behaviour) {
        let mischief = &mut self.hosts[number].mischief;
        mischief.turn += 1;
        let turn = mischief.turn;
        if let Some(every) = behaviour.every() {
            self.queue.push(self.now + every, Event::Misdeed { host: number, turn });
        }
        mischief.behaviour = behaviour;
        let chain = std::mem::take(&mut mischief.chain);
        let withheld = std::mem::take(&mut mischief.withheld);
        let held: Vec<Arc<Transaction>> = chain.into_iter().chain(withheld.into_values()).collect();
        self.tell(number, &held, |_| true);
    }

    /// A misbehaving host's next misdeed is due.
    pub(crate) fn misdeed(&mut self, number: usize, turn: u32) {
        let mischief = &self.hosts[number].mischief;
        let Some(every) = mischief.behaviour.every().filter(|_| mischief.turn == turn) else { return };
        self.schedule(self.now + every, Event::Misdeed { host: number, turn });
        if !self.is_up(number) {
            return;
        }
        let behaviour = self.hosts[number].mischief.behaviour.clone();
        drop(self.line(number, "misdeed").word("behaviour", behaviour.name()));
        match behaviour {
            Behaviour::Honest | Behaviour::WithholdMilestones => {}
            Behaviour::DoubleSpender { .. } => drop(self.spend_twice(number)),
            Behaviour::LazyTips { .. } => drop(self.approve_old_tips(number)),
            Behaviour::ParasiteChain { length, .. } => drop(self.extend_chain(number, length)),
            Behaviour::WithholdReferences { .. } => drop(self.stand_on_nothing(number)),
            Behaviour::Garbage { .. } => self.send_garbage(number),
            Behaviour::Oversize { .. } => self.shout(number, &Message::Garbled, Defect::Oversize),
            Behaviour::FalseHeartbeats { .. } => {
                let last_solid = self.hosts[number].mischief.stream.below(1 << 31) as i32;
                self.shout(number, &Message::Heartbeat { first_solid: 0, last_solid }, Defect::None);
            }
        }
    }

    /// Whether a host keeps a message to itself; it then remembers the transaction.
    pub(crate) fn withholds(&mut self, number: usize, message: &Message) -> bool {
        let mischief = &mut self.hosts[number].mischief;
        match (&mischief.behaviour, message) {
            (Behaviour::WithholdMilestones, Message::Transaction { transaction, .. })
                if transaction.address() == self.coordinator.tree.root() =>
            {
                mischief.withhold(transaction);
                true
            }
            _ => false,
        }
    }

    /// Sends transactions to those neighbours whose position a condition accepts, past the host's own node.
    pub(crate) fn tell(
        &mut self,
        number: usize,
        transactions: &[Arc<Transaction>],
        to: impl Fn(usize) -> bool,
    ) {
        let peers: Vec<PeerId> = self.hosts[number].connections.keys().copied().collect();
        for transaction in transactions {
            let (transaction, requested) = (transaction.clone(), transaction.hash());
            for (_, &peer) in peers.iter().enumerate().filter(|(position, _)| to(*position)) {
                let message = Message::Transaction { transaction: transaction.clone(), requested };
                self.transmit(number, peer, message, Defect::None);
            }
        }
    }

    fn shout(&mut self, number: usize, message: &Message, defect: Defect) {
        let peers: Vec<PeerId> = self.hosts[number].connections.keys().copied().collect();
        for peer in peers {
            self.transmit(number, peer, message.clone(), defect);
        }
    }

    /// Attaches a bundle of a misbehaving host; its own node learns of it only from others.
    fn forge(
        &mut self,
        number: usize,
        members: Vec<TransactionBuilder>,
        parents: (Hash, Hash),
    ) -> Option<Vec<Arc<Transaction>>> {
        let made: Vec<_> = self.attach(number, members, parents)?.into_iter().map(Arc::new).collect();
        self.made += made.len() as u64;
        made.iter().for_each(|transaction| self.tell_made(number, transaction));
        Some(made)
    }

    fn clock_of(&self, number: usize) -> u64 {
        EPOCH + self.hosts[number].clock(self.now)
    }

    /// Two payments of the same funds, to different accounts.
    fn two_payments(&mut self, number: usize) -> Option<[Vec<TransactionBuilder>; 2]> {
        let (clock, accounts) = (self.clock_of(number), self.scenario.workload.accounts);
        let host = &mut self.hosts[number];
        let (from, to) = (host.mischief.stream.index(accounts), host.mischief.stream.index(accounts));
        let shares = [host.mischief.stream.below(1 << 32), host.mischief.stream.below(1 << 32)];
        let coin = self.workload.wallets.coin(from, host.node()?.balances())?;
        let first = self.workload.pay(coin, to, shares[0], clock)?;
        let second = self.workload.pay(coin, (to + 1) % accounts, shares[1], clock)?;
        Some([first, second])
    }

    fn tips(&mut self, number: usize) -> Option<(Hash, Hash)> {
        self.hosts[number].up()?.tips_to_approve(DEPTH)
    }

    fn spend_twice(&mut self, number: usize) -> Option<()> {
        let parents = self.tips(number)?;
        let payments = self.two_payments(number)?;
        for (half, payment) in payments.into_iter().enumerate() {
            let bundle = self.forge(number, payment, parents)?;
            self.tell(number, &bundle, |position| position % 2 == half);
        }
        Some(())
    }

    fn approve_old_tips(&mut self, number: usize) -> Option<()> {
        let tips = self.tips(number)?;
        let old = &mut self.hosts[number].mischief.parents;
        old.push_back(tips);
        let parents = if old.len() > LAZY_BY { old.pop_front()? } else { *old.front()? };
        let members = workload::text(1, "LAZY", self.clock_of(number))?;
        let transactions = self.forge(number, members, parents)?;
        self.input(number, Input::Store { transactions });
        Some(())
    }

    /// The first link of the chain spends what it spends in public too; the last one brings it to light.
    fn extend_chain(&mut self, number: usize, length: usize) -> Option<()> {
        match self.hosts[number].mischief.chain.last().map(|last| last.hash()) {
            None => {
                let parents = self.tips(number)?;
                let [public, hidden] = self.two_payments(number)?;
                let transactions = self.forge(number, public, parents)?;
                self.input(number, Input::Store { transactions });
                let mut bundle = self.forge(number, hidden, parents)?;
                // The head comes first, so that the tail is the last of the chain so far.
                bundle.reverse();
                self.hosts[number].mischief.chain = bundle;
            }
            Some(last) => {
                let members = workload::text(1, "PARASITE", self.clock_of(number))?;
                let link = self.forge(number, members, (last, last))?;
                self.hosts[number].mischief.chain.extend(link);
            }
        }
        if self.hosts[number].mischief.chain.len() >= length {
            let chain = std::mem::take(&mut self.hosts[number].mischief.chain);
            self.tell(number, &chain, |_| true);
        }
        Some(())
    }

    /// Tells a transaction, but not the one it stands on.
    fn stand_on_nothing(&mut self, number: usize) -> Option<()> {
        let parents = self.tips(number)?;
        let clock = self.clock_of(number);
        let hidden = self.forge(number, workload::text(1, "HIDDEN", clock)?, parents)?;
        hidden.iter().for_each(|transaction| self.hosts[number].mischief.withhold(transaction));
        let members = workload::text(1, "SHOWN", clock)?;
        let shown = self.forge(number, members, (hidden[0].hash(), parents.1))?;
        self.tell(number, &shown, |_| true);
        Some(())
    }

    /// A packet that is no transaction at all, and one that is a transaction of random trits.
    fn send_garbage(&mut self, number: usize) {
        self.shout(number, &Message::Garbled, Defect::None);
        let stream = &mut self.hosts[number].mischief.stream;
        let trits: Vec<i8> = (0..TRANSACTION_TRITS).map(|_| stream.index(3) as i8 - 1).collect();
        if let Ok(transaction) = Transaction::from_trits(&trits) {
            self.tell(number, &[Arc::new(transaction)], |_| true);
        }
    }
}
