//! Who takes part.

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use thiserror::Error;

/// The most members a network may have.
pub const MAX_MEMBERS: usize = 256;

/// The members, by number, with their public keys. Each has one vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    keys: Vec<VerifyingKey>,
}

/// Why members cannot form a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadRoster {
    /// There is none, or there are too many.
    #[error("a network has 1 to {MAX_MEMBERS} members, not {0}")]
    Count(usize),
    /// The bytes are no public key, or one of small order, which signatures fit that nobody made.
    #[error("the key of member {0} is no Ed25519 public key")]
    Key(usize),
}

impl Roster {
    /// The members with these Ed25519 public keys, in this order.
    pub fn new(keys: Vec<[u8; 32]>) -> Result<Roster, BadRoster> {
        if keys.is_empty() || keys.len() > MAX_MEMBERS {
            return Err(BadRoster::Count(keys.len()));
        }
        let key = |(number, key): (usize, &[u8; 32])| {
            let key = VerifyingKey::from_bytes(key).ok().filter(|key| !key.is_weak());
            key.ok_or(BadRoster::Key(number))
        };
        let keys = keys.iter().enumerate().map(key).collect::<Result<_, _>>()?;
        Ok(Roster { keys })
    }

    /// How many members there are: `n`.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Whether so many members are more than two thirds of all: a supermajority (§5).
    pub fn is_supermajority(&self, members: usize) -> bool {
        3 * members > 2 * self.count()
    }

    /// A member's public key.
    pub fn key(&self, member: u16) -> Option<&[u8; 32]> {
        self.keys.get(usize::from(member)).map(VerifyingKey::as_bytes)
    }

    /// Whether a member signed this message.
    pub fn verify(&self, member: u16, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.keys.get(usize::from(member)).is_some_and(|key| key.verify(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_or_a_weak_one_is_refused() {
        let good = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        let (mut neutral, mut none) = ([0; 32], [0; 32]);
        (neutral[0], none[0]) = (1, 2);
        for bad in [neutral, none] {
            assert_eq!(Roster::new(vec![good, bad]), Err(BadRoster::Key(1)));
        }
        assert_eq!(Roster::new(Vec::new()), Err(BadRoster::Count(0)));
        assert!(Roster::new(vec![good]).is_ok());
    }
}
