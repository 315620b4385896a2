//! Time limits of a connection, without a timer per request.
//!
//! Each connection notes what it is doing and since which tick; one task per server counts the ticks and drops the
//! connections that overstay. A slow client costs a place in a list, a fast one two stores per phase.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Length of a tick.
pub(crate) const TICK: Duration = Duration::from_secs(1);

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

/// A stream that tells its [`Watch`] what passes.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    pub(crate) stream: S,
    pub(crate) watch: Rc<Watch>,
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
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(poll, Poll::Ready(Ok(()))) {
            self.watch.flushed();
        }
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> (Rc<Cell<u32>>, Watch) {
        let clock = Rc::new(Cell::new(0));
        (Rc::clone(&clock), Watch::new(clock))
    }

    #[test]
    fn a_dripping_head_is_overdue_although_bytes_keep_coming() {
        let (clock, watch) = watch();
        for _ in 0..=LIMITS.head {
            watch.received();
            assert!(!watch.overdue(&LIMITS));
            clock.set(clock.get() + 1);
        }
        assert!(watch.overdue(&LIMITS));
    }

    #[test]
    fn a_slow_reader_is_overdue_only_when_it_takes_nothing() {
        let (clock, watch) = watch();
        watch.enter(Phase::Reply);
        for _ in 0..10 {
            clock.set(clock.get() + LIMITS.reply);
            assert!(!watch.overdue(&LIMITS));
            watch.sent();
        }
        clock.set(clock.get() + LIMITS.reply + 1);
        assert!(watch.overdue(&LIMITS));
    }

    #[test]
    fn proof_of_work_has_no_limit_and_a_flushed_reply_is_idle() {
        let (clock, watch) = watch();
        watch.enter(Phase::Node);
        clock.set(1_000_000);
        assert!(!watch.overdue(&LIMITS));
        watch.enter(Phase::Reply);
        watch.flushed();
        assert_eq!(watch.phase(), Phase::Idle);
        clock.set(1_000_000 + LIMITS.idle + 1);
        assert!(watch.overdue(&LIMITS));
    }
}
