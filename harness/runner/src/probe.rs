//! A request that can be told and made smaller: a command, a path, or one written out.

use std::fmt;

use serde_json::{Map, Value, json};
use tanglegram_target::{HeaderMap, HeaderValue, IRI, MIRROR, Method, Request};
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
    /// A request that is neither, or not as the API wants it.
    Written(Written),
}

/// A request written out.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The API that it is sent to.
    pub api: &'static str,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// All headers but Host and Content-Length.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body; none if it is empty.
    pub body: String,
}

impl Written {
    fn request(&self) -> Request {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        Request {
            method: self.method.clone(),
            path: self.path.clone(),
            headers,
            body: self.body.clone().into(),
            authorize: true,
            repeatable: true,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        self.headers.iter().try_for_each(|(name, value)| write!(f, ", {name}: {value}"))?;
        if self.body.is_empty() { Ok(()) } else { write!(f, ", body {}", self.body) }
    }
}

impl Probe {
    /// A command.
    pub(crate) fn call(command: &str, with: Map<String, Value>) -> Self {
        Probe::Call { command: command.to_owned(), with }
    }

    pub(crate) fn command(&self) -> Option<&str> {
        match self {
            Probe::Call { command, .. } => Some(command),
            Probe::Get(_) | Probe::Written(_) => None,
        }
    }

    /// The API that it belongs to.
    pub(crate) fn api(&self) -> &'static str {
        match self {
            Probe::Call { .. } => IRI,
            Probe::Get(_) => MIRROR,
            Probe::Written(written) => written.api,
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
            Probe::Written(written) => written.request(),
        }
    }
}

/// The body of a command, `GET` and the path, or what is written.
impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Call { command, with } => {
                let mut body = with.clone();
                body.insert("command".into(), json!(command));
                Value::Object(body).fmt(f)
            }
            Probe::Get(path) => write!(f, "GET {path}"),
            Probe::Written(written) => written.fmt(f),
        }
    }
}
