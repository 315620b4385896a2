//! A proxy that makes a connection worse: replies come late, slowly, damaged, cut off, or the connection is reset.
//!
//! It works on bytes and knows no protocol. A reply is all that the upstream sends until the client speaks again; what happens to
//! the n-th reply on the m-th connection depends on the seed, n and m alone.

mod between;
mod plan;
mod relay;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

pub use between::Between;
use plan::Fate;
pub use plan::{BadFaults, Faults};

/// Most connections at once; more wait to be accepted.
const CONNECTIONS: usize = 1_024;

/// Host and port that connections are passed on to.
type Upstream = (String, u16);

/// A proxy that listens and serves nobody yet.
#[derive(Debug)]
pub struct FaultyProxy {
    listener: TcpListener,
    upstream: watch::Sender<Upstream>,
    faults: Faults,
    seed: u64,
    counts: Arc<Counts>,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Connections accepted.
    pub connections: AtomicU64,
    /// Replies that went through, late or slowly perhaps.
    pub passed: AtomicU64,
    /// Replies in which bytes were changed.
    pub garbled: AtomicU64,
    /// Replies that were cut off by closing the connection.
    pub truncated: AtomicU64,
    /// Replies that were cut off by resetting the connection.
    pub reset: AtomicU64,
    /// Connections for which the upstream could not be reached.
    pub refused: AtomicU64,
}

impl Counts {
    fn count(&self, fate: Fate) {
        let counter = match fate {
            Fate::Pass => &self.passed,
            Fate::Garble(_) => &self.garbled,
            Fate::Truncate(_) => &self.truncated,
            Fate::Reset(_) => &self.reset,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl FaultyProxy {
    /// Listens on an address for clients of `upstream`.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(
        listen: SocketAddr,
        upstream: (String, u16),
        faults: Faults,
        seed: u64,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (upstream, _) = watch::channel(upstream);
        Ok(Self { listener, upstream, faults, seed, counts: Arc::default() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where new connections are passed on to, to be changed.
    fn upstream(&self) -> watch::Sender<Upstream> {
        self.upstream.clone()
    }

    /// What happened, now and later.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Serves connections for ever; dropping the future ends all of them.
    pub fn serve(self) -> impl Future<Output = ()> + Send {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let mut tasks = tokio::task::JoinSet::new();
        async move {
            for number in 0u64.. {
                let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
                let Ok((client, _)) = self.listener.accept().await else { continue };
                self.counts.connections.fetch_add(1, Ordering::Relaxed);
                let (upstream, counts) = (self.upstream.borrow().clone(), Arc::clone(&self.counts));
                let fates = self.faults.on_connection(self.seed, number);
                tasks.spawn(async move {
                    relay::relay(client, &upstream, fates, &counts).await;
                    drop(permit);
                });
                while tasks.try_join_next().is_some() {}
            }
        }
    }
}
