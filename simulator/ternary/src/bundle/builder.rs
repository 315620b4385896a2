//! How a wallet makes a bundle: outputs, then inputs with room for their signatures, then the remainder.

use super::SUPPLY;
use crate::{
    Address, DecodeError, Hash, SignatureMode, Tag, TransactionBuilder,
    transaction::field::{OBSOLETE_TAG, SIGNATURE},
    trits, trytes,
    wots::{self, PrivateKey, Security},
};

/// Trytes of a message that fit into one transaction.
const MESSAGE_TRYTES: usize = SIGNATURE.len / 3;

/// Money or a message for an address.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Who receives.
    pub address: Address,
    /// How much; 0 or more.
    pub value: i64,
    /// The tag of its transactions.
    pub tag: Tag,
    /// Trytes of any length; every started 2187 take one transaction.
    pub message: String,
}

/// Money from an address whose key is known.
#[derive(Debug, Clone)]
pub struct Input {
    /// Whose money: the address of that key.
    pub address: Address,
    /// All of it; a key must not be used twice, so nothing may stay behind.
    pub balance: i64,
    /// The number of the key, counted from the seed.
    pub key_index: u32,
    /// The security level of the key.
    pub security: Security,
    /// The tag of its transactions.
    pub tag: Tag,
}

/// Why no bundle can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleBuildError {
    /// Nothing was added.
    #[error("a bundle has at least one output")]
    Empty,
    /// A message has other characters than trytes, or a number does not fit its field.
    #[error(transparent)]
    Field(#[from] DecodeError),
    /// A value is negative or more than there is.
    #[error("{value} is no amount: it must be from 0 to {SUPPLY}")]
    Amount {
        /// The offending value.
        value: i64,
    },
    /// The inputs do not cover the outputs.
    #[error("the inputs hold {inputs}, {} less than the outputs need", outputs - inputs)]
    Insufficient {
        /// Sum of the inputs.
        inputs: i64,
        /// Sum of the outputs.
        outputs: i64,
    },
    /// The inputs hold more than the outputs need and there is no address for the rest.
    #[error("{remainder} remain and have no address to go to")]
    NoRemainderAddress {
        /// How much remains.
        remainder: i64,
    },
}

/// Collects outputs and inputs. The order of transactions is that of the calls.
#[derive(Clone)]
pub struct BundleBuilder {
    timestamp: i64,
    transactions: Vec<TransactionBuilder>,
    signers: Vec<Signer>,
    inputs: i64,
    outputs: i64,
}

/// Which key signs from which transaction on.
#[derive(Clone, Copy)]
struct Signer {
    first: usize,
    key_index: u32,
    security: Security,
}

impl BundleBuilder {
    /// A bundle made at a time in seconds since 1970.
    pub fn new(timestamp: i64) -> Self {
        Self { timestamp, transactions: Vec::new(), signers: Vec::new(), inputs: 0, outputs: 0 }
    }

    /// Adds an output: one transaction, and more if the message is long.
    pub fn output(&mut self, output: &Output) -> Result<&mut Self, BundleBuildError> {
        self.outputs = total(self.outputs, output.value)?;
        trytes::check(&output.message)?;
        let mut value = output.value;
        for message in split(&output.message, MESSAGE_TRYTES) {
            self.push(&output.address, value, &output.tag)?.set_message(message)?;
            value = 0;
        }
        Ok(self)
    }

    /// Adds an input: one transaction for each fragment of its signature.
    pub fn input(&mut self, input: &Input) -> Result<&mut Self, BundleBuildError> {
        self.inputs = total(self.inputs, input.balance)?;
        let Input { key_index, security, .. } = *input;
        self.signers.push(Signer { first: self.transactions.len(), key_index, security });
        self.push(&input.address, -input.balance, &input.tag)?;
        for _ in 1..security.fragments() {
            self.push(&input.address, 0, &input.tag)?;
        }
        Ok(self)
    }

    /// Sends what the inputs hold beyond the outputs to `remainder`, sets indices and computes the bundle hash.
    pub fn finish(mut self, remainder: Option<&Address>) -> Result<Bundle, BundleBuildError> {
        self.add_remainder(remainder)?;
        let last = i64::try_from(self.transactions.len()).map_or(i64::MAX, |count| count - 1);
        if last < 0 {
            return Err(BundleBuildError::Empty);
        }
        for (index, transaction) in (0..).zip(&mut self.transactions) {
            transaction.set_indices(index, last)?;
        }
        let hash = secure_hash(&mut self.transactions);
        self.transactions.iter_mut().for_each(|transaction| {
            transaction.set_bundle(&hash);
        });
        Ok(Bundle { hash, transactions: self.transactions, signers: self.signers })
    }

    fn add_remainder(&mut self, address: Option<&Address>) -> Result<(), BundleBuildError> {
        let (inputs, outputs) = (self.inputs, self.outputs);
        match (inputs - outputs, address) {
            (0, _) => Ok(()),
            (..0, _) => Err(BundleBuildError::Insufficient { inputs, outputs }),
            (remainder, None) => Err(BundleBuildError::NoRemainderAddress { remainder }),
            (remainder, Some(address)) => {
                let tag = self.transactions[0].tag_in(OBSOLETE_TAG);
                self.push(address, remainder, &tag).map(|_| ())
            }
        }
    }

    /// Adds a transaction and gives access to it.
    fn push(
        &mut self,
        address: &Address,
        value: i64,
        tag: &Tag,
    ) -> Result<&mut TransactionBuilder, BundleBuildError> {
        let mut transaction = TransactionBuilder::new();
        transaction.set_address(address).set_obsolete_tag(tag).set_tag(tag);
        transaction.set_value(value)?.set_timestamp(self.timestamp)?;
        let index = self.transactions.len();
        self.transactions.push(transaction);
        Ok(&mut self.transactions[index])
    }
}

/// A bundle with its hash: ready to be signed and attached.
#[derive(Clone)]
pub struct Bundle {
    hash: Hash,
    transactions: Vec<TransactionBuilder>,
    signers: Vec<Signer>,
}

impl Bundle {
    /// The bundle hash.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The transactions, tail first.
    pub fn transactions(&self) -> &[TransactionBuilder] {
        &self.transactions
    }

    /// The transactions, tail first.
    pub fn into_transactions(self) -> Vec<TransactionBuilder> {
        self.transactions
    }

    /// Signs every input with its key of this seed.
    ///
    /// That an input's address is really the one of its key is not checked here: [`super::validate`] tells.
    pub fn sign(mut self, seed: &Hash) -> Self {
        for &Signer { first, key_index, security } in &self.signers {
            let key = PrivateKey::generate(SignatureMode::Kerl, seed, key_index, security);
            for (transaction, fragment) in self.transactions[first..].iter_mut().zip(key.sign(&self.hash)) {
                transaction.set_signature(&fragment);
            }
        }
        self
    }
}

/// The bundle hash after the tail's obsolete tag was counted up until that hash is safe to sign.
fn secure_hash(transactions: &mut [TransactionBuilder]) -> Hash {
    loop {
        let hash = super::hash(transactions.iter().map(TransactionBuilder::essence));
        if !wots::is_insecure(&hash) {
            return hash;
        }
        let mut tag = transactions[0].tag_in(OBSOLETE_TAG).trits();
        trits::add(&mut tag, 1);
        transactions[0].set_obsolete_tag(&Tag::from_trits(&tag));
    }
}

/// Adds an amount to a sum of which no part may be beyond the supply.
fn total(sum: i64, value: i64) -> Result<i64, BundleBuildError> {
    match sum.checked_add(value) {
        Some(total) if value >= 0 && total <= SUPPLY => Ok(total),
        _ => Err(BundleBuildError::Amount { value }),
    }
}

/// Pieces of ASCII text, at least one.
fn split(text: &str, len: usize) -> impl Iterator<Item = &str> {
    (0..text.len().max(1)).step_by(len).map(move |start| &text[start..text.len().min(start + len)])
}
