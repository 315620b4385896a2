//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Whether a file can be put there: its folder can be written, and nothing but a file is in its place.
///
/// # Errors
/// What the system says.
pub fn can_write(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    if is_stream(path) {
        return Ok(());
    }
    let path = &linked(path);
    sweep(path);
    let part = part(path)?;
    File::create(&part)?;
    fs::remove_file(&part)
}

/// Writes a file beside its place and moves it there: a reader sees the old one or the new one, never a part. Into a
/// terminal or a pipe, such as `/dev/stdout`, it is written as it is.
///
/// # Errors
/// What the system says; what was there is still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_stream(path) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let path = &linked(path);
    sweep(path);
    let part = part(path)?;
    let written = put(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part); // the first error is the one to tell
    }
    written
}

/// Whether what is there takes bytes, but cannot be replaced.
fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// The file that a link leads to: the link stays.
fn linked(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn put(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(part)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Where a file is written by this process before it is whole: `.<name>.<process>.part`, in the same folder.
fn part(path: &Path) -> io::Result<PathBuf> {
    let begin = begin(path).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
    let mut name = begin;
    name.push(format!("{}.part", process::id()));
    Ok(path.with_file_name(name))
}

fn begin(path: &Path) -> Option<OsString> {
    let mut begin = OsString::from(".");
    begin.push(path.file_name()?);
    begin.push(".");
    Some(begin)
}

/// Removes parts that processes left which were killed while they wrote this file.
fn sweep(path: &Path) {
    let processes = Path::new("/proc");
    let Some(begin) = begin(path).filter(|_| processes.join("self").exists()) else { return };
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let of = name.to_str().zip(begin.to_str()).and_then(|(name, begin)| name.strip_prefix(begin));
        let writer = of.and_then(|rest| rest.strip_suffix(".part")).and_then(|id| id.parse::<u32>().ok());
        if writer.is_some_and(|id| !processes.join(id.to_string()).exists()) {
            let _ = fs::remove_file(entry.path()); // somebody else may do the same
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let killed = folder.path().join(".report.json.4294967295.part");
        let foreign = folder.path().join(".report.json.x.part");
        for left in [&killed, &foreign] {
            fs::write(left, "{").unwrap();
        }
        can_write(&path).unwrap();
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(foreign.exists());
        assert_eq!(killed.exists(), !Path::new("/proc/self").exists());
        assert!(!part(&path).unwrap().exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        for path in [&link, &null] {
            can_write(path).unwrap();
            write_whole(path, b"new").unwrap();
            assert!(fs::symlink_metadata(path).unwrap().is_symlink());
        }
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(!fs::metadata(&null).unwrap().is_file());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_before() {
        let folder = tempfile::tempdir().unwrap();
        assert!(can_write(&folder.path().join("none/report.json")).is_err());
        assert!(can_write(folder.path()).is_err());
    }
}
