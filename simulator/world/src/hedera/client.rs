//! Clients: who pays whom, by way of which node.

use ed25519_dalek::SigningKey;
use tanglegram_hashgraph::EntityId;
use tanglegram_hashgraph::consensus::KeyPair;
use tanglegram_hashgraph::services::client::{Draft, Form, key};
use tanglegram_hashgraph::services::{FIRST_CLIENT, FIRST_NODE, Genesis, TransactionId};
use tanglegram_tangle::Millis;

use super::plan::Plan;
use crate::sim::Stream;

/// Tinybars that each account holds at the genesis.
const FUNDS: i64 = 1_000_000 * 100_000_000;
/// How long before a transaction is sent its validity starts, in nanoseconds: clocks differ.
const HEAD_START: i64 = 10_000_000_000;

/// What a client sends.
pub(crate) struct Order {
    pub(crate) node: usize,
    pub(crate) id: TransactionId,
    pub(crate) bytes: Vec<u8>,
    /// The same for another node, which is a duplicate.
    pub(crate) again: Option<(usize, Vec<u8>)>,
}

/// The clients of a network.
pub(crate) struct Clients {
    signers: Vec<SigningKey>,
    stream: Stream,
    gaps: Stream,
    members: usize,
    rate: f64,
    duplicates: f64,
    failing: f64,
    next: i64,
}

impl Clients {
    pub(crate) fn new(plan: &Plan, seed: u64) -> Clients {
        let signer = |number: usize| signing_key(seed, &format!("client {number}"));
        Clients {
            signers: (0..plan.accounts.max(2)).map(signer).collect(),
            stream: Stream::new(seed, "transfers"),
            gaps: Stream::new(seed, "gaps between transfers"),
            members: plan.base.nodes.len(),
            rate: plan.rate,
            duplicates: plan.duplicates,
            failing: plan.failing,
            next: 0,
        }
    }

    /// What the network starts with.
    pub(crate) fn genesis(&self, seed: u64) -> Genesis {
        let genesis = Genesis::new(self.members as u16, key(&signing_key(seed, "treasury")));
        self.signers.iter().fold(genesis, |genesis, signer| genesis.with_account(key(signer), FUNDS))
    }

    /// Milliseconds until the next transfer; `None` if there is none.
    pub(crate) fn gap(&mut self) -> Option<Millis> {
        (self.rate > 0.0).then(|| self.gaps.exponential(1000.0 / self.rate) as Millis)
    }

    /// The keys of the clients.
    pub(crate) fn signers(&self) -> &[SigningKey] {
        &self.signers
    }

    /// An id that starts at about a time in nanoseconds since 1970: every one is another, also where two start in the same
    /// millisecond.
    pub(crate) fn new_id(&mut self, payer: usize, start: i64) -> TransactionId {
        self.next += 1;
        TransactionId {
            payer: client_account(payer),
            valid_start: start.saturating_add(self.next % 1_000_000),
        }
    }

    /// The next transfer, at this time in nanoseconds since 1970.
    pub(crate) fn order(&mut self, time: i64) -> Order {
        let payer = self.stream.index(self.signers.len());
        let payee = (payer + 1 + self.stream.index(self.signers.len() - 1)) % self.signers.len();
        let small = 1 + self.stream.below(1_000_000) as i64;
        // More than all clients have together.
        let too_much = FUNDS.saturating_mul(self.signers.len() as i64 + 1);
        let amount = if self.stream.unit() < self.failing { too_much } else { small };
        let (node, other) = (self.stream.index(self.members), self.stream.index(self.members));
        let twice = self.stream.unit() < self.duplicates && other != node;
        let id = self.new_id(payer, time - HEAD_START);
        let signer = &self.signers[payer];
        let bytes = |node: usize| {
            let amounts = [(client_account(payer), -amount), (client_account(payee), amount)];
            Draft::transfer(id, member_account(node), &amounts).sign(&[signer], Form::BodyBytes)
        };
        Order { node, id, bytes: bytes(node), again: twice.then(|| (other, bytes(other))) }
    }
}

/// The account of a client, by its number from 0.
pub fn client_account(client: usize) -> EntityId {
    EntityId::new(0, 0, FIRST_CLIENT + client as i64)
}

/// The account of a member, by its number from 0.
pub fn member_account(member: usize) -> EntityId {
    EntityId::new(0, 0, FIRST_NODE + member as i64)
}

fn bytes(seed: u64, name: &str) -> [u8; 32] {
    let mut stream = Stream::new(seed, name);
    let mut bytes = [0; 32];
    bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&stream.seed().to_le_bytes()));
    bytes
}

fn signing_key(seed: u64, name: &str) -> SigningKey {
    SigningKey::from_bytes(&bytes(seed, name))
}

/// A member's key.
pub(crate) fn member_key(seed: u64, name: &str) -> KeyPair {
    KeyPair::from_seed(bytes(seed, &format!("key of {name}")))
}

/// When a transaction with this start was sent, in nanoseconds since 1970, up to a millisecond.
pub(crate) fn sent_at(valid_start: i64) -> i64 {
    valid_start + HEAD_START
}
