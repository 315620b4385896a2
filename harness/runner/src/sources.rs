//! Where vectors, specifications and fixtures come from: embedded in the binary, or a folder of the user's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use tanglegram_target::Fixture;
use tanglegram_vector::{MAX_FILE, Mistake, Problem, Source};

use crate::library::Library;
use crate::snapshot::Recorded;

static VECTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../vectors");
static SPECS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../specs");
const FACTS: &str = include_str!("../../../fixtures/recorded/iri-1.8/facts.json");
const TRANSACTIONS: &str = include_str!("../../../fixtures/recorded/iri-1.8/transactions.json");

/// The genesis of the fixture's tangle and its coordinator, as a node may be started with: names and contents of files.
pub const GENESIS: [(&str, &str); 2] = [
    ("snapshot.txt", include_str!("../../../fixtures/recorded/iri-1.8/snapshot.txt")),
    ("coordinator.txt", include_str!("../../../fixtures/recorded/iri-1.8/coordinator.txt")),
];

/// Most files taken from one folder.
const MOST_FILES: usize = 10_000;
/// Deepest folder below the one given.
const DEEPEST: usize = 8;

impl Library {
    /// Reads the vectors of `vectors` and the clauses of `specs`, each embedded if no folder is given.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files.
    pub fn load(vectors: Option<&Path>, specs: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let specs = specs.map_or_else(|| Ok(embedded(&SPECS, "specs")), folder)?;
        let recorded = Arc::new(vectors.map_or_else(embedded_snapshots, snapshots_below));
        let is_built_in = vectors.is_none();
        let vectors = vectors.map_or_else(|| Ok(embedded(&VECTORS, "vectors")), folder)?;
        let fixture = Fixture::read(FACTS, TRANSACTIONS)
            .map_err(|error| vec![Problem::of_file("fixtures/recorded/iri-1.8", unreadable(&error))])?;
        Ok(Self { recorded, is_built_in, ..Self::read(&specs, &vectors, Arc::new(fixture))? })
    }
}

/// The folder of the specifications that holds what known nodes do otherwise.
const PROFILES: &str = "profiles";

/// The names of the profiles there are, sorted.
pub fn profiles() -> Vec<&'static str> {
    let files = SPECS.get_dir(PROFILES).into_iter().flat_map(Dir::files);
    let mut names: Vec<&str> = files.filter_map(|file| file.path().file_stem()?.to_str()).collect();
    names.sort_unstable();
    names
}

/// The profile of a known node.
pub fn profile(name: &str) -> Option<Arc<Source>> {
    let file = SPECS.get_file(format!("{PROFILES}/{name}.yaml"))?;
    Some(Source::new(format!("specs/{PROFILES}/{name}.yaml"), file.contents_utf8()?))
}

/// The folder beside vector files that holds recorded replies.
const SNAPSHOTS: &str = "snapshots";

fn embedded_snapshots() -> Recorded {
    let mut recorded = Recorded::default();
    let folders = VECTORS.dirs().flat_map(|folder| folder.dirs());
    for file in folders.filter(|folder| folder.path().ends_with(SNAPSHOTS)).flat_map(|folder| folder.files())
    {
        recorded.add(&name(file.path()), file.contents_utf8().unwrap_or_default());
    }
    recorded
}

/// The recorded replies in the folders called `snapshots` of a folder of vectors and of those in it, or beside a file.
fn snapshots_below(vectors: &Path) -> Recorded {
    let mut recorded = Recorded::default();
    let root = if vectors.is_dir() { vectors } else { vectors.parent().unwrap_or(vectors) };
    let inside = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in inside.chain([root.to_owned()]).map(|folder| folder.join(SNAPSHOTS)) {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
        for path in
            files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "snap"))
        {
            // A recording that cannot be read is missing, and told as such.
            recorded.add(&name(&path), &read(&path).unwrap_or_default());
        }
    }
    recorded
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unreadable(error: &dyn std::error::Error) -> Mistake {
    Mistake::Unreadable(error.to_string())
}

fn embedded(dir: &Dir<'_>, name: &str) -> Vec<Arc<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![dir];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs().filter(|inner| !inner.path().ends_with(PROFILES)));
        for file in folder.files().filter(|file| is_yaml(file.path())) {
            let text = file.contents_utf8().unwrap_or_default();
            sources.push(Source::new(format!("{name}/{}", file.path().display()), text));
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// The YAML files in a folder and below, sorted; or the one file that is named.
fn folder(path: &Path) -> Result<Vec<Arc<Source>>, Vec<Problem>> {
    let mut paths = Vec::new();
    walk(path, 0, &mut paths)
        .map_err(|error| vec![Problem::of_file(&path.display().to_string(), unreadable(&error))])?;
    paths.sort();
    if paths.is_empty() {
        let none = Mistake::Unreadable("there is no .yaml file in it".into());
        return Err(vec![Problem::of_file(&path.display().to_string(), none)]);
    }
    let mut sources = Vec::with_capacity(paths.len());
    let mut problems = Vec::new();
    for path in &paths {
        match read(path) {
            Ok(text) => sources.push(Source::new(path.display().to_string(), text)),
            Err(mistake) => problems.push(Problem::of_file(&path.display().to_string(), mistake)),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

fn walk(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let wanted = if path.is_dir() { !path.ends_with(PROFILES) } else { is_yaml(&path) };
        if wanted && depth < DEEPEST && found.len() < MOST_FILES {
            walk(&path, depth + 1, found)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Mistake> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if size > MAX_FILE as u64 {
        return Err(Mistake::TooMuch { what: "bytes in a file", limit: MAX_FILE });
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(&error))
}
