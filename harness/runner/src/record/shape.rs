//! What of a reply differs from run to run.

use serde_json::{Value, json};

use super::Body;
use crate::snapshot::{is_gauge, is_volatile};

/// Numbers that move on while a network lives.
const MOVING: [&str; 5] = [
    "milestoneIndex",
    "latestMilestoneIndex",
    "latestSolidSubtangleMilestoneIndex",
    "milestoneStartIndex",
    "lastSnapshottedMilestoneIndex",
];
/// The longest list of hashes that is told one by one.
const FEW: usize = 8;

/// The matcher for a field that differs from run to run, if it does.
pub(super) fn field(name: &str, value: &Value) -> Option<Value> {
    let moves = is_volatile(name) || is_gauge(name) || MOVING.contains(&name);
    match value {
        _ if name == "duration" => Some(json!({ "$ms": "any" })),
        Value::Number(number) if moves && number.is_i64() => Some(json!({ "$int": "any" })),
        Value::String(_) if moves => Some(json!({ "$type": "string" })),
        _ => None,
    }
}

/// The matcher for a text that nobody knew before: trytes are.
pub(super) fn text(text: &str) -> Option<Value> {
    let trytes = |byte: u8| byte == b'9' || byte.is_ascii_uppercase();
    let is_hash = matches!(text.len(), 27 | 81 | 90 | 2_187 | 2_673) && text.bytes().all(trytes);
    is_hash.then(|| json!({ "$trytes": text.len() }))
}

/// A long list of equal matchers as one.
pub(super) fn list(items: Vec<Value>) -> Value {
    let alike = items.windows(2).all(|pair| pair[0] == pair[1]);
    let matcher = items.first().is_some_and(|item| item.get("$trytes").is_some());
    if items.len() > FEW && alike && matcher { json!({ "$each": items[0] }) } else { Value::Array(items) }
}

/// A reply without what says nothing about it.
pub(super) fn settled(body: &Body) -> Body {
    match body {
        Body::Json(Value::Object(fields)) => {
            let kept = fields.iter().filter(|(name, value)| field(name, value).is_none());
            Body::Json(Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
        }
        other => other.clone(),
    }
}
