//! How a client gets a connection: the system's TCP, or any other network.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use crate::client::ExchangeError;
use crate::endpoint::Endpoint;

/// Opens connections to endpoints.
pub trait Connector {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects, with `from_outside` from an address of this machine that is not loopback. Who calls bounds the time it takes.
    ///
    /// # Errors
    /// The host is not known, or takes no connection.
    fn connect(
        &self,
        endpoint: &Endpoint,
        from_outside: bool,
    ) -> impl Future<Output = Result<Self::Stream, ExchangeError>> + Send;
}

/// The system's TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Connector for Tcp {
    type Stream = TcpStream;

    async fn connect(&self, endpoint: &Endpoint, from_outside: bool) -> Result<TcpStream, ExchangeError> {
        open(endpoint, from_outside).await
    }
}

/// Connects to the first address that takes us.
async fn open(endpoint: &Endpoint, from_outside: bool) -> Result<TcpStream, ExchangeError> {
    let found = tokio::net::lookup_host((endpoint.host(), endpoint.port())).await;
    let addresses =
        found.map_err(|source| ExchangeError::Resolve { host: endpoint.host().to_owned(), source })?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        let attempt: Box<dyn Future<Output = io::Result<TcpStream>> + Send + Unpin> =
            if from_outside && address.ip().is_loopback() {
                let local = outside_address().await.ok_or(ExchangeError::NoOtherAddress)?;
                Box::new(Box::pin(connect_from(local, address)))
            } else {
                Box::new(Box::pin(TcpStream::connect(address)))
            };
        match attempt.await {
            Ok(stream) => {
                // Requests are small: waiting to fill a packet only costs time.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(ExchangeError::Connect { address: endpoint.authority(), source: last })
}

async fn connect_from(local: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((local, 0)))?;
    socket.connect(address).await
}

/// The address this machine would use towards the world; nothing is sent to find out.
pub async fn outside_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).await.ok()?;
    match socket.local_addr().ok()? {
        SocketAddr::V4(address) if !address.ip().is_loopback() && !address.ip().is_unspecified() => {
            Some(*address.ip())
        }
        _ => None,
    }
}
