//! Reading the steps of a vector, and checking the names they use.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::fields::{Fields, duration, list, virtual_duration, word, wrong_type};
use crate::model::{
    Ask, BodyPattern, Capture, Expect, RawBody, Snapshot, Status, Step, Trying, Walk, WorldFacts,
};
use crate::network::{self, ACT_KEYS};
use crate::pattern::{self, Pattern};
use crate::problem::{Mistake, Problems, nearest};
use crate::rows::{Sorted, is_ascending};
use crate::submit;
use crate::template::{self, Name, Template, descend};
use crate::yaml::{Entry, Node, Yaml};

/// The keys of a step.
pub(crate) const STEP_KEYS: &[&str] = &[
    "call", "with", "get", "walk", "request", "headers", "via", "trying", "after", "during", "again",
    "within", "expect", "capture", "lacking", "given", "note", "at", "advance", "fault", "until", "send",
    "submit",
];
/// Keys that only steps inside of a network have.
const NETWORK_KEYS: &[&str] = &["at", "advance", "fault", "until", "send", "submit"];
/// Keys that only steps over a real connection have.
const WIRE_KEYS: &[&str] = &["walk", "request", "trying", "during", "again", "lacking", "given"];
const REQUEST_KEYS: &[&str] = &["method", "path", "headers", "body", "bodyBase64"];
const WALK_KEYS: &[&str] = &["list", "by", "order", "same", "rows", "pages"];
const EXPECT_KEYS: &[&str] = &["status", "headers", "body", "text", "snapshot"];

/// The most values a step may be tried with.
const MOST_TRIES: usize = 32;

/// What steps take over from their file.
#[derive(Clone, Copy)]
pub(crate) struct Defaults<'d> {
    /// Fields merged into every expected body.
    pub(crate) body: &'d [(String, Pattern)],
    /// Whether the steps run inside of a network.
    pub(crate) network: bool,
    /// Whether the steps run while a call is under way.
    pub(crate) during: bool,
}

/// Reads a list of steps.
pub(crate) fn read_list(
    node: &Node,
    what: &str,
    defaults: Defaults<'_>,
    problems: &mut Problems,
) -> Vec<Step> {
    let nodes = list(node, what, problems).unwrap_or_default();
    let mut steps = Vec::with_capacity(nodes.len());
    for node in nodes {
        let fields = Fields::read(node, "a step", STEP_KEYS, problems);
        steps.extend(fields.and_then(|fields| read(&fields, defaults, problems)));
    }
    steps
}

/// Reads one step from the map that holds its keys.
pub(crate) fn read(fields: &Fields<'_>, defaults: Defaults<'_>, problems: &mut Problems) -> Option<Step> {
    check_keys(fields, defaults, problems);
    let ask = ask(fields, problems);
    let expect = match (&ask, fields.get("expect")) {
        // What is done to a network has no reply; what is sent has one that is good unless something else is said.
        (Some(Ask::Act(_)), Some(node)) => {
            let mistake = Mistake::UnknownKey { key: "expect".into(), place: "a step without a reply" };
            problems.add(node.span, mistake);
            None
        }
        (Some(Ask::Act(_) | Ask::Send(_) | Ask::Submit(_)), None) => Some(Expect::good()),
        // What is wrong with it was told.
        (None, None) if fields.entries.iter().any(|entry| ACT_KEYS.contains(&entry.key.as_str())) => None,
        (_, Some(node)) => expect(node, defaults, problems),
        (_, None) => fields.need("expect", problems).and(None),
    };
    let during = fields.get("during").map(|node| during(node, defaults, problems));
    let wait = if defaults.network { virtual_duration } else { duration };
    let after = fields.get("after").and_then(|node| wait(node, "`after`", problems));
    let within = fields.get("within").and_then(|node| wait(node, "`within`", problems));
    let again = fields.get("again").and_then(|node| wait(node, "`again`", problems));
    if let Some(note) = fields.get("note") {
        word(note, "`note`", problems);
    }
    Some(Step {
        at: at(fields, ask.as_ref(), defaults, problems),
        ask: ask?,
        nonloopback: fields.get("via").is_some_and(|node| nonloopback(node, problems)),
        trying: fields.get("trying").and_then(|node| trying(node, problems)),
        after,
        during: during.unwrap_or_default(),
        again,
        within,
        expect: expect?,
        captures: fields.get("capture").map(|node| captures(node, problems)).unwrap_or_default(),
        walk: fields.get("walk").and_then(|node| walk(node, problems)),
        given: fields.get("given").and_then(|node| word(node, "`given`", problems)).map(str::to_owned),
        lacking: fields.get("lacking").and_then(|node| word(node, "`lacking`", problems)).map(str::to_owned),
        span: fields.span,
    })
}

/// The steps that go on while a call is under way: what is asked again and again until that has its reply can only be
/// the last of them.
fn during(node: &Node, defaults: Defaults<'_>, problems: &mut Problems) -> Vec<Step> {
    let steps = read_list(node, "`during`", Defaults { during: true, ..defaults }, problems);
    for step in steps.iter().rev().skip(1).filter(|step| step.again.is_some()) {
        let mistake =
            Mistake::UnknownKey { key: "again".into(), place: "a step of `during` before the last" };
        problems.add_with_help(step.span, mistake, "steps after it would never run");
    }
    steps
}

/// A network has no connections, and a connection no network.
fn check_keys(fields: &Fields<'_>, defaults: Defaults<'_>, problems: &mut Problems) {
    let (foreign, place) = if defaults.network {
        (WIRE_KEYS, "a step inside of a network")
    } else {
        (NETWORK_KEYS, "a step of this API")
    };
    for entry in fields.entries.iter().filter(|entry| foreign.contains(&entry.key.as_str())) {
        let mistake = Mistake::UnknownKey { key: entry.key.clone(), place };
        problems.add_with_help(entry.key_span, mistake, "`at`, `advance`, `fault`, `until`, `send` and `submit` are for files with `api: network`, where steps have no connection");
    }
    if let Some(again) = fields.entry("again").filter(|_| !defaults.network && !defaults.during) {
        let mistake = Mistake::UnknownKey {
            key: "again".into(),
            place: "a step that is not in the `during` of another",
        };
        problems.add_with_help(again.key_span, mistake, "`within` repeats a step until it holds");
    }
}

/// The node a step is for: inside of a network every request needs one.
fn at(
    fields: &Fields<'_>,
    ask: Option<&Ask>,
    defaults: Defaults<'_>,
    problems: &mut Problems,
) -> Option<String> {
    if let Some(node) = fields.get("at") {
        return word(node, "`at`", problems).map(str::to_owned);
    }
    if defaults.network && ask.is_some_and(|ask| !matches!(ask, Ask::Act(_))) {
        let mistake = Mistake::MissingKey { key: "at", place: fields.place };
        problems.add_with_help(fields.span, mistake, "`at: n0` names the node that is asked");
    }
    None
}

fn nonloopback(node: &Node, problems: &mut Problems) -> bool {
    let Some(via) = word(node, "`via`", problems) else { return false };
    if via != "nonloopback" {
        let mistake = Mistake::BadValue { what: "`via`", value: via.to_owned() };
        problems.add_with_help(node.span, mistake, "the only way is `nonloopback`");
    }
    true
}

/// How the pages that follow are walked through.
fn walk(node: &Node, problems: &mut Problems) -> Option<Walk> {
    let fields = Fields::read(node, "`walk`", WALK_KEYS, problems)?;
    let mut name = |key: &'static str| {
        let node = fields.need(key, problems)?;
        word(node, key, problems).map(str::to_owned)
    };
    let (list, by) = (name("list"), name("by"));
    let mut number = |key: &'static str| {
        let node = fields.get(key)?;
        let number = if let Yaml::Number(number) = &node.value { number.as_u64() } else { None };
        if number.is_none() {
            wrong_type(node, key, "a number", problems);
        }
        number.and_then(|number| usize::try_from(number).ok())
    };
    let (rows, pages) = (number("rows"), number("pages"));
    let ascending = fields.get("order").and_then(|order| is_ascending(order, problems));
    let same = fields.get("same").map(|same| template::read(same, problems));
    let (list, by) = (list?, by?);
    let order = ascending.map(|ascending| Sorted { by: by.clone(), ascending });
    Some(Walk { list, by, order, same, rows, pages })
}

fn ask(fields: &Fields<'_>, problems: &mut Problems) -> Option<Ask> {
    let asks = ["call", "get", "request"].iter().chain(ACT_KEYS).filter_map(|key| fields.entry(key));
    let mut asks = asks.map(|entry| (entry.key_span, entry.key.as_str()));
    if let Some((_, first)) = asks.next().filter(|(_, first)| ACT_KEYS.contains(first)) {
        for (span, other) in asks {
            let mistake =
                Mistake::UnknownKey { key: other.to_owned(), place: "a step that does something else" };
            problems.add_with_help(span, mistake, "one step does one thing");
        }
        return match (first, fields.get(first)) {
            ("send", Some(node)) => network::send(node, problems).map(|send| Ask::Send(Box::new(send))),
            ("submit", Some(node)) => submit::submit(node, problems).map(|wish| Ask::Submit(Box::new(wish))),
            _ => network::act(fields, problems).map(Ask::Act),
        };
    }
    if fields.get("call").is_some() {
        for (span, other) in asks.filter(|(_, other)| ACT_KEYS.contains(other)) {
            let mistake = Mistake::UnknownKey { key: other.to_owned(), place: "a step that has `call`" };
            problems.add_with_help(span, mistake, "one step does one thing");
        }
    }
    if let Some(path) = fields.get("get") {
        for entry in ["call", "with", "request"].iter().filter_map(|key| fields.entry(key)) {
            let mistake = Mistake::UnknownKey { key: entry.key.clone(), place: "a step that has `get`" };
            problems.add_with_help(entry.key_span, mistake, "a step has one of `call`, `get` and `request`");
        }
        return Some(Ask::Get {
            path: template::read(path, problems),
            headers: added_headers(fields, path, problems)?,
        });
    }
    match (fields.get("call"), fields.get("request")) {
        (Some(call), None) => self::call(call, fields, problems),
        (None, Some(request)) => {
            for entry in ["with", "headers"].iter().filter_map(|key| fields.entry(key)) {
                let mistake =
                    Mistake::UnknownKey { key: entry.key.clone(), place: "a step that has `request`" };
                problems.add_with_help(entry.key_span, mistake, "`request` has its own headers and body");
            }
            raw(request, problems)
        }
        (None, None) => {
            problems.add(fields.span, Mistake::MissingKey { key: "call", place: fields.place });
            None
        }
        (Some(_), Some(request)) => {
            let mistake = Mistake::UnknownKey { key: "request".into(), place: "a step that has `call`" };
            problems.add_with_help(request.span, mistake, "a step has either `call` or `request`");
            None
        }
    }
}

fn call(node: &Node, fields: &Fields<'_>, problems: &mut Problems) -> Option<Ask> {
    let command = word(node, "`call`", problems)?.to_owned();
    let mut with = Vec::new();
    if let Some(node) = fields.get("with") {
        for entry in Fields::read_any(node, "`with`", problems)?.entries {
            with.push((template::field_name(entry, problems), template::read(&entry.value, problems)));
        }
    }
    let headers = added_headers(fields, node, problems)?;
    Some(Ask::Call { command, with, headers })
}

/// The headers a step adds to the usual ones, or takes away from them.
fn added_headers(
    fields: &Fields<'_>,
    ask: &Node,
    problems: &mut Problems,
) -> Option<Vec<(String, Option<Template>)>> {
    let mut headers = Vec::new();
    if let Some(node) = fields.get("headers") {
        for entry in Fields::read_any(node, "`headers`", problems)?.entries {
            let value = match entry.value.value {
                Yaml::Null => None,
                _ => Some(header_value(&entry.value, problems)),
            };
            headers.push((entry.key.clone(), value));
        }
    }
    check_headers(headers.iter().map(|(name, _)| name), ask, problems);
    Some(headers)
}

fn raw(node: &Node, problems: &mut Problems) -> Option<Ask> {
    let fields = Fields::read(node, "`request`", REQUEST_KEYS, problems)?;
    let method = fields.get("method").map_or(Some("POST"), |node| word(node, "`method`", problems))?;
    let path = fields.get("path").map_or(Some("/"), |node| word(node, "`path`", problems))?;
    if method.is_empty() || !method.bytes().all(is_token) {
        problems.add(node.span, Mistake::BadValue { what: "method", value: method.to_owned() });
    }
    if !(path.starts_with('/') || path == "*") || !path.bytes().all(|b| b.is_ascii_graphic()) {
        problems.add(node.span, Mistake::BadValue { what: "path", value: path.to_owned() });
    }
    let mut headers = Vec::new();
    if let Some(node) = fields.get("headers") {
        for entry in Fields::read_any(node, "`headers`", problems)?.entries {
            headers.push((entry.key.clone(), header_value(&entry.value, problems)));
        }
    }
    check_headers(headers.iter().map(|(name, _)| name), node, problems);
    let body = raw_body(&fields, problems)?;
    Some(Ask::Raw { method: method.to_owned(), path: path.to_owned(), headers, body })
}

fn raw_body(fields: &Fields<'_>, problems: &mut Problems) -> Option<RawBody> {
    match (fields.get("body"), fields.get("bodyBase64")) {
        (None, None) => Some(RawBody::Empty),
        (Some(node), None) => {
            if matches!(&node.value, Yaml::List(_) | Yaml::Bool(_) | Yaml::Null) {
                wrong_type(node, "`body` of a request", "a text", problems);
            }
            Some(RawBody::Text(template::read(node, problems)))
        }
        (None, Some(node)) => {
            let decoded = STANDARD.decode(word(node, "`bodyBase64`", problems)?).ok();
            if decoded.is_none() {
                let mistake = Mistake::BadValue { what: "`bodyBase64`", value: "…".into() };
                problems.add(node.span, mistake);
            }
            decoded.map(RawBody::Bytes)
        }
        (Some(_), Some(node)) => {
            let mistake =
                Mistake::UnknownKey { key: "bodyBase64".into(), place: "a request that has `body`" };
            problems.add(node.span, mistake);
            None
        }
    }
}

fn header_value(node: &Node, problems: &mut Problems) -> Template {
    match &node.value {
        Yaml::Text(_) | Yaml::Number(_) | Yaml::Map(_) => template::read(node, problems),
        _ => {
            wrong_type(node, "a header", "a text", problems);
            Template::Fixed(Value::Null)
        }
    }
}

/// Letters of a header name or method (RFC 9110, token).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn check_headers<'h>(names: impl Iterator<Item = &'h String>, node: &Node, problems: &mut Problems) {
    for name in names.filter(|name| name.is_empty() || !name.bytes().all(is_token)) {
        problems.add(node.span, Mistake::BadValue { what: "header name", value: name.clone() });
    }
}

/// What a reply over a real connection must be, where no step says so.
pub(crate) fn reply(node: &Node, problems: &mut Problems) -> Option<Expect> {
    expect(node, Defaults { body: &[], network: false, during: false }, problems)
}

fn expect(node: &Node, defaults: Defaults<'_>, problems: &mut Problems) -> Option<Expect> {
    let fields = Fields::read(node, "`expect`", EXPECT_KEYS, problems)?;
    let status = fields.need("status", problems).and_then(|node| status(node, problems));
    let mut headers = Vec::new();
    if let Some(node) = fields.get("headers") {
        for entry in Fields::read_any(node, "`headers`", problems)?.entries {
            let pattern = match entry.value.value {
                Yaml::Null => None,
                _ => Some(pattern::read_for_text(&entry.value, problems)),
            };
            headers.push((entry.key.to_ascii_lowercase(), pattern));
        }
    }
    let body = match (fields.get("body"), fields.entry("text")) {
        (None, None) => BodyPattern::Free,
        (Some(node), None) => {
            let mut pattern = pattern::read(node, problems);
            pattern.merge(defaults.body);
            BodyPattern::Json(pattern)
        }
        (None, Some(entry)) => BodyPattern::Text(pattern::read_for_text(&entry.value, problems)),
        (Some(_), Some(entry)) => {
            let mistake = Mistake::UnknownKey { key: "text".into(), place: "an `expect` that has `body`" };
            problems.add_with_help(entry.key_span, mistake, "a body is either JSON or a text");
            return None;
        }
    };
    let snapshot = fields.get("snapshot").and_then(|node| snapshot(node, defaults, problems));
    Some(Expect { status: status?, headers, body, snapshot })
}

/// Which fields of a reply its snapshot leaves open.
fn snapshot(node: &Node, defaults: Defaults<'_>, problems: &mut Problems) -> Option<Snapshot> {
    let kind = word(node, "`snapshot`", problems)?;
    if !defaults.network {
        let mistake = Mistake::UnknownKey { key: "snapshot".into(), place: "an `expect` of this API" };
        problems.add_with_help(
            node.span,
            mistake,
            "only inside of a network are replies the same every time",
        );
    }
    match kind {
        "volatile" => Some(Snapshot::Volatile),
        "whole" => Some(Snapshot::Whole),
        other => {
            let mistake = Mistake::BadValue { what: "`snapshot`", value: other.to_owned() };
            problems.add_with_help(
                node.span,
                mistake,
                "`volatile` leaves out durations and the like, `whole` nothing",
            );
            None
        }
    }
}

fn status(node: &Node, problems: &mut Problems) -> Option<Status> {
    let number = |node: &Node| match &node.value {
        Yaml::Number(n) => n.as_u64().and_then(|n| u16::try_from(n).ok()).filter(|n| (100..600).contains(n)),
        _ => None,
    };
    let status = match &node.value {
        Yaml::Text(text) if text == "error" => Some(Status::Error),
        Yaml::List(items) if !items.is_empty() => {
            items.iter().map(number).collect::<Option<Vec<_>>>().map(Status::OneOf)
        }
        _ => number(node).map(|one| Status::OneOf(vec![one])),
    };
    if status.is_none() {
        wrong_type(node, "`status`", "a number from 100 to 599, a list of such, or `error`", problems);
    }
    status
}

fn captures(node: &Node, problems: &mut Problems) -> Vec<Capture> {
    let Some(fields) = Fields::read_any(node, "`capture`", problems) else { return Vec::new() };
    let mut captures = Vec::with_capacity(fields.entries.len());
    for entry in fields.entries {
        let pointer = word(&entry.value, "a capture", problems).unwrap_or_default();
        let parsed = parse_pointer(pointer);
        if parsed.is_none() {
            let mistake = Mistake::BadValue { what: "capture", value: pointer.to_owned() };
            let help = "a JSON pointer that starts with /status, /headers, /body or /hashes";
            problems.add_with_help(entry.value.span, mistake, help);
        }
        captures.push(Capture { name: capture_name(entry, problems), pointer: parsed.unwrap_or_default() });
    }
    captures
}

fn capture_name(entry: &Entry, problems: &mut Problems) -> String {
    let name = entry.key.clone();
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        problems.add(entry.key_span, Mistake::BadValue { what: "name of a capture", value: name.clone() });
    }
    name
}

/// One name with the values it may stand for.
fn trying(node: &Node, problems: &mut Problems) -> Option<Trying> {
    let fields = Fields::read_any(node, "`trying`", problems)?;
    let [entry] = fields.entries else {
        wrong_type(node, "`trying`", "one name with a list of values", problems);
        return None;
    };
    let values = list(&entry.value, "`trying`", problems)?;
    if values.is_empty() || values.len() > MOST_TRIES {
        let value = format!("a list of {}", values.len());
        let help = format!("from one to {MOST_TRIES} values");
        problems.add_with_help(entry.value.span, Mistake::BadValue { what: "`trying`", value }, help);
    }
    let values = values.iter().map(|value| match template::read(value, problems) {
        Template::Fixed(value) => value,
        _ => {
            wrong_type(value, "a value of `trying`", "without names", problems);
            Value::Null
        }
    });
    Some(Trying { values: values.collect(), name: capture_name(entry, problems) })
}

/// The keys of a JSON pointer (RFC 6901).
fn parse_pointer(text: &str) -> Option<Vec<String>> {
    let keys: Vec<String> =
        text.strip_prefix('/')?.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
    ["status", "headers", "body", "hashes"].contains(&keys[0].as_str()).then_some(keys)
}

/// Every name must be captured before it is used, or be declared by the world.
pub(crate) fn check_names(steps: &[Step], facts: Option<&WorldFacts>, problems: &mut Problems) {
    let none = Value::Null;
    let world = facts.map_or(&none, |facts| &*facts.names);
    check_steps(steps, world, &mut BTreeSet::new(), problems);
}

fn check_steps<'s>(
    steps: &'s [Step],
    world: &Value,
    captured: &mut BTreeSet<&'s str>,
    problems: &mut Problems,
) {
    for step in steps {
        let tried = step.trying.iter().map(|trying| &trying.name);
        for name in tried.clone().filter(|name| world.get(name).is_some() || !captured.insert(name)) {
            problems.add(step.span, Mistake::TakenName(name.clone()));
        }
        for name in step.names() {
            if !captured.contains(name.root()) {
                check_name(name, world, captured, problems);
            }
        }
        check_steps(&step.during, world, captured, problems);
        for capture in &step.captures {
            if world.get(&capture.name).is_some() || !captured.insert(&capture.name) {
                problems.add(step.span, Mistake::TakenName(capture.name.clone()));
            }
        }
    }
}

fn check_name(name: &Name, world: &Value, captured: &BTreeSet<&str>, problems: &mut Problems) {
    if descend(world, &name.path).is_some() {
        return;
    }
    let fields = world.as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    let help = match nearest(name.root(), fields.chain(captured.iter().copied())) {
        Some(near) if near == name.root() => format!("`${near}` is known, but there is no such part of it"),
        Some(near) => format!("did you mean `${near}`?"),
        None => "names are declared by the world, or captured by an earlier step".to_owned(),
    };
    problems.add_with_help(name.span, Mistake::UndefinedName(name.dotted()), help);
}
