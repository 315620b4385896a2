//! `GET /api/v1/transactions` and `GET /api/v1/transactions/{id}`.

use serde::Serialize;

use super::failure::Failure;
use super::params::{IdColumns, Params};
use super::views::{Links, TransactionView};
use super::{Context, json, link};
use crate::store::{IdSet, Transaction, TransactionQuery};
use crate::{EntityId, SECOND, Timestamp};

/// How many of the matching accounts are looked at.
const ACCOUNTS: usize = 1000;
/// Below this consensus time in nanoseconds the real server takes a time for an index and sorts by it.
const INDEX_LIMIT: i64 = (1 << 32) - 1;

/// A page of transactions.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) transactions: Vec<TransactionView<'a>>,
    pub(super) links: Links,
}

/// Lists transactions.
pub(super) fn list(context: &Context<'_>) -> Result<String, Failure> {
    let params = context.params();
    params.check()?;
    let accounts = params.accounts(IdColumns::Wide)?;
    let query = query(&params, Some(accounts).filter(|accounts| !accounts.is_all()))?;
    Ok(json(&page(context, &query)))
}

/// The transactions with these accounts that `timestamp`, `result`, `type`, `order` and `limit` ask for.
pub(super) fn query(params: &Params<'_>, accounts: Option<IdSet>) -> Result<TransactionQuery, Failure> {
    Ok(TransactionQuery {
        accounts,
        accounts_limit: ACCOUNTS,
        time: params.time()?,
        outcome: params.outcome(),
        direction: params.direction(),
        ascending: params.ascending(false),
        limit: params.limit()?,
    })
}

/// The page of a query, with the link to the next one.
pub(super) fn page<'a>(context: &Context<'a>, query: &TransactionQuery) -> Page<'a> {
    let found = context.store.select_transactions(query);
    let next = (found.len() == query.limit).then(|| {
        let last = found.last().map_or("0".to_owned(), |last| Timestamp(last.consensus).to_string());
        link::next(context.path, &context.query, "timestamp", &last, query.ascending)
    });
    Page { transactions: views(context, found), links: Links { next } }
}

fn views<'a>(context: &Context<'a>, mut found: Vec<&'a Transaction>) -> Vec<TransactionView<'a>> {
    if !context.dialect.whole_ids {
        found.sort_by_key(|transaction| transaction.consensus.min(INDEX_LIMIT));
    }
    found
        .into_iter()
        .map(|transaction| TransactionView::new(context.store, transaction, context.dialect))
        .collect()
}

#[derive(Serialize)]
struct Single<'a> {
    transactions: Vec<TransactionView<'a>>,
}

/// Shows the transactions of one id: the successful one and its duplicates.
pub(super) fn single(context: &Context<'_>, id: &str) -> Result<String, Failure> {
    let found = find_id(id).filter(|found| !context.dialect.strict_parameters || found.len() == id.len());
    let (payer, valid_start) = read_id(found.ok_or(Failure::TransactionId)?).ok_or(Failure::NoTransaction)?;
    let payer = context.store.entities().find(payer).ok_or(Failure::NoTransaction)?;
    let found: Vec<&Transaction> = context.store.transactions().with_id(payer, valid_start).collect();
    if found.is_empty() {
        return Err(Failure::NoTransaction);
    }
    Ok(json(&Single { transactions: views(context, found) }))
}

/// The first part of a text that has the form `shard.realm.num-ssssssssss-nnnnnnnnn`, the parts before the time of any length.
fn find_id(text: &str) -> Option<&str> {
    let digits_before = |end: usize| {
        let head = &text.as_bytes()[..end];
        let count = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(end - count)
    };
    let dot_before = |end: usize| text[..end].ends_with('.').then(|| end - 1);
    text.match_indices('-').find_map(|(dash, _)| {
        let start = dot_before(digits_before(dash)?)
            .and_then(digits_before)
            .and_then(dot_before)
            .and_then(digits_before)?;
        let time = text.as_bytes().get(dash + 1..dash + 21)?;
        let all_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        let fits = all_digits(&time[..10]) && time[10] == b'-' && all_digits(&time[11..]);
        fits.then(|| &text[start..dash + 21])
    })
}

/// Payer and valid start of such an id; `None` where a number is beyond 64 bits.
fn read_id(id: &str) -> Option<(EntityId, i64)> {
    let mut parts = id.split('-');
    let payer = parts.next()?.parse().ok()?;
    let seconds: i64 = parts.next()?.parse().ok()?;
    let nanos: i64 = parts.next()?.parse().ok()?;
    Some((payer, seconds.checked_mul(SECOND)?.checked_add(nanos)?))
}

#[cfg(test)]
mod tests {
    use super::find_id;

    #[test]
    fn ids_are_found_anywhere() {
        let id = "0.0.995-1568542814-468848000";
        for text in [
            id,
            "x0.0.995-1568542814-468848000",
            "0.0.995-1568542814-4688480001",
            "1-0.0.995-1568542814-468848000-2",
        ] {
            assert_eq!(find_id(text), Some(id), "{text}");
        }
        for text in [
            "",
            "-",
            "0.0.995",
            "0.0.995-1568542814.468848000",
            "0.995-1568542814-468848000",
            "0.0.995-156854281-468848000",
        ] {
            assert_eq!(find_id(text), None, "{text}");
        }
    }
}
