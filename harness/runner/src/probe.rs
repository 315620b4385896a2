//! A request that can be told and made smaller: a command or a path.

use std::fmt;

use serde_json::{Map, Value, json};
use tanglegram_target::{IRI, MIRROR, Method, Request};
use tanglegram_vector::CHANGING_COMMANDS;

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
    pub(crate) fn call(command: &str, with: Map<String, Value>) -> Self {
        Probe::Call { command: command.to_owned(), with }
    }

    pub(crate) fn command(&self) -> Option<&str> {
        match self {
            Probe::Call { command, .. } => Some(command),
            Probe::Get(_) => None,
        }
    }

    /// The API that it belongs to.
    pub(crate) fn api(&self) -> &'static str {
        match self {
            Probe::Call { .. } => IRI,
            Probe::Get(_) => MIRROR,
        }
    }

    pub(crate) fn request(&self) -> Request {
        match self {
            Probe::Call { command, .. } => {
                let repeatable = !CHANGING_COMMANDS.contains(&command.as_str());
                Request { repeatable, ..Request::command(self.to_string()) }
            }
            Probe::Get(path) => {
                let (method, path) = (Method::GET, path.clone());
                Request { method, path, repeatable: true, ..Request::command("") }
            }
        }
    }
}

/// The body of a command, or `GET` and the path.
impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Call { command, with } => {
                let mut body = with.clone();
                body.insert("command".into(), json!(command));
                Value::Object(body).fmt(f)
            }
            Probe::Get(path) => write!(f, "GET {path}"),
        }
    }
}
