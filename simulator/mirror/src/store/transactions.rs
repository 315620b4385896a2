//! The transactions and their indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entities::{Entities, EntityRef};
use super::idset::IdSet;
use super::postings::{Class, Merge, Postings};
use super::span::Span;
use crate::{EntityId, EntityKind, Timestamp};

/// The result that counts as success.
const SUCCESS: &str = "SUCCESS";

/// A transaction as it comes in.
#[derive(Clone, Debug)]
pub struct NewTransaction<'a> {
    /// Its consensus time, in nanoseconds since 1970.
    pub consensus: i64,
    /// The account that pays.
    pub payer: EntityId,
    /// From when it is valid, in nanoseconds since 1970; with the payer this is its id.
    pub valid_start: i64,
    /// The type, e.g. `CRYPTOTRANSFER`.
    pub name: &'a str,
    /// The result, e.g. `SUCCESS`.
    pub result: &'a str,
    /// The node that submitted it.
    pub node: EntityId,
    /// Account and amount in tinybars, in order; an account may occur more than once.
    pub transfers: &'a [(EntityId, i64)],
    /// The fee that was charged, in tinybars.
    pub charged_fee: Option<i64>,
    /// The memo.
    pub memo: Option<&'a [u8]>,
    /// The greatest fee the client would pay, in tinybars.
    pub max_fee: Option<i64>,
    /// For how many seconds it is valid.
    pub valid_duration: Option<i64>,
}

/// A transaction as it is kept.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Its consensus time, in nanoseconds since 1970.
    pub consensus: i64,
    /// From when it is valid, in nanoseconds since 1970.
    pub valid_start: i64,
    /// The account that pays.
    pub payer: EntityRef,
    /// The node that submitted it.
    pub node: EntityRef,
    /// The type.
    pub name: Arc<str>,
    /// The result.
    pub result: Arc<str>,
    /// Account and amount in tinybars, in order.
    pub transfers: Box<[(EntityRef, i64)]>,
    /// The fee that was charged, in tinybars.
    pub charged_fee: Option<i64>,
    /// The memo.
    pub memo: Option<Box<[u8]>>,
    /// The greatest fee the client would pay, in tinybars.
    pub max_fee: Option<i64>,
    /// For how many seconds it is valid.
    pub valid_duration: Option<i64>,
}

/// There is a transaction of this consensus time already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a transaction of consensus time {} already", Timestamp(*.0))]
pub struct DuplicateTime(pub i64);

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With the result `SUCCESS`.
    Success,
    /// With any other result.
    Fail,
}

/// Which way a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the account: an amount above zero.
    Credit,
    /// Out of the account: an amount below zero.
    Debit,
}

/// Which transactions a request asks for.
#[derive(Clone, Debug)]
pub struct TransactionQuery {
    /// Some transfer is to or from one of these; any account when absent.
    pub accounts: Option<IdSet>,
    /// How many accounts of the set are looked at, the first known first.
    pub accounts_limit: usize,
    /// Within this span of consensus time.
    pub time: Span,
    /// Those that ended so.
    pub outcome: Option<Outcome>,
    /// Those where a transfer of such an account goes that way.
    pub direction: Option<Direction>,
    /// The earliest first.
    pub ascending: bool,
    /// How many at most.
    pub limit: usize,
}

impl TransactionQuery {
    fn wants(&self, class: Class) -> bool {
        let outcome = self.outcome.is_none_or(|outcome| class.success == (outcome == Outcome::Success));
        let direction = match self.direction {
            None => true,
            Some(Direction::Credit) => class.credit,
            Some(Direction::Debit) => class.debit,
        };
        outcome && direction
    }
}

/// All transactions, by consensus time.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    transactions: Vec<Transaction>,
    by_id: BTreeSet<(EntityRef, i64, i64)>,
    everywhere: Postings,
    by_account: Vec<Postings>,
    names: BTreeMap<Box<str>, Arc<str>>,
}

impl Transactions {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// All of them, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter()
    }

    /// The transaction of a consensus time.
    pub fn at(&self, consensus: i64) -> Option<&Transaction> {
        let place = self.transactions.binary_search_by_key(&consensus, |known| known.consensus).ok()?;
        self.transactions.get(place)
    }

    /// Those of a payer and valid start (the successful one and its duplicates) that have transfers, the earliest first.
    pub fn with_id(&self, payer: EntityRef, valid_start: i64) -> impl Iterator<Item = &Transaction> {
        let known = self.by_id.range((payer, valid_start, i64::MIN)..=(payer, valid_start, i64::MAX));
        known.filter_map(|(_, _, consensus)| self.at(*consensus)).filter(|known| !known.transfers.is_empty())
    }

    pub(super) fn insert(
        &mut self,
        entities: &mut Entities,
        new: &NewTransaction<'_>,
    ) -> Result<(), DuplicateTime> {
        let place = self.place(new.consensus)?;
        let mut account = |id| entities.find_or_insert(id, EntityKind::Account);
        let (payer, node) = (account(new.payer), account(new.node));
        let transfers: Box<[(EntityRef, i64)]> =
            new.transfers.iter().map(|(id, amount)| (account(*id), *amount)).collect();
        self.by_id.insert((payer, new.valid_start, new.consensus));
        self.post(&transfers, new.consensus, new.result == SUCCESS);
        let transaction = Transaction {
            consensus: new.consensus,
            valid_start: new.valid_start,
            payer,
            node,
            name: self.shared(new.name),
            result: self.shared(new.result),
            transfers,
            charged_fee: new.charged_fee,
            memo: new.memo.map(Box::from),
            max_fee: new.max_fee,
            valid_duration: new.valid_duration,
        };
        self.transactions.insert(place, transaction);
        Ok(())
    }

    fn place(&self, consensus: i64) -> Result<usize, DuplicateTime> {
        if self.transactions.last().is_none_or(|last| last.consensus < consensus) {
            return Ok(self.transactions.len());
        }
        match self.transactions.binary_search_by_key(&consensus, |known| known.consensus) {
            Ok(_) => Err(DuplicateTime(consensus)),
            Err(place) => Ok(place),
        }
    }

    fn post(&mut self, transfers: &[(EntityRef, i64)], consensus: i64, success: bool) {
        if transfers.is_empty() {
            return;
        }
        self.everywhere.insert(Class::of(transfers, success), consensus);
        let mut by_account = transfers.to_vec();
        by_account.sort_unstable();
        for own in by_account.chunk_by(|left, right| left.0 == right.0) {
            let index = own[0].0.index();
            self.by_account.resize_with(self.by_account.len().max(index + 1), Postings::default);
            self.by_account[index].insert(Class::of(own, success), consensus);
        }
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.names.insert(text.into(), Arc::clone(&shared));
        shared
    }

    pub(super) fn select(&self, entities: &Entities, query: &TransactionQuery) -> Vec<&Transaction> {
        let wants = |class| query.wants(class);
        let lists: Vec<&[i64]> = match &query.accounts {
            None => self.everywhere.lists(wants).collect(),
            Some(ids) => {
                let accounts = entities.first_holders(ids, query.accounts_limit);
                let postings = accounts.iter().filter_map(|account| self.by_account.get(account.index()));
                postings.flat_map(|postings| postings.lists(wants)).collect()
            }
        };
        let within = lists.into_iter().map(|list| query.time.slice(list, |time| *time));
        let times = Merge::new(within, query.ascending).filter(|time| query.time.contains(*time));
        times.take(query.limit).filter_map(|time| self.at(time)).collect()
    }
}
