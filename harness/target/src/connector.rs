//! How a client gets a connection: the system's TCP with proxies and TLS on it, or any other network.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use crate::client::ExchangeError;
use crate::endpoint::Endpoint;

/// Longest head of a proxy's answer, in bytes.
const LONGEST_ANSWER: usize = 8 << 10;

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

/// The system's TCP, by the endpoint's proxy if it has one, encrypted if it is secure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Connector for Tcp {
    type Stream = Box<dyn Stream>;

    async fn connect(&self, endpoint: &Endpoint, from_outside: bool) -> Result<Self::Stream, ExchangeError> {
        let stream = match endpoint.proxy() {
            Some(proxy) => by_proxy(proxy, endpoint).await?,
            // Who passes a connection on is on loopback.
            None if from_outside => reach(endpoint, true).await?,
            None => open(endpoint, endpoint.detour()).await?,
        };
        // Requests are small: waiting to fill a packet only costs time.
        let _ = stream.set_nodelay(true);
        if !endpoint.is_secure() {
            return Ok(Box::new(stream));
        }
        let failed = |why: String| ExchangeError::Tls { host: endpoint.host().to_owned(), why };
        let tls = endpoint.tls().map_err(|error| failed(error.to_string()))?;
        Ok(Box::new(tls.shake(stream, endpoint.host()).await.map_err(failed)?))
    }
}

/// Connects to a proxy, and for what is to be encrypted through it.
async fn by_proxy(proxy: &Endpoint, endpoint: &Endpoint) -> Result<TcpStream, ExchangeError> {
    let refused = |why: String| ExchangeError::Proxy { proxy: proxy.authority(), why };
    let opened = open(proxy, endpoint.detour()).await;
    let mut stream = opened.map_err(|error| refused(error.to_string()))?;
    if endpoint.is_secure() {
        tunnel(&mut stream, proxy, &endpoint.authority()).await.map_err(refused)?;
    }
    Ok(stream)
}

/// Asks a proxy for a way through to a place.
async fn tunnel(stream: &mut TcpStream, proxy: &Endpoint, place: &str) -> Result<(), String> {
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        request.extend_from_slice(b"proxy-authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(|error| error.to_string())?;
    // Byte by byte: what follows the head is no more the proxy's.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_ANSWER {
            return Err("the head of its answer does not end".to_owned());
        }
        head.push(stream.read_u8().await.map_err(|error| error.to_string())?);
    }
    let head = String::from_utf8_lossy(&head);
    let line = head.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some(status) if status.len() == 3 && status.starts_with('2') => Ok(()),
        Some("407") => {
            Err("it wants a user and a password: http://user:password@… in the environment".into())
        }
        _ => Err(format!("it answers `{}`", line.chars().take(200).collect::<String>().escape_debug())),
    }
}

/// Connects to a place, or to the detour that leads there.
async fn open(place: &Endpoint, detour: Option<SocketAddr>) -> Result<TcpStream, ExchangeError> {
    let Some(detour) = detour else { return reach(place, false).await };
    let opened = TcpStream::connect(detour).await;
    opened.map_err(|source| ExchangeError::Connect { address: detour.to_string(), source })
}

/// Connects to the first address that takes us.
async fn reach(endpoint: &Endpoint, from_outside: bool) -> Result<TcpStream, ExchangeError> {
    let found = tokio::net::lookup_host((endpoint.host(), endpoint.port())).await;
    let addresses =
        found.map_err(|source| ExchangeError::Resolve { host: endpoint.host().to_owned(), source })?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        let attempt = if from_outside && address.ip().is_loopback() {
            let local = outside_address().await.ok_or(ExchangeError::NoOtherAddress)?;
            connect_from(local, address).await
        } else {
            TcpStream::connect(address).await
        };
        match attempt {
            Ok(stream) => return Ok(stream),
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
