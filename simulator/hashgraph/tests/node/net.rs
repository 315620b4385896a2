//! A small network: messages take their time, some are lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use tanglegram_hashgraph::consensus::{Config, KeyPair, Roster};
use tanglegram_hashgraph::node::{Input, Node, Output, Seat, Settings, Store};
use tanglegram_hashgraph::{Application, BadState, Timestamp};

/// A millisecond in nanoseconds.
pub(crate) const MS: i64 = 1_000_000;

/// Writes down what it is given.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Log(pub(crate) Vec<(i64, u16, Vec<u8>)>);

impl Application for Log {
    fn handle(&mut self, consensus: Timestamp, member: u16, transaction: &[u8]) {
        self.0.push((consensus.0, member, transaction.to_vec()));
    }

    fn state(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (time, member, bytes) in &self.0 {
            out.extend_from_slice(&time.to_be_bytes());
            out.extend_from_slice(&member.to_be_bytes());
            out.push(bytes.len() as u8);
            out.extend_from_slice(bytes);
        }
        out
    }

    fn restore(&mut self, mut state: &[u8]) -> Result<(), BadState> {
        self.0.clear();
        while let Some((head, rest)) = state.split_first_chunk::<11>() {
            let (bytes, rest) = rest.split_at(head[10].into());
            let time = i64::from_be_bytes(head[..8].try_into().expect("eight bytes"));
            self.0.push((time, u16::from_be_bytes([head[8], head[9]]), bytes.to_vec()));
            state = rest;
        }
        Ok(())
    }
}

pub(crate) struct Net {
    pub(crate) nodes: Vec<Option<Node<Log>>>,
    pub(crate) stores: Vec<Store>,
    /// The consensus times of all events, as each member was told.
    pub(crate) times: Vec<Vec<i64>>,
    /// How many times somebody went on from a signed state.
    pub(crate) caught_up: usize,
    /// Members that hear nothing and are not heard.
    pub(crate) cut_off: Vec<u16>,
    pub(crate) now: i64,
    queue: BTreeMap<(i64, u64), (u16, Input)>,
    number: u64,
    draw: u64,
}

fn keys(members: u16) -> Vec<Arc<KeyPair>> {
    (0..members).map(|member| Arc::new(KeyPair::from_seed([member as u8 + 1; 32]))).collect()
}

fn roster(members: u16) -> Roster {
    Roster::new(keys(members).iter().map(|key| key.public()).collect()).expect("these are keys")
}

fn settings() -> Settings {
    let consensus = Config { ancient_rounds: 8, state_rounds: 4, ..Config::default() };
    Settings { consensus, sync_every: 50 * MS, ..Settings::default() }
}

impl Net {
    pub(crate) fn new(members: u16, seed: u64) -> Net {
        let mut net = Net {
            nodes: (0..members).map(|_| None).collect(),
            stores: (0..members).map(|_| Store::default()).collect(),
            times: vec![Vec::new(); usize::from(members)],
            caught_up: 0,
            cut_off: Vec::new(),
            now: 0,
            queue: BTreeMap::new(),
            number: 0,
            draw: seed,
        };
        (0..members).for_each(|member| net.start(member));
        net
    }

    /// Starts a node from what it kept.
    pub(crate) fn start(&mut self, member: u16) {
        let (members, place) = (self.nodes.len() as u16, usize::from(member));
        let seat = Seat {
            roster: roster(members),
            me: member,
            key: keys(members)[place].clone(),
            settings: settings(),
            seed: self.draw ^ u64::from(member),
        };
        let node = Node::restart(seat, Log::default(), &self.stores[place], &mut Vec::new());
        self.nodes[place] = Some(node.expect("what was kept is valid"));
        self.push(self.now, member, Input::Tick);
    }

    pub(crate) fn stop(&mut self, member: u16) {
        self.nodes[usize::from(member)] = None;
        self.queue.retain(|_, (to, _)| *to != member);
    }

    pub(crate) fn submit(&mut self, member: u16, transaction: &[u8]) {
        self.push(self.now, member, Input::Submit(transaction.into()));
    }

    fn random(&mut self, bound: u64) -> u64 {
        self.draw = self.draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.draw >> 33) % bound
    }

    fn push(&mut self, at: i64, to: u16, input: Input) {
        self.number += 1;
        self.queue.insert((at, self.number), (to, input));
    }

    pub(crate) fn run(&mut self, millis: i64) {
        let end = self.now + millis * MS;
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), (to, input)) = entry.remove_entry();
            self.now = at;
            self.give(to, input);
        }
        self.now = end;
    }

    fn give(&mut self, to: u16, input: Input) {
        let is_tick = matches!(input, Input::Tick);
        let Some(node) = &mut self.nodes[usize::from(to)] else { return };
        let mut out = Vec::new();
        node.handle(self.now, input, &mut out);
        let next = node.next_timeout();
        for output in out {
            self.stores[usize::from(to)].keep(&output);
            self.caught_up += usize::from(matches!(output, Output::CaughtUp { .. }));
            if let Output::Consensus { first, .. } = &output {
                self.times[usize::from(to)].push(first.0);
            }
            if let Output::Send { to: other, message } = output {
                let is_lost =
                    self.random(20) == 0 || self.cut_off.contains(&to) || self.cut_off.contains(&other);
                let at = self.now + (1 + self.random(40) as i64) * MS;
                if !is_lost {
                    self.push(at, other, Input::Message { from: to, message });
                }
            }
        }
        if is_tick {
            self.push(next.max(self.now + 1), to, Input::Tick);
        }
    }

    pub(crate) fn log(&self, member: u16) -> &Log {
        self.nodes[usize::from(member)].as_ref().expect("it runs").application()
    }
}
