//! Faults as they happen.

use std::collections::{BTreeMap, VecDeque};

use tanglegram_tangle::gossip::PeerId;
use tanglegram_tangle::{ApiRequest, Config, Detail, Genesis, Input, Node, SUPPLY};
use tanglegram_ternary::Hash;

use super::check::{self, Flaw};
use super::engine::{EPOCH, Event, START_INDEX, Simulation};
use super::fault::{Fault, Timed};
use super::host::{self, Host, State};
use super::invariants::Invariant;
use super::scenario::Scenario;
use super::transport::PORT;
use super::wallet;

impl Simulation {
    /// The next fault of the timetable. One that makes no sense any more, such as the restart of a node that a driver
    /// already restarted, is left out.
    pub(crate) fn timed_fault(&mut self) {
        let Some(Timed { fault, .. }) = self.timetable.get(self.next_fault).cloned() else { return };
        self.next_fault += 1;
        if let Some(next) = self.timetable.get(self.next_fault) {
            self.schedule(next.at, Event::Fault);
        }
        let _ = self.apply(fault);
    }

    /// Lets a fault happen now; an error, and nothing changes, where it makes no sense.
    pub fn apply(&mut self, fault: Fault) -> Result<(), Flaw> {
        check::check_fault(&fault, self.hosts.len())?;
        self.fits_state(&fault)?;
        self.last_fault = self.last_fault.max(self.now);
        let node = fault.nodes().first().copied().unwrap_or(self.scenario.coordinator.node);
        drop(self.line(node, "fault").text("fault", &format!("{fault:?}")));
        self.happens(fault);
        Ok(())
    }

    fn fits_state(&self, fault: &Fault) -> Result<(), Flaw> {
        match *fault {
            Fault::Crash(node) | Fault::PowerLoss(node) if self.node(node).is_none() => {
                Err(Flaw::AlreadyDown(node))
            }
            Fault::Pause(node) if !self.is_up(node) => Err(Flaw::AlreadyDown(node)),
            Fault::Restart(node) if !matches!(self.hosts[node].state, State::Down) => {
                Err(Flaw::NotDown(node))
            }
            Fault::Resume(node) if !matches!(self.hosts[node].state, State::Paused(..)) => {
                Err(Flaw::NotPaused(node))
            }
            _ => Ok(()),
        }
    }

    fn happens(&mut self, fault: Fault) {
        match fault {
            Fault::Crash(node) => self.crash(node, false),
            Fault::PowerLoss(node) => self.crash(node, true),
            Fault::Restart(node) => self.restart(node),
            Fault::Pause(node) => self.pause(node),
            Fault::Resume(node) => self.resume(node),
            Fault::Slow(node, cost) => self.hosts[node].cost = cost,
            Fault::Skew(node, skew) => self.set_clock(node, skew),
            Fault::Jump(node, by) => self.set_clock(node, self.hosts[node].skew.saturating_add(by)),
            Fault::StopCoordinator => self.coordinator.stopped = true,
            Fault::StartCoordinator => {
                (self.coordinator.stopped, self.coordinator.equivocates) = (false, false);
            }
            Fault::Equivocate => {
                self.checker.divide();
                (self.coordinator.stopped, self.coordinator.equivocates) = (false, true);
            }
            Fault::Behave(node, behaviour) => self.behave(node, behaviour),
            of_links => self.links.suffer(of_links),
        }
    }

    fn set_clock(&mut self, node: usize, skew: i64) {
        self.hosts[node].skew = skew;
        self.after(node);
    }

    fn crash(&mut self, number: usize, loses_power: bool) {
        let peers: Vec<PeerId> = self.hosts[number].connections.keys().copied().collect();
        for peer in peers {
            self.hang_up(number, peer);
        }
        let place = (self.now, self.trace.lines());
        if let Some(history) = &mut self.history {
            history.stopped(number, place);
        }
        let host = &mut self.hosts[number];
        if !loses_power {
            host.sync();
        }
        (host.state, host.solid) = (State::Down, START_INDEX as i32);
        host.jobs.clear();
    }

    fn restart(&mut self, number: usize) {
        self.hosts[number].restarts += 1;
        let node = self.restored(number);
        let host = &mut self.hosts[number];
        (host.tick_at, host.busy_until, host.solid) = (None, 0, node.solid_milestone_index());
        host.state = State::Up(Box::new(node));
        self.introduce(number);
    }

    /// The node that a host's disk holds, which must be all that was synced.
    fn restored(&mut self, number: usize) -> Node {
        let Host { restarts, disk, synced, .. } = &self.hosts[number];
        let seed = self.node_seed(number, *restarts);
        let lost = match disk.restore(self.config(number), seed, Some(self.verdicts.clone())) {
            Ok(node) if (node.transaction_count(), node.solid_milestone()) == *synced => {
                return self.equipped(node);
            }
            Ok(node) => format!(
                "after a restart it has {} transactions and the solid milestone {}, before it was {} and {}",
                node.transaction_count(),
                node.solid_milestone(),
                synced.0,
                synced.1
            ),
            Err(error) => error.to_string(),
        };
        self.checker.report(Invariant::Durability, number, self.now, lost);
        self.new_node(number)
    }

    fn pause(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let state = std::mem::replace(&mut host.state, State::Down);
        host.state = match state {
            State::Up(node) => State::Paused(node, VecDeque::new()),
            other => other,
        };
    }

    fn resume(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let state = std::mem::replace(&mut host.state, State::Down);
        let State::Paused(node, waiting) = state else {
            host.state = state;
            return;
        };
        host.state = State::Up(node);
        for input in waiting {
            self.input(number, input);
        }
        // Its timer may have passed meanwhile.
        self.input(number, Input::Tick);
    }

    /// A node that knows nothing yet.
    pub(crate) fn new_node(&self, number: usize) -> Node {
        let restarts = self.hosts.get(number).map_or(0, |host| host.restarts);
        self.equipped(Node::new(self.config(number), self.node_seed(number, restarts)))
    }

    fn node_seed(&self, number: usize, restarts: u32) -> u64 {
        self.scenario.node_seed(self.seed, number, restarts)
    }

    /// A node that keeps what the simulation wants to know.
    fn equipped(&self, mut node: Node) -> Node {
        node.share_verdicts(self.verdicts.clone());
        node.keep_journal();
        let wants_all = self.history.is_some();
        node.keep_progress(if wants_all { Detail::Everything } else { Detail::Confirmations });
        node
    }

    fn config(&self, number: usize) -> Config {
        self.scenario.node_config(number, &self.coordinator.tree)
    }

    /// Tells a node of the neighbours it is to dial.
    pub(crate) fn introduce(&mut self, number: usize) {
        let uri = |&to: &usize| format!("\"tcp://{}:{PORT}\"", host::address(to));
        let uris: Vec<String> = self.dials[number].iter().map(uri).collect();
        let body = format!("{{\"command\":\"addNeighbors\",\"uris\":[{}]}}", uris.join(","));
        let request = ApiRequest { body, versioned: true, trusted: true };
        self.input(number, Input::Api { id: super::requests::OWN, request });
    }
}

/// The scenario's funds, the accounts' equal shares of the rest, and what cannot be shared.
pub(crate) fn genesis(scenario: &Scenario) -> Genesis {
    let mut balances: BTreeMap<Hash, i64> = scenario.funds.clone();
    let rest = SUPPLY - balances.values().sum::<i64>();
    let accounts = scenario.workload.accounts;
    let share = rest / accounts.max(1) as i64;
    for account in 0..accounts {
        *balances.entry(wallet::address(account, 0)).or_default() += share;
    }
    *balances.entry(Hash::NULL).or_default() += rest - share * accounts as i64;
    Genesis { balances, index: START_INDEX as i32, timestamp: (EPOCH / 1000) as i64 - 86_400 }
}
