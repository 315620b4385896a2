//! Where connections to neighbours lead: real TCP here, a simulated network behind the same trait.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

/// Opens connections of one kind of stream.
pub(crate) trait Dialer: Clone + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// The address of a name, or of an address written down.
    fn resolve(&self, host: &str) -> impl Future<Output = io::Result<IpAddr>>;

    /// Connects.
    fn connect(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>>;
}

/// Real TCP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tcp;

impl Dialer for Tcp {
    type Stream = TcpStream;

    async fn resolve(&self, host: &str) -> io::Result<IpAddr> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<IpAddr> = lookup_host((host, 0)).await?.map(|address| address.ip()).collect();
        let first = addresses.iter().find(|ip| ip.is_ipv4()).or(addresses.first()); // as Java prefers
        first.copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        configure(&stream)?;
        Ok(stream)
    }
}

/// Sets a connection up as the real node does: small packets go at once, and closing resets. The real node dials a lost
/// neighbour again only after a reset.
pub(crate) fn configure(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_zero_linger()
}
