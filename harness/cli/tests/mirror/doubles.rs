//! Mirror nodes that are not as they should be: each answers as the reference does, but for one property.

use serde_json::{Value, json};
use tanglegram_mirror::{Dialect, Mirror, Request, dataset};
use wiremock::{Respond, ResponseTemplate};

use crate::data;

/// How a double deviates from the reference.
#[derive(Clone, Copy)]
pub(crate) struct Flaw {
    /// What the reference is asked in place of what the double was asked.
    pub(crate) ask: fn(&str) -> String,
    /// What becomes of the reference's answer to what the double was asked.
    pub(crate) spoil: fn(&str, &mut Value),
}

/// A mirror node with a flaw.
pub(crate) struct Double {
    mirror: Mirror,
    flaw: Flaw,
}

impl Double {
    pub(crate) fn new(flaw: Flaw) -> Self {
        let store = dataset::load(&data::dataset(120).to_string()).expect("it is a data set");
        Self { mirror: Mirror::new(store, Dialect::DOCUMENT), flaw }
    }
}

impl Respond for Double {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let query = request.url.query().map_or(String::new(), |query| format!("?{query}"));
        let target = format!("{}{query}", request.url.path());
        let response = self.mirror.handle(&Request::get(&(self.flaw.ask)(&target)));
        let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        (self.flaw.spoil)(&target, &mut body);
        ResponseTemplate::new(response.status).set_body_json(body)
    }
}

fn asked(target: &str) -> String {
    target.to_owned()
}

fn whole(_: &str, _: &mut Value) {}

/// A request without the parameters of a name.
fn without(target: &str, name: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
    format!("{path}?{}", kept.join("&"))
}

/// Each list of rows in an answer.
fn lists(body: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let fields = body.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut);
    fields.filter_map(Value::as_array_mut)
}

fn replace_link(body: &mut Value, from: &str, to: &str) {
    if let Some(Value::String(next)) = body.pointer_mut("/links/next") {
        *next = next.replace(from, to);
    }
}

const NONE: Flaw = Flaw { ask: asked, spoil: whole };

/// A double without a flaw.
pub(crate) const GOOD: Flaw = NONE;

/// Flaws, and a vector that has to find each.
pub(crate) const FLAWS: [(&str, Flaw, &str); 24] = [
    (
        "rows upside down",
        Flaw { spoil: |_, body| lists(body).for_each(|rows| rows.reverse()), ..NONE },
        "transactions-come-descending",
    ),
    ("order ignored", Flaw { ask: |target| without(target, "order"), ..NONE }, "balances-come-ascending"),
    (
        "limit ignored",
        Flaw { ask: |target| without(target, "limit"), ..NONE },
        "pages-of-transactions-join-up-desc",
    ),
    (
        "account.id ignored",
        Flaw { ask: |target| without(target, "account.id"), ..NONE },
        "accounts-with-ids-above",
    ),
    (
        "account.id of transactions ignored",
        Flaw {
            ask: |target| {
                if target.contains("/transactions") { without(target, "account.id") } else { asked(target) }
            },
            ..NONE
        },
        "transactions-of-an-account",
    ),
    (
        "lt as lte",
        Flaw { ask: |target| target.replace("account.id=lt:", "account.id=lte:"), ..NONE },
        "balances-with-ids-below",
    ),
    (
        "gte as gt",
        Flaw { ask: |target| target.replace("timestamp=gte:", "timestamp=gt:"), ..NONE },
        "the-transaction-of-a-time",
    ),
    (
        "the second condition ignored",
        Flaw { ask: |target| target.replace("&account.id=lt:0.0.1000", ""), ..NONE },
        "accounts-of-a-range",
    ),
    (
        "account.balance ignored",
        Flaw { ask: |target| without(target, "account.balance"), ..NONE },
        "accounts-with-balances-below",
    ),
    (
        "account.publickey ignored",
        Flaw { ask: |target| without(target, "account.publickey"), ..NONE },
        "accounts-with-a-key",
    ),
    (
        "timestamp ignored",
        Flaw { ask: |target| without(target, "timestamp"), ..NONE },
        "no-balances-before-the-ledger",
    ),
    (
        "timestamp of transactions ignored",
        Flaw {
            ask: |target| {
                if target.contains("/balances") { asked(target) } else { without(target, "timestamp") }
            },
            ..NONE
        },
        "transactions-after-a-time",
    ),
    ("result ignored", Flaw { ask: |target| without(target, "result"), ..NONE }, "transactions-that-failed"),
    ("type ignored", Flaw { ask: |target| without(target, "type"), ..NONE }, "debits-of-an-account"),
    (
        "credit and debit confused",
        Flaw { ask: |target| target.replace("type=credit", "type=debit"), ..NONE },
        "credits-of-an-account",
    ),
    (
        "transfers that do not add up",
        Flaw { spoil: |_, body| add_to_a_transfer(body), ..NONE },
        "transfers-sum-to-zero",
    ),
    (
        "ids that are numbers alone",
        Flaw { spoil: |_, body| shorten_ids(body), ..NONE },
        "accounts-have-their-own-order",
    ),
    (
        "times without leading zeros",
        Flaw { spoil: |_, body| shorten_times(body), ..NONE },
        "a-transaction-is-told-by-payer-and-start",
    ),
    (
        "a row lost on each page",
        Flaw {
            spoil: |target, body| {
                if target.contains("limit=7") {
                    lists(body).for_each(|rows| drop(rows.pop()))
                }
            },
            ..NONE
        },
        "pages-of-balances-join-up-desc",
    ),
    (
        "a row twice",
        Flaw { spoil: |_, body| replace_link(body, "gt:", "gte:"), ..NONE },
        "pages-of-accounts-join-up-asc",
    ),
    (
        "no next link",
        Flaw {
            spoil: |target, body| {
                if target.contains("limit=7") {
                    body["links"] = json!({ "next": null })
                }
            },
            ..NONE
        },
        "pages-of-transactions-join-up-asc",
    ),
    (
        "a next link to nowhere",
        Flaw { spoil: |_, body| replace_link(body, "/api/v1/", "/api/v2/"), ..NONE },
        "pages-of-transactions-that-failed-join-up",
    ),
    (
        "duplicates left out",
        Flaw {
            spoil: |target, body| {
                if target.contains("/transactions/") {
                    lists(body).for_each(Vec::clear)
                }
            },
            ..NONE
        },
        "every-entry-of-a-transaction",
    ),
    (
        "the transactions of everybody",
        Flaw {
            spoil: |target, body| {
                if target.contains("/accounts/") {
                    lists(body).for_each(|rows| {
                        rows.push(
                            json!({ "consensus_timestamp": "1.000000000", "transfers": [], "result": "" }),
                        )
                    })
                }
            },
            ..NONE
        },
        "transactions-with-the-account",
    ),
];

fn add_to_a_transfer(body: &mut Value) {
    if let Some(amount) = body.pointer_mut("/transactions/0/transfers/0/amount") {
        *amount = json!(amount.as_i64().unwrap_or_default() + 1);
    }
}

fn shorten_ids(body: &mut Value) {
    for row in lists(body).flatten() {
        if let Some(Value::String(id)) = row.get_mut("account") {
            *id = format!("account {id}");
        }
    }
}

fn shorten_times(body: &mut Value) {
    for row in lists(body).flatten() {
        if let Some(Value::String(time)) = row.get_mut("consensus_timestamp") {
            *time = time.replace(".0", ".");
        }
    }
}
