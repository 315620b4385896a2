//! A folder of record and balance files, looked through again and again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tanglegram_mirror::ingest::{Event, Importer};
use tanglegram_mirror::{EntityId, Mirror};
use tanglegram_world::IntakePlan;
use tokio::task::spawn_blocking;
use tokio::time;

/// From one look to the next.
const PERIOD: Duration = Duration::from_millis(500);

/// How many folders deep files are looked for.
const DEPTH: usize = 4;

/// Bytes of the largest file that is read.
const MAX_FILE: u64 = 64 << 20;

/// Bytes that are read in one round, so that a large backlog is not in memory at once.
const ROUND: u64 = 256 << 20;

/// Reads the files of a folder into a mirror node.
pub(crate) struct Intake<R> {
    folder: PathBuf,
    importer: Importer,
    seen: BTreeMap<PathBuf, Stamp>,
    mirror: Rc<RefCell<Mirror>>,
    report: R,
}

/// What tells whether a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

/// A file that is new or changed.
struct Found {
    path: PathBuf,
    stamp: Stamp,
    content: Vec<u8>,
}

impl<R: Fn(&Event)> Intake<R> {
    pub(crate) fn new(plan: IntakePlan, mirror: Rc<RefCell<Mirror>>, report: R) -> Self {
        let importer = Importer::new(plan.shard, plan.trust);
        Intake { folder: plan.folder, importer, seen: BTreeMap::new(), mirror, report }
    }

    /// Looks through the folder until the task is aborted.
    pub(crate) async fn run(mut self) {
        let mut ticks = time::interval(PERIOD);
        loop {
            ticks.tick().await;
            if let Err(error) = self.round().await {
                tracing::warn!(%error, folder = %self.folder.display(), "cannot look through the folder");
            }
        }
    }

    /// Looks through the folder once and takes what can be taken.
    pub(crate) async fn round(&mut self) -> io::Result<()> {
        loop {
            let (folder, seen) = (self.folder.clone(), self.seen.clone());
            let found = spawn_blocking(move || changed(&folder, &seen)).await.map_err(io::Error::other)??;
            if found.is_empty() {
                return Ok(());
            }
            for file in found {
                self.offer(file);
            }
            let events = self.importer.advance(&mut self.mirror.borrow_mut().store);
            events.iter().for_each(&self.report);
        }
    }

    fn offer(&mut self, file: Found) {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let event = self.importer.offer(node(&file.path), &name, file.content);
        self.seen.insert(file.path, file.stamp);
        // That a file came from each node is as it should be.
        if let Some(event) = event.filter(|_| !self.importer.is_imported(name.trim_end_matches("_sig"))) {
            (self.report)(&event);
        }
    }
}

/// The node whose file this is, by the folder it lies in: `record0.0.3` or `balance0.0.3`.
fn node(path: &Path) -> EntityId {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let account = folder.strip_prefix("record").or_else(|| folder.strip_prefix("balance")).unwrap_or(&folder);
    account.parse().unwrap_or(EntityId::new(0, 0, 0))
}

/// The files that are new or changed, in order, as far as a round goes.
fn changed(folder: &Path, seen: &BTreeMap<PathBuf, Stamp>) -> io::Result<Vec<Found>> {
    let mut paths = BTreeSet::new();
    list(folder, DEPTH, &mut paths)?;
    let mut found = Vec::new();
    let mut read = 0;
    // By name first, so that the files of all nodes for the same time come in the same round.
    let mut paths: Vec<PathBuf> = paths.into_iter().collect();
    paths.sort_by(|left, right| left.file_name().cmp(&right.file_name()));
    for path in paths {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let stamp = Stamp { length: metadata.len(), modified: metadata.modified().ok() };
        if seen.get(&path) == Some(&stamp) || stamp.length > MAX_FILE {
            continue;
        }
        let Ok(content) = fs::read(&path) else { continue };
        read += stamp.length;
        found.push(Found { path, stamp, content });
        if read > ROUND {
            break;
        }
    }
    Ok(found)
}

fn list(folder: &Path, depth: usize, paths: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            paths.insert(path);
        } else if depth > 0 {
            list(&path, depth - 1, paths)?;
        }
    }
    Ok(())
}
