//! What a node is started with: genesis, coordinator, rules and limits.

use std::collections::{BTreeMap, BTreeSet};

use tanglegram_ternary::milestone::Coordinator;
use tanglegram_ternary::{Address, Hash};

use crate::mutant::Mutation;
use crate::node::Millis;
use crate::planted::Planted;
use crate::{Dialect, SUPPLY};

/// The settings of one node, under the names and with the defaults of IRI's options.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Which version's answers the node gives.
    pub dialect: Dialect,
    /// `testnet`: shown by the API; on a mainnet the minimum weight is at least 13.
    pub testnet: bool,
    /// The ledger the node starts from.
    pub genesis: Genesis,
    /// Who signs the milestones.
    pub coordinator: CoordinatorConfig,
    /// `mwm`: how many trailing zero trits a transaction hash needs.
    pub mwm: u8,
    /// `max-depth`: the largest `depth` of getTransactionsToApprove, and how far below the solid milestone a tip may reach.
    pub max_depth: i32,
    /// `alpha`: how strongly the random walk prefers heavy transactions; 0 not at all.
    pub alpha: f64,
    /// `max-analyzed-transactions`: a tip whose unconfirmed past is larger counts as below max depth.
    pub max_analyzed_transactions: usize,
    /// The limits of API requests.
    pub limits: ApiLimits,
    /// `remote-limit-api`: commands that only trusted hosts may call.
    pub remote_limit_api: BTreeSet<String>,
    /// `max-neighbors`: how many neighbours may be connected.
    pub max_neighbors: usize,
    /// `auto-tethering`: neighbours may connect that this node was not told of.
    pub auto_tethering: bool,
    /// `neighboring-socket-port`: where this node listens for neighbours, as its handshake tells.
    pub gossip_port: u16,
    /// `local-snapshots-enabled`: when the node takes local snapshots; `None`: never.
    pub local_snapshots: Option<LocalSnapshots>,
    /// `reconnect-attempt-interval-seconds`, in milliseconds: how often neighbours that are not connected are dialled.
    pub reconnect_interval: Millis,
    /// What getNodeInfo tells of the machine.
    pub host: Host,
    /// What is wrong with the node on purpose: nothing, but in tests.
    pub planted: Planted,
    /// What is wrong with its API on purpose: nothing, but in tests.
    pub mutation: Mutation,
}

impl Config {
    /// A node on a private network: IRI's testnet defaults around a genesis and a coordinator.
    pub fn testnet(genesis: Genesis, coordinator: CoordinatorConfig) -> Config {
        Config {
            dialect: Dialect::default(),
            testnet: true,
            genesis,
            coordinator,
            mwm: 9,
            max_depth: 15,
            alpha: 0.0,
            max_analyzed_transactions: 20_000,
            limits: ApiLimits::default(),
            remote_limit_api: Config::default_remote_limit_api(),
            max_neighbors: 5,
            auto_tethering: false,
            gossip_port: 15_600,
            local_snapshots: None,
            reconnect_interval: 60_000,
            host: Host::default(),
            planted: Planted::default(),
            mutation: Mutation::default(),
        }
    }

    /// The commands IRI keeps from other machines when nothing is configured.
    pub fn default_remote_limit_api() -> BTreeSet<String> {
        ["addNeighbors", "getNeighbors", "removeNeighbors", "attachToTangle", "interruptAttachingToTangle"]
            .map(String::from)
            .into()
    }

    /// The weight a transaction hash needs here: on a mainnet never below 13.
    pub fn required_weight(&self) -> u32 {
        let floor = if self.testnet { 0 } else { 13 };
        u32::from(self.mwm).max(floor)
    }
}

/// `max-find-transactions`, `max-requests-list`, `max-get-trytes`, `max-body-length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// The most hashes findTransactions answers with.
    pub max_find_transactions: usize,
    /// The most elements of any list parameter.
    pub max_requests_list: usize,
    /// The most transactions getTrytes answers with.
    pub max_get_trytes: usize,
    /// The most characters (UTF-16 code units) of a request body.
    pub max_body_length: usize,
}

impl Default for ApiLimits {
    fn default() -> Self {
        ApiLimits {
            max_find_transactions: 100_000,
            max_requests_list: 1_000,
            max_get_trytes: 10_000,
            max_body_length: 1_000_000,
        }
    }
}

/// `local-snapshots-depth`, `-interval-synced`, `-interval-unsynced`, `-pruning-enabled`, `-pruning-delay`: all in milestones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalSnapshots {
    /// How far below the latest solid milestone a snapshot is taken. At least [`Config::max_depth`], or tips that are fine
    /// above the snapshot would stand below what is known.
    pub depth: i32,
    /// How many milestones beyond `depth` the last snapshot may lie back while the node is synchronised.
    pub interval_synced: i32,
    /// The same while it is not.
    pub interval_unsynced: i32,
    /// What milestones confirmed so far below the snapshot is forgotten; `None`: nothing ever.
    pub pruning_delay: Option<i32>,
}

impl Default for LocalSnapshots {
    fn default() -> Self {
        LocalSnapshots { depth: 100, interval_synced: 10, interval_unsynced: 1_000, pruning_delay: None }
    }
}

/// `local-snapshots-pruning-delay` where pruning is on and nothing else is said.
pub const DEFAULT_PRUNING_DELAY: i32 = 40_000;

/// What getNodeInfo shows of the machine the node runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Processors available.
    pub processors: usize,
    /// Bytes of memory the node may use.
    pub memory: u64,
}

impl Default for Host {
    fn default() -> Self {
        Host { processors: 1, memory: 512 << 20 }
    }
}

/// The coordinator whose milestones a node believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinatorConfig {
    /// Its address, the root of its key tree (`testnet-coordinator`), the depth of that tree (`milestone-keys`), and the
    /// security level and sponge of its signatures (`testnet-coordinator-security-level`, `-signature-mode`).
    pub identity: Coordinator,
    /// Whether signatures are compared at all (off with `testnet-no-coo-validation`).
    pub validate: bool,
}

/// A ledger to start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Iotas per address; their sum is [`SUPPLY`].
    pub balances: BTreeMap<Address, i64>,
    /// `milestone-start`: the index this ledger stands for.
    pub index: i32,
    /// `snapshot-timestamp`: seconds since 1970; older transactions are refused.
    pub timestamp: i64,
}

/// What is wrong with a genesis ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// A line is not `ADDRESS;BALANCE`.
    #[error("line {line}: expected 81 trytes, a semicolon and a balance, found `{found}`")]
    Malformed {
        /// Line number, from 1.
        line: usize,
        /// The beginning of the line.
        found: String,
    },
    /// An address is listed twice.
    #[error("line {line}: address {address} is listed twice")]
    Duplicate {
        /// Line number, from 1.
        line: usize,
        /// The address.
        address: Address,
    },
    /// The balances do not add up to the supply.
    #[error("the balances add up to {sum}, not to the supply of {SUPPLY}")]
    Supply {
        /// Their sum.
        sum: i128,
    },
}

impl Genesis {
    /// Reads a genesis ledger: lines `ADDRESS;BALANCE`, none negative, summing to [`SUPPLY`]; blank lines are skipped.
    pub fn parse(text: &str, index: i32, timestamp: i64) -> Result<Genesis, GenesisError> {
        Ok(Genesis { balances: parse_balances(text)?, index, timestamp })
    }

    /// A genesis ledger of these balances; their sum must be [`SUPPLY`].
    pub fn new(
        balances: BTreeMap<Address, i64>,
        index: i32,
        timestamp: i64,
    ) -> Result<Genesis, GenesisError> {
        check_supply(&balances)?;
        Ok(Genesis { balances, index, timestamp })
    }
}

/// Reads lines `ADDRESS;BALANCE`, none negative, summing to [`SUPPLY`]; blank lines are skipped.
pub(crate) fn parse_balances(text: &str) -> Result<BTreeMap<Address, i64>, GenesisError> {
    let mut balances = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (address, balance) = parse_line(line.trim()).ok_or_else(|| GenesisError::Malformed {
            line: number + 1,
            found: line.chars().take(40).collect(),
        })?;
        if balances.insert(address, balance).is_some() {
            return Err(GenesisError::Duplicate { line: number + 1, address });
        }
    }
    check_supply(&balances)?;
    Ok(balances)
}

fn check_supply(balances: &BTreeMap<Address, i64>) -> Result<(), GenesisError> {
    let sum = balances.values().map(|&balance| i128::from(balance)).sum();
    if sum == i128::from(SUPPLY) { Ok(()) } else { Err(GenesisError::Supply { sum }) }
}

fn parse_line(line: &str) -> Option<(Address, i64)> {
    let (address, balance) = line.split_once(';')?;
    let balance = balance.parse().ok().filter(|&balance: &i64| balance >= 0)?;
    Some((Hash::from_trytes(address).ok()?, balance))
}
