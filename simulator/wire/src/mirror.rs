//! How a mirror node speaks HTTP: what it says is its own affair, here is only the way to the socket and back.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};
use tanglegram_mirror::ingest::Event;
use tanglegram_mirror::{Mirror, Response};
use tanglegram_world::MirrorPlan;
use tokio::task::{JoinHandle, spawn_local};

use crate::body;
use crate::intake::Intake;
use crate::net::ServeError;
use crate::server::{Answers, Connections, persists};
use crate::watch::{Phase, Watch};

/// Bytes of a body that are read: a mirror node takes none, but looks whether they are the JSON they claim to be.
const MAX_BODY: usize = 100 << 10;

/// Told what happened to a file: the mirror node's name, and the event.
pub type Report = Box<dyn Fn(&str, &Event) + Send>;

/// One mirror node to put on the network.
pub struct ServedMirror {
    /// What it is called, in the `listening` line and in messages.
    pub name: String,
    /// What it knows, where it learns more, and how it answers.
    pub plan: MirrorPlan,
    /// Where it listens.
    pub listener: TcpListener,
    /// Told of the files it reads.
    pub report: Report,
}

impl ServedMirror {
    /// Starts the mirror node; it has read the files that are there when this returns. Returns the tasks to stop first.
    pub(crate) async fn open(self, connections: &Rc<Connections>) -> Result<Vec<JoinHandle<()>>, ServeError> {
        let failed = |source: io::Error| ServeError::Io { name: self.name.clone(), source };
        self.listener.set_nonblocking(true).map_err(failed)?;
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
        let mirror =
            Mirror { mutation: self.plan.mutation, ..Mirror::new(self.plan.store, self.plan.dialect) };
        let mirror = Rc::new(RefCell::new(mirror));
        let mut tasks = Vec::new();
        if let Some(plan) = self.plan.intake {
            let report = self.report;
            let name = self.name.clone();
            let mut intake = Intake::new(plan, Rc::clone(&mirror), move |event| report(&name, event));
            intake.round().await.map_err(|source| ServeError::Io { name: self.name, source })?;
            tasks.push(spawn_local(intake.run()));
        }
        tasks.push(spawn_local(Rc::clone(connections).accept(listener, api(mirror, connections))));
        Ok(tasks)
    }
}

/// Who answers for a mirror node.
pub(crate) fn api(mirror: Rc<RefCell<Mirror>>, connections: &Connections) -> Rc<impl Answers> {
    Rc::new(Api { mirror, closing: Rc::clone(&connections.closing) })
}

type HttpReply = hyper::Response<Whole>;

/// A body in one piece. Unlike others it does not count as at its end while it is empty: so the length that the headers
/// tell is sent even with a 204, as the real server does.
struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// The port of one mirror node.
struct Api {
    mirror: Rc<RefCell<Mirror>>,
    /// Set when the server is about to stop: every reply is then the last of its connection.
    closing: Rc<Cell<bool>>,
}

impl Answers for Api {
    type Body = Whole;

    async fn answer(
        &self,
        _peer: IpAddr,
        watch: &Watch,
        request: Request<Incoming>,
    ) -> Result<HttpReply, hyper::Error> {
        watch.enter(Phase::Body);
        let mut last = !persists(&request) || self.closing.get();
        let (head, body) = request.into_parts();
        let body = body::read(body, MAX_BODY).await?;
        last |= body.unfinished;
        watch.enter(Phase::Node);
        let target =
            head.uri.path_and_query().map_or_else(String::new, |target| latin(target.as_str().as_bytes()));
        let headers: Vec<(&str, String)> =
            head.headers.iter().map(|(name, value)| (name.as_str(), latin(value.as_bytes()))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let response = self.mirror.borrow().handle(&tanglegram_mirror::Request {
            method: head.method.as_str(),
            target: &target,
            headers: &headers,
            body: body.text.as_bytes(),
        });
        last |= response.status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let mut reply = reply(response);
        let connection = if last || self.closing.get() { "close" } else { "keep-alive" };
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static(connection));
        watch.enter(Phase::Reply);
        Ok(reply)
    }

    fn refuse(&self, status: u16) -> Option<Vec<u8>> {
        let response = self.mirror.borrow().refuse(status);
        let status = StatusCode::from_u16(response.status).ok()?;
        let mut answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
        for (name, value) in &response.headers {
            answer += &format!("{name}: {value}\r\n");
        }
        Some([answer.as_bytes(), b"\r\n", &response.body].concat())
    }
}

/// Each byte as the character of that number.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn reply(response: Response) -> HttpReply {
    let mut reply = HttpReply::new(Whole(Some(response.body.into())));
    *reply.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        // A value that came from the client's headers may not be one that can be sent back: then it is left out.
        if let Ok(value) = HeaderValue::from_str(&value) {
            reply.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    reply
}
