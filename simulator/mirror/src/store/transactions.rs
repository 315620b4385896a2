//! The transactions and their indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::entities::{Entities, EntityRef};
use super::idset::IdSet;
use super::postings::{Class, Merge, Position, Postings, within};
use super::span::Span;
use crate::{EntityId, EntityKind, Timestamp};

/// The result that counts as success.
const SUCCESS: &str = "SUCCESS";
/// Of how many accounts at least it is worth trying to find transactions by looking at one after the other.
const MANY: usize = 64;

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
    /// Whether a transaction answers the query, of accounts that are asked for.
    fn hits(&self, known: &Transaction, is_asked: impl Fn(EntityRef) -> bool) -> bool {
        let success = &*known.result == SUCCESS;
        let goes = |amount: i64| match self.direction {
            None => true,
            Some(Direction::Credit) => amount > 0,
            Some(Direction::Debit) => amount < 0,
        };
        self.outcome.is_none_or(|outcome| success == (outcome == Outcome::Success))
            && self.time.contains(known.consensus)
            && known.transfers.iter().any(|&(account, amount)| goes(amount) && is_asked(account))
    }

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
    /// Valid start, payer and consensus time; valid starts come nearly in order, so that this grows at its end.
    by_id: BTreeSet<(i64, EntityRef, i64)>,
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

    /// The consensus time of the latest.
    pub fn latest(&self) -> Option<i64> {
        self.transactions.last().map(|last| last.consensus)
    }

    /// Those of a payer and valid start (the successful one and its duplicates) that have transfers, the earliest first.
    pub fn with_id(&self, payer: EntityRef, valid_start: i64) -> impl Iterator<Item = &Transaction> {
        let known = self.by_id.range((valid_start, payer, i64::MIN)..=(valid_start, payer, i64::MAX));
        known.filter_map(|(_, _, consensus)| self.at(*consensus)).filter(|known| !known.transfers.is_empty())
    }

    pub(super) fn insert(
        &mut self,
        entities: &mut Entities,
        new: &NewTransaction<'_>,
    ) -> Result<(), DuplicateTime> {
        let place = self.place(new.consensus)?;
        let mut account = |id| entities.find_or_insert(id, EntityKind::Account);
        let (node, payer) = (account(new.node), account(new.payer));
        let transfers: Box<[(EntityRef, i64)]> =
            new.transfers.iter().map(|(id, amount)| (account(*id), *amount)).collect();
        self.by_id.insert((new.valid_start, payer, new.consensus));
        self.post(&transfers, place, new.result == SUCCESS);
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
        if self.latest().is_none_or(|latest| latest < consensus) {
            return Ok(self.transactions.len());
        }
        match self.transactions.binary_search_by_key(&consensus, |known| known.consensus) {
            Ok(_) => Err(DuplicateTime(consensus)),
            Err(place) => Ok(place),
        }
    }

    fn post(&mut self, transfers: &[(EntityRef, i64)], place: usize, success: bool) {
        let position = position(place);
        if place < self.transactions.len() {
            self.everywhere.make_room(position);
            self.by_account.iter_mut().for_each(|postings| postings.make_room(position));
        }
        if transfers.is_empty() {
            return;
        }
        self.everywhere.insert(Class::of(transfers, success), position);
        for (at, (account, _)) in transfers.iter().enumerate() {
            if transfers[..at].iter().any(|(known, _)| known == account) {
                continue;
            }
            let index = account.index();
            if index >= self.by_account.len() {
                self.by_account.resize_with(index + 1, Postings::default);
            }
            let class = Class::of_account(*account, &transfers[at..], success);
            self.by_account[index].insert(class, position);
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
        let range = query.time.range(&self.transactions, |known| known.consensus);
        let range = position(range.start)..position(range.end);
        let wants = |class| query.wants(class);
        let Some(ids) = &query.accounts else {
            return self.merge(self.everywhere.lists(wants), &range, query);
        };
        let accounts = entities.first_holders(ids, query.accounts_limit);
        if accounts.len() >= MANY
            && let Some(found) = self.scan(&accounts, entities.len(), &range, query)
        {
            return found;
        }
        let postings = accounts.iter().filter_map(|account| self.by_account.get(account.index()));
        self.merge(postings.flat_map(|postings| postings.lists(wants)), &range, query)
    }

    /// The first transactions of some lists.
    fn merge<'a>(
        &self,
        lists: impl Iterator<Item = &'a [Position]>,
        range: &Range<Position>,
        query: &TransactionQuery,
    ) -> Vec<&Transaction> {
        let merged = Merge::new(lists.map(|list| within(list, range)), query.ascending);
        let found = merged.filter_map(|position| self.transactions.get(position as usize));
        found.filter(|known| query.time.contains(known.consensus)).take(query.limit).collect()
    }

    /// The first transactions of so many accounts that some account occurs in most: looks at one transaction after the other. `None`
    /// when too few are found soon, so that merging the accounts' lists is the faster way.
    fn scan(
        &self,
        accounts: &[EntityRef],
        entities: usize,
        range: &Range<Position>,
        query: &TransactionQuery,
    ) -> Option<Vec<&Transaction>> {
        let mut is_asked = vec![false; entities];
        accounts.iter().for_each(|account| is_asked[account.index()] = true);
        let candidates = &self.transactions[range.start as usize..range.end as usize];
        let effort = accounts.len();
        let hits = |known: &&Transaction| query.hits(known, |account| is_asked[account.index()]);
        let found: Vec<&Transaction> = if query.ascending {
            candidates.iter().take(effort).filter(hits).take(query.limit).collect()
        } else {
            candidates.iter().rev().take(effort).filter(hits).take(query.limit).collect()
        };
        (found.len() == query.limit || candidates.len() <= effort).then_some(found)
    }
}

/// A place among the transactions; there is no memory for more of them than this can tell.
fn position(place: usize) -> Position {
    Position::try_from(place).unwrap_or(Position::MAX)
}
