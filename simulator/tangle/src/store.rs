//! The tangle store: every transaction the node knows, who approves whom, and which past is complete.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexSet;
use tanglegram_ternary::{Address, Hash, Transaction};

use crate::bundle::Verdict;
use crate::idset::IdSet;
use crate::index::Indexes;
use crate::keyed::Keyed;
use crate::planted::{Bug, Planted};
use crate::progress::{Progress, Step};
use crate::snapshot::Initial;
use crate::verdicts::SharedVerdicts;

/// A transaction hash the node has met, known or merely referenced: a dense index, in order of first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TxId(u32);

impl TxId {
    /// The hash of all nines, which every genesis stands on. It is never stored.
    pub(crate) const NULL: TxId = TxId(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the node knows about one transaction hash.
#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    /// The transaction, once it has arrived.
    pub(crate) transaction: Option<Arc<Transaction>>,
    pub(crate) trunk: TxId,
    pub(crate) branch: TxId,
    /// Stored transactions whose trunk or branch this is, each once, in order of arrival.
    pub(crate) approvers: Vec<TxId>,
    /// The whole past is known.
    pub(crate) solid: bool,
    /// Index of the milestone that confirmed it; 0: unconfirmed.
    pub(crate) snapshot_index: i32,
    /// When it arrived, in seconds since 1970.
    pub(crate) arrived: u32,
    /// Of the bundle that starts here.
    pub(crate) verdict: Verdict,
}

impl Vertex {
    fn unknown() -> Vertex {
        Vertex {
            transaction: None,
            trunk: TxId::NULL,
            branch: TxId::NULL,
            approvers: Vec::new(),
            solid: false,
            snapshot_index: 0,
            arrived: 0,
            verdict: Verdict::Unchecked,
        }
    }
}

/// A stored transaction and what its arrival completed.
pub(crate) struct Stored {
    pub(crate) id: TxId,
    /// Transactions that became solid, the new one first if it is among them.
    pub(crate) solidified: Vec<TxId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Tangle {
    /// Position in this set is the [`TxId`].
    hashes: IndexSet<Hash, Keyed>,
    vertices: Vec<Vertex>,
    /// Stored transactions in order of arrival.
    arrivals: Vec<TxId>,
    /// What happened to transactions since a driver last asked, where one wants to know.
    pub(crate) progress: Option<Progress>,
    indexes: Indexes,
    verdicts: Option<SharedVerdicts>,
    /// The snapshot that the tangle stands on.
    initial: Initial,
    /// Solid entry points: hashes the snapshot vouches for, with the milestone index they belong to.
    entry_points: BTreeMap<TxId, i32>,
    pub(crate) planted: Planted,
}

impl Tangle {
    /// An empty tangle over a snapshot. The null hash always is one of its solid entry points.
    pub(crate) fn new(initial: Initial, entry_points: &BTreeMap<Hash, i32>) -> Tangle {
        let mut tangle = Tangle {
            hashes: IndexSet::default(),
            vertices: Vec::new(),
            arrivals: Vec::new(),
            progress: None,
            indexes: Indexes::default(),
            verdicts: None,
            initial,
            entry_points: BTreeMap::new(),
            planted: Planted::default(),
        };
        tangle.rebase(initial, entry_points);
        tangle
    }

    /// Stands on another snapshot from now on.
    pub(crate) fn rebase(&mut self, initial: Initial, entry_points: &BTreeMap<Hash, i32>) {
        let null = self.intern(Hash::NULL);
        self.initial = initial;
        self.entry_points = BTreeMap::from([(null, initial.index)]);
        for (&hash, &index) in entry_points {
            let id = self.intern(hash);
            self.entry_points.insert(id, index);
        }
    }

    /// The snapshot that the tangle stands on.
    pub(crate) fn initial(&self) -> &Initial {
        &self.initial
    }

    fn intern(&mut self, hash: Hash) -> TxId {
        let (index, fresh) = self.hashes.insert_full(hash);
        if fresh {
            self.vertices.push(Vertex::unknown());
        }
        // 2^32 transactions are terabytes: memory ends first.
        TxId(index as u32)
    }

    /// The id of a hash that was stored or referenced.
    pub(crate) fn id(&self, hash: &Hash) -> Option<TxId> {
        self.hashes.get_index_of(hash).map(|index| TxId(index as u32))
    }

    /// The id of a stored transaction.
    pub(crate) fn stored(&self, hash: &Hash) -> Option<TxId> {
        self.id(hash).filter(|&id| self.is_stored(id))
    }

    pub(crate) fn hash(&self, id: TxId) -> Hash {
        self.hashes[id.index()]
    }

    pub(crate) fn vertex(&self, id: TxId) -> &Vertex {
        &self.vertices[id.index()]
    }

    pub(crate) fn transaction(&self, id: TxId) -> Option<&Transaction> {
        self.vertex(id).transaction.as_deref()
    }

    pub(crate) fn is_stored(&self, id: TxId) -> bool {
        self.vertex(id).transaction.is_some()
    }

    /// A stored transaction, to be kept or passed on.
    pub(crate) fn shared(&self, id: TxId) -> Option<Arc<Transaction>> {
        self.vertex(id).transaction.clone()
    }

    /// The position in its bundle; 0 for an unknown transaction, as the real node has it.
    pub(crate) fn current_index(&self, id: TxId) -> i64 {
        self.transaction(id).map_or(0, Transaction::current_index)
    }

    /// A stored transaction that starts a bundle.
    pub(crate) fn is_tail(&self, id: TxId) -> bool {
        self.transaction(id).is_some_and(Transaction::is_tail)
    }

    pub(crate) fn is_entry_point(&self, id: TxId) -> bool {
        self.entry_points.contains_key(&id)
    }

    pub(crate) fn entry_points(&self) -> impl Iterator<Item = TxId> {
        self.entry_points.keys().copied()
    }

    pub(crate) fn entry_points_with_index(&self) -> impl Iterator<Item = (TxId, i32)> {
        self.entry_points.iter().map(|(&id, &index)| (id, index))
    }

    pub(crate) fn entry_point_hashes(&self) -> BTreeMap<Hash, i32> {
        self.entry_points_with_index().map(|(id, index)| (self.hash(id), index)).collect()
    }

    /// Whether the snapshot vouches for a transaction of this hash.
    pub(crate) fn vouches_for(&self, hash: &Hash) -> bool {
        self.id(hash).is_some_and(|id| self.is_entry_point(id))
    }

    /// Confirmed by a milestone up to `index`.
    pub(crate) fn is_confirmed_by(&self, id: TxId, index: i32) -> bool {
        (1..=index).contains(&self.vertex(id).snapshot_index)
    }

    /// Remembers the milestone that confirmed a transaction.
    pub(crate) fn set_snapshot_index(&mut self, id: TxId, index: i32) {
        self.vertices[id.index()].snapshot_index = index;
        self.note(id, Step::Confirmed(index));
    }

    fn note(&mut self, id: TxId, step: Step) {
        let hash = self.hashes[id.index()];
        if let Some(progress) = &mut self.progress {
            progress.note(hash, step);
        }
    }

    pub(crate) fn set_verdict(&mut self, tail: TxId, verdict: Verdict) {
        self.vertices[tail.index()].verdict = verdict;
    }

    /// Stored transactions in order of arrival.
    pub(crate) fn arrivals(&self) -> &[TxId] {
        &self.arrivals
    }

    /// The indexes, brought up to date.
    pub(crate) fn indexes(&mut self) -> &Indexes {
        for &id in &self.arrivals[self.indexes.covered..] {
            if let Some(transaction) = &self.vertices[id.index()].transaction {
                self.indexes.add(id, transaction);
            }
        }
        &self.indexes
    }

    /// Shares verdicts on bundles with other nodes from now on.
    pub(crate) fn share_verdicts(&mut self, verdicts: SharedVerdicts) {
        self.verdicts = Some(verdicts);
    }

    /// The shared verdict on the bundle of a tail, or `verify`'s where none are shared.
    pub(crate) fn verdict_or(&self, tail: TxId, verify: impl FnOnce() -> bool) -> bool {
        match &self.verdicts {
            Some(shared) => shared.bundle(self.hash(tail), verify),
            None => verify(),
        }
    }

    /// The shared verdict on the milestone of a tail, or `verify`'s where none are shared.
    pub(crate) fn milestone_verdict_or(
        &self,
        tail: TxId,
        coordinator: Address,
        verify: impl FnOnce() -> bool,
    ) -> bool {
        match &self.verdicts {
            Some(shared) => shared.milestone(self.hash(tail), coordinator, verify),
            None => verify(),
        }
    }

    pub(crate) fn approvers(&self, hash: &Hash) -> &[TxId] {
        self.id(hash).map_or(&[], |id| self.vertex(id).approvers.as_slice())
    }

    /// About how much memory the stored transactions take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let per_vertex = size_of::<Vertex>() + size_of::<Hash>();
        self.vertices.len() * per_vertex + self.arrivals.len() * size_of::<Transaction>()
    }

    /// Stores a transaction that arrived at a time in seconds since 1970; `None` when it is there already, or is a solid entry
    /// point, which is never stored.
    pub(crate) fn insert(&mut self, transaction: Arc<Transaction>, arrived: u32) -> Option<Stored> {
        let id = self.link(transaction, arrived)?;
        let solidified = self.solidify(id);
        if self.progress.as_ref().is_some_and(Progress::wants_all) {
            self.note(id, Step::Stored);
            solidified.iter().for_each(|&id| self.note(id, Step::Solid));
        }
        Some(Stored { id, solidified })
    }

    /// Stores a transaction that a milestone up to the snapshot's confirmed: its past is not needed.
    pub(crate) fn insert_confirmed(
        &mut self,
        transaction: Arc<Transaction>,
        arrived: u32,
        index: i32,
    ) -> Option<TxId> {
        let hash = self.intern(transaction.hash());
        let entry_point = self.entry_points.remove(&hash);
        let id = self.link(transaction, arrived);
        entry_point.map(|index| self.entry_points.insert(hash, index));
        let vertex = &mut self.vertices[id?.index()];
        (vertex.snapshot_index, vertex.solid) = (index, true);
        id
    }

    fn link(&mut self, transaction: Arc<Transaction>, arrived: u32) -> Option<TxId> {
        let id = self.intern(transaction.hash());
        if self.is_entry_point(id) || self.is_stored(id) {
            return None;
        }
        let trunk = self.intern(transaction.trunk());
        let branch = self.intern(transaction.branch());
        self.vertices[trunk.index()].approvers.push(id);
        if branch != trunk {
            self.vertices[branch.index()].approvers.push(id);
        }
        self.arrivals.push(id);
        let vertex = &mut self.vertices[id.index()];
        (vertex.trunk, vertex.branch, vertex.transaction) = (trunk, branch, Some(transaction));
        vertex.arrived = arrived;
        Some(id)
    }

    /// Forgets these transactions. Returns the new id of every old one, `None` for those that are gone.
    pub(crate) fn without(&mut self, forgotten: &IdSet) -> Vec<Option<TxId>> {
        let mut rest = Tangle::new(self.initial, &self.entry_point_hashes());
        (rest.verdicts, rest.progress) = (self.verdicts.clone(), self.progress.take());
        let mut renumbered = vec![None; self.vertices.len()];
        for &old in self.arrivals.iter().filter(|&&id| !forgotten.contains(id)) {
            let vertex = self.vertex(old);
            let Some(transaction) = vertex.transaction.clone() else { continue };
            let id = rest.insert_confirmed(transaction, vertex.arrived, vertex.snapshot_index);
            if let Some(new) = id.map(TxId::index) {
                (rest.vertices[new].solid, rest.vertices[new].verdict) = (vertex.solid, vertex.verdict);
            }
            renumbered[old.index()] = id;
        }
        *self = rest;
        renumbered
    }

    /// Marks `start` solid if its parents are, and whatever that makes solid in turn.
    fn solidify(&mut self, start: TxId) -> Vec<TxId> {
        let mut solidified = Vec::new();
        let mut candidates = vec![start];
        while let Some(id) = candidates.pop() {
            if self.can_be_solid(id) {
                self.vertices[id.index()].solid = true;
                solidified.push(id);
                candidates.extend(&self.vertices[id.index()].approvers);
            }
        }
        solidified
    }

    fn can_be_solid(&self, id: TxId) -> bool {
        let vertex = self.vertex(id);
        let reaches_down = |parent| {
            let skipped = self.planted.has(Bug::TrunkIsEnough) && parent != vertex.trunk;
            skipped || self.is_entry_point(parent) || self.vertex(parent).solid
        };
        !vertex.solid
            && vertex.transaction.is_some()
            && reaches_down(vertex.trunk)
            && reaches_down(vertex.branch)
    }

    /// The tails that the bundle starting at `tail` stands on: the nearest ones along trunk and branch.
    pub(crate) fn approved_tails(&self, tail: TxId) -> Vec<TxId> {
        let mut tails = IdSet::default();
        let mut passed = IdSet::default();
        let mut ahead = vec![self.vertex(tail).branch, self.vertex(tail).trunk];
        while let Some(id) = ahead.pop() {
            if !self.is_stored(id) {
                continue;
            }
            if self.is_tail(id) {
                tails.insert(id);
            } else if passed.insert(id) {
                ahead.extend([self.vertex(id).branch, self.vertex(id).trunk]);
            }
        }
        tails.iter().collect()
    }

    /// The tail of the bundle that a stored transaction belongs to, found upwards through its approvers.
    pub(crate) fn tail_of(&self, id: TxId) -> Option<TxId> {
        let bundle = self.transaction(id)?.bundle();
        let mut member = id;
        while let index @ 1.. = self.current_index(member) {
            member = self.vertex(member).approvers.iter().copied().find(|&approver| {
                self.transaction(approver)
                    .is_some_and(|tx| tx.current_index() == index - 1 && tx.bundle() == bundle)
            })?;
        }
        (self.current_index(member) == 0).then_some(member)
    }
}
