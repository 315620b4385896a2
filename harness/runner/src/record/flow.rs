//! Which values went from a reply into a later request.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Body, Passed, shape, yaml};
use crate::probe::Probe;

/// In an expected list or object: there may be more.
const MORE: &str = "...";
/// How much of a field's name is in that of its value.
const LONGEST_NAME: usize = 24;
/// Shorter texts occur twice by chance.
const SHORTEST: usize = 8;

/// Where a value was learnt, and what it is called from then on.
#[derive(Debug, Clone)]
struct Learnt {
    step: usize,
    pointer: String,
    name: Option<String>,
}

/// The way of all values through a session.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Values by their text: every reply that had them, in order, where no request had told them before.
    learnt: BTreeMap<String, Vec<Learnt>>,
    /// In which step a request told a value first that no reply had.
    told: BTreeMap<String, usize>,
    /// In which step a learnt value was sent first.
    sent: BTreeMap<String, usize>,
}

impl Flow {
    pub(super) fn of<'p>(session: impl Iterator<Item = &'p Passed>) -> Self {
        let mut flow = Flow::default();
        for (step, passed) in session.enumerate() {
            flow.ask(step, &passed.ask);
            if let Body::Json(body) = &passed.reply {
                flow.learn(step, body, "/body");
            }
        }
        flow
    }

    fn ask(&mut self, step: usize, ask: &Probe) {
        match ask {
            Probe::Call { with, .. } => with.values().for_each(|value| self.use_all(step, value)),
            Probe::Get(path) => {
                let used = self.within(step, path).map(str::to_owned);
                used.iter().for_each(|value| self.name(step, value));
            }
            Probe::Written(_) => {}
        }
    }

    fn use_all(&mut self, step: usize, value: &Value) {
        match value {
            Value::String(text) if self.learnt.contains_key(text) => self.name(step, text),
            Value::String(text) => {
                self.told.entry(text.clone()).or_insert(step);
            }
            Value::Array(items) => items.iter().for_each(|item| self.use_all(step, item)),
            Value::Object(fields) => fields.values().for_each(|field| self.use_all(step, field)),
            _ => {}
        }
    }

    /// The value of the last reply that had it gets a name.
    fn name(&mut self, step: usize, value: &str) {
        self.sent.entry(value.to_owned()).or_insert(step);
        let next = self.learnt.values().flatten().filter(|learnt| learnt.name.is_some()).count() + 1;
        let last = self.learnt.get_mut(value).and_then(|learnt| learnt.last_mut());
        if let Some(learnt) = last.filter(|learnt| learnt.name.is_none()) {
            let words = learnt.pointer.rsplit('/').map(|part| -> String {
                let plain = part.chars().filter(char::is_ascii_alphanumeric);
                plain.skip_while(char::is_ascii_digit).take(LONGEST_NAME).collect()
            });
            let field = words.into_iter().find(|word| !word.is_empty()).unwrap_or_else(|| "value".into());
            learnt.name = Some(format!("{field}_{next}"));
        }
    }

    fn learn(&mut self, step: usize, value: &Value, pointer: &str) {
        match value {
            Value::String(text) if text.len() >= SHORTEST && !self.told.contains_key(text) => {
                let learnt = Learnt { step, pointer: pointer.to_owned(), name: None };
                let known = self.learnt.entry(text.clone()).or_default();
                if known.last().is_none_or(|last| last.step < step) {
                    known.push(learnt);
                }
            }
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.learn(step, item, &format!("{pointer}/{place}"));
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.learn(step, field, &format!("{pointer}/{name}"));
                }
            }
            _ => {}
        }
    }

    /// The longest value learnt before a step that stands in a path.
    fn within(&self, step: usize, path: &str) -> Option<&str> {
        let before = |learnt: &[Learnt]| learnt.first().is_some_and(|first| first.step < step);
        let found =
            self.learnt.iter().filter(|(value, learnt)| before(learnt) && path.contains(value.as_str()));
        found.map(|(value, _)| value.as_str()).max_by_key(|value| value.len())
    }

    /// The name of a value that a reply before this step had.
    fn known(&self, step: usize, value: &str) -> Option<&str> {
        let learnt = self.learnt.get(value)?.iter().rev();
        learnt.filter(|learnt| learnt.step < step).find_map(|learnt| learnt.name.as_deref())
    }

    /// Whether a reply of this step gives the value its name.
    fn is_captured(&self, step: usize, value: &str) -> bool {
        let learnt = self.learnt.get(value).into_iter().flatten();
        learnt.into_iter().any(|learnt| learnt.step == step && learnt.name.is_some())
    }

    /// The parameters of a step, learnt values by their names.
    pub(super) fn request(&self, step: usize, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.known(step, text) {
                Some(name) => Value::from(format!("${name}")),
                None => yaml::literal(text),
            },
            Value::Array(items) => items.iter().map(|item| self.request(step, item)).collect(),
            Value::Object(fields) => {
                named(fields.iter().map(|(name, field)| (name, self.request(step, field))))
            }
            other => other.clone(),
        }
    }

    /// The path of a step, learnt values by their names.
    pub(super) fn path(&self, step: usize, path: &str) -> Value {
        let Some(value) = self.within(step, path) else { return yaml::literal(path) };
        let Some(name) = self.known(step, value) else { return yaml::literal(path) };
        if value == path {
            return Value::from(format!("${name}"));
        }
        let parts: Vec<String> = path.split(value).map(|part| part.replace('$', "$$")).collect();
        Value::from(parts.join(&format!("${{{name}}}")))
    }

    /// What a step's reply must be.
    pub(super) fn reply(&self, step: usize, value: &Value) -> Value {
        match value {
            Value::String(text) => self.reply_text(step, text),
            Value::Array(items) => shape::list(items.iter().map(|item| self.reply(step, item)).collect()),
            Value::Object(fields) => named(fields.iter().map(|(name, field)| match name.as_str() {
                // No field of that name can be told: the object may have others.
                MORE => (name, Value::Null),
                _ => (name, shape::field(name, field).unwrap_or_else(|| self.reply(step, field))),
            })),
            other => other.clone(),
        }
    }

    fn reply_text(&self, step: usize, text: &str) -> Value {
        // That a node says again what it said before is chance, unless it was asked for.
        let is_sent = self.sent.get(text).is_some_and(|sent| *sent <= step);
        if let Some(name) = self.known(step, text).filter(|_| is_sent) {
            return Value::from(format!("${name}"));
        }
        let is_told = self.told.get(text).is_some_and(|told| *told <= step);
        match shape::text(text).filter(|_| !is_told) {
            Some(matcher) => matcher,
            // What is captured here and differs from run to run is anything of its kind.
            None if self.is_captured(step, text) => json!({ "$type": "string" }),
            None if text == MORE => json!({ "$regex": "^[.]{3}$" }),
            None => yaml::literal(text),
        }
    }

    /// The captures of a step: name to pointer.
    pub(super) fn captures(&self, step: usize) -> Map<String, Value> {
        let here = self.learnt.values().flatten().filter(|learnt| learnt.step == step);
        here.filter_map(|learnt| Some((learnt.name.clone()?, json!(learnt.pointer)))).collect()
    }
}

/// A map whose names stand for themselves.
fn named<'n>(fields: impl Iterator<Item = (&'n String, Value)>) -> Value {
    let name = |name: &String| if name.starts_with('$') { format!("${name}") } else { name.clone() };
    Value::Object(fields.map(|(key, value)| (name(key), value)).collect())
}
