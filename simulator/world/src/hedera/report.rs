//! How a run ends.

use tanglegram_hashgraph::MILLISECOND;
use tanglegram_tangle::Millis;

use super::network::Network;
use super::watch::Watcher;
use crate::sim::{EPOCH, Invariant, Report, Scenario, ScenarioError, Simulation, Trace, Violation};

/// What a run of a Hedera network came to.
#[derive(Clone, Debug)]
pub struct NetworkReport {
    /// The digest over all events, in a world of two ledgers those of the tangle, too.
    pub digest: String,
    /// How many events there were, likewise.
    pub events: u64,
    /// Virtual milliseconds.
    pub duration: Millis,
    /// Transactions that clients sent.
    pub sent: u64,
    /// Transactions that the members agreed on.
    pub handled: u64,
    /// Files that the mirror node took in; `None` without one.
    pub imported: Option<u64>,
    /// How many transactions each member has handled; `None` where it is down.
    pub members: Vec<Option<u64>>,
    /// What must not be.
    pub violations: Vec<Violation>,
}

impl Network {
    /// Runs to its end.
    pub fn run(mut self) -> NetworkReport {
        self.advance_to(self.end());
        self.finish()
    }

    /// Ends the run here; if there was time to recover from the last fault, every honest member must have come as far as the
    /// others, and have handled what it took from clients.
    pub fn finish(mut self) -> NetworkReport {
        if self.now >= self.recovered_at() {
            self.check_liveness();
        }
        self.check_ledgers();
        self.check_mirror();
        let digest = self.trace.digest();
        // A writer that failed does not change what was found; whoever gave it can ask the trace.
        let _ = self.trace.finish();
        NetworkReport {
            digest,
            events: self.trace.lines(),
            duration: self.now,
            sent: self.sent,
            handled: self.checker.handled_count() as u64,
            imported: self.watcher.as_ref().map(Watcher::imported),
            members: self.hosts.iter().map(|host| host.node().map(|node| node.handled())).collect(),
            violations: self.checker.violations,
        }
    }

    fn check_liveness(&mut self) {
        let due = self.now - self.plan.base.recovery.min(self.now);
        for (number, what) in self.behind(due) {
            self.checker.report(Invariant::Liveness, number, self.now, what);
        }
    }

    /// Which honest members have not got as far as others were at a time, or not handled what clients gave them before, and
    /// what they lack.
    pub fn behind(&self, due: Millis) -> Vec<(usize, String)> {
        let expected = self.checker.length_at(due);
        let mut late = Vec::new();
        for (number, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.is_honest()) {
            match host.node() {
                None => late.push((number, "the node is not running".to_owned())),
                Some(node) if (node.placed() as usize) < expected => {
                    let what =
                        format!("it has {} events in order, others had {expected} long ago", node.placed());
                    late.push((number, what));
                }
                Some(_) => {}
            }
            let forgotten = host.promised.values().filter(|(at, _)| *at < due).count();
            if forgotten > 0 {
                late.push((number, format!("{forgotten} transactions that clients gave it are not handled")));
            }
        }
        late
    }

    /// Once everybody has recovered, the mirror node has come as far as the files of the members went a while ago.
    fn check_mirror(&mut self) {
        let recovered = self.now >= self.recovered_at();
        let Some(watcher) = self.watcher.as_ref().filter(|_| recovered) else { return };
        let due = (EPOCH + self.now.saturating_sub(self.plan.base.recovery)) as i64 * MILLISECOND;
        let missing = self.checker.files_before(due).find(|name| !watcher.has(name)).cloned();
        if let Some(name) = missing {
            let what = format!("the mirror node has not got as far as {name}");
            self.checker.report(Invariant::Liveness, 0, self.now, what);
        }
    }

    /// Members that handled as much have the same accounts.
    fn check_ledgers(&mut self) {
        let honest = self.hosts.iter().enumerate().filter(|(_, host)| host.is_honest());
        let nodes: Vec<_> = honest.filter_map(|(number, host)| Some((number, host.node()?))).collect();
        let mut wrong = Vec::new();
        for (place, (number, node)) in nodes.iter().enumerate() {
            let twin = nodes[..place].iter().find(|(_, other)| other.handled() == node.handled());
            if let Some((_, other)) = twin
                && node.application().ledger().accounts() != other.application().ledger().accounts()
            {
                wrong.push(*number);
            }
        }
        for number in wrong {
            let what = "its accounts differ from those of others that handled as much".to_owned();
            self.checker.report(Invariant::Ledger, number, self.now, what);
        }
    }
}

/// A run of a world: of its tangle, of its Hedera network, or of both side by side.
pub struct Run {
    seed: u64,
    /// The tangle, if there is one.
    pub tangle: Option<Simulation>,
    /// The Hedera network, if there is one.
    pub hedera: Option<Network>,
}

impl Run {
    /// A run at its start.
    pub fn new(scenario: Scenario, seed: u64, trace: Trace) -> Result<Run, ScenarioError> {
        if let Some(plan) = scenario.lone_hedera().cloned() {
            return Ok(Run { seed, tangle: None, hedera: Some(Network::new(plan, seed, trace)?) });
        }
        let plan = scenario.hedera.as_deref().cloned();
        let mut run = Run { seed, tangle: Some(Simulation::new(scenario, seed, trace)?), hedera: None };
        if let (Some(plan), Some(tangle)) = (plan, &mut run.tangle) {
            let mut trace = Trace::default();
            trace.exchange(tangle.trace());
            run.hedera = Some(Network::new(plan, seed, trace)?);
            run.exchange();
        }
        Ok(run)
    }

    /// Lets the other of two networks go on with the trace. Whenever nothing happens, the tangle has it.
    fn exchange(&mut self) {
        if let (Some(tangle), Some(hedera)) = (&mut self.tangle, &mut self.hedera) {
            tangle.trace().exchange(hedera.trace());
        }
    }

    /// Milliseconds of virtual time since the start.
    pub fn now(&self) -> Millis {
        let tangle = self.tangle.as_ref().map(Simulation::now);
        tangle.into_iter().chain(self.hedera.as_ref().map(Network::now)).min().unwrap_or_default()
    }

    /// When the run ends by itself.
    pub fn end(&self) -> Millis {
        let tangle = self.tangle.as_ref().map(Simulation::end);
        tangle.into_iter().chain(self.hedera.as_ref().map(Network::end)).max().unwrap_or_default()
    }

    /// Stops time once the trace has so many lines.
    pub fn stop_at(&mut self, event: Option<u64>) {
        self.tangle.iter_mut().for_each(|tangle| tangle.stop_at(event));
        self.hedera.iter_mut().for_each(|hedera| hedera.stop_at(event));
    }

    /// Lets time pass; whether it got there. Of what happens to two networks in the same millisecond, that of the tangle comes
    /// first.
    pub fn advance_to(&mut self, at: Millis) -> bool {
        match (&mut self.tangle, &mut self.hedera) {
            (Some(tangle), None) => tangle.advance_to(at),
            (None, Some(hedera)) => hedera.advance_to(at),
            _ => (self.now()..=at).all(|now| self.advance_both_to(now)),
        }
    }

    fn advance_both_to(&mut self, at: Millis) -> bool {
        let tangle = self.tangle.as_mut().is_none_or(|tangle| tangle.advance_to(at));
        self.exchange();
        let hedera = tangle && self.hedera.as_mut().is_none_or(|hedera| hedera.advance_to(at));
        self.exchange();
        hedera
    }

    /// The trace.
    pub fn trace(&mut self) -> Option<&mut Trace> {
        match &mut self.tangle {
            Some(tangle) => Some(tangle.trace()),
            None => self.hedera.as_mut().map(Network::trace),
        }
    }

    /// Runs to the end.
    pub fn run(mut self) -> Report {
        self.advance_to(self.end());
        self.finish()
    }

    /// Ends the run here.
    pub fn finish(self) -> Report {
        let hedera = self.hedera.map(Network::finish);
        match (self.tangle.map(Simulation::finish), hedera) {
            (Some(tangle), None) => tangle,
            (Some(mut report), Some(mut hedera)) => {
                (hedera.digest, hedera.events) = (report.digest.clone(), report.events);
                report.violations.extend(hedera.violations.iter().cloned());
                report.hedera = Some(hedera);
                report
            }
            (None, hedera) => alone(self.seed, hedera),
        }
    }
}

/// The report of a Hedera network without a tangle.
fn alone(seed: u64, hedera: Option<NetworkReport>) -> Report {
    let of = |one: fn(&NetworkReport) -> u64| hedera.as_ref().map_or(0, one);
    Report {
        seed,
        digest: hedera.as_ref().map_or(String::new(), |hedera| hedera.digest.clone()),
        events: of(|hedera| hedera.events),
        duration: of(|hedera| hedera.duration),
        milestones: 0,
        out_of_keys: None,
        transactions: of(|hedera| hedera.sent),
        solid: Vec::new(),
        violations: hedera.as_ref().map_or(Vec::new(), |hedera| hedera.violations.clone()),
        hedera,
    }
}
