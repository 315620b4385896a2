//! A node among its neighbours: TCP connections, timers, names.
//!
//! ```text
//! accept, dial -> link::run (codec, queue of 100) -> Host -> Node::handle -> Links -> link::run -> socket
//!                                   timer -> Input::Tick -/          \-> dial, timer
//! ```
//!
//! What a stranger can do is bounded: connections that say nothing make way for others and are closed after some seconds, a
//! message has to be finished in time, and only what the node takes for a neighbour stays, up to `max-neighbors`.

mod dialer;
mod link;
mod links;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tanglegram_tangle::gossip::codec::Memory;
use tanglegram_tangle::{ApiRequest, Input};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, spawn_local, yield_now};
use tokio::time;

use crate::clock;
use crate::host::{Answer, Host};
use crate::listener::Listener;
use dialer::{Dialer, Tcp, configure};
pub(crate) use links::Links;
use links::{Endpoint, Timer};

/// Connections open at once over all nodes of a thread. With the API's they stay below the usual limit of 1024 open files.
const MAX_LINKS: usize = 224;

/// How long finding out an address may take, and connecting to it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause after a failed accept: such failures (no file handles left) do not go away at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A node's place among its neighbours.
#[derive(Debug)]
pub struct Gossip {
    /// Where it listens for neighbours; the node's configuration tells others this port.
    pub listener: TcpListener,
    /// The neighbours it has from the start, as `addNeighbors` takes them: `tcp://host:port`.
    pub neighbors: Vec<String>,
}

impl Gossip {
    /// The port the node listens on; 0 if the system does not say.
    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().map_or(0, |address| address.port())
    }
}

/// The room for connections that all nodes of a thread share.
pub(crate) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_LINKS))
}

/// Everything a node's connections have in common.
struct Station {
    host: Rc<Host>,
    memory: RefCell<Memory>,
    places: Arc<Semaphore>,
    dialling: RefCell<BTreeSet<Endpoint>>,
}

/// A connection to be run.
struct Opening {
    ip: IpAddr,
    dialled: Option<Endpoint>,
    place: OwnedSemaphorePermit,
}

/// Puts a node among its neighbours. Returns the tasks to stop first.
pub(crate) fn open(
    gossip: Gossip,
    host: &Rc<Host>,
    places: &Arc<Semaphore>,
) -> io::Result<Vec<JoinHandle<()>>> {
    gossip.listener.set_nonblocking(true)?;
    let listener = Neighbors(tokio::net::TcpListener::from_std(gossip.listener)?);
    let timer = Rc::new(Timer::default());
    let (links, endpoints) = Links::new(Rc::clone(&timer));
    host.join(links);
    let station = Rc::new(Station {
        host: Rc::clone(host),
        memory: RefCell::default(),
        places: Arc::clone(places),
        dialling: RefCell::default(),
    });
    introduce(host, &gossip.neighbors);
    Ok(vec![
        spawn_local(accept(Rc::clone(&station), listener)),
        spawn_local(dial(station, Tcp, endpoints)),
        spawn_local(tick(Rc::clone(host), timer)),
    ])
}

/// Tells a node of its neighbours.
fn introduce(host: &Rc<Host>, neighbors: &[String]) {
    for uri in neighbors {
        let uri: String = uri.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
        let body = format!("{{\"command\":\"addNeighbors\",\"uris\":[\"{uri}\"]}}");
        match host.ask(ApiRequest { body, versioned: true, trusted: true }) {
            Answer::Now(reply) if reply.body.contains("\"addedNeighbors\":1") => {}
            _ => tracing::warn!(%uri, "cannot have this neighbour"),
        }
    }
}

/// Neighbours that come.
struct Neighbors(tokio::net::TcpListener);

impl Listener for Neighbors {
    type Stream = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        configure(&stream)?;
        Ok((stream, peer))
    }
}

async fn accept(station: Rc<Station>, listener: impl Listener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let place = Arc::clone(&station.places).try_acquire_owned();
                let Ok(place) = place else { continue }; // full: the connection is closed
                station.start(stream, Opening { ip: peer.ip().to_canonical(), dialled: None, place });
                yield_now().await; // what makes way has to get to it
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a neighbour");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Dials whom the node wants, each in a task of its own.
async fn dial(station: Rc<Station>, dialer: impl Dialer, mut endpoints: Receiver<Endpoint>) {
    while let Some(endpoint) = endpoints.recv().await {
        let Ok(place) = Arc::clone(&station.places).acquire_owned().await else { return };
        if station.dialling.borrow_mut().insert(endpoint.clone()) {
            let (station, dialer) = (Rc::clone(&station), dialer.clone());
            spawn_local(async move {
                let reached = time::timeout(PATIENCE, reach(&station, &dialer, &endpoint)).await;
                station.dialling.borrow_mut().remove(&endpoint);
                match reached.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                    Ok((stream, ip)) => station.start(stream, Opening { ip, dialled: Some(endpoint), place }),
                    Err(error) => tracing::debug!(?endpoint, %error, "cannot reach a neighbour"),
                }
            });
        }
    }
}

/// Finds out a neighbour's address and connects to it.
async fn reach<D: Dialer>(
    station: &Station,
    dialer: &D,
    (host, port): &Endpoint,
) -> io::Result<(D::Stream, IpAddr)> {
    let ip = dialer.resolve(host).await?;
    station.host.input(Input::Resolved { host: host.clone(), ip });
    Ok((dialer.connect(SocketAddr::new(ip, *port)).await?, ip))
}

impl Station {
    /// Runs a connection in a task of its own.
    fn start<S>(self: &Rc<Self>, stream: S, opening: Opening)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let Opening { ip, dialled, place } = opening;
        let Some((peer, queue)) = self.host.connected(ip, dialled) else { return };
        let station = Rc::clone(self);
        spawn_local(async move {
            let host = &station.host;
            let receive = |message| host.received(peer, message);
            let ended = link::run(stream, queue, &station.memory, receive).await;
            tracing::debug!(%ip, peer, %ended, "a neighbour's connection ended");
            host.disconnected(peer);
            drop(place);
        });
    }
}

/// Wakes a node whenever it wants to be woken, until the task is aborted.
async fn tick(host: Rc<Host>, timer: Rc<Timer>) {
    loop {
        let Some(at) = timer.at() else {
            timer.changed().await;
            continue;
        };
        let wait = Duration::from_millis(at.saturating_sub(clock::now()));
        if !wait.is_zero() && time::timeout(wait, timer.changed()).await.is_ok() {
            continue;
        }
        if clock::now() >= at {
            host.input(Input::Tick);
            yield_now().await;
        }
    }
}
