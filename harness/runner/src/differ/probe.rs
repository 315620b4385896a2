//! A request that is sent to both.

use serde_json::{Map, Value, json};
use tanglegram_target::{Method, Request};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// A command of the IRI API; without a name, no command at all.
    Call {
        /// The command.
        command: String,
        /// Its parameters.
        with: Map<String, Value>,
    },
    /// A path and query of a mirror node.
    Get(String),
}

impl Probe {
    /// A command.
    pub(super) fn call(command: &str, with: Map<String, Value>) -> Self {
        Probe::Call { command: command.to_owned(), with }
    }

    pub(super) fn command(&self) -> Option<&str> {
        match self {
            Probe::Call { command, .. } => Some(command),
            Probe::Get(_) => None,
        }
    }

    pub(super) fn request(&self) -> Request {
        match self {
            Probe::Call { command, with } => {
                let mut body = with.clone();
                body.insert("command".into(), json!(command));
                Request::command(Value::Object(body).to_string())
            }
            Probe::Get(path) => Request { method: Method::GET, path: path.clone(), ..Request::command("") },
        }
    }
}
