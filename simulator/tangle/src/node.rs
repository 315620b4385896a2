//! The node: its state, and the way of every input through it.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tanglegram_ternary::{Address, Hash, Tag, Transaction};

use crate::api::{self, AttachQueue};
use crate::config::Config;
use crate::gossip::{Message, Network, PeerId, Requests};
use crate::idset::IdSet;
use crate::ledger::Ledger;
use crate::milestone::Milestones;
use crate::persist::Record;
use crate::planted::Bug;
use crate::snapshot::{self, Initial, Snapshot};
use crate::spent::SpentAddresses;
use crate::store::{Tangle, TxId};
use crate::tips::Tips;
use crate::verdicts::SharedVerdicts;
use crate::walk::{self, Ground, WalkError, WalkValidator};

/// Milliseconds since 1970, as the driver's clock (real or virtual) says.
pub type Millis = u64;
/// Names an API request; chosen by the driver, given back with the reply.
pub type RequestId = u64;
/// Names a piece of proof of work; chosen by the node.
pub type JobId = u64;

/// How many milestones back the walk for a milestone's trunk starts: what was attached meanwhile can be confirmed.
const MILESTONE_DEPTH: i32 = 3;
/// How many tails are tried as a parent of a milestone.
const MAX_PARENTS_TRIED: usize = 1_000;

/// Something that happens to a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// An API request whose body was read.
    Api {
        /// Comes back with the reply.
        id: RequestId,
        /// What was asked.
        request: ApiRequest,
    },
    /// The answer to [`Output::Mine`].
    Mined {
        /// The work that ended.
        job: JobId,
        /// The nonce found (27 trytes); `None`: the work was interrupted.
        nonce: Option<Tag>,
    },
    /// A connection to a neighbour is open.
    Connected {
        /// Names the connection from now on.
        peer: PeerId,
        /// The other side's address.
        ip: IpAddr,
        /// Host and port of the [`Output::Connect`] this answers; `None`: the other side dialled.
        dialled: Option<(String, u16)>,
    },
    /// A name was looked up on the way to connecting.
    Resolved {
        /// The host of an [`Output::Connect`].
        host: String,
        /// Its address.
        ip: IpAddr,
    },
    /// A neighbour's message.
    Received {
        /// The connection it came on.
        peer: PeerId,
        /// What it says.
        message: Message,
    },
    /// A connection is gone, whoever closed it.
    Disconnected {
        /// The connection.
        peer: PeerId,
    },
    /// A message was not sent because too many were waiting.
    Dropped {
        /// The connection.
        peer: PeerId,
    },
    /// The time of [`Node::next_timeout`] has come.
    Tick,
    /// Nobody waits for the reply to a request any more: work for it is to stop.
    Abandoned {
        /// The request.
        id: RequestId,
    },
    /// Transactions of the node's own, with their proof of work: stored if valid, without a reply.
    Store {
        /// In any order.
        transactions: Vec<Arc<Transaction>>,
    },
}

/// An API request as it arrived, whatever carried it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The body; bytes that are no UTF-8 already replaced by U+FFFD.
    pub body: String,
    /// The header `X-IOTA-API-Version` is present, with any value.
    pub versioned: bool,
    /// The client may call the commands of `remote-limit-api`: it is on loopback or a trusted host.
    pub trusted: bool,
}

/// Something a node wants done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// The reply to an API request.
    Reply {
        /// The request's id.
        id: RequestId,
        /// What to answer.
        reply: Reply,
    },
    /// Do proof of work, away from whatever must stay responsive; answer with [`Input::Mined`].
    Mine {
        /// Comes back with the answer.
        job: JobId,
        /// The transaction, complete but for the last 81 trits, the nonce.
        trits: Box<[i8; 8019]>,
        /// How many trailing zero trits its hash shall have.
        mwm: u8,
    },
    /// Dial a neighbour; answer with [`Input::Connected`] or not at all.
    Connect {
        /// Name or address.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// Send a message to a neighbour.
    Send {
        /// The connection.
        peer: PeerId,
        /// What to say.
        message: Message,
    },
    /// Close a connection.
    Disconnect {
        /// The connection.
        peer: PeerId,
    },
    /// Stop that work; it still is to be answered, without a nonce.
    Interrupt {
        /// The work to stop.
        job: JobId,
    },
}

/// HTTP status of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Status {
    /// 200
    Ok = 200,
    /// 400: `error` says what was wrong with the request.
    BadRequest = 400,
    /// 401: the command is not for this client.
    Unauthorized = 401,
    /// 500: `exception` says what failed; absent for a null pointer.
    Exception = 500,
}

/// The reply to an API request: always a JSON object with a `duration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: Status,
    /// JSON text.
    pub body: String,
}

impl Reply {
    /// A failure of the node itself, as opposed to one of the request: status 500.
    pub fn exception(text: &str) -> Reply {
        api::exception(text)
    }
}

/// One node: see the [crate] documentation.
#[derive(Clone)]
pub struct Node {
    pub(crate) config: Config,
    pub(crate) tangle: Tangle,
    pub(crate) ledger: Ledger,
    pub(crate) milestones: Milestones,
    pub(crate) spent: SpentAddresses,
    pub(crate) tips: Tips,
    pub(crate) requests: Requests,
    pub(crate) network: Network,
    pub(crate) attaching: AttachQueue,
    pub(crate) watch: snapshot::Watch,
    /// What is to be kept and was not yet written.
    pub(crate) journal: Option<Vec<Record>>,
    walk_rng: ChaCha8Rng,
    pub(crate) gossip_rng: ChaCha8Rng,
}

impl Node {
    /// A node at its genesis. `seed` starts the stream of its random walks.
    pub fn new(config: Config, seed: u64) -> Node {
        let genesis = Snapshot::of_genesis(&config.genesis);
        Node::from_snapshot(config, seed, &genesis)
    }

    /// A node that knows nothing but a snapshot. It asks its neighbours for the milestones the snapshot names.
    pub fn from_snapshot(config: Config, seed: u64, snapshot: &Snapshot) -> Node {
        let Snapshot { hash, index, timestamp, .. } = *snapshot;
        let initial = Initial { hash, index, timestamp };
        let mut tangle = Tangle::new(initial, &snapshot.solid_entry_points);
        let mut ledger = Ledger::new(snapshot);
        (tangle.planted, ledger.planted) = (config.planted, config.planted);
        let seed = config.planted.seed(seed);
        Node {
            tangle,
            ledger,
            milestones: Milestones::new(&initial),
            spent: SpentAddresses::default(),
            tips: Tips::default(),
            requests: Requests::of(snapshot),
            network: Network::default(),
            attaching: AttachQueue::default(),
            watch: snapshot::Watch::default(),
            journal: None,
            walk_rng: stream(seed, 0),
            gossip_rng: stream(seed, 1),
            config,
        }
    }

    /// Shares verdicts on bundles with other nodes: see [`SharedVerdicts`].
    pub fn share_verdicts(&mut self, verdicts: SharedVerdicts) {
        self.tangle.share_verdicts(verdicts);
    }

    /// Builds a mistake into the node's API.
    #[cfg(feature = "mutants")]
    pub fn mutate(&mut self, mutant: crate::mutant::Mutant) {
        self.config.mutation = crate::mutant::Mutation::only(mutant);
    }

    /// What the node was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Takes an input in; what the node wants done in consequence is appended to `out`.
    pub fn handle(&mut self, now: Millis, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Api { id, request } => api::handle(self, now, id, &request, out),
            Input::Mined { job, nonce } => api::mined(self, now, job, nonce, out),
            Input::Abandoned { id } => self.attaching.abandon(id, out),
            Input::Connected { peer, ip, dialled } => {
                self.network.connected(&self.config, now, peer, (ip, dialled), out);
            }
            Input::Resolved { host, ip } => self.network.wanted.resolved(&host, ip),
            Input::Received { peer, message } => self.receive(now, peer, message, out),
            Input::Disconnected { peer } => {
                let draw = self.gossip_rng.next_u64();
                self.network.disconnected(&self.config, now, peer, draw);
                if self.config.planted.has(Bug::QueueDropped) {
                    self.requests = Requests::default();
                }
            }
            Input::Dropped { peer } => self.network.count(peer, |metrics| metrics.dropped += 1),
            Input::Tick => {
                self.tick(now, out);
                self.look_after_snapshots(now);
            }
            Input::Store { transactions } => {
                for transaction in transactions {
                    self.admit(now, transaction, out);
                }
            }
        }
    }

    /// The index of the latest milestone whose past is complete and confirmed; the genesis' before the first.
    pub fn solid_milestone_index(&self) -> i32 {
        self.ledger.index
    }

    /// The hash of the latest solid milestone; the null hash before the first.
    pub fn solid_milestone(&self) -> Hash {
        self.ledger.milestone
    }

    /// The index of the latest milestone known.
    pub fn latest_milestone_index(&self) -> i32 {
        self.milestones.latest.0
    }

    /// Balances above zero, as of the latest solid milestone.
    pub fn balances(&self) -> &BTreeMap<Address, i64> {
        self.ledger.balances()
    }

    /// Every transaction stored, in order of arrival.
    pub fn transactions(&self) -> impl ExactSizeIterator<Item = Arc<Transaction>> {
        self.tangle.arrivals().iter().filter_map(|&id| self.tangle.shared(id)).collect::<Vec<_>>().into_iter()
    }

    /// A stored transaction.
    pub fn transaction(&self, hash: &Hash) -> Option<Arc<Transaction>> {
        self.tangle.shared(self.tangle.stored(hash)?)
    }

    /// Whether the snapshot that the node stands on vouches for this hash.
    pub fn is_entry_point(&self, hash: &Hash) -> bool {
        self.tangle.id(hash).is_some_and(|id| self.tangle.is_entry_point(id))
    }

    /// How many transactions are stored.
    pub fn transaction_count(&self) -> usize {
        self.tangle.arrivals().len()
    }

    /// Trunk and branch for a new bundle, as getTransactionsToApprove selects them; `None` where it would refuse.
    pub fn tips_to_approve(&mut self, depth: i32) -> Option<(Hash, Hash)> {
        let (trunk, branch) = self.is_synchronized().then(|| self.select_tips(depth, None))?.ok()?;
        Some((self.tangle.hash(trunk), self.tangle.hash(branch)))
    }

    /// The milestone that confirmed a transaction; `None` for unconfirmed and unknown ones.
    pub fn confirmed_by(&self, hash: &Hash) -> Option<i32> {
        let id = self.tangle.stored(hash)?;
        Some(self.tangle.vertex(id).snapshot_index).filter(|&index| index != 0)
    }

    /// The tail of the milestone with this index, if it is stored.
    pub fn milestone(&self, index: i32) -> Option<Hash> {
        self.milestones.at(index).map(|id| self.tangle.hash(id))
    }

    /// Trunk and branch for the coordinator's next milestone: tips consistent with the ledger, the branch on top of the
    /// latest milestone; that milestone itself, or the null hash, where there are none.
    pub fn milestone_parents(&mut self) -> (Hash, Hash) {
        let latest = self.milestones.latest.1;
        let reference = self.tangle.stored(&latest);
        match self.is_synchronized().then(|| self.select_tips(MILESTONE_DEPTH, Some(reference))) {
            Some(Ok((trunk, branch))) => (self.tangle.hash(trunk), self.tangle.hash(branch)),
            _ => (latest, latest),
        }
    }

    /// What the next milestone of a small net is to stand on: the latest milestone, or the null hash, and at most so many other
    /// tips, the oldest that are consistent with the ledger and with each other.
    ///
    /// A random walk leaves a transaction behind for good once a few milestones went past it. Here everything valid is
    /// confirmed soon, as whoever develops against a net of their own expects.
    pub fn oldest_tips(&mut self, most: usize) -> (Hash, Vec<Hash>) {
        let latest = self.milestones.latest.1;
        let milestone = self.tangle.stored(&latest);
        let tips = milestone.map(|milestone| self.oldest_tips_beside(milestone, most)).unwrap_or_default();
        (latest, tips.into_iter().map(|tip| self.tangle.hash(tip)).collect())
    }

    /// The oldest tips that may be approved together with a milestone and each other, and are not that milestone. Below a tip
    /// that may not, such as one that spends what its own past spends, the nearest unconfirmed tail that may.
    fn oldest_tips_beside(&mut self, milestone: TxId, most: usize) -> Vec<TxId> {
        let mut ahead: VecDeque<TxId> = self.tips.iter().filter(|&tip| tip != milestone).collect();
        let mut validator = WalkValidator::default();
        let (mut ground, _) = self.ground();
        let (mut accepted, mut seen) = (Vec::new(), IdSet::default());
        if !validator.accepts(&mut ground, milestone) {
            return accepted;
        }
        while let Some(tail) = ahead.pop_front().filter(|_| accepted.len() < most) {
            if !seen.insert(tail) || seen.len() > MAX_PARENTS_TRIED {
                continue;
            }
            if validator.accepts(&mut ground, tail) {
                accepted.push(tail);
                continue;
            }
            let below = ground.tangle.approved_tails(tail).into_iter();
            ahead.extend(below.filter(|&id| ground.tangle.vertex(id).snapshot_index == 0));
        }
        accepted
    }

    /// Whether the node has confirmed anything and is at most one milestone behind; unsynchronised nodes refuse to judge.
    pub(crate) fn is_synchronized(&self) -> bool {
        self.ledger.index != self.tangle.initial().index && self.ledger.index >= self.milestones.latest.0 - 1
    }

    /// When the node wants [`Input::Tick`]; `None`: not until something else happens.
    pub fn next_timeout(&self) -> Option<Millis> {
        self.network.next_timeout().into_iter().chain(self.watch.next_timeout()).min()
    }

    /// Stores a transaction if it is valid on its own, and tells the neighbours.
    pub(crate) fn admit(&mut self, now: Millis, transaction: Arc<Transaction>, out: &mut Vec<Output>) {
        if self.check(now, &transaction).is_ok() {
            self.store_and_ask_on(now, transaction.clone());
            if !self.config.planted.has(Bug::NoBroadcast) {
                self.broadcast(&transaction, None, out);
            }
        }
    }

    /// Stores a valid transaction and draws every consequence: tips, solidity, milestones, confirmation.
    pub(crate) fn store(&mut self, now: Millis, transaction: Arc<Transaction>) {
        let arrived = u32::try_from(now / 1_000).unwrap_or(u32::MAX);
        let kept = self.journal.as_ref().map(|_| transaction.clone());
        let Some(stored) = self.tangle.insert(transaction, arrived) else { return };
        if let Some(transaction) = kept {
            self.journal(|| Record::Stored { transaction, arrived });
        }
        self.requests.fulfil(&self.tangle.hash(stored.id));
        let vertex = self.tangle.vertex(stored.id);
        let (trunk, branch) = (vertex.trunk, vertex.branch);
        if vertex.approvers.is_empty() && !self.config.planted.has(Bug::NoTips) {
            self.tips.add(stored.id);
        }
        if !self.config.planted.has(Bug::TipsStay) {
            self.tips.remove(trunk);
            self.tips.remove(branch);
        }
        for id in stored.solidified {
            self.tips.set_solid(id);
        }
        self.milestones.observe(&mut self.tangle, &self.config, stored.id);
        if self.apply_milestones() && self.config.local_snapshots.is_some() {
            self.watch.schedule(now);
        }
        let is_behind = self.ledger.index != self.milestones.latest.0;
        if !is_behind {
            self.network.recently_requested.clear();
        }
        if (is_behind || self.milestones.has_candidates(&self.tangle)) && self.network.ready_count() > 0 {
            self.network.schedule_solidify(now);
        }
    }

    /// Applies every milestone that is next in order and solid; the result tells whether there was one.
    fn apply_milestones(&mut self) -> bool {
        let before = self.ledger.index;
        loop {
            let index = self.ledger.index + 1;
            let early = self.config.planted.has(Bug::UnsolidMilestone);
            let next = self.milestones.at(index).filter(|&id| early || self.tangle.vertex(id).solid);
            let applied = next
                .is_some_and(|id| self.ledger.apply_milestone(&mut self.tangle, &mut self.spent, id, index));
            if !applied {
                return self.ledger.index != before;
            }
        }
    }

    /// Where a walk takes place, and the stream it draws from.
    pub(crate) fn ground(&mut self) -> (Ground<'_>, &mut ChaCha8Rng) {
        let ground = Ground {
            config: &self.config,
            ledger: &self.ledger,
            milestones: &self.milestones,
            tangle: &mut self.tangle,
            spent: &mut self.spent,
        };
        (ground, &mut self.walk_rng)
    }

    /// Selects a trunk and a branch to approve; see [`walk::select_tips`].
    pub(crate) fn select_tips(
        &mut self,
        depth: i32,
        reference: Option<Option<TxId>>,
    ) -> Result<(TxId, TxId), WalkError> {
        let (mut ground, rng) = self.ground();
        walk::select_tips(&mut ground, rng, depth, reference)
    }
}

/// One of the node's named random streams: 0 its walks, 1 its gossip.
fn stream(seed: u64, name: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(name);
    rng
}
