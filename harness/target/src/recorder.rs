//! A proxy that shows every exchange that passes through it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::client::{Client, Limits};
use crate::endpoint::Endpoint;
use crate::message::{Reply, Request};

/// Most connections at once; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// Longest time for the head of a request.
const HEAD: Duration = Duration::from_secs(30);

/// A request and its reply, both read whole.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What the client sent.
    pub request: Request,
    /// What the upstream answered.
    pub reply: Reply,
}

/// A proxy that listens and serves nobody yet.
#[derive(Debug)]
pub struct RecordingProxy {
    listener: TcpListener,
    upstream: Endpoint,
    limits: Limits,
}

impl RecordingProxy {
    /// Listens on an address for clients of `upstream`; bodies both ways are within the limits.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(listen: SocketAddr, upstream: Endpoint, limits: Limits) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(listen).await?, upstream, limits })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves for ever and shows every exchange; one without a reply is not shown, its client gets 502.
    pub async fn serve(self, show: impl Fn(Exchange) + Send + Sync + 'static) {
        let (free, show) = (Arc::new(Semaphore::new(CONNECTIONS)), Arc::new(show));
        let mut tasks = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
            let Ok((stream, _)) = self.listener.accept().await else { continue };
            let client = Client::new(self.upstream.clone(), self.limits);
            let (show, body) = (Arc::clone(&show), self.limits.body);
            tasks.spawn(async move {
                connection(stream, client, body, &*show).await;
                drop(permit);
            });
            while tasks.try_join_next().is_some() {}
        }
    }
}

async fn connection(stream: TcpStream, client: Client, limit: usize, show: &(impl Fn(Exchange) + Sync)) {
    let _ = stream.set_nodelay(true);
    let client = Mutex::new(client);
    let service = service_fn(|request: hyper::Request<Incoming>| async {
        let answer = pass_on(request, limit, &client, show).await;
        Ok::<_, Infallible>(answer.unwrap_or_else(|(status, why)| refusal(status, &why)))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    // A client that goes away has what it wanted.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn pass_on(
    request: hyper::Request<Incoming>,
    limit: usize,
    client: &Mutex<Client>,
    show: &impl Fn(Exchange),
) -> Result<Response<Full<Bytes>>, (StatusCode, String)> {
    let (head, body) = request.into_parts();
    let too_large =
        |error| (StatusCode::PAYLOAD_TOO_LARGE, format!("the request's body cannot be read: {error}"));
    let body = Limited::new(body, limit).collect().await.map_err(too_large)?.to_bytes();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut headers = end_to_end(head.headers);
    headers.remove(HOST);
    let repeatable = head.method.is_safe();
    let request = Request { method: head.method, path, headers, body, authorize: true, repeatable };
    let reply = client.lock().await.exchange(&request).await;
    let reply = reply.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
    let mut response = Response::new(Full::new(reply.body.clone()));
    *response.status_mut() = reply.status;
    *response.headers_mut() = end_to_end(reply.headers.clone());
    if request.method == Method::HEAD {
        // The length of what is not sent is part of the answer.
        let length = reply.headers.get(CONTENT_LENGTH).cloned();
        response.headers_mut().extend(length.map(|length| (CONTENT_LENGTH, length)));
    }
    show(Exchange { request, reply });
    Ok(response)
}

/// Headers without those that concern one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    let keep_alive = HeaderName::from_static("keep-alive");
    for name in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH, keep_alive] {
        headers.remove(name);
    }
    headers
}

fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(why.to_owned())));
    *response.status_mut() = status;
    response
}
