//! Events in bytes. There is one way to write an event, and only that can be read.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version: 1 |
//! | 2 | creator |
//! | 8 | timestamp, signed |
//! | 1 | which parents there are: 1 self, 2 other |
//! | 64 | if there: self-parent: sequence (8), generation (8), hash (48) |
//! | 66 | if there: other-parent: creator (2), then as above |
//! | 4 | number of transactions, each: length (4), bytes |
//! | 64 | signature |
//!
//! Numbers are big-endian.

use thiserror::Error;

use super::event::{Event, EventHash, Parent, Transaction};

/// The most transactions an event may bring.
pub const MAX_TRANSACTIONS: usize = 4096;
/// The longest transaction, in bytes.
pub const MAX_TRANSACTION_BYTES: usize = 64 * 1024;
/// The longest event, in bytes.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

const VERSION: u8 = 1;
const SELF: u8 = 1;
const OTHER: u8 = 2;

/// Why bytes are no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadEvent {
    /// They end too early.
    #[error("an event ends in the middle")]
    Short,
    /// There are more than it needs.
    #[error("an event is followed by something else")]
    Long,
    /// Too long an event, too many transactions or one too long.
    #[error("an event is larger than allowed")]
    TooLarge,
    /// Another version.
    #[error("events of version {0} are not known, only {VERSION}")]
    Version(u8),
    /// Parents of a kind that is not known.
    #[error("an event has parents of an unknown kind")]
    Parents,
}

/// Writes all but the signature, piece by piece.
pub(super) fn body(event: &Event, write: &mut impl FnMut(&[u8])) {
    let has = |parent: &Option<Parent>, flag| if parent.is_some() { flag } else { 0 };
    write(&[VERSION]);
    write(&event.creator.to_be_bytes());
    write(&event.timestamp.to_be_bytes());
    write(&[has(&event.self_parent, SELF) | has(&event.other_parent, OTHER)]);
    if let Some(claim) = &event.self_parent {
        parent(claim, write);
    }
    if let Some(claim) = &event.other_parent {
        write(&claim.creator.to_be_bytes());
        parent(claim, write);
    }
    write(&(event.transactions.len() as u32).to_be_bytes());
    for transaction in &event.transactions {
        write(&(transaction.len() as u32).to_be_bytes());
        write(transaction);
    }
}

fn parent(claim: &Parent, write: &mut impl FnMut(&[u8])) {
    write(&claim.sequence.to_be_bytes());
    write(&claim.generation.to_be_bytes());
    write(&claim.hash.0);
}

impl Event {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size());
        body(self, &mut |bytes: &[u8]| out.extend_from_slice(bytes));
        out.extend_from_slice(&self.signature);
        out
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        let mut size = self.signature.len();
        body(self, &mut |bytes: &[u8]| size += bytes.len());
        size
    }

    /// The event with these bytes. Nothing is said about its signature.
    pub fn decode(bytes: &[u8]) -> Result<Event, BadEvent> {
        if bytes.len() > MAX_EVENT_BYTES {
            return Err(BadEvent::TooLarge);
        }
        let mut reader = Reader(bytes);
        match reader.byte()? {
            VERSION => {}
            other => return Err(BadEvent::Version(other)),
        }
        let creator = reader.u16()?;
        let timestamp = reader.u64()? as i64;
        let flags = reader.byte()?;
        if flags & !(SELF | OTHER) != 0 {
            return Err(BadEvent::Parents);
        }
        let self_parent = (flags & SELF != 0).then(|| reader.parent(creator)).transpose()?;
        let other_parent = (flags & OTHER != 0)
            .then(|| {
                let other = reader.u16()?;
                reader.parent(other)
            })
            .transpose()?;
        let transactions = reader.transactions()?;
        let signature = reader.take()?;
        if !reader.0.is_empty() {
            return Err(BadEvent::Long);
        }
        Ok(Event::from_parts(creator, self_parent, other_parent, timestamp, transactions, signature))
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&mut self, count: usize) -> Result<&'a [u8], BadEvent> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadEvent::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadEvent> {
        self.slice(N)?.try_into().map_err(|_| BadEvent::Short)
    }

    fn byte(&mut self) -> Result<u8, BadEvent> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, BadEvent> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<usize, BadEvent> {
        self.take().map(|bytes| u32::from_be_bytes(bytes) as usize)
    }

    fn u64(&mut self) -> Result<u64, BadEvent> {
        self.take().map(u64::from_be_bytes)
    }

    fn parent(&mut self, creator: u16) -> Result<Parent, BadEvent> {
        let (sequence, generation) = (self.u64()?, self.u64()?);
        Ok(Parent { creator, sequence, generation, hash: EventHash(self.take()?) })
    }

    fn transactions(&mut self) -> Result<Vec<Transaction>, BadEvent> {
        let count = self.u32()?;
        if count > MAX_TRANSACTIONS {
            return Err(BadEvent::TooLarge);
        }
        (0..count).map(|_| self.transaction()).collect()
    }

    fn transaction(&mut self) -> Result<Transaction, BadEvent> {
        match self.u32()? {
            length if length > MAX_TRANSACTION_BYTES => Err(BadEvent::TooLarge),
            length => self.slice(length).map(Transaction::from),
        }
    }
}
