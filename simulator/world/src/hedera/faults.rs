//! Faults as they happen.

use std::collections::VecDeque;

use tanglegram_hashgraph::node::{Input, Node, Output};
use tanglegram_tangle::Millis;

use super::host::State;
use super::network::{Event, Network};
use crate::sim::{Fault, Flaw, Invariant, Timed, check_fault};

impl Network {
    /// The next fault of the timetable. One that makes no sense any more is left out.
    pub(crate) fn timed_fault(&mut self) {
        let Some(Timed { fault, .. }) = self.timetable.get(self.next_fault).cloned() else { return };
        self.next_fault += 1;
        if let Some(next) = self.timetable.get(self.next_fault) {
            self.schedule(next.at, Event::Fault);
        }
        self.fault(fault);
    }

    /// Lets a fault happen now; an error, and nothing changes, where there is no such node.
    pub fn apply(&mut self, fault: Fault) -> Result<(), Flaw> {
        check_fault(&fault, self.hosts.len())?;
        self.last_fault = self.last_fault.max(self.now);
        self.fault(fault);
        Ok(())
    }

    fn fault(&mut self, fault: Fault) {
        let node = fault.nodes().first().copied().unwrap_or(0);
        drop(self.line(node, "fault").text("fault", &format!("{fault:?}")));
        self.happens(fault);
        self.look_for_splits();
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
            // A hashgraph has no coordinator, and its members misbehave in ways of their own.
            Fault::StopCoordinator | Fault::StartCoordinator | Fault::Equivocate | Fault::Behave(..) => {}
            Fault::Files(node, what) => self.change_files(node, what),
            of_links => self.links.suffer(of_links),
        }
    }

    fn set_clock(&mut self, node: usize, skew: i64) {
        self.hosts[node].skew = skew;
        self.after(node);
    }

    fn crash(&mut self, number: usize, loses_power: bool) {
        let host = &mut self.hosts[number];
        if loses_power {
            host.store.lose_power();
        }
        (host.state, host.twin) = (State::Down, None);
    }

    fn restart(&mut self, number: usize) {
        if !matches!(self.hosts[number].state, State::Down) {
            return;
        }
        self.hosts[number].restarts += 1;
        let (seat, replica, mut out) = (self.seat(number), self.replica(number), Vec::new());
        let restarted = Node::restart(seat, replica, &self.hosts[number].store, &mut out);
        let node = restarted.unwrap_or_else(|error| {
            self.checker.report(Invariant::Durability, number, self.now, error.to_string());
            Node::new(self.seat(number), self.replica(number))
        });
        let gateway = self.gateway(number);
        let host = &mut self.hosts[number];
        (host.state, host.gateway) = (State::Up(Box::new(node)), gateway);
        (host.tick_at, host.busy_until) = (None, 0);
        let promised = std::mem::take(&mut host.promised);
        self.checker.begins_again(number);
        for output in out {
            if let Output::Consensus { number: place, ordered, first } = output
                && self.hosts[number].is_honest()
            {
                self.checker.ordered(self.now, number, place, &ordered, first.0);
            }
        }
        self.after(number);
        // Clients that got no answer ask again.
        for (id, (_, bytes)) in promised {
            self.submit(number, id, bytes);
        }
    }

    fn pause(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        host.state = match std::mem::replace(&mut host.state, State::Down) {
            State::Up(node) => State::Paused(node, VecDeque::new()),
            other => other,
        };
    }

    fn resume(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let State::Paused(node, waiting) = std::mem::replace(&mut host.state, State::Down) else { return };
        host.state = State::Up(node);
        for input in waiting {
            self.input(number, input);
        }
        self.input(number, Input::Tick);
    }

    /// Notes since when no group of members that hear each other, by whatever way, is more than two thirds of all.
    fn look_for_splits(&mut self) {
        let is_split = 3 * self.largest_group() <= 2 * self.hosts.len();
        self.split_since = match (is_split, self.split_since) {
            (true, since) => since.or(Some(self.now + self.settling())),
            (false, _) => None,
        };
    }

    /// How long messages that were sent before a cut may still be on their way.
    fn settling(&self) -> Millis {
        2 * (self.plan.base.link.latency.end + self.plan.base.link.jitter) + 1_000
    }

    fn largest_group(&self) -> usize {
        let count = self.hosts.len();
        let mut left: Vec<usize> = (0..count).filter(|&host| self.hosts[host].is_up()).collect();
        let mut largest = 0;
        while let Some(first) = left.pop() {
            let (mut ahead, mut size) = (vec![first], 1);
            while let Some(host) = ahead.pop() {
                let hears = |other: usize| self.links.passes(host, other) || self.links.passes(other, host);
                let (near, far): (Vec<usize>, Vec<usize>) = left.into_iter().partition(|&other| hears(other));
                size += near.len();
                ahead.extend(near);
                left = far;
            }
            largest = largest.max(size);
        }
        largest
    }
}
