//! `GET /api/v1/balances`.

use serde::Serialize;

use super::failure::Failure;
use super::query::{Query, Value};
use super::views::{BalanceView, Links};
use super::{Context, accounts, json, link};
use crate::Timestamp;
use crate::store::RowOrder;

#[derive(Serialize)]
struct List {
    timestamp: Option<Timestamp>,
    balances: Vec<BalanceView>,
    links: Links,
}

/// Lists the balances of the newest snapshot within the time asked for.
pub(super) fn list(context: &Context<'_>) -> Result<String, Failure> {
    context.params().check()?;
    let context = Context { query: at_or_before(context.query.clone()), ..*context };
    let params = context.params();
    let ascending = params.ascending(false);
    let query = accounts::row_query(&params, RowOrder::Id { ascending })?;
    let (time, keys) = (params.time()?, params.keys()?);
    let snapshot = context.store.newest_snapshot(&time);
    let balances: Vec<BalanceView> = snapshot.map_or_else(Vec::new, |snapshot| {
        let rows = accounts::select(&context, snapshot, &query, &keys);
        rows.iter().map(|row| BalanceView::new(snapshot, row, context.dialect)).collect()
    });
    let next = (balances.len() == query.limit).then(|| {
        let last = balances.last().map_or("0".to_owned(), |last| last.account.to_string());
        link::next(context.path, &context.query, "account.id", &last, ascending)
    });
    let timestamp = snapshot.filter(|_| !balances.is_empty()).map(|snapshot| Timestamp(snapshot.time()));
    Ok(json(&List { timestamp, balances, links: Links { next } }))
}

/// A time asked for means the latest snapshot at or before it; this shows in the link to the next page, too.
fn at_or_before(mut query: Query) -> Query {
    match query.get_mut("timestamp") {
        Some(Value::List(items)) => items.iter_mut().flatten().for_each(bound),
        Some(single) => bound(single),
        None => {}
    }
    query
}

fn bound(value: &mut Value) {
    let Value::Text(text) = value else { return };
    let time = text.strip_prefix("eq:").unwrap_or(text);
    if !time.contains(':') {
        *text = format!("lte:{time}");
    }
}
