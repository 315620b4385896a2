//! A whole Hedera network on real ports: consensus nodes with their gRPC API, and a mirror node that reads their files.

mod codec;
mod grpc;
mod net;
mod publish;

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tanglegram_hashgraph::services::Genesis;
use tanglegram_hashgraph::services::client::{self, SigningKey};
use tanglegram_hashgraph::streams::{Timetable, keys};
use tanglegram_hashgraph::{EntityId, SECOND, hex};
use tanglegram_mirror::files::address_book::AddressBook;
use tanglegram_mirror::{Dialect, Mirror, Store};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_local;
use tokio::time;

use crate::clock;
use crate::mirror;
use crate::net::ServeError;
use crate::server::Connections;
use crate::thread::{Ready, ServerThread, Stopped};
use crate::worlds::bind;
use grpc::Api;
use net::Net;
use publish::{Folder, Publisher};

/// The port that Hedera's nodes listen on.
pub const GRPC_PORT: u16 = 50_211;

/// What the account of the network's user has at first, in tinybars: a million hbars.
pub const OPERATOR_BALANCE: i64 = 100_000_000_000_000;

/// The seed of its key, which guards nothing: everybody has it.
const OPERATOR_SEED: [u8; 32] = *b"TANGLEGRAM HEDERA NET OPERATOR 1";

/// How often at least the network is looked after.
const BEAT: Duration = Duration::from_millis(50);

/// What the network is called in errors.
const NAME: &str = "the Hedera network";

/// A network to be served.
#[derive(Clone, Debug)]
pub struct HederaNet {
    /// How many consensus nodes there are.
    pub nodes: u16,
    /// Where the first listens. The others listen on every second port after that, since clients take port 50212 for an
    /// encrypted one; on any free port where this is 0.
    pub grpc: SocketAddr,
    /// Where the mirror node listens.
    pub rest: SocketAddr,
    /// How the mirror node answers.
    pub dialect: Dialect,
    /// The folder, new or empty, that all nodes put their files in.
    pub files: Option<PathBuf>,
    /// When files are written.
    pub timetable: Timetable,
    /// Transactions that a node takes before it says `BUSY`, until the network has handled some.
    pub room: usize,
}

impl Default for HederaNet {
    fn default() -> Self {
        HederaNet {
            nodes: 4,
            grpc: ([127, 0, 0, 1], GRPC_PORT).into(),
            rest: ([127, 0, 0, 1], 5551).into(),
            dialect: Dialect::default(),
            files: None,
            timetable: Timetable { records: 2 * SECOND, balances: 10 * SECOND },
            room: 5_000,
        }
    }
}

/// The account that has hbars to spend, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The account.
    pub account: EntityId,
    /// The private key as clients take it: PKCS #8 in hexadecimal digits.
    pub key: String,
    /// What it has at first, in tinybars.
    pub balance: i64,
}

/// A network that is being served. Dropping it stops it.
#[derive(Debug)]
pub struct RunningHedera {
    /// Account and address of each consensus node.
    pub nodes: Vec<(EntityId, SocketAddr)>,
    /// The address of the mirror node.
    pub mirror: SocketAddr,
    /// Who has hbars.
    pub operator: Operator,
    thread: ServerThread,
}

impl RunningHedera {
    /// Stops it.
    pub fn shutdown(self) {
        drop(self.thread);
    }
}

/// What the thread of a network needs.
struct Parts {
    genesis: Genesis,
    timetable: Timetable,
    room: usize,
    dialect: Dialect,
    book: AddressBook,
    folder: Option<Folder>,
    doors: Vec<TcpListener>,
    rest: TcpListener,
}

fn failed(source: io::Error) -> ServeError {
    ServeError::Io { name: NAME.to_owned(), source }
}

/// Serves a network on a thread of its own; returns as soon as its ports answer.
///
/// # Errors
/// When an address is not to be had, the folder is not empty, or the system has no room for a thread.
pub fn serve_hedera(plan: &HederaNet) -> Result<RunningHedera, ServeError> {
    let signer = SigningKey::from_bytes(&OPERATOR_SEED);
    let genesis = Genesis::new(plan.nodes, client::key(&signer));
    let operator = operator(&signer, genesis.next);
    let genesis = genesis.with_account(client::key(&signer), OPERATOR_BALANCE);
    let book = keys::address_book(&genesis.nodes);
    let doors = (0..).zip(&genesis.nodes).map(|(number, account)| {
        let port = if plan.grpc.port() == 0 { 0 } else { plan.grpc.port().saturating_add(2 * number) };
        bind(&account.to_string(), SocketAddr::new(plan.grpc.ip(), port))
    });
    let doors = doors.collect::<Result<Vec<_>, _>>()?;
    let rest = bind("the mirror node", plan.rest)?;
    let addresses =
        doors.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let nodes = genesis.nodes.iter().copied().zip(addresses).collect();
    let mirror = rest.local_addr().map_err(failed)?;
    let folder = plan.files.as_deref().map(|path| {
        let told = |source| ServeError::Io { name: format!("with files in {}", path.display()), source };
        Folder::make(path, &book).map_err(told)
    });
    let folder = folder.transpose()?;
    let HederaNet { timetable, room, dialect, .. } = *plan;
    let parts = Parts { genesis, timetable, room, dialect, book, folder, doors, rest };
    let thread = ServerThread::start(NAME, move |ready, stopped| run(parts, ready, stopped))?;
    Ok(RunningHedera { nodes, mirror, operator, thread })
}

fn operator(signer: &SigningKey, number: i64) -> Operator {
    // PKCS #8 of an Ed25519 key: this, then the seed (RFC 8410, section 7).
    let key = format!("302e020100300506032b657004220420{}", hex::encode(&signer.to_bytes()));
    Operator { account: EntityId::new(0, 0, number), key, balance: OPERATOR_BALANCE }
}

/// The network's thread: sets everything up, says so, and serves until told to stop.
fn run(parts: Parts, ready: &Ready, stopped: Stopped) {
    let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(source) => return drop(ready.send(Err(failed(source)))),
    };
    runtime.block_on(async {
        let connections = Connections::new();
        let tasks = match open(parts, &connections) {
            Ok(tasks) => tasks,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let _ = ready.send(Ok(()));
        let _ = stopped.await; // an error too: whoever held the other end is gone
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        connections.drain().await;
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
}

/// Opens every port; returns the tasks to stop.
fn open(parts: Parts, connections: &Rc<Connections>) -> Result<Vec<tokio::task::JoinHandle<()>>, ServeError> {
    let Parts { genesis, timetable, room, dialect, book, folder, doors, rest } = parts;
    let listen = |listener: TcpListener| {
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    };
    let net = Net::new(&genesis, timetable, room)
        .ok_or_else(|| failed(io::Error::other("a network has 1 to 256 nodes")))?;
    let net = Rc::new(RefCell::new(net));
    let shown = Rc::new(RefCell::new(Mirror::new(Store::default(), dialect)));
    // The timetable bounds what waits in there: a few files a second.
    let (send, files) = unbounded_channel();
    let publisher = Publisher::new(genesis.nodes, book, folder, Rc::clone(&shown));
    let mut tasks = vec![spawn_local(Rc::clone(connections).sweep()), spawn_local(publisher.run(files))];
    for (member, door) in (0..).zip(doors) {
        let api = Api { net: Rc::clone(&net), member };
        tasks.push(spawn_local(api.accept(listen(door).map_err(failed)?)));
    }
    let rest = listen(rest).map_err(failed)?;
    tasks.push(spawn_local(Rc::clone(connections).accept(rest, mirror::api(shown, connections))));
    tasks.push(spawn_local(async move {
        loop {
            let next = net.borrow_mut().advance();
            net.borrow_mut().take_files().for_each(|file| drop(send.send(file)));
            let wait = u64::try_from(next - clock::nanos()).unwrap_or_default();
            time::sleep(Duration::from_nanos(wait).clamp(Duration::from_millis(1), BEAT)).await;
        }
    }));
    Ok(tasks)
}
