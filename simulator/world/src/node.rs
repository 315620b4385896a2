//! One node of a world file: its options, put together with what the world has of its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use serde_yaml::Spanned;
use tanglegram_tangle::{Config, CoordinatorConfig, Dialect, Genesis, LocalSnapshots};
use tanglegram_ternary::milestone::Coordinator;
use tanglegram_ternary::wots::Security;
use tanglegram_ternary::{Address, SignatureMode};

use crate::build::{Builder, RELATIVE, unreadable};
use crate::error::{Fault, nearest};
use crate::file::Setting;
use crate::options::{self, Draft};
use crate::{ApiPlan, DataPlan, GossipPlan, Issuer, Neighbor, NodePlan, Wallet};

/// What all nodes of a world have in common.
pub(crate) struct Shared<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) wallet: Option<&'a Wallet>,
    pub(crate) coordinator: Option<&'a Issuer>,
    /// The names of all nodes, in the order of the file.
    pub(crate) names: Vec<String>,
}

/// Builds one node.
pub(crate) struct NodeBuilder<'a> {
    pub(crate) builder: &'a Builder<'a>,
    pub(crate) world: &'a Shared<'a>,
    pub(crate) name: &'a Spanned<String>,
    /// The world's options, then the node's own: what comes later wins.
    pub(crate) settings: &'a [&'a Setting],
}

impl NodeBuilder<'_> {
    pub(crate) fn build(&self) -> Result<NodePlan, Fault> {
        let mut draft = Draft::default();
        for setting in self.settings {
            self.apply(&mut draft, setting)?;
        }
        let config = self.config(&draft)?;
        let gossip = self.gossip(&draft)?;
        let data = self.data(&draft)?;
        let api = ApiPlan {
            host: draft.api_host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: draft.port.unwrap_or(0),
            auth: draft.auth,
            trusted: draft.trusted,
        };
        Ok(NodePlan { name: self.name.value.clone(), config, api, gossip, data })
    }

    /// Where the node keeps what it knows.
    fn data(&self, draft: &Draft) -> Result<Option<DataPlan>, Fault> {
        match (&draft.data.path, &draft.data.snapshots) {
            (Some(path), snapshots) => {
                Ok(Some(DataPlan { path: path.clone(), snapshots: snapshots.clone() }))
            }
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self
                .fault_in("local-snapshots-base-path", "there are no files without a data folder")
                .with_help(Some("set `db-path` as well".into()))),
        }
    }

    /// The node's place among its neighbours.
    fn gossip(&self, draft: &Draft) -> Result<GossipPlan, Fault> {
        let neighbors = draft.neighbors.iter().flatten().map(|text| self.neighbor(text));
        Ok(GossipPlan {
            address: draft.gossip_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: draft.gossip_port.unwrap_or(0),
            neighbors: neighbors.collect::<Result<_, _>>()?,
        })
    }

    /// A neighbour: another node of the world, or `tcp://host:port`.
    fn neighbor(&self, text: &str) -> Result<Neighbor, Fault> {
        let fault = |message: String| self.fault_in("neighbors", message);
        if let Some(place) = text.strip_prefix("tcp://") {
            let port = place.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            return match port.map(|(_, port)| port.parse::<u16>()) {
                Some(Ok(_)) => Ok(Neighbor::Uri(text.to_owned())),
                _ => Err(fault(format!("neighbors: `{text}` lacks a port: tcp://HOST:PORT"))),
            };
        }
        match self.world.names.iter().position(|name| name == text) {
            Some(_) if *text == self.name.value => {
                Err(fault(format!("neighbors: `{text}` is this node itself")))
            }
            Some(number) => Ok(Neighbor::Node(number)),
            None => {
                let near = nearest(text, self.world.names.iter().map(String::as_str));
                let help = near.map_or_else(
                    || "give a node of this world, or tcp://HOST:PORT".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                Err(fault(format!("neighbors: there is no node `{text}`")).with_help(Some(help)))
            }
        }
    }

    fn apply(&self, draft: &mut Draft, setting: &Setting) -> Result<(), Fault> {
        let name = &setting.name.value;
        match draft.apply(name, &setting.value.value.0) {
            Some(Ok(())) => Ok(()),
            Some(Err(message)) => Err(self.builder.fault(&setting.value, format_args!("{name}: {message}"))),
            None => {
                let near = nearest(&options::normal(name), options::names());
                let help = near.map_or_else(
                    || format!("options are {}", options::names().collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Err(self
                    .builder
                    .fault(&setting.name, format_args!("unknown option `{name}`"))
                    .with_help(Some(help)))
            }
        }
    }

    /// The node's settings over IRI's defaults.
    fn config(&self, draft: &Draft) -> Result<Config, Fault> {
        let testnet = draft.testnet.unwrap_or(true);
        let mut config = Config::testnet(self.genesis(draft)?, self.coordinator(draft, testnet)?);
        config.dialect = self.world.dialect;
        config.testnet = testnet;
        config.mwm = draft.mwm.unwrap_or(if testnet { 9 } else { 14 });
        config.max_depth = draft.max_depth.unwrap_or(config.max_depth);
        config.alpha = draft.alpha.unwrap_or(config.alpha);
        config.max_analyzed_transactions =
            draft.max_analyzed_transactions.unwrap_or(config.max_analyzed_transactions);
        config.limits = draft.limits;
        config.local_snapshots = draft.local_snapshots();
        if let Some(LocalSnapshots { depth, .. }) =
            config.local_snapshots.filter(|it| it.depth <= config.max_depth)
        {
            let message = format!("a depth of {depth} is not above max-depth, {}", config.max_depth);
            return Err(self.fault_in("local-snapshots-depth", message));
        }
        config.remote_limit_api = draft.remote_limit_api();
        config.max_neighbors = draft.max_neighbors.unwrap_or(config.max_neighbors);
        config.auto_tethering = draft.auto_tethering;
        config.reconnect_interval =
            draft.reconnect_seconds.map_or(config.reconnect_interval, |seconds| seconds * 1_000);
        Ok(config)
    }

    /// The ledger of the snapshot file, else everything on the wallet's first address.
    fn genesis(&self, draft: &Draft) -> Result<Genesis, Fault> {
        let (index, timestamp) = (draft.milestone_start.unwrap_or(0), draft.snapshot_timestamp.unwrap_or(0));
        let genesis = match (&draft.snapshot, self.world.wallet) {
            (Some(path), _) => {
                let text = self.builder.files.read_text(path);
                let text = text.map_err(|error| {
                    self.fault_in("snapshot", unreadable(path, &error)).with_help(Some(RELATIVE.into()))
                })?;
                Genesis::parse(&text, index, timestamp)
            }
            (None, Some(wallet)) => {
                Genesis::new(BTreeMap::from([(wallet.address, wallet.balance)]), index, timestamp)
            }
            (None, None) => {
                let help = "set `snapshot` to a genesis file, or give the world a `wallet`".to_owned();
                return Err(self.missing("a genesis ledger").with_help(Some(help)));
            }
        };
        genesis.map_err(|error| self.fault_in("snapshot", error))
    }

    /// The coordinator the options name, else the world's own.
    fn coordinator(&self, draft: &Draft, testnet: bool) -> Result<CoordinatorConfig, Fault> {
        let identity = match (draft.coordinator, self.world.coordinator) {
            (Some(address), _) => named_coordinator(draft, address, testnet),
            (None, Some(own)) => Coordinator::of(&own.tree),
            (None, None) => {
                let help = "set `testnet-coordinator`, or give the world a `coordinator`".to_owned();
                return Err(self.missing("a coordinator").with_help(Some(help)));
            }
        };
        Ok(CoordinatorConfig { identity, validate: !draft.trust_any_coordinator.unwrap_or(false) })
    }

    fn missing(&self, what: &str) -> Fault {
        self.builder.fault(self.name, format_args!("node `{}` lacks {what}", self.name.value))
    }

    /// A mistake in an option's value, or at the node's name when the option is not written.
    fn fault_in(&self, option: &str, message: impl std::fmt::Display) -> Fault {
        match self.settings.iter().rev().find(|setting| options::normal(&setting.name.value) == option) {
            Some(setting) => self.builder.fault(&setting.value, message),
            None => self.builder.fault(self.name, message),
        }
    }
}

/// The coordinator of an address, with IRI's defaults for the rest.
fn named_coordinator(draft: &Draft, address: Address, testnet: bool) -> Coordinator {
    let (depth, security, mode) = if testnet {
        (22, Security::Low, SignatureMode::CurlP27)
    } else {
        (23, Security::Medium, SignatureMode::Kerl)
    };
    Coordinator {
        address,
        depth: draft.coordinator_depth.unwrap_or(depth),
        security: draft.coordinator_security.unwrap_or(security),
        mode: draft.coordinator_mode.unwrap_or(mode),
    }
}
