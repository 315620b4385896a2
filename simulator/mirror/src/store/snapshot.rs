//! The balances of all accounts at one time.

use crate::EntityId;
use crate::store::{IdSet, Span};

/// The balance of one account in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// The account's realm.
    pub realm: i16,
    /// The account's number.
    pub num: i32,
    /// The balance in tinybars.
    pub balance: i64,
}

/// In which order rows are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// By realm, then number.
    Id {
        /// Least first.
        ascending: bool,
    },
    /// By number; realms of the same number always ascend.
    Number {
        /// Least first.
        ascending: bool,
    },
}

/// Which rows a request asks for.
#[derive(Clone, Debug)]
pub struct RowQuery {
    /// Of accounts with these ids.
    pub ids: IdSet,
    /// With these balances.
    pub balances: Span,
    /// Only of these accounts; of any when absent.
    pub among: Option<Vec<EntityId>>,
    /// In this order.
    pub order: RowOrder,
    /// How many at most.
    pub limit: usize,
}

/// The balances of all accounts at one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    time: i64,
    shard: i64,
    /// By realm, then number.
    rows: Vec<BalanceRow>,
    /// Positions in `rows` by balance.
    by_balance: Box<[u32]>,
    /// Positions in `rows` by number, then realm; absent where there is one realm only and that is the same.
    by_number: Option<Box<[u32]>>,
}

impl Snapshot {
    /// A snapshot at `time` (nanoseconds since 1970) of accounts of a shard; of rows for the same account the last one stays.
    pub fn new(time: i64, shard: i64, mut rows: Vec<BalanceRow>) -> Self {
        rows.reverse();
        rows.sort_by_key(|row| (row.realm, row.num));
        rows.dedup_by_key(|row| (row.realm, row.num));
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let sorted_by = |key: &dyn Fn(&BalanceRow) -> (i64, i16)| {
            let mut positions: Box<[u32]> = (0..count).collect();
            positions.sort_by_key(|position| key(&rows[*position as usize]));
            positions
        };
        let by_balance = sorted_by(&|row| (row.balance, row.realm));
        let one_realm = rows.first().map(|row| row.realm) == rows.last().map(|row| row.realm);
        let by_number = (!one_realm).then(|| sorted_by(&|row| (i64::from(row.num), row.realm)));
        Snapshot { time, shard, rows, by_balance, by_number }
    }

    /// When it was taken, in nanoseconds since 1970.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// The shard of all its accounts.
    pub fn shard(&self) -> i64 {
        self.shard
    }

    /// How many accounts it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no account.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The id of a row's account.
    pub fn id(&self, row: &BalanceRow) -> EntityId {
        EntityId::new(self.shard, row.realm.into(), row.num.into())
    }

    /// The row of an account, its shard left out of account.
    pub fn find(&self, realm: i64, num: i64) -> Option<&BalanceRow> {
        let key = |row: &BalanceRow| (i64::from(row.realm), i64::from(row.num));
        let position = self.rows.binary_search_by_key(&(realm, num), key).ok()?;
        self.rows.get(position)
    }

    /// The rows that a request asks for and `keep` lets pass, in order.
    pub fn select(&self, query: &RowQuery, keep: impl Fn(&BalanceRow) -> bool) -> Vec<BalanceRow> {
        if query.ids.excludes_shard(self.shard) {
            return Vec::new();
        }
        let wanted = |row: &&BalanceRow| {
            query.balances.contains(row.balance) && query.ids.contains(self.id(row)) && keep(row)
        };
        let few: Vec<&BalanceRow> = match &query.among {
            Some(ids) => ids.iter().filter_map(|id| self.find(id.realm, id.num)).collect(),
            None => {
                let positions = self.with_balances(&query.balances);
                if positions.len() >= self.rows.len() / 16 {
                    return self.in_order(query, wanted);
                }
                positions.iter().map(|at| &self.rows[*at as usize]).collect()
            }
        };
        let mut rows: Vec<BalanceRow> = few.into_iter().filter(wanted).copied().collect();
        sort(&mut rows, query.order);
        rows.truncate(query.limit);
        rows
    }

    /// The positions of the rows with such balances.
    fn with_balances(&self, balances: &Span) -> &[u32] {
        balances.slice(&self.by_balance, |at| self.rows[*at as usize].balance)
    }

    /// The rows by a walk through all rows in order.
    fn in_order(&self, query: &RowQuery, wanted: impl Fn(&&BalanceRow) -> bool) -> Vec<BalanceRow> {
        let (low, high) = query.ids.bounds();
        let limit = query.limit;
        match (query.order, &self.by_number) {
            (RowOrder::Number { ascending }, Some(by_number)) => {
                let num = |at: &u32| i64::from(self.rows[*at as usize].num);
                let positions = between(by_number, |at| num(at) < low.num, |at| num(at) <= high.num);
                let rows = positions.iter().map(|at| &self.rows[*at as usize]).filter(&wanted);
                if ascending {
                    take(rows, limit)
                } else {
                    numbers_descending(positions, &self.rows, limit, wanted)
                }
            }
            (RowOrder::Number { ascending } | RowOrder::Id { ascending }, _) => {
                let rows = between(&self.rows, |row| self.id(row) < low, |row| self.id(row) <= high).iter();
                if ascending {
                    take(rows.filter(wanted), limit)
                } else {
                    take(rows.rev().filter(wanted), limit)
                }
            }
        }
    }
}

/// The rows by number descending, yet the realms of each number ascending.
fn numbers_descending(
    positions: &[u32],
    rows: &[BalanceRow],
    limit: usize,
    wanted: impl Fn(&&BalanceRow) -> bool,
) -> Vec<BalanceRow> {
    let row = |at: &u32| &rows[*at as usize];
    let groups = positions.chunk_by(|left, right| row(left).num == row(right).num);
    take(groups.rev().flatten().map(row).filter(|row| wanted(row)), limit)
}

fn take<'a>(rows: impl Iterator<Item = &'a BalanceRow>, limit: usize) -> Vec<BalanceRow> {
    rows.take(limit).copied().collect()
}

fn between<T>(sorted: &[T], is_below: impl Fn(&T) -> bool, is_within: impl Fn(&T) -> bool) -> &[T] {
    let start = sorted.partition_point(is_below);
    let end = sorted.partition_point(is_within);
    sorted.get(start..end).unwrap_or_default()
}

fn sort(rows: &mut [BalanceRow], order: RowOrder) {
    match order {
        RowOrder::Id { ascending: true } => rows.sort_by_key(|row| (row.realm, row.num)),
        RowOrder::Id { ascending: false } => {
            rows.sort_by_key(|row| (-i32::from(row.realm), -i64::from(row.num)))
        }
        RowOrder::Number { ascending: true } => rows.sort_by_key(|row| (row.num, row.realm)),
        RowOrder::Number { ascending: false } => rows.sort_by_key(|row| (-i64::from(row.num), row.realm)),
    }
}
