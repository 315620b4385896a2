//! Replies that are recorded and compared: in insta's files, so that `cargo insta review` is the way to change them.

use std::collections::BTreeMap;

use serde_json::Value;
use tanglegram_target::Reply;
use tanglegram_vector::{Difference, Snapshot, shorten};

/// Fields that say how long things took and what the program is.
const VOLATILE: [&str; 6] =
    ["duration", "appName", "appVersion", "jreAvailableProcessors", "jreVersion", "time"];
/// Fields of the same kind by the start of their name.
const VOLATILE_START: &str = "jre";

/// Fields that say how a node is doing.
const GAUGES: [&str; 5] = ["dbSizeInBytes", "packetsQueueSize", "neighbors", "tips", "transactionsToRequest"];

/// Somebody who knows what replies were recorded.
pub trait Snapshots {
    /// The difference between a reply, as text, and the one recorded under that name.
    fn compare(&mut self, name: &str, shown: &str) -> Option<Difference>;
}

/// Recorded replies by name.
#[derive(Debug, Clone, Default)]
pub struct Recorded(pub(crate) BTreeMap<String, String>);

impl Recorded {
    /// Adds one of insta's files: a head between two lines `---`, then the text.
    pub(crate) fn add(&mut self, file: &str, text: &str) {
        let name = file.strip_suffix(".snap").unwrap_or(file).to_owned();
        let content = text.splitn(3, "---\n").nth(2).unwrap_or_default();
        self.0.insert(name, content.trim_end().to_owned());
    }
}

impl Snapshots for &Recorded {
    fn compare(&mut self, name: &str, shown: &str) -> Option<Difference> {
        let path = "body".to_owned();
        let Some(recorded) = self.0.get(name) else {
            let expected = format!("as in the snapshot {name}, which does not exist");
            return Some(Difference { path, expected, got: shorten(shown, 160) });
        };
        let (expected, got) = recorded
            .lines()
            .zip(shown.trim_end().lines())
            .find(|(recorded, shown)| recorded != shown)
            .or_else(|| {
                (recorded.lines().count() != shown.trim_end().lines().count())
                    .then_some(("as many lines", "not as many"))
            })?;
        let expected = format!("{} (snapshot {name})", shorten(expected.trim(), 160));
        Some(Difference { path, expected, got: shorten(got.trim(), 160) })
    }
}

/// A reply as it is recorded: status and body, a field a line.
pub(crate) fn shown(kind: Snapshot, reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body);
    let body = match serde_json::from_str::<Value>(&text) {
        Ok(mut body) => {
            if kind == Snapshot::Volatile {
                redact(&mut body);
            }
            serde_json::to_string_pretty(&body).unwrap_or_default()
        }
        Err(_) => text.into_owned(),
    };
    format!("{}\n{body}", reply.status.as_u16())
}

/// Whether a field of that name says how a node is doing, and nothing of its ledger.
pub(crate) fn is_gauge(name: &str) -> bool {
    GAUGES.contains(&name)
}

/// Whether a field of that name says how long something took, or what the program is.
pub(crate) fn is_volatile(name: &str) -> bool {
    VOLATILE.contains(&name) || name.starts_with(VOLATILE_START)
}

fn redact(body: &mut Value) {
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if is_volatile(name) {
            *value = Value::from(format!("[{name}]"));
        }
    }
}
