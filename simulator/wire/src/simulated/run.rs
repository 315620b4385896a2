//! A whole run: time, faults, users, and what came of it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use tanglegram_tangle::Millis;
use tanglegram_world::sim::{
    EPOCH, Fault, Ledger, START_INDEX, Scenario, Timed, Trace, Users, Violation, node_address,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use turmoil::Sim;

use super::errands::{Delivery, deliver_all};
use super::faults::{Weather, refusal};
use super::machine::{Machine, Machines};
use super::{SimulatedError, TICK};

/// Where the users are, whom the nodes trust.
pub const USERS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 255, 255, 1));

/// How long nodes may take to hear the last milestone, once the coordinator stopped at the end.
const LAST_WORDS: Millis = 60_000;

/// Bytes of a simulated disk that survive a crash together, or not.
const BLOCK: u64 = 4096;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct NetworkRun {
    /// The digest over all that the nodes heard, and when.
    pub digest: String,
    /// How many events there were.
    pub events: u64,
    /// Virtual milliseconds.
    pub duration: Millis,
    /// Milestones issued.
    pub milestones: u32,
    /// Transactions that users made.
    pub transactions: u64,
    /// What each node came to; `None` where it does not run.
    pub ledgers: Vec<Option<Ledger>>,
    /// What must not be.
    pub violations: Vec<Violation>,
}

impl NetworkRun {
    /// Whether all nodes run and have the same milestone and the same ledger.
    pub fn agrees(&self) -> bool {
        let first = self.ledgers.first().cloned().flatten();
        first.is_some() && self.ledgers.iter().all(|ledger| *ledger == first)
    }
}

/// Runs a scenario on turmoil hosts, to its end or until a virtual time; events go to the trace, which is given back.
///
/// # Errors
/// It cannot run there, or a node could not be started.
pub fn run(
    scenario: &Scenario,
    seed: u64,
    trace: Trace,
    until: Option<Millis>,
) -> Result<(NetworkRun, Trace), SimulatedError> {
    if let Some(refusal) = refusal(scenario, seed) {
        return Err(refusal);
    }
    let machines = Machines::new(scenario.clone(), seed, trace)?;
    let mut network = Network::new(machines);
    let end = until.unwrap_or_else(|| network.end());
    while network.now < end {
        network.step()?;
    }
    network.conclude()?;
    Ok(network.finish())
}

/// The machines, turmoil's simulation of them, and what is going to happen.
struct Network {
    machines: Rc<Machines>,
    sim: Sim<'static>,
    weather: Weather,
    users: Option<Users>,
    timetable: Vec<Timed>,
    next_fault: usize,
    /// Bundles whose proof of work is under way.
    errands: BTreeMap<(Millis, u64), Delivery>,
    deliveries: UnboundedSender<Delivery>,
    sent: u64,
    transactions: u64,
    /// When the coordinator begins.
    first_milestone: Option<Millis>,
    /// When each milestone was first known at the coordinator's node, by index.
    issued: BTreeMap<i32, Millis>,
    now: Millis,
}

impl Network {
    fn new(machines: Rc<Machines>) -> Network {
        let (scenario, seed) = (machines.scenario.clone(), machines.seed);
        let mut sim = simulation(seed);
        for number in 0..machines.len() {
            let machine = Rc::new(Machine::new(&machines, number));
            sim.host(node_address(number), move || Rc::clone(&machine).run());
        }
        let (deliveries, due) = unbounded_channel();
        sim.client(USERS, async move {
            deliver_all(due).await;
            Ok(())
        });
        let mut weather = Weather::new(&scenario, seed);
        weather.delay(&sim);
        Network {
            users: Some(Users::new(&scenario, seed)),
            timetable: scenario.timetable(seed),
            weather,
            sim,
            next_fault: 0,
            errands: BTreeMap::new(),
            deliveries,
            sent: 0,
            transactions: 0,
            first_milestone: Some(scenario.coordinator.every),
            issued: BTreeMap::new(),
            now: 0,
            machines,
        }
    }

    fn scenario(&self) -> &Scenario {
        &self.machines.scenario
    }

    fn last_fault(&self) -> Millis {
        self.timetable.last().map_or(0, |timed| timed.at)
    }

    /// When the run ends by itself.
    fn end(&self) -> Millis {
        self.scenario().duration.max(self.last_fault().saturating_add(self.scenario().recovery))
    }

    /// Lets a step of virtual time pass.
    fn step(&mut self) -> Result<(), SimulatedError> {
        self.machines.set_time(self.now);
        if self.first_milestone.take_if(|first| *first <= self.now).is_some() {
            self.machines.set_issues(true);
        }
        self.faults();
        self.send();
        let stepped = self.sim.step();
        stepped.map_err(|source| SimulatedError::Stopped { at: self.now, source })?;
        self.look();
        self.now += TICK;
        Ok(())
    }

    fn faults(&mut self) {
        while let Some(Timed { fault, .. }) =
            self.timetable.get(self.next_fault).filter(|timed| timed.at <= self.now).cloned()
        {
            self.next_fault += 1;
            let node = fault.nodes().first().copied().unwrap_or(self.scenario().coordinator.node);
            self.tell(node, &fault);
            self.weather.apply(&fault, &self.machines, &mut self.sim);
        }
    }

    fn tell(&self, node: usize, fault: &Fault) {
        let trace = &mut self.machines.inspector.borrow_mut().trace;
        drop(trace.event(self.now, node, "fault").text("fault", &format!("{fault:?}")));
    }

    /// Lets users act, and brings what is mined on its way.
    fn send(&mut self) {
        let errands = self.users.as_mut().map(|users| users.act(self.now, &mut &*self.machines));
        for errand in errands.into_iter().flatten() {
            self.sent += 1;
            self.transactions += errand.transactions.len() as u64;
            let delivery = Delivery { to: node_address(errand.node), transactions: errand.transactions };
            self.errands.insert((errand.at, self.sent), delivery);
        }
        while let Some(next) = self.errands.first_entry().filter(|next| next.key().0 <= self.now) {
            let _ = self.deliveries.send(next.remove()); // the users' host never stops
        }
    }

    fn look(&mut self) {
        for number in 0..self.machines.len() {
            self.machines.inspect(number);
        }
        let latest =
            self.machines.with_node(self.scenario().coordinator.node, |node| node.latest_milestone_index());
        if let Some(latest) = latest.filter(|latest| *latest > START_INDEX as i32) {
            self.issued.entry(latest).or_insert(self.now);
        }
    }

    /// Lets the nodes hear the last milestone, after which there is nothing new.
    fn conclude(&mut self) -> Result<(), SimulatedError> {
        (self.users, self.first_milestone) = (None, None);
        self.machines.set_issues(false);
        let latest = self.now + LAST_WORDS;
        while self.now < latest && !self.is_settled() {
            self.step()?;
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        let solid = |number| self.machines.with_node(number, |node| node.solid_milestone_index());
        let last = self.issued.keys().next_back().copied().unwrap_or(START_INDEX as i32);
        (0..self.machines.len()).filter_map(solid).all(|solid| solid >= last)
    }

    fn finish(self) -> (NetworkRun, Trace) {
        let Network { machines, now, issued, transactions, .. } = &self;
        let due = now - machines.scenario.recovery.min(*now);
        let expected = issued.iter().filter(|(_, at)| **at <= due).map(|(index, _)| *index as u32).max();
        let recovers = *now >= self.last_fault().saturating_add(machines.scenario.recovery);
        let expected = expected.filter(|_| recovers).unwrap_or(0);
        let mut inspector = machines.inspector.borrow_mut();
        let mut ledgers = Vec::new();
        for number in 0..machines.len() {
            let host = machines.running(number);
            match &host {
                Some(host) => host.with_node(|node| {
                    inspector.finish(*now, number, Some(node), expected);
                    ledgers.push(Some(Ledger::of(node)));
                }),
                None => {
                    if recovers {
                        inspector.finish(*now, number, None, expected);
                    }
                    ledgers.push(None);
                }
            }
        }
        let run = NetworkRun {
            digest: inspector.trace.digest(),
            events: inspector.trace.lines(),
            duration: *now,
            milestones: issued.keys().next_back().map_or(0, |last| *last as u32 - START_INDEX),
            transactions: *transactions,
            ledgers,
            violations: inspector.violations().to_vec(),
        };
        (run, std::mem::take(&mut inspector.trace))
    }
}

fn simulation(seed: u64) -> Sim<'static> {
    let mut builder = turmoil::Builder::new();
    builder
        .rng_seed(seed)
        .epoch(UNIX_EPOCH + Duration::from_millis(EPOCH))
        .tick_duration(Duration::from_millis(TICK))
        // The end is whoever steps it, not turmoil's.
        .simulation_duration(Duration::from_secs(u64::from(u32::MAX)))
        .min_message_latency(Duration::ZERO)
        .max_message_latency(Duration::ZERO);
    builder.fs().block_size(BLOCK);
    builder.build()
}
