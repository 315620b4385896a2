//! Two targets in the same state, asked the same: the first answer that differs, made small.
//!
//! Requests are drawn from the parameters of each command or endpoint, good and malformed, filled with what both targets know; one in
//! ten has another envelope than clients use. Only commands that leave a node as it is are sent. The same seed draws the same requests from the same knowledge.

mod envelope;
mod iri;
mod known;
mod mirror;

use std::time::Duration;

use proptest::prop_oneof;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};
use tanglegram_target::{Client, Exchange, ExchangeError, MIRROR, Reply};
use tanglegram_vector::{Difference, Level};
use thiserror::Error;
use tokio::time::Instant;

pub use crate::probe::{Probe, Written};
use crate::snapshot::{is_gauge, is_volatile};
pub use known::Known;

/// Most requests sent to make one that differs smaller.
const SHRINKING: usize = 500;
/// Replies whose lists are sets.
const SETS: [&str; 2] = ["findTransactions", "getTips"];
/// How IRI begins to tell that a body is no JSON.
const BAD_JSON: &str = "Invalid JSON syntax:";
/// Replies that are drawn at random.
const RANDOM: [&str; 1] = ["getTransactionsToApprove"];

/// How long to look, and how closely.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Starts the drawing of requests.
    pub seed: u64,
    /// The longest time.
    pub time: Duration,
    /// The most requests.
    pub requests: u64,
    /// `Exact`: replies are equal; `Spec`: all refusals are alike.
    pub level: Level,
}

/// A request that two targets answer differently.
#[derive(Debug)]
pub struct Disagreement {
    /// The smallest request found.
    pub probe: Probe,
    /// What differs: `expected` is the first target's.
    pub differences: Vec<Difference>,
    /// The exchange with the first target.
    pub first: Exchange,
    /// The exchange with the second.
    pub second: Exchange,
}

/// How a search ended.
#[derive(Debug)]
pub struct Found {
    /// Requests sent to each target.
    pub requests: u64,
    /// The difference, if there is one.
    pub disagreement: Option<Box<Disagreement>>,
}

/// A target that cannot be asked.
#[derive(Debug, Error)]
#[error("{which} target: {source}")]
pub struct TargetError {
    which: &'static str,
    source: ExchangeError,
}

/// Two targets.
pub struct Pair {
    first: Client,
    second: Client,
    api: String,
}

impl Pair {
    /// Two targets of the same API.
    pub fn new(first: Client, second: Client, api: &str) -> Self {
        Self { first, second, api: api.to_owned() }
    }

    /// Looks for a request that is answered differently, and makes it small.
    ///
    /// # Errors
    /// A target gives no reply.
    pub async fn search(
        &mut self,
        search: &Search,
        mut progress: impl FnMut(u64),
    ) -> Result<Found, TargetError> {
        let known = self.known().await?;
        let strategy = probes(&self.api, &known);
        let mut runner = runner(search.seed);
        let started = Instant::now();
        let mut requests = 0;
        while requests < search.requests && started.elapsed() < search.time {
            let Ok(mut tree) = strategy.new_tree(&mut runner) else { continue };
            requests += 1;
            progress(requests);
            // What a living network changed in between is no difference.
            if self.differs(&tree.current(), search.level).await?.is_some()
                && let Some(disagreement) = self.shrink(&mut *tree, search.level).await?
            {
                return Ok(Found { requests, disagreement: Some(Box::new(disagreement)) });
            }
        }
        Ok(Found { requests, disagreement: None })
    }

    async fn known(&mut self) -> Result<Known, TargetError> {
        let mut known = Known::default();
        for _ in 0..known::ROUNDS {
            for probe in known.questions(&self.api) {
                let (first, second) = self.ask(&probe).await?;
                known.learn(&probe, &first.reply, &second.reply);
            }
        }
        Ok(known)
    }

    async fn ask(&mut self, probe: &Probe) -> Result<(Exchange, Exchange), TargetError> {
        let request = probe.request();
        let first =
            self.first.exchange(&request).await.map_err(|source| TargetError { which: "first", source })?;
        let second =
            self.second.exchange(&request).await.map_err(|source| TargetError { which: "second", source })?;
        Ok((Exchange { request: request.clone(), reply: first }, Exchange { request, reply: second }))
    }

    async fn differs(&mut self, probe: &Probe, level: Level) -> Result<Option<Disagreement>, TargetError> {
        let (first, second) = self.ask(probe).await?;
        let differences = differences(probe, &first.reply, &second.reply, level);
        let probe = probe.clone();
        Ok((!differences.is_empty()).then_some(Disagreement { probe, differences, first, second }))
    }

    /// The smallest request that still differs; none if it does not differ twice.
    async fn shrink(
        &mut self,
        tree: &mut dyn ValueTree<Value = Probe>,
        level: Level,
    ) -> Result<Option<Disagreement>, TargetError> {
        let mut smallest = self.differs(&tree.current(), level).await?;
        let mut simpler = smallest.is_some() && tree.simplify();
        for _ in 0..SHRINKING {
            if !simpler {
                break;
            }
            match self.differs(&tree.current(), level).await? {
                Some(found) => {
                    smallest = Some(found);
                    simpler = tree.simplify();
                }
                None => simpler = tree.complicate(),
            }
        }
        Ok(smallest)
    }
}

/// Any request.
fn probes(api: &str, known: &Known) -> BoxedStrategy<Probe> {
    let (usual, odd) = if api == MIRROR {
        let usual = mirror::probes(known);
        (usual.clone(), envelope::mirror(usual))
    } else {
        let usual = iri::probes(known);
        (usual.clone(), envelope::iri(usual))
    };
    prop_oneof![9 => usual, 1 => odd].boxed()
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// What differs between two replies.
fn differences(probe: &Probe, first: &Reply, second: &Reply, level: Level) -> Vec<Difference> {
    let statuses = (first.status.as_u16(), second.status.as_u16());
    let refused = |status: u16| (400..600).contains(&status);
    if level == Level::Spec && refused(statuses.0) && refused(statuses.1) {
        return Vec::new();
    }
    if statuses.0 != statuses.1 {
        let (expected, got) = (statuses.0.to_string(), statuses.1.to_string());
        return vec![Difference { path: "status".into(), expected, got }];
    }
    let (first, second) = (comparable(probe, first), comparable(probe, second));
    let mut found = Vec::new();
    compare("body", &first, &second, &mut found);
    found
}

/// A body without what differs in any case.
fn comparable(probe: &Probe, reply: &Reply) -> Value {
    let text = || Value::from(String::from_utf8_lossy(&reply.body).into_owned());
    let mut body = serde_json::from_slice(&reply.body).unwrap_or_else(|_| text());
    let is_of = |commands: &[&str]| probe.command().is_some_and(|command| commands.contains(&command));
    if let Some(fields) = body.as_object_mut() {
        if let Some(Value::String(error)) = fields.get_mut("error") {
            // What follows is in the words of the library that reads JSON.
            let end = error.find(BAD_JSON).map(|at| at + BAD_JSON.len());
            error.truncate(end.unwrap_or(error.len()));
        }
        fields.retain(|name, _| !is_volatile(name) && !is_gauge(name));
        if is_of(&RANDOM) && reply.status.as_u16() == 200 {
            fields.values_mut().for_each(|value| *value = Value::Null);
        }
        if is_of(&SETS) {
            fields
                .values_mut()
                .filter_map(Value::as_array_mut)
                .for_each(|list| list.sort_by_key(Value::to_string));
        }
    }
    body
}

fn compare(path: &str, first: &Value, second: &Value, found: &mut Vec<Difference>) {
    match (first, second) {
        _ if first == second => {}
        (Value::Object(left), Value::Object(right)) => compare_fields(path, left, right, found),
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (place, (left, right)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}[{place}]"), left, right, found);
            }
        }
        _ => {
            let shown = |value: &Value| tanglegram_vector::shorten(&value.to_string(), 160);
            found.push(Difference { path: path.to_owned(), expected: shown(first), got: shown(second) });
        }
    }
}

fn compare_fields(
    path: &str,
    left: &Map<String, Value>,
    right: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let absent = |path: String, expected: &str, got: &str| Difference {
        path,
        expected: expected.into(),
        got: got.into(),
    };
    for (name, value) in left {
        match right.get(name) {
            Some(other) => compare(&format!("{path}.{name}"), value, other, found),
            None => found.push(absent(format!("{path}.{name}"), "a field", "no such field")),
        }
    }
    for name in right.keys().filter(|name| !left.contains_key(*name)) {
        found.push(absent(format!("{path}.{name}"), "no such field", "a field"));
    }
}

/// One of these at random, the earlier the simpler.
fn one_of<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> BoxedStrategy<T> {
    proptest::sample::select(values).boxed()
}
