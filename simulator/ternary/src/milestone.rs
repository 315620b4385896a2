//! Milestones: bundles signed by the coordinator.
//!
//! The first `security` members carry a signature of the *transaction hash* of the next one. That one carries the Merkle
//! path of the key; the key's number is the milestone index, found in the obsolete tag. So the head is attached first, and
//! only then can the others be signed.

use crate::{
    Address, DecodeError, Hash, SignatureMode, Tag, Transaction, TransactionBuilder, bundle,
    merkle::{self, KeyTree},
    pow,
    transaction::field::OBSOLETE_TAG,
    trits,
    wots::{self, Fragment, SEGMENTS, Security},
};

/// Trits at the start of the obsolete tag that hold the milestone index.
const INDEX_TRITS: usize = 15;

/// What is publicly known of a coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinator {
    /// The root of its key tree, and the address of its milestones.
    pub address: Address,
    /// The depth of its key tree; it can issue `2^depth` milestones.
    pub depth: usize,
    /// The security level of its keys.
    pub security: Security,
    /// The hash function of its keys and tree.
    pub mode: SignatureMode,
}

/// Why a bundle is no milestone of a coordinator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MilestoneError {
    /// The coordinator has no key of that number.
    #[error("the milestone index {index} is not from 0 to 2^{depth} - 1")]
    Index {
        /// The index in the obsolete tag.
        index: i64,
        /// The depth of the key tree.
        depth: usize,
    },
    /// The signature and the path do not fit into the members.
    #[error("a milestone needs more than {security} transactions, this bundle has {actual}")]
    TooShort {
        /// Members needed for the signature.
        security: usize,
        /// Members there are.
        actual: usize,
    },
    /// A signing member does not approve what the member with the Merkle path approves.
    #[error("the branch of transaction {position} is not the trunk of the one with the Merkle path")]
    Branch {
        /// Position of the signing member.
        position: usize,
    },
    /// The key tree is deeper than the message field has room for siblings.
    #[error("a Merkle path of {depth} siblings does not fit into one transaction")]
    Depth {
        /// The depth of the key tree.
        depth: usize,
    },
    /// Somebody else signed, or something else was signed.
    #[error("the signature leads to the root {found}, not to the coordinator {expected}")]
    Root {
        /// The coordinator's address.
        expected: Address,
        /// Where signature and path lead.
        found: Address,
    },
}

/// The milestone index that a transaction claims: the first 15 trits of its obsolete tag.
pub fn index_of(transaction: &Transaction) -> i64 {
    transaction.obsolete_tag().low_i64(INDEX_TRITS)
}

impl Coordinator {
    /// What is publicly known of the owner of a key tree.
    pub fn of(tree: &KeyTree) -> Self {
        Self { address: tree.root(), depth: tree.depth(), security: tree.security(), mode: tree.mode() }
    }

    /// Checks that a bundle, given tail first, is a milestone of this coordinator, and returns its index.
    ///
    /// That the bundle is valid as such is another matter: see [`bundle::validate`].
    pub fn verify(&self, members: &[&Transaction]) -> Result<u32, MilestoneError> {
        let index = self.verify_structure(members)?;
        match self.recover_root(members, index)? {
            Some(found) if found == self.address => Ok(index),
            found => Err(MilestoneError::Root { expected: self.address, found: found.unwrap_or(Hash::NULL) }),
        }
    }

    /// Checks all of a milestone but who signed it, and returns its index.
    pub fn verify_structure(&self, members: &[&Transaction]) -> Result<u32, MilestoneError> {
        let (security, actual) = (self.security.fragments(), members.len());
        let path_member = members.get(security).ok_or(MilestoneError::TooShort { security, actual })?;
        let trunk = path_member.trunk();
        match members[..security].iter().position(|member| member.branch() != trunk) {
            Some(position) => Err(MilestoneError::Branch { position }),
            None => self.check_index(index_of(members[0])),
        }
    }

    /// The index as the number of one of the coordinator's keys.
    pub fn check_index(&self, index: i64) -> Result<u32, MilestoneError> {
        let error = MilestoneError::Index { index, depth: self.depth };
        let number = u32::try_from(index).map_err(|_| error.clone())?;
        if number.checked_shr(self.depth as u32).unwrap_or(0) == 0 { Ok(number) } else { Err(error) }
    }

    fn recover_root(&self, members: &[&Transaction], index: u32) -> Result<Option<Address>, MilestoneError> {
        let security = self.security.fragments();
        let message = members[security].signature_fragment();
        let path = message.get(..self.depth).ok_or(MilestoneError::Depth { depth: self.depth })?;
        let fragments: Vec<_> =
            members[..security].iter().map(|member| member.signature_fragment()).collect();
        let leaf = wots::recover_address(self.mode, &members[security].hash(), &fragments);
        Ok(merkle::recover_root(self.mode, &leaf, index, path))
    }
}

/// Why no milestone could be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError<E> {
    /// The key tree has no key of that number.
    #[error("there is no key for the milestone {index}")]
    NoKey {
        /// The milestone index.
        index: u32,
    },
    /// A number does not fit into its field.
    #[error(transparent)]
    Field(#[from] DecodeError),
    /// Attaching failed.
    #[error(transparent)]
    Attach(E),
}

/// Issues milestone `index` at a time in seconds since 1970, approving `trunk` and `branch`; returned tail first.
///
/// `attach` is given each member with its trunk and branch, and returns it with its proof of work (see [`pow::attach`]).
///
/// Unlike a bundle hash, the signed transaction hash is not chosen to be without a tryte `M`, so a milestone may lay open
/// part of its key. That is how coordinators do it: each key signs a single milestone, and the first with an index counts.
pub fn issue<E>(
    tree: &KeyTree,
    index: u32,
    timestamp: i64,
    (trunk, branch): (&Hash, &Hash),
    mut attach: impl FnMut(TransactionBuilder, &Hash, &Hash) -> Result<Transaction, E>,
) -> Result<Vec<Transaction>, IssueError<E>> {
    let members = draft(tree, index, timestamp)?;
    let mut signature: Vec<Fragment> = Vec::new();
    pow::attach_bundle(members, trunk, branch, |mut member, trunk, branch| {
        if let Some(fragment) = signature.pop() {
            member.set_signature(&fragment);
            return attach(member, trunk, branch).map_err(IssueError::Attach);
        }
        let head = attach(member, trunk, branch).map_err(IssueError::Attach)?;
        signature = tree.sign(index, &head.hash()).ok_or(IssueError::NoKey { index })?;
        Ok(head)
    })
}

/// Joins tips into one: messages of a coordinator's, each of which approves the one before, at first the first tip, and the next
/// tip. Returns them, parents before children, and what a milestone is to approve: `none` where there are no tips.
///
/// `timestamp` is in seconds since 1970, `attach` is as in [`issue`].
pub fn checkpoints<E>(
    tips: &[Hash],
    none: &Hash,
    timestamp: i64,
    mut attach: impl FnMut(TransactionBuilder, &Hash, &Hash) -> Result<Transaction, E>,
) -> Result<(Vec<Transaction>, Hash), IssueError<E>> {
    let mut trunk = tips.first().copied().unwrap_or(*none);
    let mut transactions = Vec::new();
    for tip in tips.iter().skip(1) {
        let joint = attach(checkpoint(timestamp)?, &trunk, tip).map_err(IssueError::Attach)?;
        trunk = joint.hash();
        transactions.push(joint);
    }
    Ok((transactions, trunk))
}

/// A message with nothing but a tag and a time, in seconds.
fn checkpoint<E>(time: i64) -> Result<TransactionBuilder, IssueError<E>> {
    let (mut message, tag) = (TransactionBuilder::new(), Tag::from_trytes_padded("CHECKPOINT")?);
    message.set_tag(&tag).set_obsolete_tag(&tag).set_timestamp(time)?.set_indices(0, 0)?;
    let bundle = bundle::hash([message.essence()]);
    message.set_bundle(&bundle);
    Ok(message)
}

/// The members of a milestone, tail first, all but signed and attached.
fn draft<E>(tree: &KeyTree, index: u32, timestamp: i64) -> Result<Vec<TransactionBuilder>, IssueError<E>> {
    let path = tree.path(index).ok_or(IssueError::NoKey { index })?;
    let tag = index_tag(index)?;
    let last = tree.security().fragments();
    let mut members = vec![TransactionBuilder::new(); last + 1];
    for (position, member) in (0..).zip(&mut members) {
        member
            .set_obsolete_tag(&tag)
            .set_tag(&tag)
            .set_timestamp(timestamp)?
            .set_indices(position, last as i64)?;
    }
    members[..last].iter_mut().for_each(|member| {
        member.set_address(&tree.root());
    });
    members[last].set_signature(&std::array::from_fn(|i| path.get(i).copied().unwrap_or(Hash::NULL)));
    let hash = bundle::hash(members.iter().map(TransactionBuilder::essence));
    members.iter_mut().for_each(|member| {
        member.set_bundle(&hash);
    });
    Ok(members)
}

/// The tag that holds a milestone index.
fn index_tag(index: u32) -> Result<Tag, DecodeError> {
    let mut trits = [0; OBSOLETE_TAG.len];
    trits::write_i64(i64::from(index), &mut trits[..INDEX_TRITS])?;
    Ok(Tag::from_trits(&trits))
}

const _: () =
    assert!(merkle::MAX_DEPTH <= SEGMENTS, "the path of every tree built here fits into one transaction");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        pow::{Control, PowError, Work},
        transaction::field::TRANSACTION_TRITS,
    };
    use proptest::prelude::*;

    fn issue_one(tree: &KeyTree, index: u32) -> Result<Vec<Transaction>, IssueError<PowError>> {
        let control = Control::new();
        let work = Work { mwm: 1, timestamp: 1_573_000_000_000, threads: 1, control: &control };
        let parents =
            (&Hash::from_trytes_padded("TRUNK").unwrap(), &Hash::from_trytes_padded("BRANCH").unwrap());
        issue(tree, index, 1_573_000_000, parents, |member, trunk, branch| {
            pow::attach(member, trunk, branch, &work)
        })
    }

    #[test]
    fn an_issued_milestone_is_a_valid_bundle_and_verifies() {
        let seed = Hash::from_trytes_padded("COORDINATOR").unwrap();
        for (mode, security) in [
            (SignatureMode::Kerl, Security::Medium),
            (SignatureMode::Kerl, Security::High),
            (SignatureMode::CurlP27, Security::Low),
            (SignatureMode::CurlP81, Security::Low),
        ] {
            let tree = KeyTree::generate(mode, &seed, security, 2).unwrap();
            let coordinator = Coordinator::of(&tree);
            let milestone = issue_one(&tree, 3).unwrap();
            let members: Vec<_> = milestone.iter().collect();
            bundle::validate(&members).unwrap();
            assert_eq!(coordinator.verify(&members), Ok(3));
            assert_eq!(index_of(&milestone[0]), 3);
            let imposter = Coordinator { address: Hash::NULL, ..coordinator };
            assert!(matches!(imposter.verify(&members), Err(MilestoneError::Root { .. })));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn any_transactions_are_judged(
            trits in proptest::collection::vec(-1i8..=1, TRANSACTION_TRITS), count in 0usize..5, depth in 0usize..99,
        ) {
            let transaction = Transaction::from_trits(&trits).unwrap();
            let (security, mode) = (Security::Medium, SignatureMode::Kerl);
            let coordinator = Coordinator { address: Hash::NULL, depth, security, mode };
            prop_assert!(coordinator.verify(&vec![&transaction; count]).is_err());
        }

        #[test]
        fn any_index_is_a_key_or_refused(index: i64, depth in 0usize..99) {
            let (security, mode) = (Security::Low, SignatureMode::Kerl);
            let coordinator = Coordinator { address: Hash::NULL, depth, security, mode };
            let valid = index >= 0 && u32::try_from(index).is_ok_and(|index| u128::from(index) < 1 << depth);
            prop_assert_eq!(coordinator.check_index(index).is_ok(), valid);
        }
    }

    #[test]
    fn there_are_as_many_milestones_as_keys() {
        let tree = KeyTree::generate(SignatureMode::Kerl, &Hash::NULL, Security::Low, 1).unwrap();
        assert_eq!(issue_one(&tree, 2), Err(IssueError::NoKey { index: 2 }));
        let coordinator = Coordinator::of(&tree);
        assert_eq!(coordinator.check_index(1), Ok(1));
        for index in [-1, 2, i64::MAX] {
            assert_eq!(coordinator.check_index(index), Err(MilestoneError::Index { index, depth: 1 }));
        }
    }
}
