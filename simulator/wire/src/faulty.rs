//! Serving a world whose faults happen: on real ports, in real time.
//!
//! Each node lives in a local set of its own. A crash drops it with all of its connections, tasks and listeners; a restart starts
//! the node from its data folder, or, without one, from what it knew. Cuts, loss and all else that concerns links is done to the
//! gossip messages between the nodes of the world; its APIs are always reached.

use std::future::pending;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use tanglegram_tangle::{Millis, Node, Record};
use tanglegram_world::sim::{self, Behaviour, Change, Fault, Scenario, Timed};
use tanglegram_world::{NodePlan, World};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

use crate::clock::Clock;
use crate::gossip::{self, Around, Ways};
use crate::host::Host;
use crate::issuer::Milestones;
use crate::mirror::ServedMirror;
use crate::net::{Running, ServeError, Served};
use crate::server::Connections;
use crate::thread::{Ready, ServerThread, Stopped};
use crate::topology;
use crate::worlds::{self, Places, bind};

/// How often a node that starts again tries to have its ports, and the pause in between.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Told of each fault when it happened: its time by the timetable, in milliseconds from the start, and why it could not be, if so.
pub type FaultReport = Box<dyn Fn(Millis, &Fault, Option<&str>) + Send>;

/// What of a scenario happens only in the event queue, where nodes can be made to do anything, if there is such in a run with this
/// seed.
pub fn only_in_the_queue(scenario: &Scenario, seed: u64) -> Option<String> {
    let name = |node: usize| scenario.nodes.get(node).map_or("?", String::as_str);
    if let Some(one) = scenario.misbehaving.first() {
        return Some(format!("`{}` of {}", one.behaviour, name(one.node)));
    }
    scenario.timetable(seed).into_iter().find_map(|Timed { at, fault }| match fault {
        Fault::Behave(_, Behaviour::Honest) => None,
        Fault::Behave(node, behaviour) => Some(format!("`{behaviour}` of {} at {at} ms", name(node))),
        Fault::Equivocate => Some(format!("a coordinator that equivocates, at {at} ms,")),
        _ => None,
    })
}

/// Serves a world as [`serve_world`](crate::serve_world) does, and lets its faults happen: those of its timetable, and those its
/// swarm draws from its seed.
///
/// # Errors
/// As for [`serve_world`](crate::serve_world).
pub fn serve_with_faults(world: &World, places: Places, report: FaultReport) -> Result<Running, ServeError> {
    let name = world.nodes.first().map(|node| node.name.clone()).unwrap_or_default();
    let failed = |source| ServeError::Io { name: name.clone(), source };
    let (bound, apis, gossips) = bind_all(world, places)?;
    let mirrors = worlds::mirrors(world, None)?;
    let mirror_apis = mirrors.iter().map(|mirror| Ok((mirror.name.clone(), mirror.listener.local_addr()?)));
    let mirror_apis = mirror_apis.collect::<io::Result<_>>().map_err(failed)?;
    let (world, spots) = (world.clone(), gossips.iter().map(|(_, address)| *address).collect());
    let network = Network { world, spots, report };
    let thread =
        ServerThread::start(&name, move |ready, stopped| network.run(bound, mirrors, ready, stopped))?;
    Ok(Running::new(apis, gossips, mirror_apis, thread))
}

/// The sockets of a node.
struct Bound {
    api: TcpListener,
    gossip: gossip::Gossip,
}

type Addresses = Vec<(String, SocketAddr)>;

fn bind_all(world: &World, places: Places) -> Result<(Vec<Bound>, Addresses, Addresses), ServeError> {
    let (mut bound, mut apis, mut gossips) = (Vec::new(), Vec::new(), Vec::new());
    let mut listen = places.api;
    for (plan, gossip) in world.nodes.iter().zip(topology::gossips(world, places)?) {
        let address = listen.take().unwrap_or(SocketAddr::new(plan.api.host, plan.api.port));
        let api = bind(&plan.name, address)?;
        let failed = |source| ServeError::Io { name: plan.name.clone(), source };
        apis.push((plan.name.clone(), api.local_addr().map_err(failed)?));
        gossips.push((plan.name.clone(), gossip.listener.local_addr().map_err(failed)?));
        bound.push(Bound { api, gossip });
    }
    Ok((bound, apis, gossips))
}

/// What the thread is given.
struct Network {
    world: World,
    /// Where the nodes listen for neighbours.
    spots: Vec<SocketAddr>,
    report: FaultReport,
}

impl Network {
    fn run(self, bound: Vec<Bound>, mirrors: Vec<ServedMirror>, ready: &Ready, stopped: Stopped) {
        // No local runtime: there every local task would be the runtime's, none a node's own.
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(source) => return drop(ready.send(Err(ServeError::Io { name: "all nodes".into(), source }))),
        };
        LocalSet::new().block_on(&runtime, async {
            let (connections, mut tasks) = (Connections::new(), Vec::new());
            for mirror in mirrors {
                match mirror.open(&connections).await {
                    Ok(more) => tasks.extend(more),
                    Err(error) => return drop(ready.send(Err(error))),
                }
            }
            let mut stations = match self.start(bound).await {
                Ok(stations) => stations,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            tokio::select! {
                biased;
                _ = stopped => {} // an error too: whoever held the other end is gone
                () = self.happen(&mut stations) => {}
            }
            for mut station in stations {
                station.stop().await;
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
    }

    /// Starts all nodes.
    async fn start(&self, bound: Vec<Bound>) -> Result<Vec<Station>, ServeError> {
        let links = sim::Links::new(&self.world.scenario, self.world.seed);
        let ways = Rc::new(Ways::new(links, self.spots.clone(), Clock::system()));
        let mut milestones = self.world.coordinator.as_ref().map(Milestones::of);
        let mut stations = Vec::new();
        for (number, (bound, plan)) in bound.into_iter().zip(&self.world.nodes).enumerate() {
            let mut station = Station::new(number, plan, &bound, Rc::clone(&ways), milestones.take());
            station.start(Some(bound)).await?;
            stations.push(station);
        }
        Ok(stations)
    }

    /// Lets one fault after the other happen, each at its time, and then nothing more.
    async fn happen(&self, stations: &mut [Station]) {
        let start = Instant::now();
        for Timed { at, fault } in self.world.scenario.timetable(self.world.seed) {
            sleep_until(start + Duration::from_millis(at)).await;
            let failure = apply(&fault, stations).await.err();
            (self.report)(at, &fault, failure.as_deref());
        }
        pending().await
    }
}

/// Lets a fault happen; says why not, where it cannot.
async fn apply(fault: &Fault, stations: &mut [Station]) -> Result<(), String> {
    let links = |change: &dyn Fn(&mut sim::Links)| {
        stations.iter().take(1).for_each(|station| station.ways.change(change));
        Ok(())
    };
    match fault {
        Fault::Partition(groups) => links(&|links| links.partition(groups)),
        Fault::OneWay(from, to) => links(&|links| links.mute(from, to)),
        Fault::Isolate(node) => links(&|links| links.isolate(*node)),
        Fault::Heal => links(&sim::Links::heal),
        Fault::Link(scope, model) => links(&|links| links.alter(*scope, Change::Model(model.clone()))),
        Fault::Tweak(scope, tweak) => links(&|links| links.alter(*scope, Change::Tweak(*tweak))),
        Fault::RestoreLinks(scope) => links(&|links| links.alter(*scope, Change::Restore)),
        Fault::StopCoordinator | Fault::StartCoordinator => {
            let issues = matches!(fault, Fault::StartCoordinator);
            stations.iter_mut().for_each(|station| station.set_issues(issues));
            Ok(())
        }
        other => match other.nodes().first().and_then(|&node| stations.get_mut(node)) {
            Some(station) => station.apply(other).await,
            None => Err("there is no such node".into()),
        },
    }
}

/// One node's place: what stays when the node is gone.
struct Station {
    number: usize,
    plan: NodePlan,
    api: Option<SocketAddr>,
    spot: Option<SocketAddr>,
    neighbors: Vec<String>,
    ways: Rc<Ways>,
    milestones: Option<Milestones>,
    clock: Clock,
    cost: Millis,
    issues: bool,
    starts: u64,
    /// The node at work, and what is dropped to stop it.
    running: Option<(Rc<Host>, JoinHandle<()>)>,
    /// What a node without a data folder knew when it stopped.
    known: Option<Vec<Record>>,
}

impl Station {
    fn new(
        number: usize,
        plan: &NodePlan,
        bound: &Bound,
        ways: Rc<Ways>,
        milestones: Option<Milestones>,
    ) -> Station {
        let mut plan = plan.clone();
        let neighbors = bound.gossip.neighbors.clone();
        plan.config.gossip_port = bound.gossip.port();
        plan.config.max_neighbors = plan.config.max_neighbors.max(neighbors.len());
        Station {
            number,
            api: bound.api.local_addr().ok(),
            spot: bound.gossip.listener.local_addr().ok(),
            plan,
            neighbors,
            ways,
            milestones,
            clock: Clock::system(),
            cost: 0,
            issues: true,
            starts: 0,
            running: None,
            known: None,
        }
    }

    async fn apply(&mut self, fault: &Fault) -> Result<(), String> {
        let host = self.running.as_ref().map(|(host, _)| Rc::clone(host));
        match (fault, host) {
            (Fault::Crash(_) | Fault::PowerLoss(_), Some(_)) => self.stop().await,
            (Fault::Restart(_), None) => self.restart().await.map_err(|error| error.to_string())?,
            (Fault::Restart(_), Some(_)) => return Err("the node runs".into()),
            (Fault::Slow(_, cost), host) => {
                self.cost = *cost;
                host.iter().for_each(|host| host.set_cost(*cost));
            }
            (Fault::Skew(_, skew), host) => self.set_skew(*skew, host),
            (Fault::Jump(_, by), host) => self.set_skew(self.clock.skew().saturating_add(*by), host),
            (Fault::Pause(_), Some(host)) => host.pause(),
            (Fault::Resume(_), Some(host)) => host.resume(),
            (_, None) => return Err("the node does not run".into()),
            _ => return Err("that cannot be had on real ports".into()),
        }
        Ok(())
    }

    fn set_skew(&self, skew: i64, host: Option<Rc<Host>>) {
        self.clock.set_skew(skew);
        host.iter().for_each(|host| host.set_skew(skew));
    }

    fn set_issues(&mut self, issues: bool) {
        self.issues = issues;
        self.running.iter().for_each(|(host, _)| host.set_issues(issues));
    }

    /// Stops the node as a crash does: connections, work and listeners are gone at once.
    async fn stop(&mut self) {
        let Some((host, task)) = self.running.take() else { return };
        task.abort();
        let _ = task.await; // aborted, which is no failure
        if self.plan.data.is_none() {
            self.known = Some(host.with_node(|node| node.image()));
        }
    }

    async fn restart(&mut self) -> Result<(), ServeError> {
        self.start(None).await
    }

    /// Starts the node, on these sockets or on those it had.
    async fn start(&mut self, bound: Option<Bound>) -> Result<(), ServeError> {
        let bound = match bound {
            Some(bound) => bound,
            None => self.bind_again().await?,
        };
        self.starts += 1;
        let served = self.served(bound)?;
        let (clock, ways) = (self.clock.clone(), (self.number, Rc::clone(&self.ways)));
        let (ready, begun) = oneshot::channel();
        let (cost, issues) = (self.cost, self.issues);
        let task = spawn_local(async move {
            let set = LocalSet::new();
            set.run_until(work(served, clock, ways, (cost, issues), ready)).await;
        });
        let name = self.plan.name.clone();
        let gone = |_| ServeError::Io { name, source: io::Error::other("the node ended at once") };
        self.running = Some((begun.await.map_err(gone)??, task));
        Ok(())
    }

    /// The ports of before; whatever else holds one of them gets some time to let it go.
    async fn bind_again(&self) -> Result<Bound, ServeError> {
        let (api, spot) = (self.api, self.spot);
        let missing = || ServeError::Io {
            name: self.plan.name.clone(),
            source: io::ErrorKind::AddrNotAvailable.into(),
        };
        let (api, spot) = (api.ok_or_else(missing)?, spot.ok_or_else(missing)?);
        let both = || -> Result<Bound, ServeError> {
            let gossip =
                gossip::Gossip { listener: bind(&self.plan.name, spot)?, neighbors: self.neighbors.clone() };
            Ok(Bound { api: bind(&self.plan.name, api)?, gossip })
        };
        for _ in 1..TRIES {
            if let Ok(bound) = both() {
                return Ok(bound);
            }
            sleep(PAUSE).await;
        }
        both()
    }

    fn served(&mut self, bound: Bound) -> Result<Served, ServeError> {
        let seed = self.number as u64 + 1 + ((self.starts - 1) << 32);
        let mut served = Served::of(&self.plan, bound.api, seed);
        served.milestones = self.milestones.clone();
        served.gossip = Some(bound.gossip);
        if let Some(data) = &self.plan.data {
            return served.keep_in(&data.path, data.snapshots.as_deref(), seed);
        }
        if let Some(records) = self.known.take() {
            let failed =
                |error| ServeError::Io { name: self.plan.name.clone(), source: io::Error::other(error) };
            served.node = Node::restore(self.plan.config.clone(), seed, None, records).map_err(failed)?;
        }
        Ok(served)
    }
}

/// Runs a node until its local set is dropped.
async fn work(
    served: Served,
    clock: Clock,
    ways: (usize, Rc<Ways>),
    (cost, issues): (Millis, bool),
    ready: oneshot::Sender<Result<Rc<Host>, ServeError>>,
) {
    let connections = Connections::new();
    spawn_local(Rc::clone(&connections).sweep());
    match open(served, clock, ways, &connections, (cost, issues)).await {
        Ok(host) => {
            let _ = ready.send(Ok(host)); // whoever waited for it may be gone
            pending::<()>().await;
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

async fn open(
    served: Served,
    clock: Clock,
    ways: (usize, Rc<Ways>),
    connections: &Rc<Connections>,
    (cost, issues): (Millis, bool),
) -> Result<Rc<Host>, ServeError> {
    let (starting, listener, around) = served.open(clock)?;
    let around = around.map(|around| Around { ways: Some(ways), ..around });
    let prepared = starting.prepare()?;
    let host = Rc::clone(&prepared.host);
    host.set_cost(cost);
    host.set_issues(issues);
    prepared.start(listener, around, connections, &gossip::places()).await?;
    Ok(host)
}
