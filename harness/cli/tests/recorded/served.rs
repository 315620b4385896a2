//! `tanglegram serve` in one of the recorded configurations, and the way the recording talked to its node.

use std::time::Duration;

use serde_json::Value;
use tanglegram_target::{Client, Endpoint, Limits, Reply, Request};

use crate::recording::{self, Exchange};
use crate::running::Running;

/// A served node at one of the recorded states.
pub(crate) struct Served {
    _process: Running,
    client: Client,
    states: Vec<Value>,
    state: String,
}

impl Served {
    pub(crate) async fn start(config: &str, dialect: &str) -> Served {
        let world = match config {
            "limits" => "recorded-iri-limits",
            "auth" => "recorded-iri-auth",
            _ => "recorded-iri",
        };
        // On every address, since some requests must come from one that is not loopback.
        let mut process = Running::start(&["serve", world, "--listen", "0.0.0.0:0", "--dialect", dialect]);
        let url = process.url();
        let port = url.rsplit(':').next().expect("a port").trim_end_matches('/');
        let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}")).expect("a URL");
        let client = Client::new(endpoint, Limits::default());
        Served { _process: process, client, states: recording::states(), state: "S0".to_owned() }
    }

    /// Stores the transactions of every state up to this one and waits for what the recording waited for.
    pub(crate) async fn advance_to(&mut self, state: &str) {
        while self.state != state {
            let position =
                self.states.iter().position(|s| s["name"] == self.state.as_str()).expect("a known state");
            let next = self.states[position + 1].clone();
            for trytes in
                next["steps"].as_array().expect("steps").iter().flat_map(|step| step["trytes"].as_array())
            {
                for one in trytes {
                    let body = serde_json::json!({ "command": "storeTransactions", "trytes": [one] });
                    let reply = self.ask(&Request::command(body.to_string())).await;
                    assert_eq!(reply.status, 200);
                }
            }
            self.state = next["name"].as_str().expect("a name").to_owned();
            let info = self.ask(&Request::command(r#"{"command":"getNodeInfo"}"#)).await;
            let info: Value = serde_json::from_slice(&info.body).expect("JSON");
            for (field, value) in next["wait"].as_object().into_iter().flatten() {
                assert_eq!(&info[field], value, "{field} at {}", self.state);
            }
        }
    }

    /// Sends a recorded request with all that belongs to it; `None` if this machine has no address to send it from.
    pub(crate) async fn exchange(&mut self, exchange: &Exchange) -> Option<Reply> {
        self.send_all(exchange.get("pre")).await;
        if let Some(delay) = exchange.get("preDelay").and_then(Value::as_f64) {
            tokio::time::sleep(Duration::from_secs_f64(delay)).await;
        }
        let request = request(exchange.get("request")?);
        let reply = match exchange.get("during") {
            _ if exchange.get("via").is_some() => {
                tanglegram_target::outside_address().await?;
                self.client.exchange_from_outside(&request).await.expect("a reply")
            }
            Some(during) => self.exchange_with(&request, during).await,
            None => self.ask(&request).await,
        };
        self.send_all(exchange.get("post")).await;
        Some(reply)
    }

    /// Sends a request and, while it is under way, others on a connection of their own.
    async fn exchange_with(&mut self, first: &Request, others: &Value) -> Reply {
        let mut second = Client::new(self.client.endpoint().clone(), Limits::default());
        let meanwhile = async {
            for other in others.as_array().into_iter().flatten() {
                tokio::time::sleep(Duration::from_secs_f64(other["delay"].as_f64().unwrap_or(0.0))).await;
                second.exchange(&request(&other["request"])).await.expect("a reply");
            }
        };
        tokio::join!(self.ask(first), meanwhile).0
    }

    async fn send_all(&mut self, requests: Option<&Value>) {
        let list =
            requests.map(|requests| requests.as_array().cloned().unwrap_or_else(|| vec![requests.clone()]));
        for recorded in list.into_iter().flatten() {
            self.ask(&request(&recorded)).await;
        }
    }

    async fn ask(&mut self, request: &Request) -> Reply {
        self.client.exchange(request).await.expect("a reply")
    }
}

fn request(recorded: &Value) -> Request {
    let text = |key: &str| recorded[key].as_str().unwrap_or_default();
    let request = Request::new(text("method"), text("path"), text("body").to_owned()).expect("a method");
    let headers = recorded["headers"].as_object().expect("headers").iter();
    headers.fold(request, |request, (name, value)| {
        request.header(name, value.as_str().expect("a text")).expect("a header")
    })
}
