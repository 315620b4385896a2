//! Traffic made into a vector: what passed between a client and a node becomes a conversation that can be replayed.
//!
//! What a client learnt from a reply and sent again becomes a capture; what differs from run to run becomes a matcher; requests
//! repeated until the answer changed become one that waits for it. Headers are not kept, so neither are credentials.

mod flow;
mod shape;
mod yaml;

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use tanglegram_target::{Exchange, IRI, Method, Request};
use tanglegram_vector::{CHANGING_COMMANDS, SpecFile};

use crate::probe::{Probe, Written};
use flow::Flow;

/// Most exchanges of a session; what comes later is not kept.
pub const MOST_EXCHANGES: usize = 2_000;

/// How long a repeated request may wait for its answer when it is replayed.
const PATIENCE: &str = "60s";
/// Parameters whose values are nobody's business.
const SECRETS: [&str; 6] = ["seed", "password", "secret", "token", "privateKey", "authorization"];

/// What passed so far.
#[derive(Debug, Default)]
pub struct Session {
    exchanges: Vec<Passed>,
    left_out: usize,
}

/// An exchange, as far as a vector tells of it.
#[derive(Debug, Clone)]
struct Passed {
    ask: Probe,
    versioned: bool,
    status: u16,
    reply: Body,
}

#[derive(Debug, Clone, PartialEq)]
enum Body {
    Json(Value),
    Text(String),
}

impl Session {
    /// Takes an exchange in; one that is neither a command nor a GET, or one too many, is counted and left out.
    pub fn add(&mut self, exchange: &Exchange) {
        match ask(&exchange.request)
            .map(|ask| Passed::new(ask, exchange))
            .filter(|_| self.exchanges.len() < MOST_EXCHANGES)
        {
            Some(passed) => self.exchanges.push(passed),
            None => self.left_out += 1,
        }
    }

    /// A session of one exchange, whatever was asked; credentials that were added to it are not kept.
    pub fn of(probe: &Probe, exchange: &Exchange) -> Self {
        Session { exchanges: vec![Passed::new(probe.clone(), exchange)], left_out: 0 }
    }

    /// How many exchanges are kept, and how many were left out.
    pub fn counts(&self) -> (usize, usize) {
        (self.exchanges.len(), self.left_out)
    }

    /// The session as a vector file with one vector of that name; `None` while nothing passed. The API is that of the first
    /// exchange, those of another are left out.
    pub fn vector_file(&self, name: &str, specs: &[SpecFile]) -> Option<String> {
        let api = self.exchanges.first()?.ask.api();
        let exchanges: Vec<Passed> =
            self.exchanges.iter().filter(|passed| passed.ask.api() == api).cloned().collect();
        let exchanges = without_polls(exchanges);
        let flow = Flow::of(exchanges.iter().map(|(passed, _)| passed));
        let changes = |(passed, _): &(Passed, bool)| matches!(&passed.ask, Probe::Call { command, .. } if CHANGING_COMMANDS.contains(&command.as_str()));
        let mut text =
            format!("# Recorded; look at what it demands before you rely on it.\napi: {api}\nvectors:\n");
        let _ = writeln!(text, "  - vector: {name}");
        let _ = writeln!(text, "    about: recorded, {} exchanges", exchanges.len());
        let _ = writeln!(text, "    clauses: [{}]", clauses(&exchanges, specs).join(", "));
        text.push_str("    world: any\n    level: spec\n");
        if exchanges.iter().any(changes) {
            text.push_str("    dirties: true\n");
        }
        text.push_str("    steps:\n");
        for (number, (passed, polled)) in exchanges.iter().enumerate() {
            step(&mut text, passed, *polled, number, &flow);
        }
        Some(text)
    }
}

impl Passed {
    fn new(ask: Probe, Exchange { request, reply }: &Exchange) -> Self {
        let body = match serde_json::from_slice(&reply.body) {
            Ok(value) => Body::Json(value),
            Err(_) => Body::Text(String::from_utf8_lossy(&reply.body).into_owned()),
        };
        let versioned = request.headers.contains_key("x-iota-api-version");
        Passed { ask, versioned, status: reply.status.as_u16(), reply: body }
    }
}

fn ask(request: &Request) -> Option<Probe> {
    match request.method {
        Method::GET if request.body.is_empty() => Some(Probe::Get(request.path.clone())),
        Method::POST => call(serde_json::from_slice(&request.body).ok()?),
        _ => None,
    }
}

fn call(body: Value) -> Option<Probe> {
    let Value::Object(mut with) = body else { return None };
    let Some(Value::String(command)) = with.remove("command") else { return None };
    for (name, value) in &mut with {
        if SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name)) {
            *value = json!("dropped");
        }
    }
    Some(Probe::Call { command, with })
}

/// Requests repeated one after the other until the answer was another: the last of them, and that it was waited for.
fn without_polls(exchanges: Vec<Passed>) -> Vec<(Passed, bool)> {
    let mut kept: Vec<(Passed, bool)> = Vec::with_capacity(exchanges.len());
    for passed in exchanges {
        match kept.last_mut() {
            Some((last, polled)) if last.ask == passed.ask => {
                *polled |= shape::settled(&last.reply) != shape::settled(&passed.reply);
                *last = passed;
            }
            _ => kept.push((passed, false)),
        }
    }
    kept
}

/// For each command the first requirement on it.
fn clauses<'s>(exchanges: &[(Passed, bool)], specs: &'s [SpecFile]) -> Vec<&'s str> {
    let subject = |passed: &Passed| match &passed.ask {
        Probe::Call { command, .. } => command.clone(),
        Probe::Get(path) => endpoint(path),
        Probe::Written(written) => (if written.api == IRI { "envelope" } else { "http" }).to_owned(),
    };
    let subjects: BTreeSet<String> = exchanges.iter().map(|(passed, _)| subject(passed)).collect();
    let first = |subject: &String| {
        let about = |spec: &&SpecFile| spec.command.eq_ignore_ascii_case(subject);
        specs.iter().find(about).and_then(|spec| spec.clauses.first())
    };
    let mut found: Vec<&str> = subjects.iter().filter_map(first).map(|clause| clause.id.as_str()).collect();
    if found.is_empty() {
        found.extend(specs.first().and_then(|spec| spec.clauses.first()).map(|clause| clause.id.as_str()));
    }
    found
}

/// What a mirror node's path asks for, in the words of the specification files.
fn endpoint(path: &str) -> String {
    let mut parts = path.split(['?', '/']).skip_while(|part| *part != "v1").skip(1);
    let (list, id) = (parts.next().unwrap_or_default(), parts.next().is_some_and(|_| !path.contains('?')));
    if id { list.trim_end_matches('s').to_owned() } else { list.to_owned() }
}

fn step(text: &mut String, passed: &Passed, polled: bool, number: usize, flow: &Flow) {
    match &passed.ask {
        Probe::Call { command, with } => {
            let _ = writeln!(text, "      - call: {}", yaml::flow(&json!(command)));
            if !with.is_empty() {
                let with = flow.request(number, &Value::Object(with.clone()));
                let _ = writeln!(text, "        with: {}", yaml::flow(&with));
            }
        }
        Probe::Get(path) => {
            let _ = writeln!(text, "      - get: {}", yaml::flow(&flow.path(number, path)));
        }
        Probe::Written(written) => {
            let _ = writeln!(text, "      - request: {}", yaml::flow(&request(written)));
        }
    }
    if matches!(passed.ask, Probe::Call { .. }) && !passed.versioned {
        text.push_str("        headers: { X-IOTA-API-Version: null }\n");
    }
    if polled {
        let _ = writeln!(text, "        within: {PATIENCE}");
    }
    let _ = writeln!(text, "        expect:\n          status: {}", passed.status);
    let _ = match &passed.reply {
        Body::Json(body) => writeln!(text, "          body: {}", yaml::flow(&flow.reply(number, body))),
        Body::Text(body) => writeln!(text, "          text: {}", yaml::flow(&yaml::literal(body))),
    };
    let captures = flow.captures(number);
    if !captures.is_empty() {
        let _ = writeln!(text, "        capture: {}", yaml::flow(&Value::Object(captures)));
    }
}

fn request(written: &Written) -> Value {
    let headers = written.headers.iter().map(|(name, value)| ((*name).to_owned(), yaml::literal(value)));
    let mut request = json!({ "method": written.method.as_str(), "path": written.path });
    if !written.headers.is_empty() {
        request["headers"] = Value::Object(headers.collect());
    }
    if !written.body.is_empty() {
        request["body"] = yaml::literal(&written.body);
    }
    request
}
