//! Replays the exchanges recorded from a real IRI 1.8.5 and 1.8.6 against a node that is fed the same tangle.
//!
//! What HTTP itself decides (methods, paths, authorisation, address of the client) is replayed over real sockets elsewhere; here
//! each request goes straight into [`Node::handle`], so that a difference is a difference in the node.

mod compare;
mod fixture;

use fixture::{Exchange, Session};
use tanglegram_tangle::Dialect;

/// Exchanges that only a lenient Java JSON reader or a JVM's stack answers as recorded, each with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("env.json.single-quotes", "texts in single quotes"),
    ("env.json.unquoted", "texts without quotes"),
    ("env.json.comment", "comments"),
    ("env.json.hash-comment", "comments"),
    ("env.json.equals", "`=` for `:`"),
    ("env.json.semicolon", "`;` for `,`"),
    ("env.json.tab-in-string", "a raw control character in a text"),
    ("env.json.bad-number", "a number with a leading zero"),
    ("env.json.nan", "NaN"),
    ("env.json.nest-50000", "the JVM's stack overflows"),
];

fn replay(dialect: Dialect) {
    let exchanges = fixture::exchanges();
    let mut failures = Vec::new();
    let mut compared = 0;
    for config in ["main", "nbr", "limits", "auth"] {
        let mut session = Session::new(config, dialect);
        for exchange in exchanges.iter().filter(|exchange| exchange.config == config) {
            if let Some(verdict) = replay_one(&mut session, exchange) {
                compared += 1;
                failures.extend(verdict.err().map(|difference| format!("{}: {difference}", exchange.id)));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {compared} differ:\n{}", failures.len(), failures.join("\n"));
    assert!(compared > 600, "only {compared} exchanges were compared");
}

fn replay_one(session: &mut Session, exchange: &Exchange) -> Option<Result<(), String>> {
    session.advance_to(&exchange.state);
    let reply = session.exchange(exchange)?;
    if LEFT_OUT.iter().any(|(id, _)| *id == exchange.id) {
        return None;
    }
    let expected = exchange.expected(session.dialect())?;
    Some(compare::compare(exchange, &expected, &reply))
}

#[test]
fn iri_1_8_5_answers_as_recorded() {
    replay(Dialect::IRI_1_8_5);
}

#[test]
fn iri_1_8_6_answers_as_recorded() {
    replay(Dialect::IRI_1_8_6);
}
