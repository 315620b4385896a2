//! The accounts and their balances.

use std::collections::BTreeMap;

use super::ResponseCode;
use super::key::Key;
use crate::EntityId;

/// The highest number of accounts that belong to the network and cannot be deleted.
pub const SYSTEM_ACCOUNTS: i64 = 1000;

/// An account of the crypto service of 2019.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who has to sign for it; `None` if nobody can.
    pub key: Option<Key>,
    /// In tinybars.
    pub balance: i64,
    /// In seconds since 1970.
    pub expiry: i64,
    /// In seconds.
    pub auto_renew: i64,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The account that its stake counts for.
    pub proxy: Option<EntityId>,
    /// Whether its key has to sign when it receives something.
    pub receiver_signs: bool,
    /// From which amount on a sender should keep a record; kept, without effect.
    pub send_threshold: i64,
    /// From which amount on a receiver should keep a record; kept, without effect.
    pub receive_threshold: i64,
}

/// All accounts of shard 0, realm 0, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    by_number: BTreeMap<i64, Account>,
    next: i64,
}

impl Accounts {
    /// No accounts; the first that is added gets this number.
    pub(super) fn new(next: i64) -> Self {
        Accounts { by_number: BTreeMap::new(), next }
    }

    /// The number of the next new account.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// An account, also a deleted one.
    pub fn find(&self, id: EntityId) -> Option<&Account> {
        Some(id.num).filter(|_| (id.shard, id.realm) == (0, 0)).and_then(|num| self.by_number.get(&num))
    }

    pub(super) fn find_mut(&mut self, id: EntityId) -> Option<&mut Account> {
        Some(id.num).filter(|_| (id.shard, id.realm) == (0, 0)).and_then(|num| self.by_number.get_mut(&num))
    }

    /// An account that was not deleted.
    pub(super) fn alive(&self, id: EntityId) -> Result<&Account, ResponseCode> {
        match self.find(id) {
            None => Err(ResponseCode::INVALID_ACCOUNT_ID),
            Some(account) if account.deleted => Err(ResponseCode::ACCOUNT_DELETED),
            Some(account) => Ok(account),
        }
    }

    /// All accounts by number, the deleted ones as well.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, &Account)> {
        self.by_number.iter().map(|(num, account)| (EntityId::new(0, 0, *num), account))
    }

    /// Adds an account of a given number, or replaces it.
    pub(super) fn insert(&mut self, num: i64, account: Account) {
        self.by_number.insert(num, account);
    }

    /// Adds an account, with the next number.
    pub(super) fn add(&mut self, account: Account) -> EntityId {
        let id = EntityId::new(0, 0, self.next);
        self.by_number.insert(self.next, account);
        self.next += 1;
        id
    }

    /// Moves what the transfers say, all or nothing: their sum must be nothing, and no balance may fall below zero.
    pub(super) fn transfer(&mut self, transfers: &[(EntityId, i64)]) -> Result<(), ResponseCode> {
        let mut sums: BTreeMap<EntityId, i128> = BTreeMap::new();
        for (id, amount) in transfers {
            *sums.entry(*id).or_default() += i128::from(*amount);
        }
        if sums.values().sum::<i128>() != 0 {
            return Err(ResponseCode::INVALID_ACCOUNT_AMOUNTS);
        }
        let mut balances = Vec::with_capacity(sums.len());
        for (id, change) in sums {
            let account = self.find(id).ok_or(ResponseCode::INVALID_ACCOUNT_ID)?;
            let balance = i64::try_from(i128::from(account.balance) + change);
            let balance = balance.ok().filter(|balance| *balance >= 0);
            balances.push((id, balance.ok_or(ResponseCode::INSUFFICIENT_ACCOUNT_BALANCE)?));
        }
        for (id, balance) in balances {
            if let Some(account) = self.find_mut(id) {
                account.balance = balance;
            }
        }
        Ok(())
    }

    /// What all accounts hold together, in tinybars.
    pub fn total(&self) -> i128 {
        self.by_number.values().map(|account| i128::from(account.balance)).sum()
    }
}
