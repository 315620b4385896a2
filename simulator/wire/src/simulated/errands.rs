//! How users' bundles come to the nodes: by HTTP, from a host of the users' own that no fault concerns.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tanglegram_ternary::Transaction;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_local;
use tokio::time::timeout;
use turmoil::net::TcpStream;

use super::API_PORT;

/// How long a user waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 1 << 20;

/// Transactions on their way to a node.
pub(crate) struct Delivery {
    pub(crate) to: IpAddr,
    pub(crate) transactions: Vec<Transaction>,
}

/// Brings what comes out of the receiver, each delivery in a task of its own. One that fails is lost, as in the event queue.
pub(crate) async fn deliver_all(mut deliveries: UnboundedReceiver<Delivery>) {
    while let Some(delivery) = deliveries.recv().await {
        spawn_local(async move {
            if let Err(error) = delivery.bring().await {
                tracing::debug!(to = %delivery.to, %error, "a bundle did not get to its node");
            }
        });
    }
}

impl Delivery {
    async fn bring(&self) -> io::Result<()> {
        let trytes: Vec<String> =
            self.transactions.iter().map(|one| format!("\"{}\"", one.to_trytes())).collect();
        for command in ["storeTransactions", "broadcastTransactions"] {
            let body = format!("{{\"command\":\"{command}\",\"trytes\":[{}]}}", trytes.join(","));
            timeout(PATIENCE, self.post(&body)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        }
        Ok(())
    }

    async fn post(&self, body: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(SocketAddr::new(self.to, API_PORT)).await?;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}:{API_PORT}\r\nX-IOTA-API-Version: 1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.to,
            body.len()
        );
        stream.write_all((head + body).as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
        if answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&answer[..answer.len().min(500)]).into_owned()))
    }
}
