//! turmoil's TCP as this crate's code wants it, and what it lacks: giving a connection up that does not get through.
//!
//! turmoil drops the segments of a cut link and sends none again; the rest of such a connection never arrives. A real TCP gives
//! up after a while without an acknowledgement. Here each end of a neighbour's connection counts what the other end has read, and
//! fails with a timeout when that stands still for [`GIVE_UP`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{self, Interval};
use turmoil::net::{TcpListener, TcpStream};

use crate::gossip::Dialer;
use crate::listener::Listener;

/// How long what was sent to a neighbour may stay unread before the connection counts as lost.
pub const GIVE_UP: Duration = Duration::from_secs(5);

/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Listens on every address of the host.
pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)).await
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

/// Bytes of one direction of a connection.
#[derive(Debug, Default)]
struct Flow {
    sent: Cell<u64>,
    read: Cell<u64>,
}

/// Flows that are still used, by sender and receiver.
type Directions = BTreeMap<(SocketAddr, SocketAddr), Weak<Flow>>;

/// All directions of all connections between neighbours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flows(Rc<RefCell<Directions>>);

impl Flows {
    fn get(&self, from: SocketAddr, to: SocketAddr) -> Rc<Flow> {
        let mut flows = self.0.borrow_mut();
        if let Some(flow) = flows.get(&(from, to)).and_then(Weak::upgrade) {
            return flow;
        }
        flows.retain(|_, flow| flow.strong_count() > 0);
        let flow = Rc::default();
        flows.insert((from, to), Rc::downgrade(&flow));
        flow
    }

    fn watch(&self, stream: TcpStream) -> io::Result<Impatient> {
        let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Impatient {
            stream,
            outward: self.get(local, remote),
            inward: self.get(remote, local),
            looks: time::interval(LOOK),
            last_read: 0,
            stuck: Duration::ZERO,
        })
    }
}

/// Neighbours that come.
pub(crate) struct Neighbors {
    pub(crate) listener: TcpListener,
    pub(crate) flows: Flows,
}

impl Listener for Neighbors {
    type Stream = Impatient;

    async fn accept(&self) -> io::Result<(Impatient, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        Ok((self.flows.watch(stream)?, peer))
    }
}

/// The way to neighbours.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) flows: Flows,
}

impl Dialer for Dial {
    type Stream = Impatient;

    async fn resolve(&self, host: &str) -> io::Result<IpAddr> {
        host.parse().map_err(|_| io::ErrorKind::NotFound.into())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Impatient> {
        self.flows.watch(TcpStream::connect(address).await?)
    }
}

/// A connection that is given up when nothing gets through.
pub(crate) struct Impatient {
    stream: TcpStream,
    outward: Rc<Flow>,
    inward: Rc<Flow>,
    looks: Interval,
    last_read: u64,
    stuck: Duration,
}

impl Impatient {
    /// Looks whether the other end reads, when it is time to.
    fn poll_lost(&mut self, cx: &mut Context<'_>) -> bool {
        while self.looks.poll_tick(cx).is_ready() {
            let (sent, read) = (self.outward.sent.get(), self.outward.read.get());
            self.stuck =
                if sent > read && read == self.last_read { self.stuck + LOOK } else { Duration::ZERO };
            self.last_read = read;
        }
        self.stuck > GIVE_UP
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.poll_lost(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        let count = (buf.filled().len() - before) as u64;
        self.inward.read.set(self.inward.read.get() + count);
        poll
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &poll {
            self.outward.sent.set(self.outward.sent.get() + *count as u64);
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
