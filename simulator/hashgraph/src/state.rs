//! Signed states: from where somebody who comes late, or back, can go on (SWIRLDS-TR-2016-01, §7, signed state).

use sha2::{Digest, Sha384};

use crate::consensus::{KeyPair, Roster, Window};

/// What the members agree on after a round.
#[derive(Clone, Debug)]
pub struct State {
    /// The graph.
    pub window: Window,
    /// The consensus timestamp of the last transaction, in nanoseconds since 1970.
    pub last_consensus: i64,
    /// How many events have their place in the order.
    pub placed: u64,
    /// How many transactions were handled.
    pub handled: u64,
    /// What the application holds.
    pub application: Vec<u8>,
}

impl State {
    /// What members sign: the SHA-384 over all of it.
    pub fn digest(&self) -> [u8; 48] {
        let mut hasher = Sha384::new();
        hasher.update(self.window.digest());
        hasher.update(self.last_consensus.to_be_bytes());
        hasher.update(self.placed.to_be_bytes());
        hasher.update(self.handled.to_be_bytes());
        hasher.update(Sha384::digest(&self.application));
        hasher.finalize().into()
    }
}

/// A member's signature of a state's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The member.
    pub member: u16,
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}

/// A state with the signatures of members.
#[derive(Clone, Debug)]
pub struct SignedState {
    /// The state.
    pub state: State,
    /// Its digest.
    pub digest: [u8; 48],
    /// The signatures, by member.
    pub signatures: Vec<Signature>,
}

impl SignedState {
    /// A state that one member signs.
    pub fn new(state: State, member: u16, key: &KeyPair) -> SignedState {
        let digest = state.digest();
        let signatures = vec![Signature { member, signature: key.sign(&digest) }];
        SignedState { state, digest, signatures }
    }

    /// A state with signatures from elsewhere.
    pub fn from_parts(state: State, signatures: Vec<Signature>) -> SignedState {
        SignedState { digest: state.digest(), state, signatures }
    }

    /// Adds signatures that are right and were not there.
    pub fn add(&mut self, roster: &Roster, signatures: &[Signature]) {
        for signature in signatures {
            let place = self.signatures.binary_search_by_key(&signature.member, |known| known.member);
            if let Err(place) = place
                && roster.verify(signature.member, &self.digest, &signature.signature)
            {
                self.signatures.insert(place, *signature);
            }
        }
    }

    /// Whether so many signed that it can be believed: more than two thirds. Looks at no signature.
    pub fn is_complete(&self, roster: &Roster) -> bool {
        roster.is_supermajority(self.signatures.len())
    }

    /// Whether more than two thirds of the members signed it, each once and rightly.
    pub fn is_valid(&self, roster: &Roster) -> bool {
        let mut counted = SignedState { signatures: Vec::new(), ..self.clone() };
        counted.add(roster, &self.signatures);
        counted.is_complete(roster) && self.state.digest() == self.digest
    }
}
