//! Accepting connections, bounding them in number and time, and stopping.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::header::CONNECTION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, spawn_local};
use tokio::time;

use crate::listener::Listener;
use crate::watch::{LIMITS, Phase, TICK, Watch, Watched};

/// Connections open at once over all APIs; more wait in the kernel's backlog. Kept below the usual limit of 1024 open
/// files.
const MAX_CONNECTIONS: usize = 768;

/// Bytes of a request's head: what the real node's server takes.
const MAX_HEAD: usize = 1 << 20;

/// How long requests under way may still take after a stop.
const GRACE: Duration = Duration::from_secs(5);

/// Pause after a failed accept: such failures (no file handles left) do not go away at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who answers the requests that come to a listener.
pub(crate) trait Answers: 'static {
    /// The bodies of the answers.
    type Body: Body<Data = Bytes, Error = Infallible> + 'static;

    /// Answers one request of a connection. An error means the client is gone or broke the protocol.
    fn answer(
        &self,
        peer: IpAddr,
        watch: &Watch,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Self::Body>, hyper::Error>>;

    /// The whole answer to a request whose head cannot be read, in place of the HTTP library's empty one of that status.
    fn refuse(&self, _status: u16) -> Option<Vec<u8>> {
        None
    }
}

/// Whether the client wants to use the connection again.
pub(crate) fn persists<B>(request: &Request<B>) -> bool {
    let values = request.headers().get_all(CONNECTION);
    let has = |token: &str| {
        let mut tokens =
            values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        tokens.any(|each| each.trim().eq_ignore_ascii_case(token))
    };
    match request.version() {
        Version::HTTP_11 => !has("close"),
        _ => has("keep-alive"),
    }
}

/// The open connections of all listeners of one thread.
pub(crate) struct Connections {
    open: RefCell<BTreeMap<u64, Open>>,
    opened: Cell<u64>,
    places: Arc<Semaphore>,
    clock: Rc<Cell<u32>>,
    /// Set when no further request is to be taken.
    pub(crate) closing: Rc<Cell<bool>>,
    closed: Notify,
}

struct Open {
    task: AbortHandle,
    watch: Rc<Watch>,
}

impl Connections {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            open: RefCell::default(),
            opened: Cell::new(0),
            places: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            clock: Rc::default(),
            closing: Rc::default(),
            closed: Notify::new(),
        })
    }

    /// Accepts and serves connections until the task is aborted.
    pub(crate) async fn accept(self: Rc<Self>, listener: impl Listener, api: Rc<impl Answers>) {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => self.open(stream, peer, &api, place),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn open<S, A>(self: &Rc<Self>, stream: S, peer: SocketAddr, api: &Rc<A>, place: OwnedSemaphorePermit)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
        A: Answers,
    {
        let watch = Rc::new(Watch::new(Rc::clone(&self.clock)));
        let refuse = Rc::clone(api);
        let refuse = Rc::new(move |status| refuse.refuse(status));
        let io = TokioIo::new(Watched::new(stream, Rc::clone(&watch), refuse));
        let (api, requests) = (Rc::clone(api), Rc::clone(&watch));
        let service = service_fn(move |request| {
            let (api, watch) = (Rc::clone(&api), Rc::clone(&requests));
            async move { api.answer(peer.ip(), &watch, request).await }
        });
        let id = self.opened.replace(self.opened.get() + 1);
        let guard = Closing { connections: Rc::clone(self), id, _place: place };
        let task = spawn_local(async move {
            let _guard = guard;
            let connection = http1::Builder::new().max_buf_size(MAX_HEAD).serve_connection(io, service);
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "connection ended early");
            }
        });
        self.open.borrow_mut().insert(id, Open { task: task.abort_handle(), watch });
    }

    /// Drops the connections that overstay, once a tick, until the task is aborted.
    pub(crate) async fn sweep(self: Rc<Self>) {
        let mut ticks = time::interval(TICK);
        loop {
            ticks.tick().await;
            self.clock.set(self.clock.get() + 1);
            self.abort_where(|watch| watch.overdue(&LIMITS));
        }
    }

    /// Lets the requests under way finish, for a while, and closes everything.
    pub(crate) async fn drain(&self) {
        self.closing.set(true);
        self.abort_where(|watch| watch.phase() == Phase::Idle);
        let all_closed = async {
            while !self.open.borrow().is_empty() {
                self.closed.notified().await;
            }
        };
        if time::timeout(GRACE, all_closed).await.is_err() {
            self.abort_where(|_| true);
        }
    }

    fn abort_where(&self, chosen: impl Fn(&Watch) -> bool) {
        self.open.borrow().values().filter(|open| chosen(&open.watch)).for_each(|open| open.task.abort());
    }
}

/// Takes a connection off the list when its task ends, however it ends.
struct Closing {
    connections: Rc<Connections>,
    id: u64,
    _place: OwnedSemaphorePermit,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.connections.open.borrow_mut().remove(&self.id);
        self.connections.closed.notify_one();
    }
}
