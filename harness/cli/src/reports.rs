//! `--report FORMAT=FILE`: reports in files, as many as wanted.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tanglegram_runner::report::{self, Format, Report, Run};

use crate::exit::Exit;

/// A report that is wanted, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) format: Format,
    pub(crate) file: PathBuf,
}

impl Wanted {
    /// Reads `FORMAT=FILE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wanted = text.split_once('=').filter(|(_, file)| !file.is_empty());
        let (name, file) = wanted.ok_or("a format and a file, such as junit=out.xml")?;
        let format = Format::ALL.iter().find(|(known, _)| *known == name);
        let names = Format::ALL.map(|(known, _)| known).join(", ");
        let (_, format) = format.ok_or_else(|| format!("there is no format `{name}`; there are {names}"))?;
        Ok(Self { format: *format, file: file.into() })
    }
}

/// Tells before anything is done if a report could not be written in the end.
pub(crate) fn able(file: &Path) -> Result<(), Exit> {
    report::can_write(file).map_err(|error| Exit::Usage.because(unwritten(file, error)))
}

/// Writes all that are wanted, each whole or not at all.
pub(crate) fn write(wanted: &[Wanted], started: SystemTime, runs: Vec<Run>) -> Result<(), Exit> {
    let report = Report::new(started, runs);
    let each = wanted.iter().map(|one| put(&one.file, one.format.render(&report)));
    each.fold(Ok(()), Result::and)
}

/// Writes a report that was made.
pub(crate) fn put(file: &Path, made: Result<String, String>) -> Result<(), Exit> {
    let failed = |error: &dyn Display| Exit::Unusable.because(unwritten(file, error));
    let text = made.map_err(|error| failed(&error))?;
    report::write_whole(file, text.as_bytes()).map_err(|error| failed(&error))
}

fn unwritten(file: &Path, error: impl Display) -> String {
    format!("the report {} cannot be written: {error}", file.display())
}
