//! A transaction in the making.

use super::{Transaction, TransactionTrits, field, hash_of, pack};
use crate::{
    Address, DecodeError, Hash, Tag, Trit, transaction::field::Field, trits, trytes, wots::Fragment,
};

/// The trits of a transaction that may still change. It keeps every trit it was made of until that field is set.
#[derive(Clone, PartialEq, Eq)]
pub struct TransactionBuilder {
    trits: Box<TransactionTrits>,
}

impl Default for TransactionBuilder {
    fn default() -> Self {
        Self { trits: Box::new([0; field::TRANSACTION_TRITS]) }
    }
}

impl From<&Transaction> for TransactionBuilder {
    fn from(transaction: &Transaction) -> Self {
        Self { trits: Box::new(transaction.trits()) }
    }
}

impl TransactionBuilder {
    /// A transaction of zeros.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts from exactly 2673 trytes.
    pub fn from_trytes(text: &str) -> Result<Self, DecodeError> {
        let mut builder = Self::new();
        trytes::decode_into(text, &mut builder.trits[..])?;
        Ok(builder)
    }

    /// Starts from exactly 8019 trits.
    pub fn from_trits(trits: &[Trit]) -> Result<Self, DecodeError> {
        DecodeError::check_length("trits", field::TRANSACTION_TRITS, trits.len())?;
        trits::validate(trits)?;
        let mut builder = Self::new();
        builder.trits.copy_from_slice(trits);
        Ok(builder)
    }

    /// The trits as they are now.
    pub fn trits(&self) -> &TransactionTrits {
        &self.trits
    }

    /// The trits of one field.
    pub fn field(&self, field: Field) -> &[Trit] {
        &self.trits[field.range()]
    }

    /// Replaces the trits of one field, whose length they must have.
    pub fn set_field(&mut self, field: Field, trits: &[Trit]) -> Result<(), DecodeError> {
        DecodeError::check_length("trits", field.len, trits.len())?;
        trits::validate(trits)?;
        self.trits[field.range()].copy_from_slice(trits);
        Ok(())
    }

    /// The number in a field of at most 40 trits.
    pub fn number(&self, field: Field) -> i64 {
        trits::to_i64(self.field(field))
    }

    /// Replaces the number in a field; an error if it does not fit.
    pub fn set_number(&mut self, field: Field, value: i64) -> Result<(), DecodeError> {
        trits::write_i64(value, &mut self.trits[field.range()])
    }

    /// The hash in a field of 243 trits.
    pub fn hash_in(&self, field: Field) -> Hash {
        Hash::from_slice(self.field(field))
    }

    /// The tag in a field of 81 trits.
    pub fn tag_in(&self, field: Field) -> Tag {
        Tag::from_slice(self.field(field))
    }

    /// Copies trits that are known to fit.
    fn put(&mut self, field: Field, trits: &[Trit]) -> &mut Self {
        self.trits[field.range()].copy_from_slice(trits);
        self
    }

    /// What the bundle hash covers, address to last index, as two blocks of 243 trits.
    pub fn essence(&self) -> [Hash; 2] {
        super::essence_of(&self.trits)
    }

    /// Sets the signature field to a fragment of a signature, or the siblings of a Merkle path.
    pub fn set_signature(&mut self, fragment: &Fragment) -> &mut Self {
        let (blocks, _) = self.trits[field::SIGNATURE.range()].as_chunks_mut();
        for (block, segment) in blocks.iter_mut().zip(fragment) {
            *block = segment.trits();
        }
        self
    }

    /// Sets the message: at most 2187 trytes, completed with `9`.
    pub fn set_message(&mut self, text: &str) -> Result<&mut Self, DecodeError> {
        let mut trits = trytes::decode(text)?;
        if trits.len() > field::SIGNATURE.len {
            DecodeError::check_length("trytes", field::SIGNATURE.len / 3, text.len())?;
        }
        trits.resize(field::SIGNATURE.len, 0);
        Ok(self.put(field::SIGNATURE, &trits))
    }

    /// Sets the address.
    pub fn set_address(&mut self, address: &Address) -> &mut Self {
        self.put(field::ADDRESS, &address.trits())
    }

    /// Sets all 81 trits of the value; any `i64` fits (though not into the usable 33 trits).
    pub fn set_value(&mut self, value: i64) -> Result<&mut Self, DecodeError> {
        self.set_number(field::VALUE, value)?;
        Ok(self)
    }

    /// Sets the tag that the bundle hash covers.
    pub fn set_obsolete_tag(&mut self, tag: &Tag) -> &mut Self {
        self.put(field::OBSOLETE_TAG, &tag.trits())
    }

    /// Sets the time in seconds since 1970.
    pub fn set_timestamp(&mut self, seconds: i64) -> Result<&mut Self, DecodeError> {
        self.set_number(field::TIMESTAMP, seconds)?;
        Ok(self)
    }

    /// Sets the position in the bundle and the last one.
    pub fn set_indices(&mut self, current: i64, last: i64) -> Result<&mut Self, DecodeError> {
        self.set_number(field::CURRENT_INDEX, current)?;
        self.set_number(field::LAST_INDEX, last)?;
        Ok(self)
    }

    /// Sets the bundle hash.
    pub fn set_bundle(&mut self, hash: &Hash) -> &mut Self {
        self.put(field::BUNDLE, &hash.trits())
    }

    /// Sets the two approved transactions.
    pub fn set_parents(&mut self, trunk: &Hash, branch: &Hash) -> &mut Self {
        self.put(field::TRUNK, &trunk.trits()).put(field::BRANCH, &branch.trits())
    }

    /// Sets the tag that may change when a bundle is attached again.
    pub fn set_tag(&mut self, tag: &Tag) -> &mut Self {
        self.put(field::TAG, &tag.trits())
    }

    /// Sets the attachment time in milliseconds since 1970 and its customary bounds: 0 and the largest number.
    pub fn set_attachment_timestamp(&mut self, milliseconds: i64) -> Result<&mut Self, DecodeError> {
        self.set_number(field::ATTACHMENT_TIMESTAMP, milliseconds)?;
        self.set_number(field::ATTACHMENT_TIMESTAMP_LOWER_BOUND, 0)?;
        self.set_number(field::ATTACHMENT_TIMESTAMP_UPPER_BOUND, trits::max_value(27))?;
        Ok(self)
    }

    /// Sets the nonce.
    pub fn set_nonce(&mut self, nonce: &Tag) -> &mut Self {
        self.put(field::NONCE, &nonce.trits())
    }

    /// Hashes and parses what was built.
    pub fn build(&self) -> Transaction {
        self.build_hashed(hash_of(&self.trits[..]))
    }

    /// Parses what was built, of which the hash is known.
    pub(crate) fn build_hashed(&self, hash: Hash) -> Transaction {
        Transaction::parse(pack(&self.trits[..]), &self.trits[..], hash)
    }
}
