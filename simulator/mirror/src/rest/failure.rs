//! Why a request was not served, and how each dialect says so.

use serde::Serialize;

use super::http::Response;
use crate::Dialect;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// These parameters are unknown or have a bad value; a name stands once for each bad value.
    Parameters(Vec<String>),
    /// The account of the path is none.
    AccountId,
    /// There is no such account.
    NoAccount,
    /// The transaction id of the path is none.
    TransactionId,
    /// There is no such transaction.
    NoTransaction,
    /// The real server's database refused the query.
    Database,
    /// The real server's code threw an exception.
    Exception,
    /// The path is not properly percent-encoded.
    Path,
    /// This path is served, but not with this method.
    Method {
        /// The method.
        method: String,
        /// The path as sent.
        path: String,
    },
    /// Nothing is served under this path.
    Route {
        /// The method.
        method: String,
        /// The path as sent.
        path: String,
    },
}

#[derive(Serialize)]
struct Envelope {
    #[serde(rename = "_status")]
    status: Messages,
}

#[derive(Serialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    message: String,
}

fn envelope(messages: impl Iterator<Item = String>) -> String {
    let messages = messages.map(|message| Message { message }).collect();
    // Texts in lists always serialise.
    serde_json::to_string(&Envelope { status: Messages { messages } }).unwrap_or_default()
}

impl Failure {
    /// The response that says so.
    pub(super) fn response(&self, dialect: Dialect) -> Response {
        match self {
            Failure::Parameters(names) => {
                Response::json(400, envelope(names.iter().map(|name| format!("Invalid parameter: {name}"))))
            }
            _ if dialect.uniform_errors => self.uniform(),
            _ => self.as_recorded(),
        }
    }

    fn uniform(&self) -> Response {
        let (status, message) = match self {
            Failure::AccountId => (400, "Invalid parameter: account.id"),
            Failure::TransactionId => (400, "Invalid parameter: transaction_id"),
            Failure::Path => (400, "Invalid path"),
            Failure::Method { .. } => (405, "Method not allowed"),
            _ => (404, "Not found"),
        };
        let response = Response::json(status, envelope([message.to_owned()].into_iter()));
        if status == 405 { response.allow("GET,HEAD,OPTIONS") } else { response }
    }

    fn as_recorded(&self) -> Response {
        match self {
            Failure::AccountId => Response::text(400, "Invalid account number"),
            Failure::NoAccount => Response::text(500, "Error: Could not get entity information"),
            Failure::TransactionId => Response::text(404, TRANSACTION_ID),
            Failure::NoTransaction => Response::text(404, "Not found"),
            Failure::Exception => Response::page(500, "Internal Server Error"),
            Failure::Path => Response::page(400, "Bad Request"),
            Failure::Route { method, path } | Failure::Method { method, path } => {
                Response::page(404, &format!("Cannot {method} {}", encode_path(path)))
            }
            Failure::Database | Failure::Parameters(_) => Response::text(500, "Internal error"),
        }
    }
}

const TRANSACTION_ID: &str = "Invalid Transaction id. Please use \"shard.realm.num-ssssssssss.nnnnnnnnn\" format where ssss \
                              are 10 digits seconds and nnn are 9 digits nanoseconds";

/// What is said to a request that cannot be read.
pub(super) fn unreadable(status: u16) -> Response {
    let message = match status {
        431 => "Request line and headers too long",
        _ => "Malformed request",
    };
    Response::json(status, envelope([message.to_owned()].into_iter()))
}

/// Percent-encodes what may not stand in a path; what is encoded already stays.
fn encode_path(path: &str) -> String {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = path.as_bytes();
    let encode = |(at, &byte): (usize, &u8)| match byte {
        b'%' if is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2)) => "%".to_owned(),
        b'%' | ..=b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}' | 0x7f.. => {
            format!("%{byte:02X}")
        }
        plain => char::from(plain).to_string(),
    };
    bytes.iter().enumerate().map(encode).collect()
}

/// Escapes a text for HTML.
pub(super) fn escape_html(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}
