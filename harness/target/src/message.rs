//! Requests made ready once, and replies that were read whole.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use thiserror::Error;

use crate::client::ExchangeError;

/// A request, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query as the vector has them; the endpoint's own path comes before.
    pub path: String,
    /// All headers but Host and Content-Length.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether the endpoint's Authorization is added when the headers have none.
    pub authorize: bool,
    /// Whether it does no harm to send it again when it is not known if it was heeded.
    pub repeatable: bool,
}

/// A request that HTTP cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} `{value}` cannot be sent")]
pub struct BadRequest {
    what: &'static str,
    value: String,
}

impl Request {
    /// A request without headers.
    ///
    /// # Errors
    /// The method is no token.
    pub fn new(method: &str, path: &str, body: impl Into<Bytes>) -> Result<Self, BadRequest> {
        let parsed = Method::from_bytes(method.as_bytes());
        let method = parsed.map_err(|_| BadRequest { what: "method", value: method.to_owned() })?;
        let headers = HeaderMap::with_capacity(4);
        let repeatable = method.is_safe();
        Ok(Self { method, path: path.to_owned(), headers, body: body.into(), authorize: false, repeatable })
    }

    /// The same with one more header.
    ///
    /// # Errors
    /// Name or value is none.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, BadRequest> {
        let key = HeaderName::try_from(name)
            .map_err(|_| BadRequest { what: "header name", value: name.to_owned() })?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| BadRequest { what: "header value", value: value.to_owned() })?;
        self.headers.append(key, value);
        Ok(self)
    }

    /// A command as every IRI client posts it: JSON with the version header.
    ///
    /// # Panics
    /// Never: method and headers are fixed.
    pub fn command(body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert("x-iota-api-version", HeaderValue::from_static("1"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let (method, path) = (Method::POST, "/".to_owned());
        Self { method, path, headers, body: body.into(), authorize: true, repeatable: false }
    }

    /// The same, of which it does no harm to be sent again.
    #[must_use]
    pub fn may_be_repeated(self) -> Self {
        Self { repeatable: true, ..self }
    }
}

/// A reply that was read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// From sending to the last byte.
    pub elapsed: Duration,
    /// Why it was asked for a second time, if the first reply never came.
    pub lost: Option<Arc<ExchangeError>>,
}
