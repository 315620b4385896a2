//! One connection to a node, kept alive, with a bound on everything the other side can do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::connector::{Connector, Tcp};
use crate::endpoint::Endpoint;
use crate::message::{Reply, Request};

/// What a target may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest time from sending a request to the last byte of its reply.
    pub exchange: Duration,
    /// Largest body of a reply, in bytes.
    pub body: usize,
    /// Largest head of a reply, in bytes.
    pub head: usize,
    /// Most header fields of a reply.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            exchange: Duration::from_secs(30),
            body: 16 << 20,
            head: 64 << 10,
            headers: 100,
        }
    }
}

/// Why an exchange gave no reply.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The host's name has no address.
    #[error("cannot find the host `{host}`: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Nobody listens, or nobody can be reached.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Connecting took too long.
    #[error("no connection to {address} within {} s", limit.as_secs_f32())]
    ConnectTimeout {
        /// Host and port.
        address: String,
        /// The bound.
        limit: Duration,
    },
    /// The reply did not come, or not to its end, in time.
    #[error("no complete reply within {} s ({received} bytes of the body came)", limit.as_secs_f32())]
    Timeout {
        /// The bound.
        limit: Duration,
        /// Bytes of the body that did come.
        received: usize,
        /// Whether its head came.
        begun: bool,
    },
    /// The body is larger than allowed.
    #[error("the reply's body is larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// The head is larger than allowed.
    #[error("the head of the reply is larger than {bytes} bytes or has more than {fields} fields")]
    HeadTooLarge {
        /// The bound on bytes.
        bytes: usize,
        /// The bound on fields.
        fields: usize,
    },
    /// What came is no HTTP.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
    /// The connection was closed before the reply's end.
    #[error("the connection was closed before the reply was complete")]
    Closed,
    /// The connection was closed in the middle of the body.
    #[error("the connection was closed in the middle of the reply's body, after {received} bytes")]
    Cut {
        /// Bytes of the body that did come.
        received: usize,
    },
    /// Anything else that went wrong on the connection.
    #[error("the exchange failed: {0}")]
    Broken(String),
    /// The encryption was not agreed upon, or the other side is not trusted.
    #[error("no TLS with {host}: {why}")]
    Tls {
        /// Name or address of the host.
        host: String,
        /// What is wrong, and what can be done.
        why: String,
    },
    /// The proxy does not let us through.
    #[error("no way by the proxy {proxy}, which the environment names: {why}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// What it says.
        why: String,
    },
    /// A request is to come from an address that is not loopback, and this machine has none.
    #[error("this machine has no address but loopback")]
    NoOtherAddress,
    /// A recording answers, and it does not have this request.
    #[error("not in the recording")]
    NotRecorded,
    /// The request cannot be put into HTTP.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
}

impl ExchangeError {
    /// Whether it took the whole time that was allowed.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::ConnectTimeout { .. })
    }
}

/// A client of one endpoint, with at most one connection open.
#[derive(Debug)]
pub struct Client<C = Tcp> {
    connector: C,
    endpoint: Endpoint,
    limits: Limits,
    host: HeaderValue,
    connection: Option<Connection>,
}

/// An open connection, and the task that moves its bytes; its result says what ended it.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Client {
    /// A client that has not connected yet.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Client::over(Tcp, endpoint, limits)
    }
}

impl<C: Connector> Client<C> {
    /// A client that has not connected yet, over another network than the system's.
    pub fn over(connector: C, endpoint: Endpoint, limits: Limits) -> Self {
        let host = HeaderValue::try_from(endpoint.authority());
        let host = host.unwrap_or_else(|_| HeaderValue::from_static("localhost"));
        Self { connector, endpoint, limits, host, connection: None }
    }

    /// The endpoint asked.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The bounds kept.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Keeps other bounds from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Sends a request and reads its reply, within the limits; twice where it may be and nothing came on a kept connection.
    ///
    /// # Errors
    /// No complete reply; the connection is then given up.
    pub async fn exchange(&mut self, request: &Request) -> Result<Reply, ExchangeError> {
        if let Some(replay) = self.endpoint.replay() {
            return replay.answer(request, self.endpoint.authorization()).ok_or(ExchangeError::NotRecorded);
        }
        let started = Instant::now();
        let prepared = self.prepare(request)?;
        // An idle connection may be closed at any time, also while a request is on its way: whether it was heeded is not
        // known then. So what must not be sent twice is not sent on one.
        let idle = self.connection.take().filter(|idle| request.repeatable && !idle.sender.is_closed());
        let Some(idle) = idle else { return self.on_new_connection(prepared, started).await };
        match self.on_connection(idle, prepared.clone(), started).await {
            Err(ExchangeError::Closed) => self.on_new_connection(prepared, started).await,
            // Some servers lose a reply on a connection that was kept. One that answers nobody does not on a new one either.
            Err(lost @ ExchangeError::Timeout { begun: false, .. }) => {
                match self.on_new_connection(prepared, Instant::now()).await {
                    Ok(reply) => Ok(Reply { lost: Some(Arc::new(lost)), ..reply }),
                    Err(_) => Err(lost),
                }
            }
            result => result,
        }
    }

    async fn on_new_connection(
        &mut self,
        prepared: hyper::Request<Full<Bytes>>,
        started: Instant,
    ) -> Result<Reply, ExchangeError> {
        let connection = self.connect(false).await?;
        self.on_connection(connection, prepared, started).await
    }

    /// The same on a connection of its own, from an address of this machine that is not loopback.
    ///
    /// # Errors
    /// No complete reply, or no such address.
    pub async fn exchange_from_outside(&mut self, request: &Request) -> Result<Reply, ExchangeError> {
        if self.endpoint.replay().is_some() {
            return Err(ExchangeError::NotRecorded);
        }
        let started = Instant::now();
        let prepared = self.prepare(request)?;
        let connection = self.connect(true).await?;
        let reply = self.on_connection(connection, prepared, started).await;
        self.connection = None;
        reply
    }

    fn prepare(&self, request: &Request) -> Result<hyper::Request<Full<Bytes>>, ExchangeError> {
        let unsendable = |error: hyper::http::Error| ExchangeError::Unsendable(error.to_string());
        // A proxy for plain HTTP wants to know whom it is for.
        let proxy = self.endpoint.proxy().filter(|_| !self.endpoint.is_secure());
        let place = proxy.map_or(String::new(), |_| format!("http://{}", self.endpoint.authority()));
        let path = format!("{place}{}{}", self.endpoint.path(), request.path);
        let builder = hyper::Request::builder().method(request.method.clone()).uri(path);
        let mut prepared = builder.body(Full::new(request.body.clone())).map_err(unsendable)?;
        let headers = prepared.headers_mut();
        *headers = request.headers.clone();
        for name in self.endpoint.headers().keys() {
            if !headers.contains_key(name) {
                let values = self.endpoint.headers().get_all(name);
                for value in values {
                    headers.append(name, value.clone());
                }
            }
        }
        headers.entry(HOST).or_insert_with(|| self.host.clone());
        if let Some(authorization) = self.endpoint.authorization().filter(|_| request.authorize) {
            headers.entry(AUTHORIZATION).or_insert_with(|| authorization.clone());
        }
        if let Some(authorization) = proxy.and_then(Endpoint::authorization) {
            headers.entry(PROXY_AUTHORIZATION).or_insert_with(|| authorization.clone());
        }
        Ok(prepared)
    }

    async fn on_connection(
        &mut self,
        mut connection: Connection,
        request: hyper::Request<Full<Bytes>>,
        started: Instant,
    ) -> Result<Reply, ExchangeError> {
        let limits = self.limits;
        let deadline = started + limits.exchange;
        let late = |begun, received| ExchangeError::Timeout { limit: limits.exchange, received, begun };
        let sent = async {
            connection.sender.ready().await?;
            connection.sender.send_request(request).await
        };
        let (head, body) = match timeout_at(deadline, sent).await.map_err(|_| late(false, 0))? {
            Ok(reply) => reply.into_parts(),
            Err(error) => return Err(connection.explain(&error, &limits).await),
        };
        let mut received = 0;
        let body = timeout_at(deadline, read(body, &limits, &mut received)).await;
        let body = body.map_err(|_| late(true, received))??;
        self.connection = Some(connection);
        let elapsed = started.elapsed();
        Ok(Reply { status: head.status, headers: head.headers, body, elapsed, lost: None })
    }

    async fn connect(&self, from_outside: bool) -> Result<Connection, ExchangeError> {
        let deadline = Instant::now() + self.limits.connect;
        let opened = timeout_at(deadline, self.connector.connect(&self.endpoint, from_outside)).await;
        let stream = opened.map_err(|_| ExchangeError::ConnectTimeout {
            address: self.endpoint.authority(),
            limit: self.limits.connect,
        })??;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(self.limits.head).max_headers(self.limits.headers);
        let handshake = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| explain(&error, &self.limits))?;
        Ok(Connection { sender, driver: tokio::spawn(connection) })
    }
}

impl Connection {
    /// What an error means; where it says no more than that the connection is gone, the reason for that.
    async fn explain(self, error: &hyper::Error, limits: &Limits) -> ExchangeError {
        if !(error.is_canceled() || error.is_closed()) {
            return explain(error, limits);
        }
        let told = |reason: &hyper::Error| {
            let unasked = || ExchangeError::NotHttp(format!("it sends before it is asked ({reason})"));
            (!is_gone(reason)).then(unasked)
        };
        // The reason is either with the request that could not be sent any more, or with the connection's own end.
        let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<hyper::Error>());
        if let Some(unasked) = cause.and_then(told) {
            return unasked;
        }
        drop(self.sender);
        match timeout(Duration::from_millis(100), self.driver).await {
            Ok(Ok(Err(reason))) => told(&reason).unwrap_or(ExchangeError::Closed),
            _ => ExchangeError::Closed,
        }
    }
}

/// Whether an error says no more than that the other side is gone.
fn is_gone(error: &hyper::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    let kind = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    let gone = [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof];
    error.is_incomplete_message()
        || error.is_canceled()
        || error.is_closed()
        || kind.is_some_and(|cause| gone.contains(&cause.kind()))
}

/// Reads a body to its end, or until it is too large.
async fn read(mut body: Incoming, limits: &Limits, received: &mut usize) -> Result<Bytes, ExchangeError> {
    let too_large = ExchangeError::TooLarge { limit: limits.body };
    if body.size_hint().lower() > limits.body as u64 {
        return Err(too_large);
    }
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match explain(&error, limits) {
            ExchangeError::Closed => ExchangeError::Cut { received: *received },
            other => other,
        })?;
        let Ok(data) = frame.into_data() else { continue };
        *received += data.len();
        if *received > limits.body {
            return Err(too_large);
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        // Only a body in several pieces is copied.
        if whole.is_empty() {
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

/// hyper's error as what it means here.
fn explain(error: &hyper::Error, limits: &Limits) -> ExchangeError {
    if error.is_parse() && error.to_string().contains("too large") {
        ExchangeError::HeadTooLarge { bytes: limits.head, fields: limits.headers }
    } else if error.is_parse() {
        ExchangeError::NotHttp(error.to_string())
    } else if is_gone(error) {
        ExchangeError::Closed
    } else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        ExchangeError::Broken(format!("{error}{cause}"))
    }
}
