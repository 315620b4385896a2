//! Attaching: parents, timestamps, and the nonce that gives a transaction hash its trailing zeros.

use tanglegram_kernels::pow::{self as kernel, Outcome, Problem};

pub use tanglegram_kernels::pow::{Control, Kernel, KernelError, Options, VARIABLE};

use crate::{
    DecodeError, Hash, Tag, Transaction, TransactionBuilder,
    transaction::field::{OBSOLETE_TAG, TAG},
};

/// Why no nonce was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PowError {
    /// [`Control::cancel`] was called.
    #[error("the proof of work was interrupted")]
    Cancelled,
    /// No counter in the range of the search solves it.
    #[error("no nonce gives the hash {mwm} trailing zero trits")]
    Exhausted {
        /// The weight asked for.
        mwm: usize,
    },
    /// A field does not hold what it should.
    #[error(transparent)]
    Field(#[from] DecodeError),
}

/// What attaching needs to know besides the transaction and its parents.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Minimum weight magnitude: trailing zero trits that the hash must have.
    pub mwm: usize,
    /// The attachment time in milliseconds since 1970.
    pub timestamp: i64,
    /// Threads to search with; the nonce found is the same for any number.
    pub threads: usize,
    /// Stops the search and counts its hashes.
    pub control: &'a Control,
}

/// Sets what attaching sets besides the nonce: parents, attachment timestamps, and the tag if it is all 0.
pub fn prepare(
    transaction: &mut TransactionBuilder,
    trunk: &Hash,
    branch: &Hash,
    timestamp: i64,
) -> Result<(), DecodeError> {
    if transaction.tag_in(TAG).is_null() {
        let tag = transaction.tag_in(OBSOLETE_TAG);
        transaction.set_tag(&tag);
    }
    transaction.set_parents(trunk, branch).set_attachment_timestamp(timestamp)?;
    Ok(())
}

/// Searches the nonce with the kernel of [`Kernel::chosen`], sets it, and returns the finished transaction.
pub fn do_pow(
    transaction: TransactionBuilder,
    mwm: usize,
    threads: usize,
    control: &Control,
) -> Result<Transaction, PowError> {
    mine(transaction, mwm, &Options { threads, ..Options::default() }, control)
}

/// Searches the nonce in a way of the caller's choice, sets it, and returns the finished transaction, which is the same
/// whatever the kernel and the number of threads.
pub fn mine(
    mut transaction: TransactionBuilder,
    mwm: usize,
    options: &Options,
    control: &Control,
) -> Result<Transaction, PowError> {
    let problem = Problem::from_transaction(transaction.trits(), mwm);
    match kernel::search(&problem, options, control) {
        Outcome::Found { nonce, .. } => {
            let hash = Hash::from_trits(&problem.hash(&nonce));
            Ok(transaction.set_nonce(&Tag::from_trits(&nonce)).build_hashed(hash))
        }
        Outcome::Cancelled => Err(PowError::Cancelled),
        Outcome::Exhausted => Err(PowError::Exhausted { mwm }),
    }
}

/// Attaches one transaction to two others.
pub fn attach(
    mut transaction: TransactionBuilder,
    trunk: &Hash,
    branch: &Hash,
    work: &Work<'_>,
) -> Result<Transaction, PowError> {
    prepare(&mut transaction, trunk, branch, work.timestamp)?;
    do_pow(transaction, work.mwm, work.threads, work.control)
}

/// Attaches the members of a bundle, given and returned tail first.
///
/// `attach_one` gets each member and its trunk and branch, head first: the head approves `trunk` and `branch`, every other
/// member the one behind it and `trunk`.
pub fn attach_bundle<E>(
    members: Vec<TransactionBuilder>,
    trunk: &Hash,
    branch: &Hash,
    mut attach_one: impl FnMut(TransactionBuilder, &Hash, &Hash) -> Result<Transaction, E>,
) -> Result<Vec<Transaction>, E> {
    let (mut next, mut other) = (*trunk, *branch);
    let mut attached = Vec::with_capacity(members.len());
    for member in members.into_iter().rev() {
        let transaction = attach_one(member, &next, &other)?;
        (next, other) = (transaction.hash(), *trunk);
        attached.push(transaction);
    }
    attached.reverse();
    Ok(attached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(control: &Control) -> Work<'_> {
        Work { mwm: 5, timestamp: 1_573_000_000_000, threads: 1, control }
    }

    #[test]
    fn an_attached_transaction_has_its_weight_and_fields() {
        let (trunk, branch) =
            (Hash::from_trytes_padded("TRUNK").unwrap(), Hash::from_trytes_padded("BRANCH").unwrap());
        let mut builder = TransactionBuilder::new();
        builder.set_obsolete_tag(&Tag::from_trytes_padded("OBSOLETE").unwrap());
        let transaction = attach(builder, &trunk, &branch, &work(&Control::new())).unwrap();
        assert!(transaction.hash().trailing_zeros() >= 5);
        assert_eq!((transaction.trunk(), transaction.branch()), (trunk, branch));
        assert_eq!(transaction.tag(), transaction.obsolete_tag());
        assert_eq!(transaction.attachment_timestamp(), 1_573_000_000_000);
        assert_eq!(transaction.attachment_timestamp_lower_bound(), 0);
        let again = Transaction::from_bytes(transaction.as_bytes()).unwrap();
        assert_eq!((again.hash(), again.nonce()), (transaction.hash(), transaction.nonce()));
    }

    #[test]
    fn a_tag_of_its_own_is_kept() {
        let mut builder = TransactionBuilder::new();
        builder.set_tag(&Tag::from_trytes_padded("MINE").unwrap());
        prepare(&mut builder, &Hash::NULL, &Hash::NULL, 0).unwrap();
        assert_eq!(builder.tag_in(TAG), Tag::from_trytes_padded("MINE").unwrap());
    }

    #[test]
    fn a_cancelled_search_ends() {
        let control = Control::new();
        control.cancel();
        assert_eq!(do_pow(TransactionBuilder::new(), 81, 1, &control), Err(PowError::Cancelled));
    }

    #[test]
    fn a_bundle_is_chained_from_its_head() {
        let (trunk, branch) =
            (Hash::from_trytes_padded("TRUNK").unwrap(), Hash::from_trytes_padded("BRANCH").unwrap());
        let control = Control::new();
        let members = vec![TransactionBuilder::new(); 3];
        let chain = attach_bundle(members, &trunk, &branch, |member, trunk, branch| {
            attach(member, trunk, branch, &work(&control))
        })
        .unwrap();
        assert_eq!((chain[2].trunk(), chain[2].branch()), (trunk, branch));
        for pair in chain.windows(2) {
            assert_eq!((pair[0].trunk(), pair[0].branch()), (pair[1].hash(), trunk));
        }
    }
}
