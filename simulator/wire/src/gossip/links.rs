//! A node's open connections, as far as the node is concerned.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tanglegram_tangle::Millis;
use tanglegram_tangle::gossip::{Message, PeerId};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Messages that wait for a slow neighbour; more are dropped, as in the real node.
const QUEUE: usize = 100;

/// Connections that did not say a word yet; the oldest makes way for a new one.
const MAX_SILENT: usize = 64;

/// Neighbours that wait to be dialled; more are left out until the node asks again.
const MAX_DIALS: usize = 256;

/// Where a neighbour is said to listen.
pub(crate) type Endpoint = (String, u16);

/// The way out for what a node says to its neighbours.
#[derive(Debug)]
pub(crate) struct Links {
    open: BTreeMap<PeerId, Sender<Message>>,
    silent: BTreeSet<PeerId>,
    opened: PeerId,
    dials: Sender<Endpoint>,
    timer: Rc<Timer>,
}

/// When the node wants to be woken.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    at: Cell<Option<Millis>>,
    changed: Notify,
}

impl Links {
    /// No connections; the receiver tells whom to dial.
    pub(crate) fn new(timer: Rc<Timer>) -> (Self, Receiver<Endpoint>) {
        let (dials, endpoints) = mpsc::channel(MAX_DIALS);
        (Self { open: BTreeMap::new(), silent: BTreeSet::new(), opened: 0, dials, timer }, endpoints)
    }

    /// Names a new connection; what is to be sent on it comes out of the receiver.
    pub(crate) fn open(&mut self) -> (PeerId, Receiver<Message>) {
        self.opened += 1;
        let (queue, messages) = mpsc::channel(QUEUE);
        self.open.insert(self.opened, queue);
        self.silent.insert(self.opened);
        (self.opened, messages)
    }

    /// The connection that has been silent for longest, if there are too many such.
    pub(crate) fn overdue(&self) -> Option<PeerId> {
        self.silent.first().copied().filter(|_| self.silent.len() > MAX_SILENT)
    }

    /// Takes note that a connection said something.
    pub(crate) fn heard(&mut self, peer: PeerId) {
        self.silent.remove(&peer);
    }

    pub(crate) fn is_open(&self, peer: PeerId) -> bool {
        self.open.contains_key(&peer)
    }

    /// Queues a message; `false` when it was dropped because too many wait.
    pub(crate) fn send(&self, peer: PeerId, message: Message) -> bool {
        !self
            .open
            .get(&peer)
            .is_some_and(|queue| matches!(queue.try_send(message), Err(mpsc::error::TrySendError::Full(_))))
    }

    /// Closes a connection, after what is queued for it; `false` when it was closed already.
    pub(crate) fn close(&mut self, peer: PeerId) -> bool {
        self.silent.remove(&peer);
        self.open.remove(&peer).is_some()
    }

    /// Has a neighbour dialled.
    pub(crate) fn dial(&self, endpoint: Endpoint) {
        if let Err(error) = self.dials.try_send(endpoint) {
            tracing::debug!(%error, "not dialled");
        }
    }

    /// Wants the node woken then.
    pub(crate) fn wake_at(&self, at: Option<Millis>) {
        if self.timer.at.replace(at) != at {
            self.timer.changed.notify_one();
        }
    }

    /// Has the time looked at again.
    pub(crate) fn nudge(&self) {
        self.timer.changed.notify_one();
    }
}

impl Timer {
    /// When the node is to be woken.
    pub(crate) fn at(&self) -> Option<Millis> {
        self.at.get()
    }

    /// Waits until that changes.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Message = Message::Heartbeat { first_solid: 0, last_solid: 0 };

    fn links() -> Links {
        Links::new(Rc::default()).0
    }

    #[test]
    fn a_full_queue_drops_and_a_closed_link_does_not_count() {
        let mut links = links();
        let (peer, mut messages) = links.open();
        let sent = (0..QUEUE + 5).filter(|_| links.send(peer, NOTHING)).count();
        assert_eq!(sent, QUEUE);
        assert!(links.close(peer) && !links.close(peer));
        assert!(links.send(peer, NOTHING));
        assert_eq!(std::iter::from_fn(|| messages.try_recv().ok()).count(), QUEUE);
    }

    #[test]
    fn only_the_silent_make_way() {
        let mut links = links();
        let (talker, _messages) = links.open();
        links.heard(talker);
        for _ in 0..MAX_SILENT {
            links.open();
            assert_eq!(links.overdue(), None);
        }
        links.open();
        assert_eq!(links.overdue(), Some(talker + 1));
    }

    #[test]
    fn dials_are_bounded() {
        let (links, mut endpoints) = Links::new(Rc::default());
        (0..MAX_DIALS + 5).for_each(|_| links.dial(("a".into(), 1)));
        assert_eq!(std::iter::from_fn(|| endpoints.try_recv().ok()).count(), MAX_DIALS);
    }
}
