//! A file of results that survives whatever happens to the process that writes it.
//!
//! Lines are appended and synced to the disk batch by batch. A line that was not written whole is dropped when the file is
//! opened again, and its seed is run again; whatever was synced is never run twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::results::{Header, Results, SeedResult};

/// Why a file of results cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else writes it.
    #[error("{} is being written by another sweep", .0.display())]
    Busy(PathBuf),
    /// A line says something else than a result.
    #[error("{}:{line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It belongs to another sweep.
    #[error("{} holds a sweep of {found}, not of {expected}: choose another folder", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What it is about.
        found: String,
        /// What is to be written.
        expected: String,
    },
}

/// A file of results, open for more.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: File,
    waiting: Vec<u8>,
}

impl Store {
    /// Opens or begins the file of a sweep, which nobody else may have open; returns what is in it already.
    pub fn open(path: &Path, header: &Header) -> Result<(Store, Results), StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let whole = whole_lines(&bytes);
        file.set_len(whole.len() as u64).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut store = Store { path: path.to_owned(), file, waiting: Vec::new() };
        let Some((found, results)) = parse(path, whole)? else {
            store.push(header);
            store.sync()?;
            return Ok((store, Results::new()));
        };
        if !found.belongs_to(header) {
            let of = |header: &Header| {
                format!(
                    "{} (scenario {:.12}, seeds {}, version {})",
                    header.world, header.scenario, header.seeds, header.version
                )
            };
            return Err(StoreError::Other { path: path.to_owned(), found: of(&found), expected: of(header) });
        }
        Ok((store, results))
    }

    /// Adds a result; it is on the disk after the next [`Store::sync`].
    pub fn add(&mut self, result: &SeedResult) {
        self.push(result);
    }

    fn push(&mut self, line: &impl serde::Serialize) {
        // These types have nothing that JSON has not.
        self.waiting.extend(serde_json::to_vec(line).unwrap_or_default());
        self.waiting.push(b'\n');
    }

    /// Writes what was added and waits until it is on the disk.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.waiting).and_then(|()| self.file.sync_data());
        self.waiting.clear();
        written.map_err(|source| StoreError::Io { path: self.path.clone(), source })
    }
}

/// Reads a file of results that nobody need be writing; a torn last line is left out.
pub fn read(path: &Path) -> Result<Option<(Header, Results)>, StoreError> {
    let bytes = std::fs::read(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    parse(path, whole_lines(&bytes))
}

/// The bytes up to the last end of a line.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    &bytes[..end]
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Option<(Header, Results)>, StoreError> {
    let wrong = |line: usize, what: String| StoreError::Line { path: path.to_owned(), line, what };
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n').zip(1..);
    let Some((first, _)) = lines.next() else { return Ok(None) };
    let header = serde_json::from_slice(first).map_err(|error| wrong(1, error.to_string()))?;
    let mut results = Results::new();
    for (bytes, line) in lines {
        let result: SeedResult =
            serde_json::from_slice(bytes).map_err(|error| wrong(line, error.to_string()))?;
        if results.insert(result.seed, result.clone()).is_some_and(|former| former != result) {
            return Err(wrong(line, format!("another result of seed {}", result.seed)));
        }
    }
    Ok(Some((header, results)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let [world, scenario, version, seeds] = ["w", "s", "1", "0..9"].map(String::from);
        Header { world, scenario, version, seeds }
    }

    fn result(seed: u64) -> SeedResult {
        SeedResult { seed, digest: format!("d{seed}"), events: seed, violations: Vec::new(), panic: None }
    }

    #[test]
    fn whatever_of_a_file_is_left_its_whole_lines_are_kept_and_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        let (mut store, _) = Store::open(&path, &header()).unwrap();
        (0..4).for_each(|seed| store.add(&result(seed)));
        store.sync().unwrap();
        drop(store);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut store, found) = Store::open(&path, &header()).unwrap();
            let lines = whole[..length].iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(
                found.keys().copied().collect::<Vec<_>>(),
                (0..lines.saturating_sub(1) as u64).collect::<Vec<_>>()
            );
            (found.len() as u64..4).for_each(|seed| store.add(&result(seed)));
            store.sync().unwrap();
            drop(store);
            assert_eq!(std::fs::read(&path).unwrap(), whole, "cut at {length}");
        }
    }

    #[test]
    fn a_file_of_another_sweep_or_in_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        let (store, _) = Store::open(&path, &header()).unwrap();
        assert!(matches!(Store::open(&path, &header()), Err(StoreError::Busy(_))));
        drop(store);
        let other = Header { seeds: "0..8".into(), ..header() };
        assert!(matches!(Store::open(&path, &other), Err(StoreError::Other { .. })));
        std::fs::write(&path, "{}\n").unwrap();
        assert!(matches!(Store::open(&path, &header()), Err(StoreError::Line { line: 1, .. })));
    }
}
