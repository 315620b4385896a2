//! Nodes that speak TLS, and proxies that lead to them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::common::{INFO, Target, read_request};

/// The answer to everything but getNodeInfo.
pub(crate) const GOOD: &str = r#"{"hashes":["A"],"error":"no"}"#;

/// What was read, to be looked at later.
pub(crate) type Seen = Arc<Mutex<String>>;

/// A file beside the test.
pub(crate) fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reach").join(name).display().to_string()
}

/// The answer to a request.
pub(crate) fn answer(request: &str) -> String {
    let body = if request.contains("getNodeInfo") { INFO } else { GOOD };
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A node that speaks TLS with this certificate of the test authority; what it read is kept.
pub(crate) fn secure_node(certificate: &str, listen: &str) -> Option<(SocketAddr, Seen)> {
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let listener = TcpListener::bind(listen).ok()?;
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let kept = seen.clone();
    thread::spawn(move || serve_secure(listener, config, &kept));
    Some((address, seen))
}

fn serve_secure(listener: TcpListener, config: ServerConfig, seen: &Seen) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, seen) = (acceptor.clone(), seen.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = vec![0; 65536];
                // Requests are small: each comes in one piece.
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    seen.lock().unwrap().push_str(&text);
                    stream.write_all(answer(&text).as_bytes()).await.unwrap();
                }
            });
        }
    });
}

/// A proxy that leads every tunnel to one address, and answers what is asked by it itself; what it was asked is kept.
pub(crate) fn proxy(to: SocketAddr) -> (Target, Seen) {
    let seen = Seen::default();
    let kept = seen.clone();
    let target = Target::new(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut head = String::new();
            // Lines until the empty one, all but the body's length being of no interest.
            while reader.read_line(&mut head).is_ok_and(|count| count > 2) {}
            kept.lock().unwrap().push_str(&head);
            if head.starts_with("CONNECT") {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
                return tunnel(stream, TcpStream::connect(to).unwrap());
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let Some(length) = length.and_then(|length| length.parse().ok()) else { return };
            let mut body = vec![0; length];
            if std::io::Read::read_exact(&mut reader, &mut body).is_err() {
                return;
            }
            stream.write_all(answer(&String::from_utf8_lossy(&body)).as_bytes()).unwrap();
        }
    });
    (target, seen)
}

fn tunnel(client: TcpStream, server: TcpStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut from, mut to) = (server, client);
    let _ = std::io::copy(&mut from, &mut to);
}

/// A proxy that answers everything with this status.
pub(crate) fn refusing_proxy(status: &'static str) -> Target {
    Target::new(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        read_request(&mut reader);
        crate::common::reply(&mut stream, status, "");
    })
}
