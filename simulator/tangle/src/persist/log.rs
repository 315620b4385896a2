//! Records as bytes of a file that is only ever appended to.
//!
//! What is written at a time is a frame: the mark, the frame's number, its length, a checksum, the records. The next frame is
//! written only when the one before is known to be on the disk. So a bad frame with nothing behind it was cut off by a crash
//! and never acknowledged; a bad frame with a good one behind it was damaged later.

use std::sync::Arc;

use tanglegram_ternary::transaction::field::TRANSACTION_BYTES;
use tanglegram_ternary::{Hash, Transaction};

use super::Record;
use crate::config::Config;
use crate::snapshot::Snapshot;
use crate::snapshot::files::SnapshotFileError;

const MARK: [u8; 8] = *b"\xf0TGLOG1\n";
const CHECKSUM: usize = 16;
/// Mark, number, length, checksum.
const HEADER: usize = 8 + 8 + 8 + CHECKSUM;
/// The longest frame that is read, in bytes.
const MAX_FRAME: u64 = 1 << 32;
const HASH: usize = 49;

/// What tells networks apart: the first half stands for the genesis (balances, index, timestamp), the other for the
/// coordinator (address, depth, security, mode).
pub fn identity(config: &Config) -> [u8; 32] {
    let (mut genesis, mut coordinator) = (blake3::Hasher::new(), blake3::Hasher::new());
    for (address, balance) in &config.genesis.balances {
        genesis.update(address.as_bytes()).update(&balance.to_le_bytes());
    }
    genesis.update(&config.genesis.index.to_le_bytes()).update(&config.genesis.timestamp.to_le_bytes());
    let known = &config.coordinator.identity;
    coordinator.update(known.address.as_bytes()).update(&(known.depth as u64).to_le_bytes());
    coordinator.update(format!("{:?} {}", known.security, known.mode).as_bytes());
    let mut identity = [0; 32];
    identity[..16].copy_from_slice(&genesis.finalize().as_bytes()[..16]);
    identity[16..].copy_from_slice(&coordinator.finalize().as_bytes()[..16]);
    identity
}

/// What of two networks differs; `None`: they are the same.
fn difference(found: &[u8], identity: &[u8; 32]) -> Option<&'static str> {
    match (found.get(..16) == Some(&identity[..16]), found.get(16..) == Some(&identity[16..])) {
        (true, true) => None,
        (true, false) => Some("coordinator"),
        (false, true) => Some("genesis"),
        (false, false) => Some("genesis and coordinator"),
    }
}

/// Writes records as a frame to the end of `out`.
pub fn encode(number: u64, records: &[Record], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; HEADER]);
    records.iter().for_each(|record| encode_record(record, out));
    seal(number, start, out);
}

/// Writes the first frame of a file: which network it is of.
pub fn encode_identity(identity: &[u8; 32], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; HEADER]);
    out.extend(identity);
    seal(0, start, out);
}

/// A file of a frame with this payload, whatever it holds, behind `before`: for tests of the reader.
#[doc(hidden)]
pub fn frame(number: u64, payload: &[u8], before: &[u8]) -> Vec<u8> {
    let mut out = [before, &[0; HEADER], payload].concat();
    seal(number, before.len(), &mut out);
    out
}

fn seal(number: u64, start: usize, out: &mut [u8]) {
    let length = (out.len() - start - HEADER) as u64;
    let header = &mut out[start..start + HEADER];
    header[..8].copy_from_slice(&MARK);
    header[8..16].copy_from_slice(&number.to_le_bytes());
    header[16..24].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(&out[start + 8..start + 24], &out[start + HEADER..]);
    out[start + 24..start + HEADER].copy_from_slice(&checksum);
}

fn checksum(numbers: &[u8], payload: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(numbers).update(payload);
    let mut checksum = [0; CHECKSUM];
    checksum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM]);
    checksum
}

/// What is wrong with a file of records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file does not start like one.
    #[error("it is no ledger of this program: it does not start with the mark of one")]
    NotALog,
    /// The file is of another network.
    #[error("it is the ledger of another network: its {what} is not this one's")]
    OtherNetwork {
        /// What differs: `genesis`, `coordinator`, or both.
        what: &'static str,
    },
    /// Something was changed after it was written.
    #[error(
        "damaged at byte {offset}: what was written there is not what is there now, and more follows behind it"
    )]
    Damaged {
        /// Offset of the damaged frame.
        offset: u64,
    },
    /// A frame that is as it was written has a record that makes no sense.
    #[error("byte {offset}: {what}")]
    Record {
        /// Offset of the record.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// All records in order.
    pub records: Vec<Record>,
    /// The number of the next frame.
    pub next_frame: u64,
    /// How many bytes of the file are whole frames. What is behind was cut off by a crash.
    pub length: u64,
}

/// Reads a file of the network of that identity. Of an empty file, and of one whose very first frame was cut off, nothing is
/// read.
pub fn decode(bytes: &[u8], identity: &[u8; 32]) -> Result<Contents, LogError> {
    let head = bytes.get(..MARK.len()).unwrap_or(bytes);
    if *head != MARK[..head.len()] {
        return Err(LogError::NotALog);
    }
    let mut contents = Contents::default();
    while let Some(frame) = next_frame(bytes, contents.length as usize, contents.next_frame)? {
        if contents.next_frame == 0 {
            if let Some(what) = difference(frame, identity) {
                return Err(LogError::OtherNetwork { what });
            }
        } else {
            decode_records(frame, contents.length + HEADER as u64, &mut contents.records)?;
        }
        contents.length += (HEADER + frame.len()) as u64;
        contents.next_frame += 1;
    }
    Ok(contents)
}

/// The frame at an offset; `None` at the end, whole or torn.
fn next_frame(bytes: &[u8], offset: usize, number: u64) -> Result<Option<&[u8]>, LogError> {
    if let Some((found, frame)) = frame_at(bytes, offset)
        && found == number
    {
        return Ok(Some(frame));
    }
    let behind = &bytes[(offset + 1).min(bytes.len())..];
    let marks = behind.windows(MARK.len()).enumerate().filter(|(_, window)| **window == MARK);
    let is_later = |at: usize| frame_at(behind, at).is_some_and(|(found, _)| found > number);
    if marks.map(|(at, _)| at).any(is_later) {
        return Err(LogError::Damaged { offset: offset as u64 });
    }
    Ok(None)
}

/// Number and payload of a frame that is as it was written.
fn frame_at(bytes: &[u8], offset: usize) -> Option<(u64, &[u8])> {
    let (header, rest) = bytes.get(offset..)?.split_at_checked(HEADER)?;
    let number = |at: usize| Some(u64::from_le_bytes(header.get(at..at + 8)?.try_into().ok()?));
    let (frame, length) = (number(8)?, number(16).filter(|&length| length <= MAX_FRAME)?);
    let payload = rest.get(..usize::try_from(length).ok()?)?;
    (header[..8] == MARK && header[24..] == checksum(&header[8..24], payload)).then_some((frame, payload))
}

const START: u8 = 1;
const CONFIRMED: u8 = 2;
const SPENT: u8 = 3;
const STORED: u8 = 4;
const SNAPSHOT: u8 = 5;

fn encode_record(record: &Record, out: &mut Vec<u8>) {
    match record {
        Record::Start { snapshot } => {
            out.push(START);
            encode_snapshot(snapshot, out);
        }
        Record::Confirmed { transaction, arrived, index, is_milestone } => {
            out.push(CONFIRMED);
            out.extend(arrived.to_le_bytes());
            out.extend(index.to_le_bytes());
            out.push(u8::from(*is_milestone));
            out.extend(transaction.as_bytes());
        }
        Record::Spent { address } => {
            out.push(SPENT);
            out.extend(address.as_bytes());
        }
        Record::Stored { transaction, arrived } => {
            out.push(STORED);
            out.extend(arrived.to_le_bytes());
            out.extend(transaction.as_bytes());
        }
        Record::Snapshot { snapshot, pruned } => {
            out.push(SNAPSHOT);
            out.push(u8::from(pruned.is_some()));
            out.extend(pruned.unwrap_or(0).to_le_bytes());
            encode_snapshot(snapshot, out);
        }
    }
}

/// The texts of the snapshot's two files, each after its length.
fn encode_snapshot(snapshot: &Snapshot, out: &mut Vec<u8>) {
    for text in [snapshot.state_text(), snapshot.meta_text()] {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    }
}

fn decode_records(payload: &[u8], start: u64, records: &mut Vec<Record>) -> Result<(), LogError> {
    let mut rest = payload;
    while !rest.is_empty() {
        let offset = start + (payload.len() - rest.len()) as u64;
        let record = decode_record(&mut rest).map_err(|what| LogError::Record { offset, what })?;
        records.push(record);
    }
    Ok(())
}

fn decode_record(rest: &mut &[u8]) -> Result<Record, String> {
    let [kind] = take(rest)?;
    Ok(match kind {
        START => Record::Start { snapshot: decode_snapshot(rest)? },
        CONFIRMED => {
            let (arrived, index) = (u32::from_le_bytes(take(rest)?), i32::from_le_bytes(take(rest)?));
            let is_milestone = take::<1>(rest)? == [1];
            Record::Confirmed { transaction: decode_transaction(rest)?, arrived, index, is_milestone }
        }
        SPENT => {
            let address = Hash::from_bytes(&take::<HASH>(rest)?).map_err(|error| error.to_string())?;
            Record::Spent { address }
        }
        STORED => {
            let arrived = u32::from_le_bytes(take(rest)?);
            Record::Stored { transaction: decode_transaction(rest)?, arrived }
        }
        SNAPSHOT => {
            let (is_pruned, up_to) = (take::<1>(rest)? == [1], i32::from_le_bytes(take(rest)?));
            Record::Snapshot { snapshot: decode_snapshot(rest)?, pruned: is_pruned.then_some(up_to) }
        }
        other => return Err(format!("a record of the unknown kind {other}")),
    })
}

fn decode_transaction(rest: &mut &[u8]) -> Result<Arc<Transaction>, String> {
    let bytes = take::<TRANSACTION_BYTES>(rest)?;
    Transaction::from_bytes(&bytes).map(Arc::new).map_err(|error| error.to_string())
}

fn decode_snapshot(rest: &mut &[u8]) -> Result<Arc<Snapshot>, String> {
    let (state, meta) = (take_text(rest)?, take_text(rest)?);
    Snapshot::parse(state, meta).map(Arc::new).map_err(|error: SnapshotFileError| error.to_string())
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, String> {
    let length = usize::try_from(u64::from_le_bytes(take(rest)?)).map_err(|error| error.to_string())?;
    let (text, behind) = rest.split_at_checked(length).ok_or("a record ends in its middle")?;
    *rest = behind;
    std::str::from_utf8(text).map_err(|error| error.to_string())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (taken, behind) = rest.split_first_chunk::<N>().ok_or("a record ends in its middle")?;
    *rest = behind;
    Ok(*taken)
}
