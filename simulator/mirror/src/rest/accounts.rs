//! `GET /api/v1/accounts` and `GET /api/v1/accounts/{id}`.

use serde::Serialize;

use super::failure::Failure;
use super::params::{IdColumns, Params};
use super::transactions::{self, Page};
use super::views::{AccountView, Links, TransactionView};
use super::{Context, js, json, link};
use crate::EntityId;
use crate::store::{BalanceRow, IdSet, Op, RowOrder, RowQuery, Snapshot, Span};

#[derive(Serialize)]
struct List {
    accounts: Vec<AccountView>,
    links: Links,
}

/// Lists the accounts of the newest balance snapshot.
pub(super) fn list(context: &Context<'_>) -> Result<String, Failure> {
    let params = context.params();
    params.check()?;
    let ascending = params.ascending(true);
    let order =
        if context.dialect.whole_ids { RowOrder::Id { ascending } } else { RowOrder::Number { ascending } };
    let query = row_query(&params, order)?;
    let rows = context.store.newest_snapshot(&Span::all()).map(|snapshot| {
        let rows = select(context, snapshot, &query, &params.keys()?);
        Ok(rows.iter().map(|row| AccountView::new(context.store, snapshot, row, context.dialect)).collect())
    });
    let accounts: Vec<AccountView> = rows.transpose()?.unwrap_or_default();
    let next = (accounts.len() == query.limit).then(|| {
        let last = accounts.last().map_or(EntityId::new(0, 0, 0), |last| last.account).to_string();
        link::next(context.path, &context.query, "account.id", &last, ascending)
    });
    Ok(json(&List { accounts, links: Links { next } }))
}

/// The rows that `account.id`, `account.balance` and `limit` ask for.
pub(super) fn row_query(params: &Params<'_>, order: RowOrder) -> Result<RowQuery, Failure> {
    let ids = params.accounts(IdColumns::Narrow)?;
    Ok(RowQuery { ids, balances: params.balances()?, among: None, order, limit: params.limit()? })
}

/// The rows of a snapshot that a query asks for, of accounts whose Ed25519 key compares so.
pub(super) fn select(
    context: &Context<'_>,
    snapshot: &Snapshot,
    query: &RowQuery,
    keys: &[(Op, String)],
) -> Vec<BalanceRow> {
    let entities = context.store.entities();
    let exact = keys.iter().find(|(op, _)| *op == Op::Eq);
    let among = exact.map(|(_, key)| entities.with_key(key).collect());
    let has_key = |row: &BalanceRow| {
        let entity = context.store.entity(snapshot.id(row)).filter(|entity| entity.holds_balance());
        let key = entity.and_then(|entity| entity.ed25519.as_deref());
        key.is_some_and(|key| keys.iter().all(|(op, than)| op.holds(key, than.as_str())))
    };
    snapshot.select(&RowQuery { among, ..query.clone() }, |row| keys.is_empty() || has_key(row))
}

#[derive(Serialize)]
struct Single<'a> {
    transactions: Vec<TransactionView<'a>>,
    #[serde(flatten)]
    account: AccountView,
    links: Links,
}

/// Shows one account with its transactions.
pub(super) fn single(context: &Context<'_>, id: &str) -> Result<String, Failure> {
    let params = context.params();
    let id = if context.dialect.strict_parameters { strict_id(id) } else { script_id(id) }?;
    if context.dialect.strict_parameters {
        params.check()?;
    }
    let query = transactions::query(&params, Some(IdSet::new(vec![(Op::Eq, id)], true)))?;
    let snapshot = context.store.newest_snapshot(&Span::all()).ok_or(Failure::NoAccount)?;
    let shard_fits = !context.dialect.whole_ids || snapshot.shard() == id.shard;
    let row = snapshot.find(id.realm, id.num).filter(|_| shard_fits).ok_or(Failure::NoAccount)?;
    let account = AccountView::new(context.store, snapshot, row, context.dialect);
    let Page { transactions, links } = transactions::page(context, &query);
    Ok(json(&Single { transactions, account, links }))
}

/// The id of `shard.realm.num` or `num`.
fn strict_id(text: &str) -> Result<EntityId, Failure> {
    let whole = if text.contains('.') { text.to_owned() } else { format!("0.0.{text}") };
    whole.parse().map_err(|_| Failure::AccountId)
}

/// The id as the real server reads it: whatever is a number to JavaScript goes to the database, which may refuse it.
fn script_id(text: &str) -> Result<EntityId, Failure> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_id = matches!(parts.len(), 1 | 3) && parts.iter().all(|part| js::is_numeric(part));
    let parts = match parts[..] {
        [num] if is_id => ["0", "0", num],
        [shard, realm, num] if is_id => [shard, realm, num],
        _ => return Err(Failure::AccountId),
    };
    let [shard, realm, num] = parts.map(js::database_integer);
    let realm = realm.filter(|realm| i16::try_from(*realm).is_ok()).ok_or(Failure::Database)?;
    let num = num.filter(|num| i32::try_from(*num).is_ok()).ok_or(Failure::Database)?;
    Ok(EntityId::new(shard.ok_or(Failure::Database)?, realm, num))
}
