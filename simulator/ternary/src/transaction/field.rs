//! Where the fields of a transaction lie among its 8019 trits.

use std::ops::Range;

/// A run of trits inside a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The first trit.
    pub offset: usize,
    /// The number of trits.
    pub len: usize,
}

impl Field {
    /// The field of `len` trits right behind this one.
    const fn then(self, len: usize) -> Self {
        Self { offset: self.offset + self.len, len }
    }

    /// The positions of its trits.
    pub const fn range(self) -> Range<usize> {
        self.offset..self.offset + self.len
    }
}

/// Part of a signature, or a message: 2187 trytes.
pub const SIGNATURE: Field = Field { offset: 0, len: 6561 };
/// The address that receives or spends.
pub const ADDRESS: Field = SIGNATURE.then(243);
/// The value: 81 trits, of which only [`USABLE_VALUE`] may be used.
pub const VALUE: Field = ADDRESS.then(81);
/// The first tag, part of what the bundle hash covers.
pub const OBSOLETE_TAG: Field = VALUE.then(81);
/// When the bundle was made, in seconds since 1970.
pub const TIMESTAMP: Field = OBSOLETE_TAG.then(27);
/// The position in the bundle.
pub const CURRENT_INDEX: Field = TIMESTAMP.then(27);
/// The last position in the bundle.
pub const LAST_INDEX: Field = CURRENT_INDEX.then(27);
/// The bundle hash.
pub const BUNDLE: Field = LAST_INDEX.then(243);
/// The hash of the first approved transaction.
pub const TRUNK: Field = BUNDLE.then(243);
/// The hash of the second approved transaction.
pub const BRANCH: Field = TRUNK.then(243);
/// The second tag, free to change when a bundle is attached again.
pub const TAG: Field = BRANCH.then(81);
/// When the transaction was attached, in milliseconds since 1970.
pub const ATTACHMENT_TIMESTAMP: Field = TAG.then(27);
/// Unused by nodes; 0.
pub const ATTACHMENT_TIMESTAMP_LOWER_BOUND: Field = ATTACHMENT_TIMESTAMP.then(27);
/// Unused by nodes; all trits 1.
pub const ATTACHMENT_TIMESTAMP_UPPER_BOUND: Field = ATTACHMENT_TIMESTAMP_LOWER_BOUND.then(27);
/// What the proof of work is free to choose.
pub const NONCE: Field = ATTACHMENT_TIMESTAMP_UPPER_BOUND.then(81);

/// The low 33 trits of the value: enough for the whole supply. The others must be 0.
pub const USABLE_VALUE: Field = Field { offset: VALUE.offset, len: 33 };
/// The trits of the value that must be 0.
pub const UNUSABLE_VALUE: Field = USABLE_VALUE.then(VALUE.len - USABLE_VALUE.len);
/// What the bundle hash covers: address to last index, 486 trits.
pub const ESSENCE: Field = Field { offset: ADDRESS.offset, len: BUNDLE.offset - ADDRESS.offset };

/// Trits of a transaction.
pub const TRANSACTION_TRITS: usize = NONCE.offset + NONCE.len;
/// Trytes of a transaction.
pub const TRANSACTION_TRYTES: usize = TRANSACTION_TRITS / 3;
/// t5b1 bytes of a transaction.
pub const TRANSACTION_BYTES: usize = crate::t5b1::bytes_for(TRANSACTION_TRITS);

const _: () = assert!(TRANSACTION_TRITS == 8019 && TRANSACTION_BYTES == 1604 && ESSENCE.len == 486);
