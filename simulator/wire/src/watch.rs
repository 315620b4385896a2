//! Time limits of a connection, without a timer per request.
//!
//! Each connection notes what it is doing and since which tick; one task per server counts the ticks and drops the
//! connections that overstay. A slow client costs a place in a list, a fast one two stores per phase.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Length of a tick.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Bytes that are read over after a head that could not be read.
const DRAIN: u64 = 64 << 20;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Waiting for the first byte of a request.
    Idle,
    /// Reading a request's head.
    Head,
    /// Reading a request's body.
    Body,
    /// Waiting for the node, which may be doing proof of work.
    Node,
    /// Writing the reply.
    Reply,
}

/// How many ticks a connection may stay in a phase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    idle: u32,
    head: u32,
    body: u32,
    /// Counted from the last byte the client took.
    reply: u32,
}

/// The idle limit is the one promised in the `Keep-Alive` header.
pub(crate) const LIMITS: Limits = Limits { idle: 500, head: 30, body: 120, reply: 60 };

/// Phase and time of one connection, shared by its stream, its requests and the server.
#[derive(Debug)]
pub(crate) struct Watch {
    clock: Rc<Cell<u32>>,
    phase: Cell<Phase>,
    since: Cell<u32>,
}

impl Watch {
    pub(crate) fn new(clock: Rc<Cell<u32>>) -> Self {
        let since = Cell::new(clock.get());
        Self { clock, phase: Cell::new(Phase::Idle), since }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.clock.get());
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(crate) fn overdue(&self, limits: &Limits) -> bool {
        let limit = match self.phase.get() {
            Phase::Idle => limits.idle,
            Phase::Head => limits.head,
            Phase::Body => limits.body,
            Phase::Node => return false,
            Phase::Reply => limits.reply,
        };
        self.clock.get().saturating_sub(self.since.get()) > limit
    }

    fn received(&self) {
        if self.phase.get() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    fn sent(&self) {
        if self.phase.get() == Phase::Reply {
            self.enter(Phase::Reply);
        }
    }

    fn flushed(&self) {
        if self.phase.get() == Phase::Reply {
            self.enter(Phase::Idle);
        }
    }
}

/// What is said to a request whose head cannot be read: the whole answer for a status, or none where the HTTP library's own will do.
pub(crate) type Refuse = dyn Fn(u16) -> Option<Vec<u8>>;

/// A stream that tells its [`Watch`] what passes.
///
/// The HTTP library answers heads it cannot read by itself, with an empty body, and closes the connection. Here that answer is
/// exchanged for the API's own, and the rest of what the client sends is read over, so that the answer reaches it.
pub(crate) struct Watched<S> {
    stream: S,
    watch: Rc<Watch>,
    refuse: Rc<Refuse>,
    refusal: Refusal,
}

/// How far a head that cannot be read was answered.
#[derive(Debug, Default)]
enum Refusal {
    #[default]
    None,
    /// These bytes are still to be written.
    Writing(Vec<u8>),
    /// Everything was said, and so many bytes of the client were read over since.
    Draining(u64),
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, watch: Rc<Watch>, refuse: Rc<Refuse>) -> Self {
        Self { stream, watch, refuse, refusal: Refusal::None }
    }

    /// The answer to take the place of one that the HTTP library is about to write by itself.
    fn refusal(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let is_own = matches!(self.watch.phase(), Phase::Idle | Phase::Head);
        let status = bytes.strip_prefix(b"HTTP/1.1 ").filter(|_| is_own)?.get(..3)?;
        let status: u16 = std::str::from_utf8(status).ok()?.parse().ok()?;
        if status >= 400 { (self.refuse)(status) } else { None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.watch.received();
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    fn note(&self, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(poll, Poll::Ready(Ok(1..))) {
            self.watch.sent();
        }
        poll
    }

    /// Writes what is left of the API's own answer.
    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Refusal::Writing(left) = &mut self.refusal {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, left))?;
            left.drain(..written);
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if left.is_empty() {
                self.refusal = Refusal::Draining(0);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Reads over what the client still sends, until it is done or has sent too much.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Refusal::Draining(drained) = &mut self.refusal {
            let mut bytes = [0; 16 << 10];
            let mut buf = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
            *drained += buf.filled().len() as u64;
            if read.is_err() || buf.filled().is_empty() || *drained > DRAIN {
                break;
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(answer) = self.refusal(bytes) {
            self.refusal = Refusal::Writing(answer);
            return Poll::Ready(Ok(bytes.len()));
        }
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(answer) = slices.first().and_then(|first| self.refusal(first)) {
            self.refusal = Refusal::Writing(answer);
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(poll, Poll::Ready(Ok(()))) {
            self.watch.flushed();
        }
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        ready!(self.poll_drain(cx));
        Poll::Ready(Ok(()))
    }
}
