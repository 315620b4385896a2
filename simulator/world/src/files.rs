//! Where a world's files come from: the disk, or the fixtures built into the program.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Largest file read, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// The built-in files by their path below `fixtures/`.
macro_rules! fixtures {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_bytes!(concat!("../../../fixtures/", $path)) as &[u8])),*]
    };
}

const FIXTURES: [(&str, &[u8]); 19] = fixtures![
    "recorded/iri-1.8/snapshot.txt",
    "recorded/mirror-2019/dataset.json",
    "worlds/canary.yaml",
    "worlds/hedera-faults.yaml",
    "worlds/hedera-net.yaml",
    "worlds/hedera-swarm.yaml",
    "worlds/hedera-ten.yaml",
    "worlds/hedera-thirty.yaml",
    "worlds/hundred.yaml",
    "worlds/partition.yaml",
    "worlds/private-net.tree",
    "worlds/private-net.yaml",
    "worlds/recorded-iri-auth.yaml",
    "worlds/recorded-iri-limits.yaml",
    "worlds/recorded-iri.yaml",
    "worlds/recorded-mirror.yaml",
    "worlds/spammers.yaml",
    "worlds/swarm.yaml",
    "worlds/two-ledgers.yaml",
];

/// What relative paths in a world file are relative to.
#[derive(Clone, Debug)]
pub(crate) enum Files {
    /// `fixtures/worlds/`, in the program.
    BuiltIn,
    /// A folder on disk.
    Folder(PathBuf),
}

impl Files {
    /// The file at a path, as bytes.
    pub(crate) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::BuiltIn => built_in(&normal(&Path::new("worlds").join(path))).map(<[u8]>::to_vec),
            Self::Folder(folder) => read(&folder.join(path)),
        }
    }

    /// The file at a path, as text.
    pub(crate) fn read_text(&self, path: &str) -> io::Result<String> {
        let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "not a text in UTF-8");
        String::from_utf8(self.read(path)?).map_err(not_text)
    }
}

/// Reads a file on disk within the size limit.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::Error::other(format!("larger than {} MiB", MAX_FILE >> 20)));
    }
    Ok(bytes)
}

fn built_in(path: &Path) -> io::Result<&'static [u8]> {
    let found = FIXTURES.iter().find(|(name, _)| Path::new(name) == path);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_files_are_found_from_the_worlds_folder() {
        assert!(Files::BuiltIn.read_text("../recorded/iri-1.8/snapshot.txt").unwrap().contains(';'));
        assert!(Files::BuiltIn.read("./private-net.yaml").is_ok());
        assert_eq!(Files::BuiltIn.read("../../etc/passwd").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn bytes_that_are_no_text_are_told() {
        let error = Files::BuiltIn.read_text("private-net.tree").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
