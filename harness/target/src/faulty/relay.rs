//! One connection between a client and the upstream.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{sleep, timeout};

use super::Counts;
use super::plan::{Fate, Fates, garble};

/// Longest time to reach the upstream.
const CONNECT: Duration = Duration::from_secs(5);
/// How often a slow reply goes on.
const TICK: Duration = Duration::from_millis(20);
const BUFFER: usize = 16 << 10;

/// How a connection ended.
enum End {
    Closed,
    Reset,
}

/// Passes bytes on until one side is done or a reply's fate says so.
pub(super) async fn relay(mut client: TcpStream, upstream: &(String, u16), fates: Fates, counts: &Counts) {
    let connected = timeout(CONNECT, TcpStream::connect((upstream.0.as_str(), upstream.1))).await;
    let Ok(Ok(mut server)) = connected else {
        counts.refused.fetch_add(1, Ordering::Relaxed);
        return;
    };
    // Late bytes are late by plan only.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = Relay::new(&mut client, &mut server, fates, counts).run().await;
    if matches!(end, Ok(End::Reset)) {
        let _ = client.set_zero_linger();
    }
}

struct Relay<'c> {
    from_client: ReadHalf<'c>,
    to_client: WriteHalf<'c>,
    from_server: ReadHalf<'c>,
    to_server: WriteHalf<'c>,
    fates: Fates,
    counts: &'c Counts,
    /// What becomes of the reply that has begun.
    fate: Option<Fate>,
}

impl<'c> Relay<'c> {
    fn new(client: &'c mut TcpStream, server: &'c mut TcpStream, fates: Fates, counts: &'c Counts) -> Self {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        Self { from_client, to_client, from_server, to_server, fates, counts, fate: None }
    }

    async fn run(mut self) -> io::Result<End> {
        let (mut asked, mut answered) = ([0; BUFFER], [0; BUFFER]);
        let mut asking = true;
        loop {
            tokio::select! {
                biased;
                read = self.from_client.read(&mut asked), if asking => match read? {
                    0 => {
                        asking = false;
                        self.to_server.shutdown().await?;
                    }
                    count => {
                        self.fate = None;
                        self.to_server.write_all(&asked[..count]).await?;
                    }
                },
                read = self.from_server.read(&mut answered) => match read? {
                    0 => return Ok(End::Closed),
                    count => {
                        if let Some(end) = self.answer(&mut answered[..count]).await? {
                            return Ok(end);
                        }
                    }
                },
            }
        }
    }

    /// Passes a piece of a reply on as its fate says; the end of the connection, if it is that.
    async fn answer(&mut self, piece: &mut [u8]) -> io::Result<Option<End>> {
        let fate = match self.fate {
            Some(fate) => fate,
            None => {
                let (wait, fate) = self.fates.next();
                self.counts.count(fate);
                sleep(wait).await;
                fate
            }
        };
        let (kept, end) = match fate {
            Fate::Pass => (piece.len(), None),
            Fate::Garble(start) => {
                garble(piece, start);
                (piece.len(), None)
            }
            Fate::Truncate(after) => (cut(piece.len(), after), Some(End::Closed)),
            Fate::Reset(after) => (cut(piece.len(), after), Some(End::Reset)),
        };
        self.fate = Some(fate);
        self.send(&piece[..kept]).await?;
        Ok(end)
    }

    async fn send(&mut self, piece: &[u8]) -> io::Result<()> {
        let Some(speed) = self.fates.slow() else { return self.to_client.write_all(piece).await };
        let share = (speed * TICK.as_millis() as u64 / 1_000).max(1);
        // Slower than a byte a tick: the ticks are longer.
        let tick = TICK.max(Duration::from_secs_f64(share as f64 / speed as f64));
        for part in piece.chunks(usize::try_from(share).unwrap_or(BUFFER)) {
            self.to_client.write_all(part).await?;
            sleep(tick).await;
        }
        Ok(())
    }
}

/// A reply is never passed on whole if it is to be cut.
fn cut(length: usize, after: u64) -> usize {
    let most = length.saturating_sub(1);
    usize::try_from(after).unwrap_or(most).min(most)
}
