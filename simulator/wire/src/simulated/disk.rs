//! turmoil's disk: what is not synced is lost with the host.

use std::io;
use std::path::Path;

use turmoil::fs::shim::std::fs::{self, File, OpenOptions};

use crate::data::{DataError, Disk, DiskFile};

/// The disk of the turmoil host whose code runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimulatedDisk;

impl Disk for SimulatedDisk {
    type File = File;
    type Lock = ();

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    /// Nobody else works on this disk.
    fn lock(&self, _folder: &Path) -> Result<(), DataError> {
        Ok(())
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).open(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        File::create(path)
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        if fs::exists(path) { fs::read(path).map(Some) } else { Ok(None) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn exists(&self, path: &Path) -> bool {
        fs::exists(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        fs::sync_dir(folder)
    }
}

impl DiskFile for File {
    fn set_len(&self, length: u64) -> io::Result<()> {
        File::set_len(self, length)
    }

    fn sync_all(&self) -> io::Result<()> {
        File::sync_all(self)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }
}
