//! Where a data folder lies: the system's disk, or a simulated one behind the same trait.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::DataError;
use super::folder::{MAX_FILE, io_error};

/// Files by path.
pub(crate) trait Disk: 'static {
    /// An open file.
    type File: DiskFile;
    /// Keeps others from using a folder until it is dropped.
    type Lock;

    /// Makes a folder, and those above, where they are not there.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes the lock that one user of the folder at a time can have.
    fn lock(&self, folder: &Path) -> Result<Self::Lock, DataError>;

    /// Opens a file for writing, made if it is not there.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// Makes an empty file, or empties the one that is there.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// The bytes of a file; `None` where there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Gives a file another name, in place of the file of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Whether there is a file of that name.
    fn exists(&self, path: &Path) -> bool;

    /// Makes sure that the names in a folder are on the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// An open file.
pub(crate) trait DiskFile: Write + Seek {
    /// Cuts it off, or adds zeros.
    fn set_len(&self, length: u64) -> io::Result<()>;

    /// Makes sure that everything about it is on the disk.
    fn sync_all(&self) -> io::Result<()>;

    /// Makes sure that its bytes are on the disk.
    fn sync_data(&self) -> io::Result<()>;
}

/// The system's disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Disk for System {
    type File = File;
    type Lock = File;

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    /// It goes with the process, however that ends.
    fn lock(&self, folder: &Path) -> Result<File, DataError> {
        let path = folder.join("lock");
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(io_error("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let _ = Read::by_ref(&mut file).take(20).read_to_string(&mut process);
                let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
                let process = is_number.then_some(process);
                return Err(DataError::InUse { folder: folder.to_owned(), process });
            }
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &path)(source)),
        }
        // Only there to tell others whose the folder is.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(file)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(false).open(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        File::create(path)
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
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
