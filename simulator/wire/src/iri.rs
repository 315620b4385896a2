//! How an IRI node speaks HTTP: one handler for every method and path, of which only `OPTIONS` is special.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, AUTHORIZATION, CONNECTION,
    CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use tanglegram_tangle::{ApiRequest, Reply};

use crate::access::Access;
use crate::body;
use crate::host::{Answer, Host};
#[cfg(feature = "mutants")]
use crate::mutate;
use crate::server::{Answers, persists};
use crate::watch::{Phase, Watch};

const API_VERSION: HeaderName = HeaderName::from_static("x-iota-api-version");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const METHODS: &str = "GET,HEAD,POST,PUT,DELETE,TRACE,OPTIONS,CONNECT,PATCH";
const REQUEST_HEADERS: &str =
    "User-Agent, Origin, X-Requested-With, Content-Type, Accept, X-IOTA-API-Version";

type HttpReply = Response<Full<Bytes>>;

/// The API port of one node.
pub(crate) struct Api {
    pub(crate) host: Rc<Host>,
    pub(crate) access: Access,
    /// Set when the server is about to stop: every reply is then the last of its connection.
    pub(crate) closing: Rc<Cell<bool>>,
}

impl Answers for Api {
    type Body = Full<Bytes>;

    async fn answer(
        &self,
        peer: IpAddr,
        watch: &Watch,
        request: Request<Incoming>,
    ) -> Result<HttpReply, hyper::Error> {
        watch.enter(Phase::Body);
        let mut last = !persists(&request) || self.closing.get();
        let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let is_admitted = self.access.admits(authorization);
        let is_options = request.method() == Method::OPTIONS;
        #[cfg(feature = "mutants")]
        let asked = mutate::Asked::new(self.host.mutation(), &request);
        #[cfg(feature = "mutants")]
        let (is_admitted, is_options) = asked.taken_for(&self.access, is_admitted, is_options);
        let reply = if !is_admitted {
            last |= !body::skip(request.into_body()).await?;
            unauthorized()
        } else if is_options {
            last |= !body::skip(request.into_body()).await?;
            options()
        } else {
            let versioned = request.headers().contains_key(API_VERSION);
            let body = body::read(request.into_body(), self.host.max_body_length()).await?;
            last |= body.unfinished;
            watch.enter(Phase::Node);
            json(self.ask(ApiRequest { body: body.text, versioned, trusted: self.access.trusts(peer) }).await)
        };
        #[cfg(feature = "mutants")]
        let reply = asked.told(reply);
        let mut reply = reply;
        let connection = if last || self.closing.get() { "close" } else { "keep-alive" };
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static(connection));
        watch.enter(Phase::Reply);
        Ok(reply)
    }
}

impl Api {
    async fn ask(&self, request: ApiRequest) -> Option<Reply> {
        match self.host.ask(request) {
            Answer::Now(reply) => Some(reply),
            Answer::Later(pending) => pending.reply().await,
        }
    }
}

/// A reply of the node. There is none only when the server stops before the work was done.
fn json(reply: Option<Reply>) -> HttpReply {
    let Some(reply) = reply else { return empty(StatusCode::SERVICE_UNAVAILABLE) };
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() =
        StatusCode::from_u16(reply.status as u16).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(4);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(KEEP_ALIVE, HeaderValue::from_static("timeout=500, max=100"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The reply to a browser's question what it may send.
fn options() -> HttpReply {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(METHODS));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// The reply to wrong or missing credentials: made by the HTTP server, not by the API, hence no JSON and no CORS.
fn unauthorized() -> HttpReply {
    let mut response = empty(StatusCode::UNAUTHORIZED);
    let challenge = HeaderValue::from_static("Basic realm=\"Iota Realm\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn empty(status: StatusCode) -> HttpReply {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
