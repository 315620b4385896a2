//! The ways between the nodes of one world, where something goes wrong: what becomes of each message.
//!
//! ```text
//! Links (queue of 100) -> carry: lost, late, twice, damaged -> link::run -> socket
//! ```

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tanglegram_tangle::Millis;
use tanglegram_tangle::gossip::Message;
use tanglegram_tangle::gossip::codec;
use tanglegram_world::sim;
use tanglegram_world::sim::{Defect, Fate};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::sleep;

use super::link::Packet;
use crate::clock::Clock;

/// Messages on their way to one neighbour; more are lost.
const MAX_ON_THE_WAY: usize = 10_000;

/// Who reaches whom, and how.
pub(crate) struct Ways {
    links: RefCell<sim::Links>,
    /// Where each node listens for neighbours, by its number.
    places: Vec<SocketAddr>,
    /// The right time, and what it was at the start.
    clock: Clock,
    start: Millis,
    damaged: Cell<u64>,
}

/// The way from a node to a neighbour, who may not have said yet which node it is.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) ways: Rc<Ways>,
    pub(crate) from: usize,
    pub(crate) to: Rc<Cell<Option<usize>>>,
}

/// What is put on the wire.
pub(crate) enum Parcel {
    Whole(Message),
    /// The bytes of a message, one bit of which is wrong.
    Damaged(Vec<u8>),
}

impl Packet for Parcel {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Parcel::Whole(message) => codec::encode(message, out),
            Parcel::Damaged(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl Ways {
    /// Ways between nodes that listen at these places.
    pub(crate) fn new(links: sim::Links, places: Vec<SocketAddr>, clock: Clock) -> Ways {
        let start = clock.now();
        Ways { links: RefCell::new(links), places, clock, start, damaged: Cell::new(0) }
    }

    /// Changes them.
    pub(crate) fn change(&self, change: impl FnOnce(&mut sim::Links)) {
        change(&mut self.links.borrow_mut());
    }

    /// The node that says it listens on that port, or was dialled there.
    pub(crate) fn node_at(&self, ip: IpAddr, port: u16) -> Option<usize> {
        let exact = self.places.iter().position(|place| *place == SocketAddr::new(ip, port));
        exact.or_else(|| {
            let mut same = self.places.iter().enumerate().filter(|(_, place)| place.port() == port);
            let first = same.next().filter(|_| ip.is_loopback());
            first.filter(|_| same.next().is_none()).map(|(number, _)| number)
        })
    }

    /// Whether messages pass between two nodes, both ways.
    pub(crate) fn connects(&self, from: usize, to: usize) -> bool {
        let links = self.links.borrow();
        links.passes(from, to) && links.passes(to, from)
    }

    /// Milliseconds from the start.
    fn now(&self) -> Millis {
        self.clock.now().saturating_sub(self.start)
    }

    fn fates(&self, from: usize, to: usize, message: &Message) -> [Option<Fate>; 2] {
        let mut links = self.links.borrow_mut();
        let way = links.number(from, to);
        let bytes = if links.is_narrow(way) { encoded(message).len() } else { 0 };
        links.send(self.now(), way, bytes)
    }

    /// A message with one bit wrong: another one each time.
    fn damage(&self, message: &Message) -> Vec<u8> {
        let mut bytes = encoded(message);
        let count = self.damaged.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.damaged.set(count);
        let mixed = (count ^ (count >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16;
        let bit = (mixed % (bytes.len() as u64 * 8)) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::encode(message, &mut bytes);
    bytes
}

/// Messages on the way: when each arrives, and its number.
type OnTheWay = BTreeMap<(Millis, u64), Parcel>;

/// Carries messages from a node's queue to the wire, as the way lets them, until the queue is closed; what is on the way then
/// still arrives.
pub(crate) async fn carry(way: Way, mut queue: Receiver<Message>, out: Sender<Parcel>) {
    let (mut on_the_way, mut count) = (OnTheWay::new(), 0);
    loop {
        let arrival = on_the_way.keys().next().map(|(at, _)| *at);
        let wait = Duration::from_millis(arrival.unwrap_or(0).saturating_sub(way.ways.now()));
        tokio::select! {
            biased;
            () = sleep(wait), if arrival.is_some() => {
                if way.ways.now() >= arrival.unwrap_or(0)
                    && let Some((_, parcel)) = on_the_way.pop_first()
                    && out.send(parcel).await.is_err()
                {
                    return;
                }
            }
            message = queue.recv() => match message {
                Some(message) => way.put(message, &mut on_the_way, &mut count),
                None => break,
            },
        }
    }
    for parcel in on_the_way.into_values() {
        if out.send(parcel).await.is_err() {
            return;
        }
    }
}

impl Way {
    /// Takes note of which node the other side is.
    pub(crate) fn heard(&self, ip: IpAddr, message: &Message) {
        if let Message::Handshake(handshake) = message
            && self.to.get().is_none()
        {
            self.to.set(self.ways.node_at(ip, handshake.port));
        }
    }

    fn put(&self, message: Message, on_the_way: &mut OnTheWay, count: &mut u64) {
        let fates = match self.to.get() {
            Some(to) => self.ways.fates(self.from, to, &message),
            None => [Some(Fate::Arrives { at: self.ways.now(), defect: Defect::None }), None],
        };
        for fate in fates.into_iter().flatten() {
            if let Fate::Arrives { at, defect } = fate
                && on_the_way.len() < MAX_ON_THE_WAY
            {
                let parcel = match defect {
                    Defect::None => Parcel::Whole(message.clone()),
                    _ => Parcel::Damaged(self.ways.damage(&message)),
                };
                *count += 1;
                on_the_way.insert((at, *count), parcel);
            }
        }
    }
}
