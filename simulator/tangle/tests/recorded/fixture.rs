//! The recording: its tangle, its exchanges, and a node that lives through them.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tanglegram_tangle::{
    ApiRequest, Config, CoordinatorConfig, Dialect, Genesis, Input, Millis, Node, Output, Reply,
};
use tanglegram_ternary::milestone::Coordinator;
use tanglegram_ternary::pow::{self, Control};
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Hash, SignatureMode, TransactionBuilder};

/// When the recording was made, as far as the node's date checks go.
const NOW: Millis = 1_790_000_000_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded/iri-1.8")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
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
    pub(crate) body: String,
    /// The text of this failure is made by the JVM.
    pub(crate) jvm_text: bool,
}

impl Exchange {
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.record.get(key)
    }

    /// What the node of this dialect answered; `None` where the answer is not to be compared.
    pub(crate) fn expected(&self, dialect: Dialect) -> Option<Expected> {
        let is_186 = dialect == Dialect::IRI_1_8_6;
        if self.get("unstable").is_some() || (is_186 && self.get("unstable186").is_some()) {
            return None;
        }
        let differs = self.get("response186").filter(|_| is_186);
        let response = differs.or(self.get("response"))?;
        let status = u16::try_from(response["status"].as_u64()?).ok()?;
        let body = response["body"].as_str()?.to_owned();
        let jvm_text = self.get("jvmText").is_some() && differs.is_none()
            || differs.is_some() && body.contains("cannot be cast");
        Some(Expected { status, body, jvm_text })
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

/// A node in one of the recorded configurations, at one of the recorded states.
pub(crate) struct Session {
    node: Node,
    states: Vec<Value>,
    state: String,
}

impl Session {
    pub(crate) fn new(config: &str, dialect: Dialect) -> Session {
        let tangle: Value = serde_json::from_str(&read("transactions.json")).expect("JSON");
        let states = tangle["states"].as_array().expect("a list").clone();
        Session { node: Node::new(node_config(config, dialect), 1), states, state: "S0".to_owned() }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.node.config().dialect
    }

    /// Stores the transactions of every state up to this one, step by step, and checks what the recording waited for.
    pub(crate) fn advance_to(&mut self, state: &str) {
        while self.state != state {
            let position =
                self.states.iter().position(|s| s["name"] == self.state.as_str()).expect("a known state");
            let next = self.states[position + 1].clone();
            for step in next["steps"].as_array().expect("steps") {
                for trytes in step["trytes"].as_array().expect("trytes") {
                    let body = serde_json::json!({ "command": "storeTransactions", "trytes": [trytes] });
                    assert_eq!(self.ask(body.to_string(), true, true).status as u16, 200, "{}", step["name"]);
                }
            }
            self.state = next["name"].as_str().expect("a name").to_owned();
            let info = self.ask(r#"{"command":"getNodeInfo"}"#.to_owned(), true, true);
            let info: Value = serde_json::from_str(&info.body).expect("JSON");
            for (field, value) in next["wait"].as_object().into_iter().flatten() {
                assert_eq!(&info[field], value, "{field} at {}", self.state);
            }
        }
    }

    /// Sends a recorded request with all that belongs to it; `None` if it is HTTP's affair.
    pub(crate) fn exchange(&mut self, exchange: &Exchange) -> Option<Reply> {
        let method = exchange.get("request")?["method"].as_str()?;
        if exchange.config == "auth" || method == "OPTIONS" || exchange.get("during").is_some() {
            return None;
        }
        self.send_all(exchange.get("pre"));
        let reply = self.send(exchange.get("request")?, exchange.get("via").is_none());
        self.send_all(exchange.get("post"));
        Some(reply)
    }

    fn send_all(&mut self, requests: Option<&Value>) {
        match requests {
            Some(Value::Array(requests)) => requests.iter().for_each(|request| {
                self.send(request, true);
            }),
            Some(request) => {
                self.send(request, true);
            }
            None => {}
        }
    }

    fn send(&mut self, request: &Value, trusted: bool) -> Reply {
        let headers = request["headers"].as_object().expect("headers");
        let versioned = headers.keys().any(|name| name.eq_ignore_ascii_case("X-IOTA-API-Version"));
        self.ask(request["body"].as_str().unwrap_or_default().to_owned(), versioned, trusted)
    }

    fn ask(&mut self, body: String, versioned: bool, trusted: bool) -> Reply {
        let request = ApiRequest { body, versioned, trusted };
        let mut out = Vec::new();
        self.node.handle(NOW, Input::Api { id: 7, request }, &mut out);
        loop {
            match out.remove(0) {
                Output::Reply { id: 7, reply } => return reply,
                Output::Mine { job, trits, mwm } => {
                    let nonce = mine(&trits[..], mwm);
                    self.node.handle(NOW, Input::Mined { job, nonce: Some(nonce) }, &mut out);
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}

fn mine(trits: &[i8], mwm: u8) -> tanglegram_ternary::Tag {
    let builder = TransactionBuilder::from_trits(trits).expect("a transaction");
    pow::do_pow(builder, usize::from(mwm), 1, &Control::new()).expect("a nonce").nonce()
}

fn node_config(name: &str, dialect: Dialect) -> Config {
    let genesis = Genesis::parse(&read("snapshot.txt"), 20, 1_570_000_000).expect("a genesis");
    let identity = Coordinator {
        address: Hash::from_trytes(read("coordinator.txt").trim()).expect("an address"),
        depth: 6,
        security: Security::Medium,
        mode: SignatureMode::Kerl,
    };
    let mut config = Config::testnet(genesis, CoordinatorConfig { identity, validate: true });
    config.dialect = dialect;
    config.max_depth = 4;
    if name == "limits" {
        config.limits.max_requests_list = 5;
        config.limits.max_get_trytes = 3;
        config.limits.max_find_transactions = 4;
        config.limits.max_body_length = 6000;
        let limited = ["getNeighbors", "addNeighbors", "removeNeighbors", "attachToTangle", "noSuchCommand"];
        config.remote_limit_api = limited.map(String::from).into();
    }
    config
}
