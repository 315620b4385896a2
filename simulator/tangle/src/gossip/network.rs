//! A node's connections: who is connected, who is wanted, and what is due when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tanglegram_ternary::Hash;

use super::wanted::{AddressFault, Wanted};
use super::{Handshake, Metrics, Peer, PeerId, VERSIONS};
use crate::config::Config;
use crate::node::{Millis, Output};

/// How often the latest milestone is sent to every neighbour, which asks them for what they have.
const TIPS_REQUEST_EVERY: Millis = 5_000;
/// How often neighbours that are not connected are dialled.
const RECONNECT_EVERY: Millis = 60_000;
/// How often it is looked at what the milestones lack.
const SOLIDIFY_EVERY: Millis = 500;

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
}

/// When to do next what is done again and again; `None`: never, until something asks for it.
#[derive(Clone, Copy, Debug, Default)]
struct Schedule {
    reconnect: Option<Millis>,
    tips_request: Option<Millis>,
    solidify: Option<Millis>,
}

/// What is due.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Due {
    pub(crate) tips_request: bool,
    pub(crate) solidify: bool,
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

    /// How many requests this neighbour was asked for in this round; counts one more.
    pub(crate) fn next_to_ask(&mut self, id: PeerId) -> usize {
        self.peers.get_mut(&id).map_or(usize::MAX, |peer| {
            peer.asked += 1;
            peer.asked - 1
        })
    }

    /// Whether this neighbour was asked for fewer requests than there are.
    pub(crate) fn can_ask(&self, id: PeerId, requests: usize) -> bool {
        self.peers.get(&id).is_some_and(|peer| peer.asked < requests)
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
        let (domain, port) = dialled.map_or((ip.to_string(), None), |(host, port)| (host, Some(port)));
        self.peers.insert(
            id,
            Peer {
                ip,
                domain,
                port,
                ready: false,
                metrics: Metrics::default(),
                asked: 0,
                entertained: false,
            },
        );
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
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.port = Some(handshake.port);
            peer.ready = true;
            self.wanted.reached(peer.ip, handshake.port);
            self.schedule.tips_request.get_or_insert(now);
        }
    }

    fn is_acceptable(&self, config: &Config, id: PeerId, handshake: &Handshake) -> bool {
        let Some(peer) = self.peers.get(&id) else { return false };
        let is_twin = |other: &Peer| other.ready && other.is_at(peer.ip, handshake.port);
        !peer.ready
            && self.ready_count() < config.max_neighbors
            && handshake.mwm == config.mwm
            && handshake.coordinator == config.coordinator.identity.address
            && handshake.has_common_version()
            && peer.port.is_none_or(|port| port == handshake.port)
            && !self.peers.values().any(is_twin)
            && (config.auto_tethering || self.wanted.allows(peer.ip, handshake.port))
    }

    /// Closes a connection from this side.
    pub(crate) fn close(&mut self, id: PeerId, out: &mut Vec<Output>) {
        if self.peers.remove(&id).is_some() {
            out.push(Output::Disconnect { peer: id });
        }
    }

    /// A connection is gone; a neighbour that was one is dialled again later.
    pub(crate) fn disconnected(&mut self, config: &Config, now: Millis, id: PeerId) {
        let Some(peer) = self.peers.remove(&id).filter(|peer| peer.ready) else { return };
        if let Some(port) = peer.port {
            self.wanted.restore(config.dialect, &peer.domain, port);
            self.schedule.reconnect.get_or_insert(now + RECONNECT_EVERY);
        }
    }

    /// Wants the milestones looked at for what they lack, soon.
    pub(crate) fn schedule_solidify(&mut self, now: Millis) {
        self.schedule.solidify.get_or_insert(now + SOLIDIFY_EVERY);
    }

    /// When something is due next.
    pub(crate) fn next_timeout(&self) -> Option<Millis> {
        let Schedule { reconnect, tips_request, solidify } = self.schedule;
        [reconnect, tips_request, solidify].into_iter().flatten().min()
    }

    /// Dials whom it is time to dial and tells what else is due.
    pub(crate) fn tick(&mut self, now: Millis, out: &mut Vec<Output>) -> Due {
        let is_due = |time: Option<Millis>| time.is_some_and(|time| time <= now);
        if is_due(self.schedule.reconnect) {
            self.dial(now, out);
        }
        let due = Due {
            tips_request: is_due(self.schedule.tips_request),
            solidify: is_due(self.schedule.solidify),
        };
        if due.tips_request {
            let again = self.peers.values().any(|peer| peer.ready);
            self.schedule.tips_request = again.then_some(now + TIPS_REQUEST_EVERY);
        }
        if due.solidify {
            self.schedule.solidify = None;
        }
        due
    }

    fn dial(&mut self, now: Millis, out: &mut Vec<Output>) {
        let endpoints = self.wanted.endpoints();
        self.schedule.reconnect = (!endpoints.is_empty()).then_some(now + RECONNECT_EVERY);
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
