//! Events: what members tell each other (§3, Figure 2).

use std::fmt;
use std::sync::{Arc, OnceLock};

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha384};

use super::codec;
use super::roster::Roster;
use crate::hex;

/// The SHA-384 of an event's bytes, signature included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventHash(pub [u8; 48]);

impl fmt::Debug for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..8]))
    }
}

/// Bytes for the application.
pub type Transaction = Arc<[u8]>;

/// What an event says of one of its parents. All of it is signed, so that it holds also where the parent is too old to be
/// kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The member that created it.
    pub creator: u16,
    /// How many events that member had created then, this one included.
    pub sequence: u64,
    /// The length of the longest way from it to an event without parents, that one included.
    pub generation: u64,
    /// Its hash.
    pub hash: EventHash,
}

/// A member's private key.
pub struct KeyPair(SigningKey);

impl KeyPair {
    /// The pair with this private key.
    pub fn from_seed(seed: [u8; 32]) -> KeyPair {
        KeyPair(SigningKey::from_bytes(&seed))
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// A signature of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// One event: a member's word that it knew these two events, and all before them, when it brought these transactions.
#[derive(Debug)]
pub struct Event {
    pub(super) creator: u16,
    pub(super) self_parent: Option<Parent>,
    pub(super) other_parent: Option<Parent>,
    pub(super) timestamp: i64,
    pub(super) transactions: Vec<Transaction>,
    pub(super) signature: [u8; 64],
    pub(super) digest: [u8; 48],
    pub(super) hash: EventHash,
    /// Whether the signature is by the member with this key, once somebody looked.
    verdict: OnceLock<([u8; 32], bool)>,
}

impl PartialEq for Event {
    fn eq(&self, other: &Event) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Event {}

impl Event {
    /// A new event of the member `creator`, signed: `timestamp` in nanoseconds since 1970. Events of honest members have a
    /// self-parent but for the first, and an other-parent but for the first.
    pub fn create(
        key: &KeyPair,
        creator: u16,
        self_parent: Option<Parent>,
        other_parent: Option<Parent>,
        timestamp: i64,
        transactions: Vec<Transaction>,
    ) -> Event {
        let mut event = Event::unsigned(creator, self_parent, other_parent, timestamp, transactions);
        let hasher = event.hasher();
        event.digest = hasher.clone().finalize().into();
        event.signature = key.sign(&event.digest);
        event.hash = EventHash(hasher.chain_update(event.signature).finalize().into());
        event
    }

    /// An event with a signature that was made elsewhere; whether it is right is not looked at.
    pub fn from_parts(
        creator: u16,
        self_parent: Option<Parent>,
        other_parent: Option<Parent>,
        timestamp: i64,
        transactions: Vec<Transaction>,
        signature: [u8; 64],
    ) -> Event {
        Event::unsigned(creator, self_parent, other_parent, timestamp, transactions).signed(signature)
    }

    fn unsigned(
        creator: u16,
        self_parent: Option<Parent>,
        other_parent: Option<Parent>,
        timestamp: i64,
        transactions: Vec<Transaction>,
    ) -> Event {
        Event {
            creator,
            self_parent,
            other_parent,
            timestamp,
            transactions,
            signature: [0; 64],
            digest: [0; 48],
            hash: EventHash([0; 48]),
            verdict: OnceLock::new(),
        }
    }

    fn signed(mut self, signature: [u8; 64]) -> Event {
        let hasher = self.hasher();
        self.digest = hasher.clone().finalize().into();
        self.signature = signature;
        self.hash = EventHash(hasher.chain_update(signature).finalize().into());
        self
    }

    fn hasher(&self) -> Sha384 {
        let mut hasher = Sha384::new();
        codec::body(self, &mut |bytes: &[u8]| hasher.update(bytes));
        hasher
    }

    /// Whether the creator signed it. Who asks again, on whatever thread, gets the answer of the first.
    pub fn is_signed(&self, roster: &Roster) -> bool {
        let Some(key) = roster.key(self.creator) else { return false };
        let verify = || roster.verify(self.creator, &self.digest, &self.signature);
        let &(known, verdict) = self.verdict.get_or_init(|| (*key, verify()));
        if known == *key { verdict } else { verify() }
    }

    /// The member that created it.
    pub fn creator(&self) -> u16 {
        self.creator
    }

    /// The creator's event before it.
    pub fn self_parent(&self) -> Option<&Parent> {
        self.self_parent.as_ref()
    }

    /// The last event of another member that the creator had just learned of.
    pub fn other_parent(&self) -> Option<&Parent> {
        self.other_parent.as_ref()
    }

    /// When it was created, in nanoseconds since 1970 by the creator's clock, or so it says.
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// What it brings.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// The creator's signature of the SHA-384 of everything before it.
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Its hash, by which its children name it.
    pub fn hash(&self) -> EventHash {
        self.hash
    }

    /// How many events its creator had created when it was, itself included.
    pub fn sequence(&self) -> u64 {
        self.self_parent.map_or(1, |parent| parent.sequence.saturating_add(1))
    }

    /// The length of the longest way from it to an event without parents, that one included.
    pub fn generation(&self) -> u64 {
        let parents = [self.self_parent, self.other_parent];
        parents.iter().flatten().map(|parent| parent.generation).max().unwrap_or(0).saturating_add(1)
    }

    /// What its children say of it.
    pub fn as_parent(&self) -> Parent {
        Parent {
            creator: self.creator,
            sequence: self.sequence(),
            generation: self.generation(),
            hash: self.hash,
        }
    }
}
