//! What a network starts with.

use super::account::{Account, Accounts, SYSTEM_ACCOUNTS};
use super::fees::FEE_ACCOUNT;
use super::key::Key;
use crate::EntityId;

/// All the hbars there are, in tinybars: fifty billion hbars.
pub const SUPPLY: i64 = 5_000_000_000_000_000_000;

/// The account that holds what nobody else does.
pub const TREASURY: EntityId = EntityId::new(0, 0, 2);

/// The number of the first node's account; those of the others follow.
pub const FIRST_NODE: i64 = 3;

/// The number of the first account that is not the network's own.
pub const FIRST_CLIENT: i64 = SYSTEM_ACCOUNTS + 1;

/// Seconds that the network's own accounts are renewed for: a hundred years.
const LONG: i64 = 3_153_600_000;

/// What a network starts with: its nodes' accounts without a balance, some accounts with one, the rest with the treasury.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// The accounts of the nodes, in the order of the roster.
    pub nodes: Vec<EntityId>,
    /// The key of the treasury, and of the nodes' accounts.
    pub key: Key,
    /// Numbers, keys and balances of further accounts.
    pub accounts: Vec<(i64, Key, i64)>,
    /// The number of the first account that a client creates.
    pub next: i64,
}

impl Genesis {
    /// A network of so many nodes, 0.0.3 and on, whose treasury has this key.
    pub fn new(nodes: u16, key: Key) -> Self {
        let nodes = (0..i64::from(nodes)).map(|node| EntityId::new(0, 0, FIRST_NODE + node)).collect();
        Genesis { nodes, key, accounts: Vec::new(), next: FIRST_CLIENT }
    }

    /// The same with an account of a client's, the next after those there are.
    pub fn with_account(mut self, key: Key, balance: i64) -> Self {
        self.accounts.push((self.next, key, balance));
        self.next += 1;
        self
    }

    /// The accounts. What the further accounts hold beyond the supply, they do not get.
    pub(super) fn accounts(&self) -> Accounts {
        let mut accounts = Accounts::new(self.next);
        let mut left = SUPPLY;
        for (num, key, balance) in &self.accounts {
            let balance = (*balance).clamp(0, left);
            left -= balance;
            accounts.insert(*num, account(Some(key.clone()), balance));
        }
        for node in &self.nodes {
            accounts.insert(node.num, account(Some(self.key.clone()), 0));
        }
        accounts.insert(FEE_ACCOUNT.num, account(None, 0));
        accounts.insert(TREASURY.num, account(Some(self.key.clone()), left));
        accounts
    }
}

fn account(key: Option<Key>, balance: i64) -> Account {
    Account {
        key,
        balance,
        expiry: 2 * LONG,
        auto_renew: LONG,
        deleted: false,
        proxy: None,
        receiver_signs: false,
        send_threshold: i64::MAX,
        receive_threshold: i64::MAX,
    }
}
