//! What can be wrong with a world, and where.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde_yaml::Spanned;
use thiserror::Error;

use crate::file::span;

/// Why a world could not be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The name is neither a built-in world's nor a file's.
    #[error("there is no world `{name}`: neither a built-in one ({}) nor a file", known.join(", "))]
    Unknown {
        /// The name or path as given.
        name: String,
        /// The built-in worlds.
        known: Vec<&'static str>,
    },
    /// The world file cannot be read.
    #[error("cannot read the world file {}: {source}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The world file says something it should not.
    #[error(transparent)]
    Invalid(Box<Fault>),
}

/// A mistake in a world file, at its place.
#[derive(Clone, Debug)]
pub struct Fault {
    source: Arc<Source>,
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

/// A world file's name and text.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    text: NamedSource<Arc<str>>,
}

impl Source {
    pub(crate) fn new(name: String, text: &str) -> Arc<Self> {
        let named = NamedSource::new(&name, Arc::from(text));
        Arc::new(Self { name, text: named })
    }

    pub(crate) fn text(&self) -> &str {
        self.text.inner()
    }

    /// A mistake at a value, shown at most up to the end of its first line.
    pub(crate) fn fault_at<T>(self: &Arc<Self>, value: &Spanned<T>, message: impl fmt::Display) -> Fault {
        let range = span(value);
        let text = self.text().get(range.clone()).unwrap_or_default();
        let length = text.lines().next().unwrap_or_default().trim_end().len();
        self.fault(range.start..range.start + length, message)
    }

    /// A mistake at a range of bytes.
    pub(crate) fn fault(self: &Arc<Self>, span: Range<usize>, message: impl fmt::Display) -> Fault {
        Fault { source: Arc::clone(self), span, message: message.to_string(), help: None }
    }
}

impl Fault {
    /// The same with a word on what to do.
    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The bytes of the file that are meant.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What to do about it, where that is clear.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// `file:line:column`, both counted from 1, the column in characters.
    pub fn place(&self) -> String {
        let before = self.source.text().get(..self.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.source.name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Diagnostic for Fault {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some("here".into()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

impl From<Fault> for WorldError {
    fn from(fault: Fault) -> Self {
        Self::Invalid(Box::new(fault))
    }
}

/// The known word nearest to a mistyped one, if any is near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = known.into_iter().map(|other| (distance(word, other), other)).min()?;
    (distance <= (word.chars().count() / 3).max(1)).then_some(best)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_when_it_is_near() {
        assert_eq!(nearest("max-dept", ["max-depth", "mwm"]), Some("max-depth"));
        assert_eq!(nearest("wmw", ["max-depth", "mwm"]), None);
        assert_eq!(nearest("something", ["max-depth", "mwm"]), None);
    }

    #[test]
    fn places_count_characters() {
        let source = Source::new("w.yaml".into(), "a: b\nä: c\n");
        assert_eq!(source.fault(9..10, "x").place(), "w.yaml:2:4");
        assert_eq!(source.fault(0..1, "x").place(), "w.yaml:1:1");
    }
}
