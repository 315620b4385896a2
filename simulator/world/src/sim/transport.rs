//! Messages and connections: from a node's output to another node's input.

use tanglegram_tangle::gossip::{Message, PeerId, codec};
use tanglegram_tangle::{Input, Millis, Output};

use super::engine::{Event, Simulation};
use super::history::Step;
use super::host::{self, Remote, State};
use super::links::{Defect, Fate};

/// Nodes listen for neighbours on this port.
pub(crate) const PORT: u16 = 15_600;

impl Simulation {
    /// Does what a node wants done.
    pub(crate) fn output(&mut self, from: usize, output: Output) {
        match output {
            Output::Send { message, .. } if self.withholds(from, &message) => {}
            Output::Send { peer, message } => self.transmit(from, peer, message, Defect::None),
            Output::Connect { host, .. } => self.dial(from, &host),
            Output::Disconnect { peer } => self.hang_up(from, peer),
            Output::Reply { id, reply } => self.replied(from, id, reply),
            Output::Mine { job, trits, mwm } => self.mine(from, job, trits, mwm),
            Output::Interrupt { job } => self.interrupt(from, job),
            _ => {}
        }
    }

    /// Dials another host, by address or by name. Nothing comes of it where the way there or back is cut.
    fn dial(&mut self, from: usize, host: &str) {
        let to = host::host_at(host).or_else(|| self.scenario.number_of(host));
        let Some(to) = to.filter(|&to| to < self.hosts.len() && to != from) else { return };
        if self.links.passes(from, to) && self.links.passes(to, from) {
            let there_and_back = 2 * self.links.latency(from, to);
            self.schedule(self.now + there_and_back, Event::Dialled { from, to });
        }
    }

    pub(crate) fn dialled(&mut self, from: usize, to: usize) {
        if self.hosts[from].up().is_none() || self.hosts[to].up().is_none() {
            return;
        }
        let (near, far) = (self.next_peer, self.next_peer + 1);
        self.next_peer += 2;
        let (there, back) = (self.links.number(from, to), self.links.number(to, from));
        self.hosts[from].connections.insert(near, Remote { host: to, peer: far, link: there });
        self.hosts[to].connections.insert(far, Remote { host: from, peer: near, link: back });
        drop(self.line(from, "connected").node("to", to));
        let (here, away) = (host::address(from), host::address(to));
        self.input(to, Input::Connected { peer: far, ip: here, dialled: None });
        let dialled = Some((away.to_string(), PORT));
        self.input(from, Input::Connected { peer: near, ip: away, dialled });
    }

    /// Sends a message on its way.
    pub(crate) fn transmit(&mut self, from: usize, peer: PeerId, message: Message, defect: Defect) {
        let Some(&remote) = self.hosts[from].connections.get(&peer) else { return };
        if let Message::Transaction { transaction, requested } = &message
            && self.history.is_some()
            && *requested != transaction.hash()
        {
            self.note(from, *requested, Step::Asked { of: remote.host });
        }
        let bytes = if self.links.is_narrow(remote.link) { encoded_len(&message) } else { 0 };
        let [first, again] = self.links.send(self.now, remote.link, bytes);
        if let Some(fate) = again {
            self.on_its_way(from, remote, message.clone(), fate, defect);
        }
        if let Some(fate) = first {
            self.on_its_way(from, remote, message, fate, defect);
        }
    }

    fn on_its_way(&mut self, from: usize, remote: Remote, message: Message, fate: Fate, sent: Defect) {
        let Remote { host, peer, .. } = remote;
        match fate {
            Fate::Lost => drop(self.line(from, "lost").node("to", host)),
            Fate::Arrives { at, defect } => {
                let defect = if sent == Defect::None { defect } else { sent };
                self.schedule(at, Event::Deliver { host, peer, message, defect });
            }
        }
    }

    pub(crate) fn deliver(&mut self, number: usize, peer: PeerId, message: Message, defect: Defect) {
        let host = &mut self.hosts[number];
        let Some(&Remote { host: from, .. }) = host.connections.get(&peer) else { return };
        if host.busy_until > self.now {
            let free = host.busy_until;
            return self.schedule(free, Event::Deliver { host: number, peer, message, defect });
        }
        host.busy_until = self.now + host.cost;
        let message = match defect {
            Defect::None => Some(message),
            Defect::Bit => self.corrupted(&message),
            Defect::Oversize => oversize(&mut self.memory),
        };
        match message {
            Some(message) => {
                self.tell_of(number, from, &message);
                self.input(number, Input::Received { peer, message });
            }
            // The stream of messages makes no sense any more: the receiver hangs up.
            None => {
                drop(self.line(number, "unreadable").node("from", from));
                self.hang_up(number, peer);
                self.input(number, Input::Disconnected { peer });
            }
        }
    }

    /// The line of a message that arrives.
    fn tell_of(&mut self, number: usize, from: usize, message: &Message) {
        match message {
            Message::Transaction { transaction, requested } => {
                let hash = transaction.hash();
                let (tx, appeared) = self.number_of(&hash);
                let line = self.line(number, "received").node("from", from).number("tx", tx);
                let line = if appeared { line.hash("hash", &hash) } else { line };
                drop(line.flag("asks", *requested != hash));
                if self.history.is_some() {
                    self.note(number, hash, Step::Heard { from });
                }
            }
            Message::Handshake(_) => drop(self.line(number, "handshake").node("from", from)),
            Message::Heartbeat { .. } => drop(self.line(number, "heartbeat").node("from", from)),
            Message::Garbled => drop(self.line(number, "garbage").node("from", from)),
        }
    }

    /// The message after one of its bits was flipped; `None` if no message can be read from that.
    fn corrupted(&mut self, message: &Message) -> Option<Message> {
        let mut bytes = Vec::new();
        codec::encode(message, &mut bytes);
        let bit = self.bits.index(bytes.len() * 8);
        *bytes.get_mut(bit / 8)? ^= 1 << (bit % 8);
        let mut decoder = codec::Decoder::default();
        decoder.push(&bytes);
        decoder.next(&mut self.memory).ok().flatten()
    }

    /// A host closes a connection; the other side learns it later.
    pub(crate) fn hang_up(&mut self, number: usize, peer: PeerId) {
        let Some(remote) = self.hosts[number].connections.remove(&peer) else { return };
        drop(self.line(number, "closed").node("to", remote.host));
        let latency: Millis = self.links.latency(number, remote.host);
        self.schedule(self.now + latency, Event::Closed { host: remote.host, peer: remote.peer });
    }

    pub(crate) fn closed(&mut self, number: usize, peer: PeerId) {
        if let Some(remote) = self.hosts[number].connections.remove(&peer) {
            drop(self.line(number, "disconnected").node("from", remote.host));
            self.input(number, Input::Disconnected { peer });
        }
    }

    /// Whether a node runs and is not paused.
    pub fn is_up(&self, node: usize) -> bool {
        self.hosts.get(node).is_some_and(|host| matches!(host.state, State::Up(_)))
    }
}

fn encoded_len(message: &Message) -> usize {
    let mut bytes = Vec::new();
    codec::encode(message, &mut bytes);
    bytes.len()
}

/// What a decoder makes of a transaction packet that says it is longer than any can be.
fn oversize(memory: &mut codec::Memory) -> Option<Message> {
    let mut decoder = codec::Decoder::default();
    decoder.push(&[2, u8::MAX, u8::MAX]);
    decoder.next(memory).ok().flatten()
}
