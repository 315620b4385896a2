//! Serving a world file.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use tanglegram_mirror::ingest::Event;
use tanglegram_world::{NodePlan, World};

use crate::access::Access;
use crate::data::{self, Stored};
use crate::issuer::Milestones;
use crate::mirror::ServedMirror;
use crate::net::{Running, ServeError, Served, serve_all};
use crate::topology;

/// Where to listen in place of what a world says, for its first node or mirror node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The first API.
    pub api: Option<SocketAddr>,
    /// The first node, for neighbours. Without it, where `api` is on any free port, any free port as well.
    pub gossip: Option<SocketAddr>,
}

/// Serves the nodes and mirror nodes of a world, each on the addresses its options say; the first on those of `places`, if
/// given. What is wrong with files that mirror nodes read is told on standard error.
///
/// The world's coordinator works on the first node.
pub fn serve_world(world: &World, places: Places) -> Result<Running, ServeError> {
    let mut milestones = world.coordinator.as_ref().map(Milestones::of);
    let mut listen = places.api;
    let gossips = topology::gossips(world, places)?;
    let nodes = world.nodes.iter().zip(gossips).zip(1..).map(|((plan, gossip), seed)| {
        let address = listen.take().unwrap_or(SocketAddr::new(plan.api.host, plan.api.port));
        let mut plan = plan.clone();
        plan.config.gossip_port = gossip.port();
        plan.config.max_neighbors = plan.config.max_neighbors.max(gossip.neighbors.len());
        let mut served = Served::of(&plan, bind(&plan.name, address)?, seed);
        served.milestones = milestones.take();
        served.gossip = Some(gossip);
        match &plan.data {
            Some(data) => served.keep_in(&data.path, data.snapshots.as_deref(), seed),
            None => Ok(served),
        }
    });
    let nodes = nodes.collect::<Result<_, _>>()?;
    serve_all(nodes, mirrors(world, listen)?)
}

/// The mirror nodes of a world, the first where `listen` says, if it says anything.
pub(crate) fn mirrors(
    world: &World,
    mut listen: Option<SocketAddr>,
) -> Result<Vec<ServedMirror>, ServeError> {
    let served = world.mirrors.iter().map(|plan| {
        let address = listen.take().unwrap_or(SocketAddr::new(plan.host, plan.port));
        let listener = bind(&plan.name, address)?;
        Ok(ServedMirror { name: plan.name.clone(), plan: plan.clone(), listener, report: Box::new(log) })
    });
    served.collect()
}

/// Tells what happened to a file of a mirror node.
fn log(mirror: &str, event: &Event) {
    match event {
        Event::Imported { .. } => tracing::info!("{mirror}: {event}"),
        Event::Held { .. } => eprintln!("{mirror}: {event}"),
    }
}

impl Served {
    /// A fresh node of a world behind a listener, without a coordinator and neighbours; `seed` starts its random walks.
    pub fn of(plan: &NodePlan, listener: TcpListener, seed: u64) -> Served {
        let access = Access { auth: plan.api.auth.clone(), trusted: plan.api.trusted.clone() };
        Served {
            name: plan.name.clone(),
            node: plan.start(seed),
            listener,
            access,
            milestones: None,
            gossip: None,
            data: None,
        }
    }

    /// The node of a data folder, made if it is not there, in place of the fresh one; it keeps there what it will know.
    /// `snapshots` is what the names of its local snapshots' files start with, by default `local` in the folder.
    pub fn keep_in(
        mut self,
        folder: &Path,
        snapshots: Option<&Path>,
        seed: u64,
    ) -> Result<Served, ServeError> {
        let opened = data::open(data::System, folder, snapshots, (self.node.config().clone(), seed));
        let (node, stored) = opened
            .map_err(|source| ServeError::Data { name: self.name.clone(), source: Box::new(source) })?;
        (self.node, self.data) = (node, Some(Stored(stored)));
        Ok(self)
    }
}

pub(crate) fn bind(name: &str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).map_err(|source| ServeError::Bind { name: name.to_owned(), address, source })
}
