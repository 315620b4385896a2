//! Vectors inside a simulated network: nodes are asked without a socket, and time passes when a step says so.

mod ground;
mod hedera;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tanglegram_tangle::ApiRequest;
use tanglegram_target::{Bytes, HeaderMap, Reply, Request, StatusCode};
use tanglegram_vector::{
    Act, Ask, Context, Difference, Mistake, Network, NetworkWorld, Problem, Scope, Snapshot, Span, Step,
    Submission, Vector, WorldFacts, Written,
};
use tanglegram_world::sim::{Scenario, Simulation, account_address};
use tanglegram_world::{World, WorldError, parse_faults, show_time};

use self::ground::{Ground, Place};
use crate::prepare::{self, Prepared};
use crate::sending;
use crate::snapshot::Snapshots;
use crate::transcript;
use crate::verdict::{self, Failure, Verdict};

/// Virtual time between attempts of a step that may take a while to hold.
const RETRY: Duration = Duration::from_millis(250);
/// Virtual milliseconds that pass in one go.
const SLICE: u64 = 1000;
/// How long `until` waits where the step does not say.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many accounts, and keys of each, have names.
const NAMED: (usize, u32) = (6, 3);

/// The names every network declares: `$account.0.1` is the address of account 0's key 1, `$client.0` and `$member.0` are the
/// accounts of a Hedera network's first client and first member.
pub(crate) fn names() -> WorldFacts {
    let keys = |account| (0..NAMED.1).map(move |key| Value::from(account_address(account, key).to_string()));
    let accounts = (0..NAMED.0).map(|account| Value::from_iter(keys(account)));
    let accounts = [("account", Value::from_iter(accounts))];
    let names = Value::from_iter(accounts.into_iter().chain(hedera::names(NAMED.0)));
    WorldFacts { states: Vec::new(), names: names.into() }
}

/// What is wrong with a vector's world, the nodes it names and its faults.
pub(crate) fn check(vector: &Vector, network: &Network) -> Vec<Problem> {
    let scenario = match scenario(network) {
        Ok(scenario) => scenario,
        Err(error) => return vec![problem(vector, &error, network.world.span())],
    };
    let mut problems = Vec::new();
    for step in &vector.steps {
        problems.extend(misplaced(step, &scenario).map(|(mistake, help)| Problem {
            mistake: Mistake::World(mistake),
            span: step.span,
            help,
            source: vector.source.clone(),
        }));
        if let Ask::Act(Act::Fault(written)) = &step.ask {
            let read = parse_faults(&written.text, &scenario);
            problems.extend(read.err().map(|error| problem(vector, &error, written.span)));
        }
    }
    problems
}

/// The network a vector starts, to be simulated.
fn scenario(network: &Network) -> Result<Scenario, WorldError> {
    let world = match &network.world {
        NetworkWorld::Named(name, _) => World::load(name)?,
        NetworkWorld::Inline(written) => World::parse("world", &written.text, Path::new(""))?,
    };
    Ok(world.simulated()?.clone())
}

/// What is wrong with whom a step asks, and what could be done about it.
fn misplaced(step: &Step, scenario: &Scenario) -> Option<(String, Option<String>)> {
    let place = step.at.as_ref().and_then(|name| ground::place(scenario, name));
    if let (Some(name), None) = (&step.at, place) {
        let help = format!("the nodes are {}", scenario.base().nodes.join(", "));
        return Some((format!("there is no node `{name}`"), Some(help)));
    }
    let whose = match (&step.ask, place) {
        (Ask::Call { .. } | Ask::Send(_), Some(Place::Member(_) | Place::Mirror)) => "a tangle's nodes",
        (Ask::Submit(_), Some(Place::Node(_) | Place::Mirror)) => "the members of a Hedera network",
        (Ask::Get { .. }, Some(Place::Node(_) | Place::Member(_))) => "the mirror node of a Hedera network",
        (Ask::Submit(submission), _) => return unknown_client(submission, scenario),
        _ => return None,
    };
    Some((format!("that step is for {whose}"), None))
}

fn unknown_client(submission: &Submission, scenario: &Scenario) -> Option<(String, Option<String>)> {
    let count = scenario.hedera.as_ref().map_or(0, |plan| plan.accounts);
    let unknown = submission.deed.clients().chain(submission.signer).find(|client| *client >= count)?;
    Some((format!("there is no client {unknown}"), Some(format!("the network has {count} `accounts`"))))
}

/// The same mistake at its place in the vector's file.
fn problem(vector: &Vector, error: &WorldError, whole: Span) -> Problem {
    let (span, help) = match error {
        WorldError::Invalid(fault) => {
            let span = fault.span();
            let inside = whole.start <= span.start && span.end <= whole.end;
            let span = if inside { Span { start: span.start, end: span.end } } else { whole };
            (span, fault.hint().map(str::to_owned))
        }
        _ => (whole, None),
    };
    Problem { mistake: Mistake::World(error.to_string()), span, help, source: vector.source.clone() }
}

/// Runs a vector in its network, after something about that was changed.
pub(crate) async fn execute(
    item: &Prepared<'_>,
    network: &Network,
    change: impl FnOnce(&mut Scenario),
    snapshots: &mut dyn Snapshots,
) -> Verdict {
    let mut scenario = match scenario(network) {
        Ok(scenario) => scenario,
        Err(error) => return Verdict::Skip(error.to_string()),
    };
    change(&mut scenario);
    let ground = match Ground::new(scenario, network.seed) {
        Ok(ground) => ground,
        Err(error) => return failed(item.vector, item.vector.span, 0, error.to_string()),
    };
    let mut run = Run { item, ground, captured: BTreeMap::new(), snapshots };
    for (index, step) in item.vector.steps.iter().enumerate() {
        if let Err(failure) = run.step(step, index + 1).await {
            return Verdict::Fail(failure);
        }
    }
    match run.ground.violations().first().filter(|_| !network.may_violate) {
        Some(violation) => {
            failed(item.vector, item.vector.span, item.vector.steps.len(), violation.to_string())
        }
        None => Verdict::Pass,
    }
}

/// The verdict on a vector that fails at a step, or before the first.
pub(crate) fn failed(vector: &Vector, span: Span, step: usize, error: String) -> Verdict {
    let (place, differences) = (vector.place_of(span), Vec::new());
    Verdict::Fail(Box::new(Failure { step, place, error: Some(error), differences, ..Failure::default() }))
}

struct Run<'r, 'v> {
    item: &'r Prepared<'v>,
    ground: Ground,
    captured: BTreeMap<String, Value>,
    snapshots: &'r mut dyn Snapshots,
}

type Done = Result<(), Box<Failure>>;

impl Run<'_, '_> {
    async fn step(&mut self, step: &Step, number: usize) -> Done {
        if let Some(after) = step.after {
            self.advance(after).await;
        }
        match &step.ask {
            Ask::Act(act) => self.act(act, step, number).await,
            _ => self.until_it_holds(step, number).await,
        }
    }

    async fn act(&mut self, act: &Act, step: &Step, number: usize) -> Done {
        match act {
            Act::Advance(time) => self.advance(*time).await,
            Act::Fault(written) => self.fault(written, step, number)?,
            Act::Synced => self.until_synced(step, number).await?,
        }
        Ok(())
    }

    fn fault(&mut self, written: &Written, step: &Step, number: usize) -> Done {
        let told = |run: &Self, error: String| run.failure(step, number, error, String::new());
        let faults = parse_faults(&written.text, self.ground.scenario())
            .map_err(|error| told(self, error.to_string()))?;
        for fault in faults {
            self.ground.apply(fault).map_err(|flaw| told(self, flaw.to_string()))?;
        }
        Ok(())
    }

    /// Lets time pass, slice by slice, so that a long run can be broken off.
    async fn advance(&mut self, time: Duration) {
        let end = self.ground.now() + millis(time);
        while self.ground.now() < end {
            self.ground.advance_to(end.min(self.ground.now() + SLICE));
            tokio::task::yield_now().await;
        }
    }

    async fn until_synced(&mut self, step: &Step, number: usize) -> Done {
        let within = step.within.unwrap_or(PATIENCE);
        let since = self.ground.now();
        let latest = since + millis(within);
        while self.ground.now() < latest {
            if self.ground.sync(since, latest.min(self.ground.now() + SLICE)) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        let error =
            format!("not synced within {}: {}", show_time(millis(within)), self.ground.progress(since));
        Err(self.failure(step, number, error, String::new()))
    }

    /// Asks again and again until the reply is as expected, if it may take a while.
    async fn until_it_holds(&mut self, step: &Step, number: usize) -> Done {
        let place = step.at.as_ref().and_then(|name| ground::place(self.ground.scenario(), name));
        let place = place.unwrap_or(Place::Node(0));
        let deadline = step.within.map(|within| self.ground.now() + millis(within));
        loop {
            let result = self.once(step, number, place);
            let again = deadline.is_some_and(|deadline| self.ground.now() + millis(RETRY) <= deadline);
            if result.is_ok() || !again {
                return result;
            }
            self.advance(RETRY).await;
        }
    }

    fn once(&mut self, step: &Step, number: usize, place: Place) -> Done {
        let at = show_time(self.ground.now());
        let scope = Scope { world: &self.item.names, captured: &self.captured };
        let asked = match (&step.ask, &mut self.ground, place) {
            (Ask::Send(sending), Ground::Tangle(simulation), Place::Node(node)) => {
                sending::send(simulation, node, sending, &scope)
            }
            (_, Ground::Tangle(simulation), Place::Node(node)) => call(simulation, node, step, &scope),
            (Ask::Submit(submission), Ground::Hedera(network, _), Place::Member(member)) => {
                hedera::submit(network, member, submission, &scope)
            }
            (Ask::Get { path, .. }, Ground::Hedera(network, _), Place::Mirror) => path
                .resolve_text(&scope)
                .map_err(|error| error.to_string())
                .and_then(|path| hedera::get(network, &path)),
            _ => Err("that step is for another node".into()),
        };
        let name = step.at.as_deref().unwrap_or_default();
        let (sent, reply) =
            asked.map_err(|error| self.failure(step, number, error, format!("> {name} at {at}")))?;
        let transcript = || transcript::told(name, &at, &sent, &reply);
        let differences = self.judge(step, number, place, &reply);
        if !differences.is_empty() {
            let mut failure = self.failure(step, number, String::new(), transcript());
            (failure.error, failure.differences) = (None, differences);
            return Err(failure);
        }
        for capture in &step.captures {
            let Some(value) = verdict::capture(capture, &reply) else {
                let error = format!("nothing to capture at /{}", capture.pointer.join("/"));
                return Err(self.failure(step, number, error, transcript()));
            };
            self.captured.insert(capture.name.clone(), value);
        }
        Ok(())
    }

    fn judge(&mut self, step: &Step, number: usize, place: Place, reply: &Reply) -> Vec<Difference> {
        let scope = Scope { world: &self.item.names, captured: &self.captured };
        let now_ms = i64::try_from(self.ground.clock(place)).unwrap_or(i64::MAX);
        let context = Context { scope, transaction_hash: tanglegram_target::transaction_hash, now_ms };
        let mut differences = verdict::judge(&step.expect, reply, &context).into_vec();
        if let Some(kind) = step.expect.snapshot.filter(|_| differences.is_empty()) {
            differences.extend(self.compare(kind, number, reply));
        }
        differences
    }

    /// Holds a reply against its recording.
    fn compare(&mut self, kind: Snapshot, number: usize, reply: &Reply) -> Option<Difference> {
        let name = format!("{}@{number}", self.item.vector.path.replace('/', "__"));
        self.snapshots.compare(&name, &crate::snapshot::shown(kind, reply))
    }

    fn failure(&self, step: &Step, number: usize, error: String, transcript: String) -> Box<Failure> {
        let place = self.item.vector.place_of(step.span);
        Box::new(Failure { step: number, place, error: Some(error), transcript, ..Failure::default() })
    }
}

/// One command: what was sent, and the reply.
fn call(
    simulation: &mut Simulation,
    node: usize,
    step: &Step,
    scope: &Scope<'_>,
) -> Result<(String, Reply), String> {
    let Request { headers, body, .. } =
        prepare::request(step, false, scope).map_err(|error| error.to_string())?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let versioned = headers.contains_key("x-iota-api-version");
    let request = ApiRequest { body: body.clone(), versioned, trusted: !step.nonloopback };
    let reply = simulation.request(node, request).map_err(|error| error.to_string())?;
    Ok((body, heard(reply.status as u16, reply.body)))
}

/// A reply as one that came over a connection.
pub(crate) fn heard(status: u16, body: String) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", tanglegram_target::HeaderValue::from_static("application/json"));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply { status, headers, body: Bytes::from(body), elapsed: Duration::ZERO, lost: None }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
