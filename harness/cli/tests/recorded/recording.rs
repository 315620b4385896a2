//! The recording: its exchanges, and its tangle state by state.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

fn read(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded/iri-1.8");
    let path = folder.join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) struct Exchange {
    pub(crate) id: String,
    pub(crate) config: String,
    pub(crate) state: String,
    record: Value,
}

/// A recorded answer.
pub(crate) struct Expected {
    pub(crate) status: u16,
    /// Sorted by name, in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The text of this failure is made by the JVM.
    pub(crate) jvm_text: bool,
}

impl Exchange {
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.record.get(key)
    }

    /// What the node of this dialect answered; `None` where the answer is not to be compared.
    pub(crate) fn expected(&self, dialect: &str) -> Option<Expected> {
        let is_186 = dialect == "iri-1.8.6";
        if self.get("unstable").is_some() || (is_186 && self.get("unstable186").is_some()) {
            return None;
        }
        let differs = self.get("response186").filter(|_| is_186);
        let response = differs.or(self.get("response"))?;
        let body = response["body"].as_str()?.to_owned();
        let jvm_text = match differs {
            Some(_) => body.contains("cannot be cast"),
            None => self.get("jvmText").is_some(),
        };
        let headers = response["headers"].as_object()?.iter();
        let mut headers: Vec<_> = headers
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())))
            .collect();
        headers.sort();
        Some(Expected { status: response["status"].as_u64()?.try_into().ok()?, headers, body, jvm_text })
    }
}

/// All exchanges, by state (whose names sort as they follow each other), then in the order they were recorded.
pub(crate) fn exchanges() -> Vec<Exchange> {
    let mut exchanges: Vec<(u64, Exchange)> = read("public.jsonl").lines().map(parse).collect();
    exchanges.sort_by(|(a_seq, a), (b_seq, b)| (&a.state, a_seq).cmp(&(&b.state, b_seq)));
    exchanges.into_iter().map(|(_, exchange)| exchange).collect()
}

fn parse(line: &str) -> (u64, Exchange) {
    let record: Value = serde_json::from_str(line).expect("a JSON object a line");
    let text = |key: &str| record[key].as_str().expect("a text").to_owned();
    let seq = record["seq"].as_u64().expect("a number");
    (seq, Exchange { id: text("id"), config: text("config"), state: text("state"), record: record.clone() })
}

/// The states of the recorded tangle, in order.
pub(crate) fn states() -> Vec<Value> {
    let tangle: Value = serde_json::from_str(&read("transactions.json")).expect("JSON");
    tangle["states"].as_array().expect("a list").clone()
}
