//! The faulting proxy between the harness and whatever it asks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Counts, Faults, FaultyProxy, Upstream};
use crate::endpoint::Endpoint;
use crate::provider::{Need, Provider, Refusal};

/// A provider whose nodes are asked through a faulting proxy; how they get into a state is not disturbed.
///
/// One proxy stands before all of its nodes, so that no two connections of a run meet the same draws.
#[derive(Debug)]
pub struct Between<P> {
    inner: P,
    address: SocketAddr,
    upstream: watch::Sender<Upstream>,
    counts: Arc<Counts>,
    serving: JoinHandle<()>,
}

impl<P> Between<P> {
    /// Puts faults before a provider's nodes: those on the n-th connection depend on the seed and n alone.
    ///
    /// # Errors
    /// No port of this machine can be listened on.
    pub async fn new(inner: P, faults: Faults, seed: u64) -> io::Result<Self> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let proxy = FaultyProxy::bind(listen, Upstream::default(), faults, seed).await?;
        let (address, upstream, counts) = (proxy.address()?, proxy.upstream(), proxy.counts());
        Ok(Self { inner, address, upstream, counts, serving: tokio::spawn(proxy.serve()) })
    }

    /// How many replies were cut off or damaged until now, and how many were not.
    pub fn hits(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { garbled, truncated, reset, passed, .. } = &*self.counts;
        (count(garbled) + count(truncated) + count(reset), count(passed))
    }
}

impl<P> Drop for Between<P> {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl<P: Provider> Provider for Between<P> {
    async fn node_for(&mut self, need: &Need<'_>) -> Result<Endpoint, Refusal> {
        let endpoint = self.inner.node_for(need).await?;
        self.upstream.send_replace(endpoint.dialled());
        Ok(endpoint.with_detour(self.address))
    }
}
