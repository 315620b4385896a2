//! A node's connections: who is connected, who is wanted, and what is due when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tanglegram_ternary::Hash;

use super::peer::Order;
use super::wanted::{AddressFault, Wanted};
use super::{Handshake, Metrics, Peer, PeerId, Requests, VERSIONS};
use crate::config::Config;
use crate::node::{Millis, Output};

/// How often the latest milestone is sent to every neighbour, which asks them for what they have.
const TIPS_REQUEST_EVERY: Millis = 5_000;
/// For how long two connections to the same neighbour may be the two sides' dialling at once.
const CROSSING: Millis = 10_000;
/// How often it is looked at what the milestones lack.
const SOLIDIFY_EVERY: Millis = 500;
/// How many requests a neighbour gets at a time to which there is nothing else to say.
const ASKED_AT_ONCE: usize = 10;
/// How long a neighbour counts as being behind after it asked for something.
const BEHIND: Millis = 10_000;
/// When a neighbour that is behind gets what it is owed, and how many messages that may be.
const PAY_EVERY: Millis = 100;
const MAX_OWED: usize = 20;

/// See the [module](super).
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    pub(crate) wanted: Wanted,
    peers: BTreeMap<PeerId, Peer>,
    /// Hosts whose connections were refused: not listened to again.
    refused: BTreeSet<IpAddr>,
    /// Transactions that were asked for and did not come yet: their dates are not looked at.
    pub(crate) recently_requested: BTreeSet<Hash>,
    schedule: Schedule,
    /// How often requests were dealt out.
    turn: usize,
}

/// When to do next what is done again and again; `None`: never, until something asks for it.
#[derive(Clone, Copy, Debug, Default)]
struct Schedule {
    reconnect: Option<Millis>,
    tips_request: Option<Millis>,
    solidify: Option<Millis>,
    pay: Option<Millis>,
}

/// What is due.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Due {
    pub(crate) tips_request: bool,
    pub(crate) solidify: bool,
    pub(crate) pay: bool,
}

/// What getNeighbors shows of one neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// `ip:port`, or empty where the name does not resolve.
    pub(crate) address: String,
    pub(crate) domain: String,
    pub(crate) metrics: Metrics,
    pub(crate) connected: bool,
}

impl Network {
    /// Connected neighbours whose handshake is done.
    pub(crate) fn ready(&self) -> impl Iterator<Item = PeerId> {
        self.peers.iter().filter(|(_, peer)| peer.ready).map(|(&id, _)| id)
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.ready().count()
    }

    pub(crate) fn is_ready(&self, id: PeerId) -> bool {
        self.peers.get(&id).is_some_and(|peer| peer.ready)
    }

    pub(crate) fn count(&mut self, id: PeerId, count: impl FnOnce(&mut Metrics)) {
        if let Some(peer) = self.peers.get_mut(&id) {
            count(&mut peer.metrics);
        }
    }

    /// The next request for this neighbour in this round; counts it as asked for.
    pub(crate) fn next_to_ask(&mut self, id: PeerId, requests: &Requests) -> Option<Hash> {
        let peer = self.peers.get_mut(&id)?;
        let (place, hash) = requests.after(peer.asked)?;
        (peer.asked, peer.approached) = (place, true);
        Some(hash)
    }

    /// Deals the first requests out to the neighbours that were asked for nothing since the last call, each request to one of
    /// them and each time to another: whom to ask for what.
    pub(crate) fn deal(&mut self, requests: &Requests) -> Vec<(PeerId, Hash)> {
        let mut silent = Vec::new();
        for (&id, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.ready) {
            if !std::mem::take(&mut peer.approached) {
                silent.push((id, peer));
            }
        }
        self.turn = self.turn.wrapping_add(1);
        let (turn, count) = (self.turn, silent.len());
        let dealt = requests.places().take(count * ASKED_AT_ONCE).enumerate();
        let asked = dealt.map(|(number, (place, hash))| {
            let (id, peer) = &mut silent[turn.wrapping_add(number) % count];
            peer.asked = place;
            (*id, hash)
        });
        asked.collect()
    }

    /// Whether there is a request this neighbour was not asked for in this round.
    pub(crate) fn can_ask(&self, id: PeerId, requests: &Requests) -> bool {
        self.peers.get(&id).is_some_and(|peer| requests.after(peer.asked).is_some())
    }

    /// Takes note that this neighbour asked for something: it is behind.
    pub(crate) fn fell_behind(&mut self, now: Millis, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.behind_until = now + BEHIND;
        }
    }

    /// Owes this neighbour a message if it is behind. It can ask only when it is spoken to: the real node, which hashes for a
    /// while before it knows what to ask for next, otherwise waits for somebody to say something.
    pub(crate) fn owe(&mut self, now: Millis, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id).filter(|peer| now < peer.behind_until) {
            peer.owed = (peer.owed + 1).min(MAX_OWED);
            self.schedule.pay.get_or_insert(now + PAY_EVERY);
        }
    }

    /// Who is owed how many messages; from now on nobody is owed any.
    pub(crate) fn settle(&mut self) -> Vec<(PeerId, usize)> {
        let debts = self.peers.iter_mut().filter(|(_, peer)| peer.ready && peer.owed > 0);
        debts.map(|(&id, peer)| (id, std::mem::take(&mut peer.owed))).collect()
    }

    /// Whether this neighbour did not yet get a tip for nothing in this round; counts it.
    pub(crate) fn entertain(&mut self, id: PeerId) -> bool {
        self.peers.get_mut(&id).is_some_and(|peer| !std::mem::replace(&mut peer.entertained, true))
    }

    /// Starts a new round: everybody may be asked for everything again.
    pub(crate) fn new_round(&mut self) {
        for peer in self.peers.values_mut() {
            (peer.asked, peer.entertained) = (0, false);
        }
    }

    /// Adds a neighbour to connect to, at once if there is room; the result tells whether it counts as added.
    pub(crate) fn add(&mut self, config: &Config, now: Millis, uri: &str) -> Result<bool, AddressFault> {
        if self.ready_count() >= config.max_neighbors {
            return Ok(false);
        }
        let added = self.wanted.add(config.dialect, uri)?;
        if added {
            self.schedule.reconnect = Some(now);
        }
        Ok(added)
    }

    /// Removes a neighbour and closes its connection; the result tells whether it counts as removed.
    pub(crate) fn remove(
        &mut self,
        config: &Config,
        uri: &str,
        out: &mut Vec<Output>,
    ) -> Result<bool, AddressFault> {
        let Some(removed) = self.wanted.remove(config.dialect, uri)? else { return Ok(false) };
        let at_address = |peer: &Peer| peer.ready && peer.is_at(removed.ip, removed.port);
        let connected = self.peers.iter().find(|(_, peer)| at_address(peer)).map(|(&id, _)| id);
        if let Some(id) = connected {
            self.close(id, out);
        }
        Ok(connected.is_some() || (config.dialect.strict_neighbor_ports && removed.was_wanted))
    }

    /// All neighbours, the connected ones first.
    pub(crate) fn list(&self) -> Result<Vec<Shown>, AddressFault> {
        let connected = self.peers.values().filter(|peer| peer.ready).map(|peer| Shown {
            address: place(peer.ip, peer.port.unwrap_or(0)),
            domain: peer.domain.clone(),
            metrics: peer.metrics,
            connected: true,
        });
        let wanted = self.wanted.list()?.into_iter().map(|endpoint| Shown {
            address: endpoint.ip.map(|ip| place(ip, endpoint.port)).unwrap_or_default(),
            domain: endpoint.host,
            metrics: Metrics::default(),
            connected: false,
        });
        Ok(connected.chain(wanted).collect())
    }

    /// A connection is open: greets, unless the other side is nobody we know.
    pub(crate) fn connected(
        &mut self,
        config: &Config,
        now: Millis,
        id: PeerId,
        (ip, dialled): (IpAddr, Option<(String, u16)>),
        out: &mut Vec<Output>,
    ) {
        let is_known = dialled.is_some() || config.auto_tethering || self.wanted.allows_host(ip);
        if self.refused.contains(&ip) && dialled.is_none() && !self.wanted.allows_host(ip) || !is_known {
            self.refused.insert(ip);
            return out.push(Output::Disconnect { peer: id });
        }
        if let Some((_, port)) = dialled {
            self.wanted.allow(ip, port);
        }
        let is_dialled = dialled.is_some();
        let (domain, port) = dialled.map_or((ip.to_string(), None), |(host, port)| (host, Some(port)));
        let peer = Peer {
            ip,
            domain,
            port,
            since: now,
            dialled: is_dialled,
            order: Order::default(),
            ready: false,
            metrics: Metrics::default(),
            asked: 0,
            approached: false,
            behind_until: 0,
            owed: 0,
            entertained: false,
        };
        self.peers.insert(id, peer);
        let handshake = Handshake {
            port: config.gossip_port,
            timestamp: now,
            coordinator: config.coordinator.identity.address,
            mwm: config.mwm,
            versions: vec![VERSIONS],
        };
        out.push(Output::Send { peer: id, message: super::Message::Handshake(handshake) });
    }

    /// Takes a neighbour's greeting in: it becomes a neighbour, or the connection is closed.
    pub(crate) fn greeted(
        &mut self,
        config: &Config,
        now: Millis,
        id: PeerId,
        handshake: &Handshake,
        out: &mut Vec<Output>,
    ) {
        if !self.is_acceptable(config, id, handshake) {
            return self.close(id, out);
        }
        if let Some(twin) = self.twin(id, handshake.port) {
            if !self.supersedes(id, twin, config.gossip_port, handshake) {
                return self.close(id, out);
            }
            self.close(twin, out);
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.port = Some(handshake.port);
            peer.order = peer.order(config.gossip_port, handshake);
            peer.ready = true;
            self.wanted.reached(peer.ip, handshake.port);
            self.schedule.tips_request.get_or_insert(now);
        }
    }

    fn is_acceptable(&self, config: &Config, id: PeerId, handshake: &Handshake) -> bool {
        let Some(peer) = self.peers.get(&id) else { return false };
        !peer.ready
            && self.ready_count() < config.max_neighbors
            && handshake.mwm == config.mwm
            && handshake.coordinator == config.coordinator.identity.address
            && handshake.has_common_version()
            && peer.port.is_none_or(|port| port == handshake.port)
            && (config.auto_tethering || self.wanted.allows(peer.ip, handshake.port))
    }

    /// The neighbour that is connected already as what `id` says it is.
    fn twin(&self, id: PeerId, port: u16) -> Option<PeerId> {
        let ip = self.peers.get(&id)?.ip;
        self.peers.iter().find(|(_, peer)| peer.ready && peer.is_at(ip, port)).map(|(&id, _)| id)
    }

    /// Whether a new connection takes the place of one to the same neighbour: of two nodes that dial each other at once each
    /// would otherwise keep the other connection, and so none.
    fn supersedes(&self, id: PeerId, twin: PeerId, port: u16, handshake: &Handshake) -> bool {
        let (Some(peer), Some(twin)) = (self.peers.get(&id), self.peers.get(&twin)) else { return false };
        let is_crossing = peer.dialled != twin.dialled && peer.since.abs_diff(twin.since) <= CROSSING;
        is_crossing && peer.order(port, handshake) < twin.order
    }

    /// Closes a connection from this side.
    pub(crate) fn close(&mut self, id: PeerId, out: &mut Vec<Output>) {
        if self.peers.remove(&id).is_some() {
            out.push(Output::Disconnect { peer: id });
        }
    }

    /// A connection is gone; a neighbour that was one is dialled again later: `draw`, a random number, says when, lest both
    /// sides dial at the same moment.
    pub(crate) fn disconnected(&mut self, config: &Config, now: Millis, id: PeerId, draw: u64) {
        let Some(peer) = self.peers.remove(&id).filter(|peer| peer.ready) else { return };
        if let Some(port) = peer.port {
            self.wanted.restore(config.dialect, &peer.domain, port);
            let wait = draw % config.reconnect_interval.max(1);
            self.schedule.reconnect.get_or_insert(now + wait);
        }
    }

    /// Wants the milestones looked at for what they lack, soon.
    pub(crate) fn schedule_solidify(&mut self, now: Millis) {
        self.schedule.solidify.get_or_insert(now + SOLIDIFY_EVERY);
    }

    /// When something is due next.
    pub(crate) fn next_timeout(&self) -> Option<Millis> {
        let Schedule { reconnect, tips_request, solidify, pay } = self.schedule;
        [reconnect, tips_request, solidify, pay].into_iter().flatten().min()
    }

    /// Dials whom it is time to dial and tells what else is due.
    pub(crate) fn tick(&mut self, config: &Config, now: Millis, out: &mut Vec<Output>) -> Due {
        let is_due = |time: Option<Millis>| time.is_some_and(|time| time <= now);
        if is_due(self.schedule.reconnect) {
            self.dial(config, now, out);
        }
        let due = Due {
            tips_request: is_due(self.schedule.tips_request),
            solidify: is_due(self.schedule.solidify),
            pay: is_due(self.schedule.pay),
        };
        if due.tips_request {
            let again = self.peers.values().any(|peer| peer.ready);
            self.schedule.tips_request = again.then_some(now + TIPS_REQUEST_EVERY);
        }
        if due.solidify {
            self.schedule.solidify = None;
        }
        if due.pay {
            self.schedule.pay = None;
        }
        due
    }

    fn dial(&mut self, config: &Config, now: Millis, out: &mut Vec<Output>) {
        let endpoints = self.wanted.endpoints();
        self.schedule.reconnect = (!endpoints.is_empty()).then_some(now + config.reconnect_interval.max(1));
        for endpoint in endpoints {
            let at_endpoint = |peer: &Peer| endpoint.ip.is_some_and(|ip| peer.is_at(ip, endpoint.port));
            if !self.peers.values().any(at_endpoint) {
                out.push(Output::Connect { host: endpoint.host, port: endpoint.port });
            }
        }
    }
}

/// `ip:port`, the address written as the real node's platform does.
fn place(ip: IpAddr, port: u16) -> String {
    match ip {
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => {
            let segments = ip.segments().map(|segment| format!("{segment:x}"));
            format!("{}:{port}", segments.join(":"))
        }
    }
}
