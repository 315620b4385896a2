//! Transactions as users send them: at random times, from random nodes.

use std::collections::VecDeque;

use tanglegram_tangle::{Millis, Node};
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::{Hash, Transaction, TransactionBuilder};

use super::scenario;
use super::streams::Stream;
use super::wallet::{self, Coin, Wallets};

/// How many old tip pairs lazy senders remember.
const REMEMBERED: usize = 64;

/// The users of a network.
pub(crate) struct Workload {
    settings: scenario::Workload,
    wallets: Wallets,
    arrival: Stream,
    choice: Stream,
    /// Parents chosen before, the oldest first.
    old_parents: VecDeque<(Hash, Hash)>,
    sent: u64,
}

/// What a user wants to send.
pub(crate) struct Wish {
    pub(crate) members: Vec<TransactionBuilder>,
    /// The same funds are to be spent again elsewhere by these members.
    pub(crate) conflict: Option<Vec<TransactionBuilder>>,
}

impl Workload {
    pub(crate) fn new(settings: scenario::Workload, seed: u64) -> Workload {
        Workload {
            wallets: Wallets::new(settings.accounts),
            arrival: Stream::new(seed, "workload arrival"),
            choice: Stream::new(seed, "workload choice"),
            old_parents: VecDeque::new(),
            sent: 0,
            settings,
        }
    }

    /// Milliseconds to the next bundle; `None`: there is no workload.
    pub(crate) fn next_in(&mut self) -> Option<Millis> {
        (self.settings.rate > 0.0).then(|| self.arrival.exponential(1000.0 / self.settings.rate) as Millis)
    }

    /// One of these nodes, to send from.
    pub(crate) fn choose(&mut self, nodes: usize) -> usize {
        self.choice.index(nodes)
    }

    /// What to approve: tips of this node or, lazily, old ones.
    pub(crate) fn parents(&mut self, node: &mut Node) -> Option<(Hash, Hash)> {
        if self.choice.chance(self.settings.lazy_tips)
            && let Some(old) = self.old_parents.front()
        {
            return Some(*old);
        }
        let parents = node.tips_to_approve(self.settings.depth)?;
        if self.old_parents.len() == REMEMBERED {
            self.old_parents.pop_front();
        }
        self.old_parents.push_back(parents);
        Some(parents)
    }

    /// A bundle: a message, or a payment of funds that this node's ledger shows.
    pub(crate) fn wish(&mut self, node: &Node, now: Millis) -> Option<Wish> {
        let seconds = i64::try_from(now / 1000).ok()?;
        self.sent += 1;
        if self.choice.chance(self.settings.value_share)
            && let Some(wish) = self.payment(node, seconds)
        {
            return Some(wish);
        }
        let letter = char::from(b'A' + (self.sent % 26) as u8);
        let text = format!("MESSAGE9{letter}");
        Some(Wish { members: wallet::message(&text, seconds).ok()?, conflict: None })
    }

    fn payment(&mut self, node: &Node, seconds: i64) -> Option<Wish> {
        let accounts = self.wallets.accounts();
        let (from, to) = (self.choice.index(accounts), self.choice.index(accounts));
        let coin = self.wallets.coin(from, node.balances())?;
        let members = self.pay(coin, to, seconds)?;
        let doubles = self.choice.chance(self.settings.double_spends);
        let conflict = if doubles { self.pay(coin, (to + 1) % accounts, seconds) } else { None };
        Some(Wish { members, conflict })
    }

    fn pay(&mut self, coin: Coin, to: usize, seconds: i64) -> Option<Vec<TransactionBuilder>> {
        let amount = 1 + self.choice.below(u64::try_from(coin.balance - 1).ok()?) as i64;
        self.wallets.pay(coin, to, amount, seconds).ok()
    }
}

/// Attaches a bundle with real proof of work.
pub(crate) fn attach(
    members: Vec<TransactionBuilder>,
    (trunk, branch): (&Hash, &Hash),
    mwm: u8,
    now: Millis,
) -> Option<Vec<Transaction>> {
    let control = Control::new();
    let work =
        Work { mwm: usize::from(mwm), timestamp: i64::try_from(now).ok()?, threads: 1, control: &control };
    pow::attach_bundle(members, trunk, branch, |member, trunk, branch| {
        pow::attach(member, trunk, branch, &work)
    })
    .ok()
}
