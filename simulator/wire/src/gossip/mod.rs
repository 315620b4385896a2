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
mod ways;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tanglegram_tangle::gossip::Message;
use tanglegram_tangle::gossip::codec::Memory;
use tanglegram_tangle::{ApiRequest, Input};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, spawn_local, yield_now};
use tokio::time;

use crate::host::{Answer, Host};
use crate::listener::Listener;
use dialer::configure;
pub(crate) use dialer::{Dialer, Tcp};
pub(crate) use links::Links;
use links::{Endpoint, Timer};
pub(crate) use ways::Ways;
use ways::{Way, carry};

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

/// A node's place among its neighbours, on any network.
pub(crate) struct Around<L, D> {
    /// Neighbours that come.
    pub(crate) listener: L,
    /// The way to others.
    pub(crate) dialer: D,
    /// The neighbours it has from the start, as `addNeighbors` takes them.
    pub(crate) neighbors: Vec<String>,
    /// The node's number, and what becomes of its messages to other nodes of its world; without it they travel as they may.
    pub(crate) ways: Option<(usize, Rc<Ways>)>,
}

impl Gossip {
    /// The same on real TCP.
    pub(crate) fn around(self) -> io::Result<Around<Neighbors, Tcp>> {
        self.listener.set_nonblocking(true)?;
        let listener = Neighbors(tokio::net::TcpListener::from_std(self.listener)?);
        Ok(Around { listener, dialer: Tcp, neighbors: self.neighbors, ways: None })
    }
}

/// Messages of a connection that wait to be written after what the way did to them.
const CARRIED: usize = 16;

/// Everything a node's connections have in common.
struct Station {
    ways: Option<(usize, Rc<Ways>)>,
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
pub(crate) fn open<L: Listener, D: Dialer>(
    around: Around<L, D>,
    host: &Rc<Host>,
    places: &Arc<Semaphore>,
) -> Vec<JoinHandle<()>> {
    let timer = Rc::new(Timer::default());
    let (links, endpoints) = Links::new(Rc::clone(&timer));
    host.join(links);
    let station = Rc::new(Station {
        ways: around.ways,
        host: Rc::clone(host),
        memory: RefCell::default(),
        places: Arc::clone(places),
        dialling: RefCell::default(),
    });
    introduce(host, &around.neighbors);
    vec![
        spawn_local(accept(Rc::clone(&station), around.listener)),
        spawn_local(dial(station, around.dialer, endpoints)),
        spawn_local(tick(Rc::clone(host), timer)),
    ]
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
pub(crate) struct Neighbors(tokio::net::TcpListener);

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
    if station.is_cut(ip, *port) {
        return Err(io::ErrorKind::HostUnreachable.into());
    }
    Ok((dialer.connect(SocketAddr::new(ip, *port)).await?, ip))
}

impl Station {
    /// Runs a connection in a task of its own.
    fn start<S>(self: &Rc<Self>, stream: S, opening: Opening)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let Opening { ip, dialled, place } = opening;
        let way = self.way(ip, dialled.as_ref());
        let Some((peer, queue)) = self.host.connected(ip, dialled) else { return };
        let station = Rc::clone(self);
        spawn_local(async move {
            let host = &station.host;
            let receive = async |message: Message| {
                way.iter().for_each(|way| way.heard(ip, &message));
                host.turn().await;
                host.received(peer, message)
            };
            let ended = match way.clone() {
                None => link::run(stream, queue, &station.memory, receive).await,
                Some(way) => {
                    let (out, parcels) = mpsc::channel(CARRIED);
                    let carrier = spawn_local(carry(way, queue, out));
                    let ended = link::run(stream, parcels, &station.memory, receive).await;
                    carrier.abort();
                    ended
                }
            };
            tracing::debug!(%ip, peer, %ended, "a neighbour's connection ended");
            host.disconnected(peer);
            drop(place);
        });
    }

    /// What becomes of messages to a neighbour, where something may.
    fn way(&self, ip: IpAddr, dialled: Option<&Endpoint>) -> Option<Way> {
        let (from, ways) = self.ways.clone()?;
        let to = dialled.and_then(|(_, port)| ways.node_at(ip, *port));
        Some(Way { ways, from, to: Rc::new(Cell::new(to)) })
    }

    /// Whether a neighbour cannot be reached now.
    fn is_cut(&self, ip: IpAddr, port: u16) -> bool {
        let cut = |(from, ways): &(usize, Rc<Ways>)| {
            ways.node_at(ip, port).is_some_and(|to| !ways.connects(*from, to))
        };
        self.ways.as_ref().is_some_and(cut)
    }
}

/// Wakes a node whenever it wants to be woken, until the task is aborted.
async fn tick(host: Rc<Host>, timer: Rc<Timer>) {
    loop {
        let Some(at) = timer.at().filter(|_| !host.is_paused()) else {
            timer.changed().await;
            continue;
        };
        let wait = Duration::from_millis(at.saturating_sub(host.now()));
        if !wait.is_zero() && time::timeout(wait, timer.changed()).await.is_ok() {
            continue;
        }
        if host.now() >= at {
            host.input(Input::Tick);
            yield_now().await;
        }
    }
}
