//! Transactions as users send them: at random times, from random nodes.

use std::collections::VecDeque;

use tanglegram_tangle::{Millis, Node};
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::{Hash, Transaction, TransactionBuilder};

use super::scenario::{self, Scenario};
use super::streams::{Draws, Stream};
use super::wallet::{self, Coin, Wallets};

/// How many old tip pairs lazy senders remember.
const REMEMBERED: usize = 64;

/// The users of a network.
pub(crate) struct Workload {
    settings: scenario::Workload,
    seed: u64,
    /// A number for each node, from its name.
    keys: Vec<u64>,
    pub(crate) wallets: Wallets,
    arrival: Stream,
    spammers: Vec<Spammer>,
    /// Parents chosen before, the oldest first.
    old_parents: VecDeque<(Hash, Hash)>,
    /// The number of the next send.
    next: u64,
}

struct Spammer {
    node: usize,
    rate: f64,
    arrival: Stream,
    last: Option<Hash>,
}

/// All that is random about one send: drawn at once from a stream of its own.
pub(crate) struct Draw {
    number: u64,
    /// The node that sends.
    pub(crate) node: usize,
    /// The node that sends what conflicts with it.
    pub(crate) other: usize,
    moves_funds: bool,
    is_lazy: bool,
    doubles: bool,
    size: usize,
    accounts: (usize, usize),
    /// The share of a coin that is sent, and that of a conflicting payment, of 2^32.
    amounts: (u64, u64),
}

/// What a user wants to send.
pub(crate) struct Wish {
    pub(crate) members: Vec<TransactionBuilder>,
    /// The same funds are to be spent again elsewhere by these members.
    pub(crate) conflict: Option<Vec<TransactionBuilder>>,
}

impl Workload {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Workload {
        let settings = scenario.workload.clone();
        let spammer = |&(node, rate): &(usize, f64)| Spammer {
            node,
            rate,
            arrival: Stream::new(seed, &format!("spam {}", scenario.nodes[node])),
            last: None,
        };
        Workload {
            keys: scenario
                .nodes
                .iter()
                .map(|name| Stream::new(seed, &format!("sender {name}")).seed())
                .collect(),
            wallets: Wallets::new(settings.accounts, settings.respend),
            arrival: Stream::new(seed, "workload arrival"),
            spammers: settings.spammers.iter().filter(|(_, rate)| *rate > 0.0).map(spammer).collect(),
            old_parents: VecDeque::new(),
            next: 0,
            seed,
            settings,
        }
    }

    /// Milliseconds to the next bundle; `None`: there is no workload.
    pub(crate) fn next_in(&mut self) -> Option<Millis> {
        (self.settings.rate > 0.0).then(|| self.arrival.exponential(1000.0 / self.settings.rate) as Millis)
    }

    pub(crate) fn spammers(&self) -> usize {
        self.spammers.len()
    }

    /// The node of a spammer, and milliseconds to its next transaction.
    pub(crate) fn spam_in(&mut self, spammer: usize) -> (usize, Millis) {
        let Spammer { node, rate, arrival, .. } = &mut self.spammers[spammer];
        (*node, arrival.exponential(1000.0 / *rate) as Millis)
    }

    pub(crate) fn last_spam(&self, spammer: usize) -> Option<Hash> {
        self.spammers[spammer].last
    }

    pub(crate) fn spammed(&mut self, spammer: usize, hash: Hash) {
        self.spammers[spammer].last = Some(hash);
    }

    /// Draws the next send; `None` where it is left out.
    pub(crate) fn draw(&mut self) -> Option<Draw> {
        let number = self.next;
        self.next += 1;
        let wanted = self.settings.only.as_ref().is_none_or(|only| only.contains(&number));
        wanted.then(|| self.draw_send(number))
    }

    fn draw_send(&self, number: u64) -> Draw {
        let mut stream = Stream::new(self.seed, &format!("send {number}"));
        let settings = &self.settings;
        let is = |stream: &mut Stream, share: f64| stream.unit() < share;
        Draw {
            number,
            node: self.choose(stream.seed()),
            other: self.choose(stream.seed()),
            moves_funds: is(&mut stream, settings.value_share),
            is_lazy: is(&mut stream, settings.lazy_tips),
            doubles: is(&mut stream, settings.double_spends),
            size: settings.bundle_sizes.start + stream.index(settings.bundle_sizes.len()),
            accounts: (stream.index(settings.accounts), stream.index(settings.accounts)),
            amounts: (stream.below(1 << 32), stream.below(1 << 32)),
        }
    }

    /// The node whose number, mixed with the draw, is the largest: another node changes the choice only where it is chosen.
    fn choose(&self, draw: u64) -> usize {
        let mixed = |key: u64| Draws::from_state(key ^ draw).below(u64::MAX);
        (0..self.keys.len()).max_by_key(|&node| mixed(self.keys[node])).unwrap_or(0)
    }

    /// What to approve: tips of this node or, lazily, old ones.
    pub(crate) fn parents(&mut self, node: &mut Node, draw: &Draw) -> Option<(Hash, Hash)> {
        if draw.is_lazy
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
    pub(crate) fn wish(&mut self, node: &Node, clock: Millis, draw: &Draw) -> Option<Wish> {
        if draw.moves_funds
            && let Some(wish) = self.payment(node, clock, draw)
        {
            return Some(wish);
        }
        let letter = char::from(b'A' + (draw.number % 26) as u8);
        Some(Wish { members: text(draw.size, &format!("MESSAGE9{letter}"), clock)?, conflict: None })
    }

    fn payment(&mut self, node: &Node, clock: Millis, draw: &Draw) -> Option<Wish> {
        if self.settings.accounts == 0 {
            return None;
        }
        let (from, to) = draw.accounts;
        let coin = self.wallets.coin(from, node.balances())?;
        let members = self.pay(coin, to, draw.amounts.0, clock)?;
        let another = (to + 1) % self.settings.accounts;
        let conflict = draw.doubles.then(|| self.pay(coin, another, draw.amounts.1, clock)).flatten();
        Some(Wish { members, conflict })
    }

    /// Sends a share (of 2^32) of a coin to an account.
    pub(crate) fn pay(
        &mut self,
        coin: Coin,
        to: usize,
        share: u64,
        clock: Millis,
    ) -> Option<Vec<TransactionBuilder>> {
        let most = u128::try_from(coin.balance - 1).ok()?;
        let amount = 1 + ((most * u128::from(share)) >> 32) as i64;
        self.wallets.pay(coin, to, amount, i64::try_from(clock / 1000).ok()?).ok()
    }
}

/// A bundle of so many transactions that move nothing.
pub(crate) fn text(size: usize, text: &str, clock: Millis) -> Option<Vec<TransactionBuilder>> {
    wallet::plain_message(size, text, i64::try_from(clock / 1000).ok()?).ok()
}

/// Virtual milliseconds that a miner of so many hashes per second takes for so many transactions.
pub(crate) fn mining_time(hash_rate: f64, mwm: u8, transactions: usize) -> Millis {
    let hashes = 3_f64.powi(i32::from(mwm)) * transactions as f64;
    (hashes * 1000.0 / hash_rate) as Millis
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
