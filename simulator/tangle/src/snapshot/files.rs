//! The two text files of a local snapshot: `BASE.snapshot.state` with the ledger, `BASE.snapshot.meta` with the rest.
//!
//! The state has a line `ADDRESS;BALANCE` for each balance above zero, in the order of the lines. The meta file has, one a
//! line: the milestone's hash, its index, its timestamp in seconds, how many solid entry points and how many seen
//! milestones there are, and then these, `HASH;INDEX` each, every group in the order of the indices.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::str::{FromStr, Lines};

use tanglegram_ternary::Hash;

use super::Snapshot;
use crate::config::{GenesisError, parse_balances};

/// What the name of the file with the ledger ends with.
pub const STATE_SUFFIX: &str = ".snapshot.state";
/// What the name of the other file ends with.
pub const META_SUFFIX: &str = ".snapshot.meta";

/// What is wrong with the files of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotFileError {
    /// The ledger cannot be read.
    #[error("state file: {0}")]
    State(#[from] GenesisError),
    /// The other file ends too early.
    #[error("meta file: it ends before line {line}, which should be {expected}")]
    Missing {
        /// Line number, from 1.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A line is not what belongs there.
    #[error("meta file: line {line}: expected {expected}, found `{found}`")]
    Malformed {
        /// Line number, from 1.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// The beginning of the line.
        found: String,
    },
    /// A hash is listed twice in one group.
    #[error("meta file: line {line}: {hash} is listed twice")]
    Duplicate {
        /// Line number, from 1.
        line: usize,
        /// The hash.
        hash: Hash,
    },
    /// There is more than was announced.
    #[error("meta file: line {line}: nothing more was announced")]
    Surplus {
        /// Line number, from 1.
        line: usize,
    },
}

impl Snapshot {
    /// Reads a snapshot from the texts of its two files. Memory is bounded by the length of the texts, whatever counts
    /// they announce.
    pub fn parse(state: &str, meta: &str) -> Result<Snapshot, SnapshotFileError> {
        let mut reader = Reader { lines: meta.lines(), line: 0 };
        let hash = reader.next("the hash of a milestone", |text| Hash::from_trytes(text).ok())?;
        let index = reader.next("a milestone index", at_least_zero)?;
        let timestamp = reader.next("a timestamp in seconds", at_least_zero)?;
        let entry_points: u32 = reader.next("the number of solid entry points", at_least_zero)?;
        let seen: u32 = reader.next("the number of seen milestones", at_least_zero)?;
        let solid_entry_points = reader.group(entry_points, "a solid entry point HASH;INDEX")?;
        let seen_milestones = reader.group(seen, "a seen milestone HASH;INDEX")?;
        reader.end()?;
        let balances = parse_balances(state)?;
        Ok(Snapshot { hash, index, timestamp, balances, solid_entry_points, seen_milestones })
    }

    /// The text of the state file.
    pub fn state_text(&self) -> String {
        let mut lines: Vec<String> = self
            .balances
            .iter()
            .filter(|(_, balance)| **balance != 0)
            .map(|(address, balance)| format!("{address};{balance}\n"))
            .collect();
        lines.sort_unstable();
        lines.concat()
    }

    /// The text of the meta file.
    pub fn meta_text(&self) -> String {
        let (entry_points, seen) = (&self.solid_entry_points, &self.seen_milestones);
        let mut text = format!("{}\n{}\n{}\n", self.hash, self.index, self.timestamp);
        push_line(&mut text, entry_points.len());
        push_line(&mut text, seen.len());
        for group in [entry_points, seen] {
            let mut lines: Vec<_> = group.iter().collect();
            lines.sort_by_key(|&(_, index)| index);
            lines.into_iter().for_each(|(hash, index)| push_line(&mut text, format_args!("{hash};{index}")));
        }
        text
    }
}

fn push_line(text: &mut String, line: impl Display) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{line}");
}

fn at_least_zero<T: FromStr + PartialOrd + Default>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number| *number >= T::default())
}

fn pair(text: &str) -> Option<(Hash, i32)> {
    let (hash, index) = text.split_once(';')?;
    Some((Hash::from_trytes(hash).ok()?, at_least_zero(index)?))
}

/// Reads line after line.
struct Reader<'a> {
    lines: Lines<'a>,
    line: usize,
}

impl Reader<'_> {
    fn next<T>(
        &mut self,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, SnapshotFileError> {
        self.line += 1;
        let line = self.line;
        let text = self.lines.next().ok_or(SnapshotFileError::Missing { line, expected })?;
        let found = || text.chars().take(40).collect();
        read(text.trim_end()).ok_or_else(|| SnapshotFileError::Malformed { line, expected, found: found() })
    }

    fn group(
        &mut self,
        count: u32,
        expected: &'static str,
    ) -> Result<BTreeMap<Hash, i32>, SnapshotFileError> {
        let mut group = BTreeMap::new();
        for _ in 0..count {
            let (hash, index) = self.next(expected, pair)?;
            if group.insert(hash, index).is_some() {
                return Err(SnapshotFileError::Duplicate { line: self.line, hash });
            }
        }
        Ok(group)
    }

    fn end(mut self) -> Result<(), SnapshotFileError> {
        let surplus = self.lines.position(|line| !line.trim().is_empty());
        surplus.map_or(Ok(()), |at| Err(SnapshotFileError::Surplus { line: self.line + at + 1 }))
    }
}
