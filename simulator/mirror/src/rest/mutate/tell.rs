//! Answers that are told otherwise than they are.

mod rows;

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::super::{Mirror, link, query};
use super::{ask, is_concerned, right, rows_name};
use crate::mutant::Mutant as M;

/// The answer as the mutant tells it, before it is made fit for this client.
pub(in crate::rest) fn told(
    mutant: M,
    mirror: &Mirror,
    request: &Request<'_>,
    response: Response,
) -> Response {
    let path = request.path();
    if !is_concerned(mutant, path) {
        return response;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else { return response };
    let (before, mut status) = (body.clone(), response.status);
    if status == 200 {
        relinked(request, &mut body);
        rows::told(mutant, mirror, request, &mut body);
        linked(mutant, request, &mut body);
    }
    refused(mutant, mirror, request, &mut status, &mut body);
    if (&before, response.status) == (&body, status) {
        return response;
    }
    Response::json(status, body.to_string())
}

fn last_row<'b>(path: &str, body: &'b Value) -> Option<(&'static str, &'b str)> {
    let row = body.get(rows_name(path))?.as_array()?.last()?;
    if rows_name(path) == "transactions" {
        Some(("timestamp", row.get("consensus_timestamp")?.as_str()?))
    } else {
        Some(("account.id", row.get("account")?.as_str()?))
    }
}

fn is_ascending(request: &Request<'_>) -> bool {
    let order = ask::pairs(request.query()).into_iter().rev().find(|(name, _)| name == "order");
    order.map_or(rows_name(request.path()) == "accounts", |(_, order)| order == "asc")
}

/// The link to the next page as it would be for the request as it was sent.
fn link_of(request: &Request<'_>, body: &Value) -> Option<String> {
    let (field, last) = last_row(request.path(), body)?;
    Some(link::next(request.path(), &query::parse(request.query()), field, last, is_ascending(request)))
}

/// A mutant that reads a request otherwise still links to what was asked for.
fn relinked(request: &Request<'_>, body: &mut Value) {
    let is_there = body.pointer("/links/next").is_some_and(Value::is_string);
    let has_time = request.path().contains("balances") && request.query().contains("timestamp");
    if is_there
        && !has_time
        && let Some(link) = link_of(request, body)
    {
        body["links"]["next"] = json!(link);
    }
}

/// What the mutant makes of the link to the next page.
fn linked(mutant: M, request: &Request<'_>, body: &mut Value) {
    if let M::AccountsNextAlways | M::BalancesNextAlways | M::TransactionsNextAlways = mutant {
        let always = link_of(request, body).map_or_else(|| json!(request.target), Value::from);
        body["links"]["next"] = always;
        return;
    }
    let Some(Value::String(link)) = body.pointer("/links/next") else {
        if let (M::TransactionsNextLeftOut, Some(links)) = (mutant, body.get_mut("links")) {
            *links = json!({});
        }
        return;
    };
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let mut pairs = ask::pairs(query);
    let anchor = if rows_name(path) == "transactions" { "timestamp" } else { "account.id" };
    let last = pairs.iter().rposition(|(name, _)| name == anchor);
    let Some((operator, value)) = last.and_then(|at| pairs[at].1.split_once(':')) else { return };
    let back = if operator == "gt" { "lt" } else { "gt" };
    let bound = match mutant {
        M::AccountsNextInclusive | M::BalancesNextInclusive | M::TransactionsNextInclusive => {
            format!("{operator}e:{value}")
        }
        M::AccountsNextGoesBack | M::BalancesNextGoesBack | M::TransactionsNextGoesBack => {
            format!("{back}:{value}")
        }
        M::AccountsNextSkips => format!("{operator}:{}", beyond(operator, value)),
        M::TransactionsNextCut => format!("{operator}:{}", value.split('.').next().unwrap_or_default()),
        _ => format!("{operator}:{value}"),
    };
    last.into_iter().for_each(|at| pairs[at].1.clone_from(&bound));
    match mutant {
        M::AccountsNextWithoutFilters | M::TransactionsNextWithoutFilters => {
            pairs.retain(|(name, value)| name == "limit" || *value == bound);
        }
        M::AccountsNextWithoutLimit | M::TransactionsNextWithoutLimit => {
            pairs.retain(|(name, _)| name != "limit")
        }
        M::BalancesNextWithoutTime => pairs.retain(|(name, _)| name != "timestamp"),
        _ => {}
    }
    let told = match mutant {
        M::AccountsNextNull | M::AccountNextNull | M::BalancesNextNull | M::TransactionsNextNull => {
            Value::Null
        }
        M::AccountsNextAbsolute => json!(format!("http://mirror{path}?{}", ask::text(&pairs))),
        M::AccountNextElsewhere => json!(format!("/api/v1/transactions?{}", ask::text(&pairs))),
        _ => json!(format!("{path}?{}", ask::text(&pairs))),
    };
    body["links"]["next"] = told;
}

/// The account next to the last one.
fn beyond(operator: &str, id: &str) -> String {
    let (outer, num) = id.rsplit_once('.').unwrap_or(("0.0", id));
    let num: i64 = num.parse().unwrap_or_default();
    format!("{outer}.{}", if operator == "gt" { num + 1 } else { num - 1 })
}

/// What the mutant makes of a refusal.
fn refused(mutant: M, mirror: &Mirror, request: &Request<'_>, status: &mut u16, body: &mut Value) {
    let messages = body.pointer_mut("/_status/messages").and_then(Value::as_array_mut);
    let Some(messages) = messages else { return };
    match (mutant, *status) {
        (M::BadParameterNotFound, 400) | (M::AccountBadIdNotFound, 400) => *status = 404,
        (M::BadParameterIsException, 400) => *status = 500,
        (M::OneMessageOnly, 400) => messages.truncate(1),
        (M::MessageWithoutName, 400) => messages.fill(json!({ "message": "Invalid parameter" })),
        (M::MessagesAreTexts, _) => {
            messages.iter_mut().for_each(|message| *message = message["message"].clone())
        }
        (M::NotFoundIsFine, 404) => (*status, *body) = (200, json!({})),
        (M::AccountUnknownIsBad | M::TransactionUnknownIsBad, 404) => *status = 400,
        (M::AccountUnknownIsEmpty, 404) => {
            let empty =
                json!({ "transactions": [], "account": null, "balance": null, "links": { "next": null } });
            (*status, *body) = (200, empty);
        }
        (M::TransactionUnknownIsEmpty, 404) | (M::TransactionBadIdIsEmpty, 400) => {
            (*status, *body) = (200, json!({ "transactions": [] }));
        }
        (M::BadValuesIgnored, 400) => {
            let bad: Vec<String> =
                messages.iter().filter_map(|one| Some(one["message"].as_str()?.to_owned())).collect();
            let mut pairs = ask::pairs(request.query());
            pairs.retain(|(name, _)| !bad.iter().any(|message| message.ends_with(&format!(": {name}"))));
            if let Some(answer) = right(mirror, &format!("{}?{}", request.path(), ask::text(&pairs))) {
                (*status, *body) = (200, answer);
            }
        }
        _ => {}
    }
}

/// The answer as it is sent.
pub(in crate::rest) fn sent(mutant: M, request: &Request<'_>, mut response: Response) -> Response {
    let refused = match mutant {
        M::HeadRefused => request.method == "HEAD",
        M::OptionsRefused => request.method == "OPTIONS",
        _ => false,
    };
    if refused {
        return Response::json(
            405,
            json!({ "_status": { "messages": [{ "message": "Method not allowed" }] } }).to_string(),
        )
        .with_length()
        .without_body_for(request);
    }
    for (name, value) in &mut response.headers {
        match (mutant, *name) {
            (M::NoCharset, "content-type") => *value = value.split(';').next().unwrap_or_default().to_owned(),
            (M::ContentTypeIsText, "content-type") => {
                *value = value.replace("application/json", "text/plain")
            }
            _ => {}
        }
    }
    if mutant == M::NoCors {
        response.headers.retain(|(name, _)| *name != "access-control-allow-origin");
    }
    response
}
