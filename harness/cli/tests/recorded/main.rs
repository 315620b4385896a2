//! Replays the exchanges recorded from a real IRI 1.8.5 and 1.8.6, over HTTP, against `tanglegram serve` in the world each was
//! recorded in, fed with the same tangle.

mod compare;
mod recording;
#[path = "../running/mod.rs"]
mod running;
mod served;

use recording::Exchange;
use served::Served;

/// What came of one exchange.
enum Verdict {
    Agrees,
    Differs(String),
    /// Not compared: it is not stable in the real node, or this machine cannot send it.
    Skipped,
}

async fn replay(dialect: &str) {
    let exchanges = recording::exchanges();
    let (mut agreed, mut skipped, mut failures) = (0, 0, Vec::new());
    for config in ["main", "nbr", "limits", "auth"] {
        let mut served = Served::start(config, dialect).await;
        for exchange in exchanges.iter().filter(|exchange| exchange.config == config) {
            match replay_one(&mut served, exchange, dialect).await {
                Verdict::Agrees => agreed += 1,
                Verdict::Skipped => skipped += 1,
                Verdict::Differs(how) => failures.push(format!("{}: {how}", exchange.id)),
            }
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(agreed + skipped, exchanges.len());
    assert!(agreed > 600, "only {agreed} exchanges were compared");
}

async fn replay_one(served: &mut Served, exchange: &Exchange, dialect: &str) -> Verdict {
    served.advance_to(&exchange.state).await;
    let Some(reply) = served.exchange(exchange).await else { return Verdict::Skipped };
    match exchange.expected(dialect) {
        None => Verdict::Skipped,
        Some(expected) => match compare::compare(exchange, &expected, &reply) {
            Ok(()) => Verdict::Agrees,
            Err(how) => Verdict::Differs(how),
        },
    }
}

#[tokio::test]
async fn iri_1_8_5_answers_as_recorded() {
    replay("iri-1.8.5").await;
}

#[tokio::test]
async fn iri_1_8_6_answers_as_recorded() {
    replay("iri-1.8.6").await;
}
