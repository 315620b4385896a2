//! Holding a reply against what a step expects, and what comes of a vector.

use std::time::Duration;

use serde_json::{Map, Value};
use tanglegram_target::{Endpoint, Reply, transaction_hash};
use tanglegram_vector::{
    BodyPattern, Capture, Context, Difference, Differences, Expect, Path, Pattern, Status, Vector, shorten,
};

/// What came of a vector.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The node answered as demanded.
    Pass,
    /// It did not.
    Fail(Box<Failure>),
    /// It did not, as is known of it, for this reason.
    KnownFail(Box<Failure>, String),
    /// It did not, as it does at times: for this reason, or on this try it did.
    Flaky(Box<Failure>, String),
    /// It did, although it is known not to; where that is listed.
    Stale(String),
    /// It was not asked, for this reason.
    Skip(String),
}

impl Verdict {
    /// The verdict on a vector that was run so many times, `first` being how it failed the first time, if it did.
    pub(crate) fn on_try(self, number: u32, tries: u32, first: Option<Box<Failure>>) -> Self {
        match (self, first) {
            (Self::Pass, Some(first)) => Self::Flaky(first, format!("passed on try {number} of {tries}")),
            (Self::Fail(mut last), Some(_)) => {
                last.add_note(&format!("failed on each of {number} tries"));
                Self::Fail(last)
            }
            // A node that now has nothing to be asked has failed all the same.
            (Self::Skip(_), Some(first)) => Self::Fail(first),
            (verdict, _) => verdict,
        }
    }
}

/// How a node did not answer as demanded.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    /// Which step, from 1.
    pub step: usize,
    /// `file:line` of the step.
    pub place: String,
    /// Why there was no reply to judge, if there was none.
    pub error: Option<String>,
    /// What differs, field by field.
    pub differences: Vec<Difference>,
    /// The exchange of the step as text.
    pub transcript: String,
    /// The reply that was judged, if one came.
    pub reply: Option<Reply>,
    /// What else there is to say.
    pub note: Option<String>,
}

impl Failure {
    /// Says one thing more.
    pub(crate) fn add_note(&mut self, text: &str) {
        let before = self.note.take().map_or(String::new(), |note| note + "; ");
        self.note = Some(before + text);
    }

    /// Takes out what is secret; a target may send back what it was sent.
    pub(crate) fn redact(&mut self, endpoint: &Endpoint) {
        self.error.iter_mut().for_each(|text| endpoint.redact(text));
        endpoint.redact(&mut self.transcript);
        for difference in &mut self.differences {
            endpoint.redact(&mut difference.got);
            endpoint.redact(&mut difference.path);
        }
    }
}

/// A vector and what came of it.
#[derive(Debug, Clone)]
pub struct Outcome<'v> {
    /// The vector.
    pub vector: &'v Vector,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// The differences between a reply and what is expected.
pub(crate) fn judge(expect: &Expect, reply: &Reply, context: &Context<'_>) -> Differences {
    let mut out = Differences::default();
    judge_status(&expect.status, reply.status.as_u16(), &mut out);
    judge_headers(&expect.headers, reply, context, &mut out);
    match &expect.body {
        BodyPattern::Free => {}
        BodyPattern::Json(pattern) => judge_json(pattern, reply, context, &mut out),
        BodyPattern::Text(pattern) => {
            let text = Value::from(String::from_utf8_lossy(&reply.body).into_owned());
            pattern.diff(&text, &Path::Root("body"), context, &mut out);
        }
    }
    out
}

fn judge_status(expected: &Status, got: u16, out: &mut Differences) {
    let (fits, wanted) = match expected {
        Status::OneOf(statuses) => (statuses.contains(&got), statuses.as_slice()),
        Status::Error => ((400..600).contains(&got), &[][..]),
    };
    if !fits {
        let statuses: Vec<String> = wanted.iter().map(u16::to_string).collect();
        let wanted =
            if statuses.is_empty() { "an error, 400 to 599".to_owned() } else { statuses.join(" or ") };
        out.add(&Path::Root("status"), || wanted, || got.to_string());
    }
}

fn judge_headers(
    expected: &[(String, Option<Pattern>)],
    reply: &Reply,
    context: &Context<'_>,
    out: &mut Differences,
) {
    let root = Path::Root("headers");
    for (name, pattern) in expected {
        let path = Path::Field(&root, name);
        match (header(reply, name), pattern) {
            (Some(value), Some(pattern)) => pattern.diff(&Value::from(value), &path, context, out),
            (None, Some(_)) => out.add(&path, || "this header".into(), || "no such header".into()),
            (Some(value), None) => out.add(&path, || "no such header".into(), || shorten(&value, 160)),
            (None, None) => {}
        }
    }
}

/// A header's value; several of one name are joined by commas.
fn header(reply: &Reply, name: &str) -> Option<String> {
    let mut values =
        reply.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?.into_owned();
    Some(values.fold(first, |joined, value| joined + ", " + &value))
}

fn judge_json(pattern: &Pattern, reply: &Reply, context: &Context<'_>, out: &mut Differences) {
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(value) => pattern.diff(&value, &Path::Root("body"), context, out),
        Err(error) => {
            let text = String::from_utf8_lossy(&reply.body[..reply.body.len().min(1000)]);
            out.add(&Path::Root("body"), || "JSON".into(), || format!("{} ({error})", shorten(&text, 160)));
        }
    }
}

/// The value a capture points at in `{ status, headers, body, hashes }`; the last are those of the transactions in the
/// body's `trytes`.
pub(crate) fn capture(capture: &Capture, reply: &Reply) -> Option<Value> {
    let (part, rest) = capture.pointer.split_first()?;
    let whole = match part.as_str() {
        "status" => Value::from(reply.status.as_u16()),
        "headers" => {
            let names = reply.headers.keys().map(|name| name.as_str());
            let field = |name: &str| (name.to_owned(), header(reply, name).map_or(Value::Null, Value::from));
            Value::Object(names.map(field).collect::<Map<_, _>>())
        }
        "hashes" => hashes(&serde_json::from_slice(&reply.body).ok()?)?,
        _ => serde_json::from_slice(&reply.body).ok()?,
    };
    let step = |value: Value, key: &String| match value {
        Value::Array(mut items) => {
            let index = key.parse::<usize>().ok().filter(|index| *index < items.len())?;
            Some(items.swap_remove(index))
        }
        Value::Object(mut fields) => fields.remove(key),
        _ => None,
    };
    rest.iter().try_fold(whole, step)
}

/// The hashes of the transactions in `trytes`; none where one is no transaction.
fn hashes(body: &Value) -> Option<Value> {
    let trytes = body.get("trytes")?.as_array()?;
    trytes.iter().map(|trytes| transaction_hash(trytes.as_str()?).map(Value::from)).collect()
}
