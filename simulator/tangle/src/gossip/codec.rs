//! The bytes of the gossip protocol: a type byte, a length (16 bits, big endian), a payload.
//!
//! The signature part of a transaction travels without its trailing zero bytes.

use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use indexmap::IndexMap;
use tanglegram_ternary::transaction::field::TRANSACTION_BYTES;
use tanglegram_ternary::{Hash, Transaction};

use super::{Handshake, Message};

const HEADER: usize = 3;
const HASH: usize = 49;
/// Bytes that hold nothing but the signature or message.
const SIGNATURE: usize = 1312;
const ESSENTIALS: usize = TRANSACTION_BYTES - SIGNATURE;
/// Port, timestamp, coordinator, weight.
const HANDSHAKE_FIXED: usize = 2 + 8 + HASH + 1;

const TYPE_HANDSHAKE: u8 = 1;
const TYPE_TRANSACTION: u8 = 2;
const TYPE_HEARTBEAT: u8 = 3;

/// The longest payload of a handshake: 32 bytes of versions.
const MAX_HANDSHAKE: usize = HANDSHAKE_FIXED + 32;
/// The longest payload of a transaction message.
const MAX_TRANSACTION: usize = TRANSACTION_BYTES + HASH;
const HEARTBEAT: usize = 8;

/// How many transactions a decoder remembers, so as not to hash again what several neighbours send.
const REMEMBERED: usize = 10_000;

/// Why a connection cannot go on: where the next message starts is not known any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// There is no such message type.
    #[error("message type {0} is unknown")]
    Type(u8),
    /// A message of this type cannot be that long or short.
    #[error("a message of type {kind} cannot have {length} bytes")]
    Length {
        /// The message type.
        kind: u8,
        /// The length announced, in bytes.
        length: usize,
    },
}

/// Writes a message to the end of `out`. A garbled message cannot be sent and writes nothing.
pub fn encode(message: &Message, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; HEADER]);
    let kind = match message {
        Message::Handshake(handshake) => {
            encode_handshake(handshake, out);
            TYPE_HANDSHAKE
        }
        Message::Transaction { transaction, requested } => {
            encode_transaction(transaction, requested, out);
            TYPE_TRANSACTION
        }
        Message::Heartbeat { first_solid, last_solid } => {
            out.extend(first_solid.to_be_bytes());
            out.extend(last_solid.to_be_bytes());
            TYPE_HEARTBEAT
        }
        Message::Garbled => return out.truncate(start),
    };
    // Every payload is shorter than 2^16 bytes.
    let length = (out.len() - start - HEADER) as u16;
    out[start] = kind;
    out[start + 1..start + HEADER].copy_from_slice(&length.to_be_bytes());
}

fn encode_handshake(handshake: &Handshake, out: &mut Vec<u8>) {
    out.extend(handshake.port.to_be_bytes());
    out.extend(handshake.timestamp.to_be_bytes());
    out.extend(handshake.coordinator.as_bytes());
    out.push(handshake.mwm);
    out.extend(&handshake.versions[..handshake.versions.len().min(32)]);
}

fn encode_transaction(transaction: &Transaction, requested: &Hash, out: &mut Vec<u8>) {
    let (signature, essentials) = transaction.as_bytes().split_at(SIGNATURE);
    let kept = signature.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    out.extend(&signature[..kept]);
    out.extend(essentials);
    out.extend(requested.as_bytes());
}

/// Takes the bytes of one connection in as they come and gives messages out.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: VecDeque<u8>,
}

impl Decoder {
    /// Adds received bytes. What is kept is bounded by the longest message plus these bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
    }

    /// Whether no message has begun.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole message, if it is there.
    pub fn next(&mut self, memory: &mut Memory) -> Result<Option<Message>, FrameError> {
        if self.buffer.len() < HEADER {
            return Ok(None);
        }
        let kind = self.buffer[0];
        let length = usize::from(u16::from_be_bytes([self.buffer[1], self.buffer[2]]));
        check_length(kind, length)?;
        if self.buffer.len() < HEADER + length {
            return Ok(None);
        }
        self.buffer.drain(..HEADER);
        let payload: Vec<u8> = self.buffer.drain(..length).collect();
        Ok(Some(decode(kind, &payload, memory)))
    }
}

fn check_length(kind: u8, length: usize) -> Result<(), FrameError> {
    let allowed = match kind {
        TYPE_HANDSHAKE => HANDSHAKE_FIXED + 1..=MAX_HANDSHAKE,
        TYPE_TRANSACTION => ESSENTIALS + HASH..=MAX_TRANSACTION,
        TYPE_HEARTBEAT => HEARTBEAT..=HEARTBEAT,
        unknown => return Err(FrameError::Type(unknown)),
    };
    if allowed.contains(&length) { Ok(()) } else { Err(FrameError::Length { kind, length }) }
}

/// Reads a payload whose length was checked.
fn decode(kind: u8, payload: &[u8], memory: &mut Memory) -> Message {
    let message = match kind {
        TYPE_HANDSHAKE => decode_handshake(payload),
        TYPE_TRANSACTION => decode_transaction(payload, memory),
        _ => decode_heartbeat(payload),
    };
    message.unwrap_or(Message::Garbled)
}

fn decode_handshake(payload: &[u8]) -> Option<Message> {
    let (port, rest) = payload.split_first_chunk()?;
    let (timestamp, rest) = rest.split_first_chunk()?;
    let (coordinator, rest) = rest.split_at_checked(HASH)?;
    let (&mwm, versions) = rest.split_first()?;
    Some(Message::Handshake(Handshake {
        port: u16::from_be_bytes(*port),
        timestamp: u64::from_be_bytes(*timestamp),
        // A coordinator that is no hash is none that anybody believes.
        coordinator: Hash::from_bytes(coordinator).unwrap_or(Hash::NULL),
        mwm,
        versions: versions.to_vec(),
    }))
}

fn decode_transaction(payload: &[u8], memory: &mut Memory) -> Option<Message> {
    let (transaction, requested) = payload.split_at_checked(payload.len() - HASH)?;
    let (signature, essentials) = transaction.split_at_checked(transaction.len() - ESSENTIALS)?;
    let mut bytes = [0; TRANSACTION_BYTES];
    bytes[..signature.len()].copy_from_slice(signature);
    bytes[SIGNATURE..].copy_from_slice(essentials);
    let transaction = memory.transaction(&bytes)?;
    Some(Message::Transaction { transaction, requested: Hash::from_bytes(requested).ok()? })
}

fn decode_heartbeat(payload: &[u8]) -> Option<Message> {
    let (first, last) = payload.split_first_chunk()?;
    let (first_solid, last_solid) = (i32::from_be_bytes(*first), i32::from_be_bytes(last.try_into().ok()?));
    Some(Message::Heartbeat { first_solid, last_solid })
}

/// Transactions that came lately, by a digest of their bytes: all connections of a node share one.
#[derive(Debug, Default)]
pub struct Memory {
    recent: IndexMap<u64, Arc<Transaction>>,
}

impl Memory {
    /// The transaction of these bytes, hashed only if it did not come lately; `None` if they are no trits.
    fn transaction(&mut self, bytes: &[u8; TRANSACTION_BYTES]) -> Option<Arc<Transaction>> {
        let digest = BuildHasherDefault::<DefaultHasher>::default().hash_one(&bytes[..]);
        if let Some(known) = self.recent.get(&digest).filter(|known| known.as_bytes() == bytes) {
            return Some(known.clone());
        }
        let transaction = Arc::new(Transaction::from_bytes(bytes).ok()?);
        if self.recent.len() == REMEMBERED {
            self.recent.swap_remove_index(0);
        }
        self.recent.insert(digest, transaction.clone());
        Some(transaction)
    }
}
