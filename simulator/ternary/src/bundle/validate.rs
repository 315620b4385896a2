//! The rules that make a bundle valid whatever ledger it is applied to.

use super::SUPPLY;
use crate::{Address, Hash, SignatureMode, Transaction, wots};

/// Why a bundle is invalid. `index` is the position of the offending member, counted from the tail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// There is no member at all.
    #[error("a bundle has at least one transaction")]
    Empty,
    /// A member is not where its current index says.
    #[error("transaction {index} of the bundle has the current index {found}")]
    CurrentIndex {
        /// Position of the member.
        index: usize,
        /// What it says itself.
        found: i64,
    },
    /// A member disagrees with the tail about the end of the bundle.
    #[error("transaction {index} of the bundle has the last index {found}, but the tail has {expected}")]
    LastIndex {
        /// Position of the member.
        index: usize,
        /// What the tail says.
        expected: i64,
        /// What the member says.
        found: i64,
    },
    /// The values up to a member sum up to more than there is.
    #[error("the values up to transaction {index} sum up to {sum}, beyond the supply")]
    SumBeyondSupply {
        /// Position of the member.
        index: usize,
        /// The sum up to there.
        sum: i64,
    },
    /// A member moves money at an address that no key can have.
    #[error("transaction {index} has a value, but the last trit of its address {address} is not 0")]
    AddressTrit {
        /// Position of the member.
        index: usize,
        /// Its address.
        address: Address,
    },
    /// Every member is fine, but more or fewer were given than the last index says. More may be on their way.
    #[error("the bundle has {expected} transactions, got {actual}")]
    Incomplete {
        /// How many there should be.
        expected: i64,
        /// How many were given.
        actual: usize,
    },
    /// Money would be made or lost.
    #[error("the values of the bundle sum up to {sum} instead of 0")]
    Sum {
        /// The sum of all values.
        sum: i64,
    },
    /// A member claims another bundle hash than the essences have.
    #[error("transaction {index} claims the bundle hash {found}, but the bundle hashes to {expected}")]
    Hash {
        /// Position of the member.
        index: usize,
        /// The hash of the essences.
        expected: Hash,
        /// What the member says.
        found: Hash,
    },
    /// An input is not signed by the key of its address.
    #[error("the signature of the input at transaction {index} is not by the key of its address {address}")]
    Signature {
        /// Position of the input's first transaction.
        index: usize,
        /// The address spent from.
        address: Address,
    },
}

/// Checks the members of a bundle, tail first: indices, values, addresses, bundle hash and signatures.
///
/// [`BundleError::Incomplete`] is only reported when nothing else is wrong with the members that are there.
pub fn validate(members: &[&Transaction]) -> Result<(), BundleError> {
    let tail = members.first().ok_or(BundleError::Empty)?;
    let mut sum = 0;
    for (index, member) in members.iter().enumerate() {
        check_indices(index, member, tail)?;
        sum += member.value();
        check_value(index, member, sum)?;
    }
    check_complete(members, tail)?;
    if sum != 0 {
        return Err(BundleError::Sum { sum });
    }
    check_hash(members)?;
    check_signatures(members)
}

/// True if every input of the bundle is signed by the key of its address.
pub fn verify_signatures(members: &[&Transaction]) -> bool {
    check_signatures(members).is_ok()
}

fn check_indices(index: usize, member: &Transaction, tail: &Transaction) -> Result<(), BundleError> {
    let (found, expected) = (member.current_index(), tail.last_index());
    if i64::try_from(index) != Ok(found) {
        return Err(BundleError::CurrentIndex { index, found });
    }
    match member.last_index() {
        found if found == expected => Ok(()),
        found => Err(BundleError::LastIndex { index, expected, found }),
    }
}

/// `sum` includes the member's own value; 33 trits are too few for it to overflow before it is beyond the supply.
fn check_value(index: usize, member: &Transaction, sum: i64) -> Result<(), BundleError> {
    let address = member.address();
    if sum.abs() > SUPPLY {
        Err(BundleError::SumBeyondSupply { index, sum })
    } else if member.value() != 0 && address.last_trit() != 0 {
        Err(BundleError::AddressTrit { index, address })
    } else {
        Ok(())
    }
}

fn check_complete(members: &[&Transaction], tail: &Transaction) -> Result<(), BundleError> {
    let (expected, actual) = (tail.last_index() + 1, members.len());
    if i64::try_from(actual) == Ok(expected) {
        Ok(())
    } else {
        Err(BundleError::Incomplete { expected, actual })
    }
}

fn check_hash(members: &[&Transaction]) -> Result<(), BundleError> {
    let expected = super::hash(members.iter().map(|member| member.essence()));
    match members.iter().position(|member| member.bundle() != expected) {
        None => Ok(()),
        Some(index) => Err(BundleError::Hash { index, expected, found: members[index].bundle() }),
    }
}

fn check_signatures(members: &[&Transaction]) -> Result<(), BundleError> {
    let mut index = 0;
    while let Some(input) = members.get(index) {
        let end = index + 1 + continuation(input, &members[index + 1..]);
        if input.value() < 0 {
            check_signature(index, &members[index..end])?;
            index = end;
        } else {
            index += 1;
        }
    }
    Ok(())
}

/// How many of the members right behind an input carry further fragments of its signature.
fn continuation(input: &Transaction, following: &[&Transaction]) -> usize {
    following.iter().take_while(|member| member.value() == 0 && member.address() == input.address()).count()
}

/// `signed` is the input and the members with further fragments.
fn check_signature(index: usize, signed: &[&Transaction]) -> Result<(), BundleError> {
    let fragments: Vec<_> = signed.iter().map(|member| member.signature_fragment()).collect();
    let address = signed[0].address();
    let recovered = wots::recover_address(SignatureMode::Kerl, &signed[0].bundle(), &fragments);
    if recovered == address { Ok(()) } else { Err(BundleError::Signature { index, address }) }
}
