//! Nodes on real ports, on a thread of their own.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tanglegram_tangle::Node;
use tanglegram_ternary::milestone::IssueError;
use tanglegram_ternary::pow::PowError;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{self, spawn_local};

use crate::access::Access;
use crate::clock::Clock;
use crate::data::{DataError, Journal, Stored, Written};
use crate::gossip::{self, Around, Dialer, Gossip, Neighbors, Tcp};
use crate::host::Host;
use crate::iri::Api;
use crate::issuer::{Issuer, Milestones};
use crate::listener::Listener;
use crate::miner::{Labour, Miner};
use crate::mirror::ServedMirror;
use crate::server::Connections;
use crate::thread::{Ready, ServerThread, Stopped};

/// How long work on other threads may still take after a stop.
const PARTING: Duration = Duration::from_secs(5);

/// One node to put on the network.
pub struct Served {
    /// What the node is called, in the `listening` line and in threads' names.
    pub name: String,
    /// The node, fresh or a clone of a fed one.
    pub node: Node,
    /// Where its API listens: bound by the caller, so that a port in use is told before anything starts.
    pub listener: TcpListener,
    /// Who may ask.
    pub access: Access,
    /// The coordinator that works on this node, if one does.
    pub milestones: Option<Milestones>,
    /// Its place among its neighbours; without one it keeps books on neighbours and connects to none.
    pub gossip: Option<Gossip>,
    /// Where it keeps what it knows, if it does: see [`Served::keep_in`].
    pub data: Option<Stored>,
}

/// Why nodes could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A thread, the event loop or a socket could not be set up.
    #[error("cannot serve {name}: {source}")]
    Io {
        /// The node it was for.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// An address is not to be had: in use, not of this machine, or not allowed.
    #[error("{name} cannot listen on {address}: {source}")]
    Bind {
        /// The node it was for.
        name: String,
        /// Where it should listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Its data folder cannot be used.
    #[error("{name}: {source}")]
    Data {
        /// The node it was for.
        name: String,
        /// What is wrong.
        source: Box<DataError>,
    },
    /// The coordinator could not issue its first milestone.
    #[error("cannot issue the first milestone on {name}: {source}")]
    Milestone {
        /// The node it was for.
        name: String,
        /// What went wrong.
        source: IssueError<PowError>,
    },
}

/// Serves nodes on a thread of their own; returns as soon as their ports answer.
pub fn serve(nodes: Vec<Served>) -> Result<Running, ServeError> {
    serve_all(nodes, Vec::new())
}

/// Serves nodes and mirror nodes on a thread of their own; returns as soon as their ports answer.
pub fn serve_all(nodes: Vec<Served>, mirrors: Vec<ServedMirror>) -> Result<Running, ServeError> {
    let mut names = nodes.iter().map(|node| &node.name).chain(mirrors.iter().map(|mirror| &mirror.name));
    let name = names.next().cloned().unwrap_or_default();
    let failed = |source| ServeError::Io { name: name.clone(), source };
    let apis = addresses(nodes.iter().map(|node| (&node.name, &node.listener))).map_err(failed)?;
    let gossips = nodes.iter().filter_map(|node| Some((&node.name, &node.gossip.as_ref()?.listener)));
    let gossips = addresses(gossips).map_err(failed)?;
    let mirror_apis =
        addresses(mirrors.iter().map(|mirror| (&mirror.name, &mirror.listener))).map_err(failed)?;
    let thread = ServerThread::start(&name, move |ready, stopped| run(nodes, mirrors, ready, stopped))?;
    Ok(Running::new(apis, gossips, mirror_apis, thread))
}

fn addresses<'a>(
    listeners: impl Iterator<Item = (&'a String, &'a TcpListener)>,
) -> io::Result<Vec<(String, SocketAddr)>> {
    listeners.map(|(name, listener)| Ok((name.clone(), listener.local_addr()?))).collect()
}

/// Nodes that are being served. Dropping it stops them.
#[derive(Debug)]
pub struct Running {
    apis: Vec<(String, SocketAddr)>,
    gossips: Vec<(String, SocketAddr)>,
    mirrors: Vec<(String, SocketAddr)>,
    thread: ServerThread,
}

impl Running {
    /// What is served where, and the thread that does it.
    pub(crate) fn new(
        apis: Vec<(String, SocketAddr)>,
        gossips: Vec<(String, SocketAddr)>,
        mirrors: Vec<(String, SocketAddr)>,
        thread: ServerThread,
    ) -> Running {
        Running { apis, gossips, mirrors, thread }
    }

    /// Name and API address of each node, in the order they were given.
    pub fn apis(&self) -> &[(String, SocketAddr)] {
        &self.apis
    }

    /// Name of each node that listens for neighbours, and where, in the order they were given.
    pub fn gossips(&self) -> &[(String, SocketAddr)] {
        &self.gossips
    }

    /// Name and address of each mirror node, in the order they were given.
    pub fn mirrors(&self) -> &[(String, SocketAddr)] {
        &self.mirrors
    }

    /// The address of the first node, or of the first mirror node where there is no other.
    pub fn addr(&self) -> SocketAddr {
        self.apis.first().unwrap_or_else(|| &self.mirrors[0]).1
    }

    /// Accepts nothing more, lets the requests under way finish (at most some seconds) and closes everything.
    pub fn shutdown(self) {
        drop(self.thread);
    }
}

/// The server's thread: sets everything up, says so, and serves until told to stop.
fn run(nodes: Vec<Served>, mirrors: Vec<ServedMirror>, ready: &Ready, stopped: Stopped) {
    let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(source) => return drop(ready.send(Err(ServeError::Io { name: "all nodes".into(), source }))),
    };
    runtime.block_on(async {
        let (connections, places) = (Connections::new(), gossip::places());
        let mut tasks = vec![spawn_local(Rc::clone(&connections).sweep())];
        for node in nodes {
            match open(node, &connections, &places).await {
                Ok(more) => tasks.extend(more),
                Err(error) => return drop(ready.send(Err(error))),
            }
        }
        for mirror in mirrors {
            match mirror.open(&connections).await {
                Ok(more) => tasks.extend(more),
                Err(error) => return drop(ready.send(Err(error))),
            }
        }
        let _ = ready.send(Ok(()));
        let _ = stopped.await; // an error too: whoever held the other end is gone
        tasks.iter().for_each(task::JoinHandle::abort);
        connections.drain().await;
    });
    runtime.shutdown_timeout(PARTING); // a name that is being looked up may take longer
}

/// Starts a node on real sockets. Returns the tasks to stop first.
async fn open(
    served: Served,
    connections: &Rc<Connections>,
    places: &Arc<Semaphore>,
) -> Result<Vec<task::JoinHandle<()>>, ServeError> {
    let (starting, listener, around) = served.open(Clock::system())?;
    starting.prepare()?.start(listener, around, connections, places).await
}

/// A node with its sockets.
type Opened = (Starting, tokio::net::TcpListener, Option<Around<Neighbors, Tcp>>);

impl Served {
    /// The node and its sockets, ready to be used.
    pub(crate) fn open(self, clock: Clock) -> Result<Opened, ServeError> {
        let Served { name, node, listener, access, milestones, gossip, data } = self;
        let failed = |source| ServeError::Io { name: name.clone(), source };
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let journal = data.map(|data| Journal::start(&name, data)).transpose().map_err(failed)?;
        let around = gossip.map(Gossip::around).transpose().map_err(failed)?;
        let labour = Labour::Threads;
        let starting = Starting { name, node, access, milestones, journal, clock, labour };
        Ok((starting, listener, around))
    }
}

/// A node about to start: everything but its sockets.
pub(crate) struct Starting {
    pub(crate) name: String,
    pub(crate) node: Node,
    pub(crate) access: Access,
    pub(crate) milestones: Option<Milestones>,
    pub(crate) journal: Option<(Journal, UnboundedReceiver<Written>)>,
    pub(crate) clock: Clock,
    pub(crate) labour: Labour,
}

/// A node at work, with no way to it yet.
pub(crate) struct Prepared {
    pub(crate) host: Rc<Host>,
    name: String,
    access: Access,
    milestones: Option<Milestones>,
    labour: Labour,
}

impl Starting {
    /// Sets the node to work.
    pub(crate) fn prepare(self) -> Result<Prepared, ServeError> {
        let Starting { name, node, access, milestones, journal, clock, labour } = self;
        let miner = Miner::new(&format!("pow {name}"), labour);
        let (miner, results) = miner.map_err(|source| ServeError::Io { name: name.clone(), source })?;
        let (journal, written) = journal.unzip();
        let host = Rc::new(Host::new(node, miner, journal, clock));
        spawn_local(Rc::clone(&host).collect(results));
        if let Some(written) = written {
            spawn_local(Rc::clone(&host).follow(written));
        }
        Ok(Prepared { host, name, access, milestones, labour })
    }
}

impl Prepared {
    /// Opens the node to sockets of any kind; its coordinator has issued the first milestone when this returns. Returns the
    /// tasks to stop first.
    pub(crate) async fn start<L: Listener, D: Dialer>(
        self,
        listener: impl Listener,
        around: Option<Around<L, D>>,
        connections: &Rc<Connections>,
        places: &Arc<Semaphore>,
    ) -> Result<Vec<task::JoinHandle<()>>, ServeError> {
        let Prepared { host, name, access, milestones, labour } = self;
        let mut tasks = Vec::new();
        if let Some(milestones) = milestones {
            let issuer = Issuer::new(name.clone(), Rc::clone(&host), milestones, labour);
            match issuer.issue().await {
                Ok(()) => tasks.push(spawn_local(issuer.run())),
                Err(IssueError::NoKey { index }) => issuer.tell_the_end(index),
                Err(source) => return Err(ServeError::Milestone { name, source }),
            }
        }
        if let Some(around) = around {
            tasks.extend(gossip::open(around, &host, places));
        }
        let api = Rc::new(Api { host, access, closing: Rc::clone(&connections.closing) });
        tasks.push(spawn_local(Rc::clone(connections).accept(listener, api)));
        Ok(tasks)
    }
}
