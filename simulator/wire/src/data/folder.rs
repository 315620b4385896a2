//! The folder: its lock, its file of records, the files of local snapshots.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanglegram_tangle::persist::log::{self, Contents};
use tanglegram_tangle::snapshot::files::{META_SUFFIX, STATE_SUFFIX};
use tanglegram_tangle::{Config, Node, Record, Snapshot};

use super::DataError;
use super::disk::{Disk, DiskFile, System};

const LOG: &str = "ledger.log";
/// The longest file that is read, in bytes.
pub(crate) const MAX_FILE: u64 = 16 << 30;
/// Records that are written as one frame when a file is written anew.
const FRAME: usize = 4_096;

/// A data folder in use.
pub struct Stored(pub(crate) StoredOn<System>);

/// A data folder on some disk.
pub(crate) struct StoredOn<D: Disk> {
    pub(crate) log: LogFile<D>,
    /// How many records the file has.
    pub(crate) records: usize,
    /// What the names of a local snapshot's files start with.
    pub(crate) base: PathBuf,
    /// What was found that people should know.
    pub(crate) notes: Vec<String>,
}

/// The file of records, open at its end. While it is open, no other process can use the folder.
pub(crate) struct LogFile<D: Disk> {
    disk: D,
    path: PathBuf,
    file: D::File,
    identity: [u8; 32],
    /// Bytes that are known to be on the disk.
    length: u64,
    next_frame: u64,
    _lock: D::Lock,
}

/// Opens a folder, made if it is not there, and reads the node in it: a fresh one where there is none yet, or one that starts
/// from a local snapshot if its files are there.
pub(crate) fn open<D: Disk>(
    disk: D,
    folder: &Path,
    base: Option<&Path>,
    (config, seed): (Config, u64),
) -> Result<(Node, StoredOn<D>), DataError> {
    disk.create_folder(folder).map_err(io_error("create the data folder", folder))?;
    let lock = disk.lock(folder)?;
    let (path, identity) = (folder.join(LOG), log::identity(&config));
    let bytes = read_if_there(&disk, &path)?.unwrap_or_default();
    let contents = log::decode(&bytes, &identity);
    let contents = contents.map_err(|source| DataError::Log { path: path.clone(), source })?;
    let base = base.map_or_else(|| folder.join("local"), Path::to_owned);
    let mut notes = Vec::new();
    let cut_off = bytes.len() as u64 - contents.length;
    if cut_off > 0 {
        notes.push(format!(
            "the last {cut_off} bytes of {} were cut off by a crash before anything in them was acknowledged; they are removed",
            path.display()
        ));
    }
    let Contents { mut records, length, next_frame } = contents;
    let start = if next_frame == 0 { read_snapshot(&disk, &base)? } else { None };
    let mut log = LogFile::open(disk, path.clone(), identity, (length, next_frame), lock)?;
    if let Some(snapshot) = start {
        notes.push(format!(
            "starts from the local snapshot {} of milestone {}",
            base.display(),
            snapshot.index
        ));
        records.push(Record::Start { snapshot: Arc::new(snapshot) });
        log.append(&records).map_err(io_error("write", &path))?;
    }
    let count = records.len();
    let node = Node::restore(config, seed, None, records);
    let node = node.map_err(|source| DataError::Restore { path, source })?;
    Ok((node, StoredOn { log, records: count, base, notes }))
}

pub(crate) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DataError {
    let path = path.to_owned();
    move |source| DataError::Io { what, path, source }
}

fn read_if_there(disk: &impl Disk, path: &Path) -> Result<Option<Vec<u8>>, DataError> {
    let bytes = disk.read(path).map_err(io_error("read", path))?;
    if bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 > MAX_FILE) {
        return Err(io_error("read", path)(io::Error::other("it has more than 16 GiB")));
    }
    Ok(bytes)
}

/// The local snapshot of that name; none unless both of its files are there.
fn read_snapshot(disk: &impl Disk, base: &Path) -> Result<Option<Snapshot>, DataError> {
    let read = |suffix| -> Result<Option<String>, DataError> {
        let path = with_suffix(base, suffix);
        let text = read_if_there(disk, &path)?.map(String::from_utf8).transpose();
        text.map_err(|error| io_error("read", &path)(io::Error::new(io::ErrorKind::InvalidData, error)))
    };
    let (Some(state), Some(meta)) = (read(STATE_SUFFIX)?, read(META_SUFFIX)?) else { return Ok(None) };
    let parsed = Snapshot::parse(&state, &meta);
    parsed.map(Some).map_err(|source| DataError::Snapshot { base: base.to_owned(), source })
}

/// Writes the two files of a local snapshot; those that were there become `.bkp`.
pub(crate) fn write_snapshot(disk: &impl Disk, base: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let files = [(STATE_SUFFIX, snapshot.state_text()), (META_SUFFIX, snapshot.meta_text())];
    let temporary = |suffix: &str| with_suffix(base, &format!("{suffix}.tmp"));
    for (suffix, text) in &files {
        let mut file = disk.create(&temporary(suffix))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    for (suffix, _) in &files {
        let path = with_suffix(base, suffix);
        if disk.exists(&path) {
            disk.rename(&path, &with_suffix(base, &format!("{suffix}.bkp")))?;
        }
    }
    files.iter().try_for_each(|(suffix, _)| disk.rename(&temporary(suffix), &with_suffix(base, suffix)))
}

fn with_suffix(base: &Path, suffix: &str) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl<D: Disk> LogFile<D> {
    /// Opens the file behind its whole frames; what else is in it is cut off.
    fn open(
        disk: D,
        path: PathBuf,
        identity: [u8; 32],
        (length, next_frame): (u64, u64),
        lock: D::Lock,
    ) -> Result<LogFile<D>, DataError> {
        let file = disk.open(&path).map_err(io_error("open", &path))?;
        let mut log = LogFile { disk, path: path.clone(), file, identity, length, next_frame, _lock: lock };
        log.begin().map_err(io_error("write", &path))?;
        Ok(log)
    }

    fn begin(&mut self) -> io::Result<()> {
        self.rewind()?;
        if self.next_frame > 0 {
            return self.file.sync_all();
        }
        let mut bytes = Vec::new();
        log::encode_identity(&self.identity, &mut bytes);
        self.write(&bytes)?;
        self.next_frame = 1;
        self.sync_folder()
    }

    /// Cuts off what is not known to be on the disk.
    fn rewind(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes records as one frame; when this returns they are on the disk. After an error the file is as it was before, and
    /// writing can be tried again.
    pub(crate) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let mut bytes = Vec::new();
        log::encode(self.next_frame, records, &mut bytes);
        // A write that failed may have left something behind.
        self.rewind()?;
        self.write(&bytes)?;
        self.next_frame += 1;
        Ok(())
    }

    /// Replaces the file by one that has only these records.
    pub(crate) fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
        let temporary = with_suffix(&self.path, ".tmp");
        let mut file = self.disk.create(&temporary)?;
        let mut bytes = Vec::new();
        log::encode_identity(&self.identity, &mut bytes);
        let (mut length, mut next_frame) = (0, 1);
        for records in records.chunks(FRAME) {
            log::encode(next_frame, records, &mut bytes);
            file.write_all(&bytes)?;
            length += bytes.len() as u64;
            next_frame += 1;
            bytes.clear();
        }
        file.write_all(&bytes)?;
        length += bytes.len() as u64;
        file.sync_all()?;
        self.disk.rename(&temporary, &self.path)?;
        self.sync_folder()?;
        (self.file, self.length, self.next_frame) = (file, length, next_frame);
        Ok(())
    }

    /// The disk it is on.
    pub(crate) fn disk(&self) -> &D {
        &self.disk
    }

    /// Makes sure that a new name in the folder is on the disk.
    fn sync_folder(&self) -> io::Result<()> {
        self.path.parent().map_or(Ok(()), |folder| self.disk.sync_folder(folder))
    }
}
