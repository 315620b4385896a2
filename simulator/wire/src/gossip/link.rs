//! One connection: bytes to messages and back, over any stream.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::time::Duration;

use tanglegram_tangle::gossip::Message;
use tanglegram_tangle::gossip::codec::{self, Decoder, FrameError, Memory};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::Receiver;
use tokio::task::yield_now;
use tokio::time::{self, Instant};

/// How long the first message may take from the start of the connection on. The real node waits for ever.
const GREETING: Duration = Duration::from_secs(10);

/// How long a message may take from its first byte on, and a write until the other side takes it.
const STUCK: Duration = Duration::from_secs(60);

/// How long what was said before closing may take.
const PARTING: Duration = Duration::from_secs(2);

/// Bytes read at a time.
const READ: usize = 16 << 10;

/// Bytes after which no further message is put into the same write.
const BATCH: usize = 16 << 10;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// Nobody has anything to say any more.
    #[error("closed")]
    Closed,
    /// The system closed it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The other side does not speak the protocol.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// The other side does not finish what it began, or takes nothing.
    #[error("too slow")]
    Slow,
}

/// Something to be written.
pub(crate) trait Packet {
    /// Appends its bytes.
    fn encode(&self, out: &mut Vec<u8>);
}

impl Packet for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        codec::encode(self, out);
    }
}

/// Runs a connection: writes what comes out of `queue`, gives what is read to `receive`, until either side ends it, `queue`
/// is closed, or `receive` wants no more (`false`).
pub(crate) async fn run<S>(
    stream: S,
    queue: Receiver<impl Packet>,
    memory: &RefCell<Memory>,
    receive: impl AsyncFnMut(Message) -> bool,
) -> Ended
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = tokio::io::split(stream);
    let writing = write(writer, queue);
    tokio::pin!(writing);
    let ended = tokio::select! {
        biased;
        written = &mut writing => return ended(written),
        read = read(reader, memory, receive) => ended(read),
    };
    if matches!(ended, Ended::Closed) {
        let _ = time::timeout(PARTING, writing).await; // the node hung up: what it said before is still sent
    }
    ended
}

fn ended(result: Result<(), Ended>) -> Ended {
    result.err().unwrap_or(Ended::Closed)
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    memory: &RefCell<Memory>,
    mut receive: impl AsyncFnMut(Message) -> bool,
) -> Result<(), Ended> {
    let (mut decoder, mut buffer) = (Decoder::default(), vec![0; READ]);
    let mut deadline = Some(Instant::now() + GREETING);
    loop {
        let count = within(deadline, reader.read(&mut buffer)).await??;
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        decoder.push(&buffer[..count]);
        let mut any = false;
        while let Some(message) = next(&mut decoder, memory)? {
            any = true;
            if !receive(message).await {
                return Ok(());
            }
        }
        deadline = match deadline {
            Some(begun) if !any => Some(begun),
            _ => (!decoder.is_empty()).then(|| Instant::now() + STUCK),
        };
        yield_now().await; // a talkative neighbour is not everybody's business
    }
}

fn next(decoder: &mut Decoder, memory: &RefCell<Memory>) -> Result<Option<Message>, FrameError> {
    decoder.next(&mut memory.borrow_mut())
}

async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Result<T, Ended> {
    match deadline {
        Some(deadline) => time::timeout_at(deadline, work).await.map_err(|_| Ended::Slow),
        None => Ok(work.await),
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut queue: Receiver<impl Packet>) -> Result<(), Ended> {
    let mut bytes = Vec::new();
    while let Some(message) = queue.recv().await {
        message.encode(&mut bytes);
        while bytes.len() < BATCH
            && let Ok(message) = queue.try_recv()
        {
            message.encode(&mut bytes);
        }
        within(Some(Instant::now() + STUCK), writer.write_all(&bytes)).await??;
        bytes.clear();
    }
    writer.flush().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};
    use tokio::sync::mpsc::{Sender, channel};

    use super::*;

    const HELLO: Message = Message::Heartbeat { first_solid: 1, last_solid: 2 };

    /// Runs `other` against a connection that takes every message, on a clock that jumps ahead; tells how it ended and
    /// how many messages it read.
    fn against<F: Future>(other: impl FnOnce(DuplexStream, Sender<Message>) -> F) -> (Ended, usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let (near, far) = duplex(1 << 10);
        let (queue, messages) = channel(100);
        let (memory, mut read) = (RefCell::default(), 0);
        let ended = runtime.unwrap().block_on(async {
            let linked = run(near, messages, &memory, async |_| {
                read += 1;
                true
            });
            tokio::join!(linked, other(far, queue)).0
        });
        (ended, read)
    }

    fn hello() -> Vec<u8> {
        let mut bytes = Vec::new();
        codec::encode(&HELLO, &mut bytes);
        bytes
    }

    #[test]
    fn who_does_not_greet_is_left() {
        let (ended, _) = against(|far, queue| async move {
            time::sleep(2 * GREETING).await;
            drop((far, queue));
        });
        assert!(matches!(ended, Ended::Slow), "{ended}");
    }

    #[test]
    fn who_drips_a_message_is_left_although_bytes_keep_coming() {
        let (ended, read) = against(|mut far, queue| async move {
            far.write_all(&hello()).await.unwrap();
            for _ in 0..10 {
                for byte in &hello()[..10] {
                    let _ = far.write_all(&[*byte]).await;
                    time::sleep(STUCK / 5).await;
                }
            }
            drop(queue);
        });
        assert!(matches!(ended, Ended::Slow) && read == 1, "{ended}");
    }

    #[test]
    fn who_says_nothing_more_stays() {
        let (ended, read) = against(|mut far, queue| async move {
            far.write_all(&hello()).await.unwrap();
            time::sleep(100 * STUCK).await;
            far.write_all(&hello()).await.unwrap();
            drop(far);
            time::sleep(STUCK).await;
            drop(queue);
        });
        assert!(matches!(ended, Ended::Io(_)) && read == 2, "{ended}");
    }

    #[test]
    fn who_takes_nothing_is_left() {
        let (ended, _) = against(|mut far, queue| async move {
            far.write_all(&hello()).await.unwrap();
            for _ in 0..1_000 {
                let _ = queue.send(HELLO).await; // more than the stream holds
            }
            drop(far);
        });
        assert!(matches!(ended, Ended::Slow), "{ended}");
    }

    #[test]
    fn what_was_said_before_hanging_up_is_sent() {
        let (ended, _) = against(|mut far, queue| async move {
            far.write_all(&hello()).await.unwrap();
            (0..3).for_each(|_| queue.try_send(HELLO).unwrap());
            drop(queue);
            let mut heard = Vec::new();
            far.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, hello().repeat(3));
        });
        assert!(matches!(ended, Ended::Closed), "{ended}");
    }

    #[test]
    fn bytes_that_are_no_message_end_it() {
        let (ended, _) = against(|mut far, queue| async move {
            far.write_all(&[9, 0, 0]).await.unwrap();
            time::sleep(GREETING).await;
            drop(queue);
        });
        assert!(matches!(ended, Ended::Frame(FrameError::Type(9))), "{ended}");
    }
}
