//! A world, ready to be started.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tanglegram_tangle::{Config, Dialect, Node};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Address, Hash};

use crate::build::build;
use crate::error::{Fault, Source, WorldError};
use crate::files::{self, Files};
use crate::mirrors::MirrorPlan;
use crate::sim::Scenario;

/// The worlds in the program; the first is the default.
pub const BUILT_IN: [&str; 16] = [
    "private-net",
    "recorded-iri",
    "recorded-iri-limits",
    "recorded-iri-auth",
    "recorded-mirror",
    "swarm",
    "partition",
    "spammers",
    "canary",
    "hundred",
    "hedera-net",
    "hedera-ten",
    "hedera-thirty",
    "hedera-faults",
    "hedera-swarm",
    "two-ledgers",
];

/// Nodes and what they share.
#[derive(Clone)]
pub struct World {
    /// The built-in name, or the file's name without its ending.
    pub name: String,
    /// The nodes, in the order of the file.
    pub nodes: Vec<NodePlan>,
    /// The mirror nodes, in the order of the file; at least one where there is no node.
    pub mirrors: Vec<MirrorPlan>,
    /// The world's own coordinator: without one, milestones come from outside.
    pub coordinator: Option<Issuer>,
    /// Who owns the genesis, where the world says so.
    pub wallet: Option<Wallet>,
    /// The seed of a simulation where nobody says another.
    pub seed: u64,
    /// What a simulation of its nodes does; nodes go by their numbers in `nodes`.
    pub scenario: Scenario,
    /// Why a simulation would not be of these nodes as they are written, where it would not.
    pub unsimulated: Option<Arc<Fault>>,
}

/// A node to be started.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// Its name in the world.
    pub name: String,
    /// Its settings.
    pub config: Config,
    /// Its API port.
    pub api: ApiPlan,
    /// Its place among its neighbours.
    pub gossip: GossipPlan,
    /// Where it keeps what it knows, if it does.
    pub data: Option<DataPlan>,
}

/// Where a node listens for neighbours, and whom it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GossipPlan {
    /// The address to listen on.
    pub address: IpAddr,
    /// The port; 0 for any free one.
    pub port: u16,
    /// The neighbours it has from the start.
    pub neighbors: Vec<Neighbor>,
}

/// A neighbour, as a world file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neighbor {
    /// Another node of the world, by its place among them; it knows this one, too.
    Node(usize),
    /// A node elsewhere: `tcp://host:port`.
    Uri(String),
}

/// Where a node keeps what it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPlan {
    /// `db-path`: the folder.
    pub path: PathBuf,
    /// `local-snapshots-base-path`: what the names of its local snapshots' files start with; by default `local` in the folder.
    pub snapshots: Option<PathBuf>,
}

/// Where a node's API listens, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiPlan {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 for any free one.
    pub port: u16,
    /// `user:password` every request must show.
    pub auth: Option<String>,
    /// Hosts that `remote-limit-api` does not bind, besides loopback.
    pub trusted: BTreeSet<IpAddr>,
}

/// The world's own coordinator.
#[derive(Clone)]
pub struct Issuer {
    /// Its keys.
    pub tree: Arc<KeyTree>,
    /// How often it issues a milestone.
    pub interval: Duration,
    /// How many checkpoints, each joining one more tip, may precede a milestone.
    pub checkpoints: usize,
}

/// The owner of the genesis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Wallet {
    /// The seed.
    pub seed: Hash,
    /// The security level of its addresses.
    pub security: Security,
    /// Its address 0, which holds the balance.
    pub address: Address,
    /// Iotas.
    pub balance: i64,
}

impl World {
    /// The world of a built-in name, or of a file.
    pub fn load(name_or_path: &str) -> Result<World, WorldError> {
        if BUILT_IN.contains(&name_or_path) {
            return World::built_in(name_or_path);
        }
        let path = Path::new(name_or_path);
        if !path.exists() && !name_or_path.contains(['/', '\\', '.']) {
            return Err(WorldError::Unknown { name: name_or_path.to_owned(), known: BUILT_IN.to_vec() });
        }
        let unreadable = |source| WorldError::Unreadable { path: path.to_owned(), source };
        let bytes = files::read(path).map_err(unreadable)?;
        let text = String::from_utf8_lossy(&bytes);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(build(&name, &Source::new(name_or_path.to_owned(), &text), &Files::Folder(folder))?)
    }

    /// A world given as text; the files it names are looked for in `folder`.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<World, WorldError> {
        let source = Source::new(format!("{name}.yaml"), text);
        Ok(build(name, &source, &Files::Folder(folder.to_owned()))?)
    }

    fn built_in(name: &str) -> Result<World, WorldError> {
        let file = format!("{name}.yaml");
        let unreadable = |source| WorldError::Unreadable { path: file.clone().into(), source };
        let text = Files::BuiltIn.read_text(&file).map_err(unreadable)?;
        Ok(build(name, &Source::new(format!("fixtures/worlds/{file}"), &text), &Files::BuiltIn)?)
    }

    /// What a simulation of the nodes does; an error at the first option that a simulation cannot honour.
    pub fn simulated(&self) -> Result<&Scenario, WorldError> {
        match &self.unsimulated {
            Some(fault) => Err(WorldError::Invalid(Box::new(Fault::clone(fault)))),
            None => Ok(&self.scenario),
        }
    }

    /// The same world with nodes that keep what they know: each in a folder of its name in `folder`, but for those that have
    /// a folder of their own. The error is a node's name that can be no folder's.
    pub fn with_data(mut self, folder: &Path) -> Result<World, String> {
        for node in self.nodes.iter_mut().filter(|node| node.data.is_none()) {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if node.name.is_empty() || node.name.starts_with('.') || !node.name.chars().all(is_plain) {
                return Err(node.name.clone());
            }
            node.data = Some(DataPlan { path: folder.join(&node.name), snapshots: None });
        }
        Ok(self)
    }

    /// The same world with mirror nodes of another dialect.
    pub fn with_mirror_dialect(mut self, dialect: tanglegram_mirror::Dialect) -> World {
        self.mirrors.iter_mut().for_each(|mirror| mirror.dialect = dialect);
        self
    }

    /// The same world with nodes of another dialect.
    pub fn with_dialect(mut self, dialect: Dialect) -> World {
        self.nodes.iter_mut().for_each(|node| node.config.dialect = dialect);
        self
    }
}

impl NodePlan {
    /// The node, with nothing but its genesis; `seed` names its random walks.
    pub fn start(&self, seed: u64) -> Node {
        Node::new(self.config.clone(), seed)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("name", &self.name).field("nodes", &self.nodes).finish_non_exhaustive()
    }
}
