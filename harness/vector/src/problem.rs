//! What is wrong with a file, and exactly where.

use std::sync::Arc;
use std::{fmt, iter};

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use thiserror::Error;

/// A range of bytes in a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// A file's name and text; shared by everything that was read from it.
#[derive(Debug)]
pub struct Source {
    /// The name shown to people, mostly a path.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    named: NamedSource<Arc<str>>,
}

impl Source {
    /// A source of that name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let (name, text) = (name.into(), text.into());
        let named = NamedSource::new(&name, Arc::from(text.as_str()));
        let lines = iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Self { name, text, lines, named })
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= byte);
        let before = self.lines.get(line - 1).and_then(|start| self.text.get(*start..byte));
        (line, before.map_or(0, |before| before.chars().count()) + 1)
    }
}

/// The kinds of mistakes a file can hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The file cannot be read at all.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Not YAML.
    #[error("not valid YAML: {0}")]
    Yaml(String),
    /// A bound on size, depth or expansion was passed.
    #[error("{what} beyond the limit of {limit}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// The same key twice in one map.
    #[error("key `{0}` is given twice")]
    DuplicateKey(String),
    /// A key that has no meaning here.
    #[error("unknown key `{key}` in {place}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where it stands.
        place: &'static str,
    },
    /// A key that must be there.
    #[error("{place} lacks `{key}`")]
    MissingKey {
        /// The key that is missing.
        key: &'static str,
        /// What lacks it.
        place: &'static str,
    },
    /// A value of another type.
    #[error("{what} must be {expected}, not {found}")]
    WrongType {
        /// What the value is for.
        what: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value of the right type that makes no sense.
    #[error("{what} `{value}` is not valid")]
    BadValue {
        /// What the value is for.
        what: &'static str,
        /// The value as written.
        value: String,
    },
    /// A matcher that does not exist or is given nonsense.
    #[error("bad matcher: {0}")]
    BadMatcher(String),
    /// A `$name` that nothing declares.
    #[error("undefined name `${0}`")]
    UndefinedName(String),
    /// A capture under a name that is taken.
    #[error("the name `{0}` is already taken")]
    TakenName(String),
    /// A clause that is in no specification file.
    #[error("unknown clause `{0}`")]
    UnknownClause(String),
    /// A network's world or fault that cannot be.
    #[error("{0}")]
    World(String),
    /// Two things of one name.
    #[error("duplicate {what} `{name}`")]
    Duplicate {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// One mistake, at its place, with a hint.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What is wrong.
    pub mistake: Mistake,
    /// Where in the source.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
    /// The file it is in.
    pub source: Arc<Source>,
}

impl Problem {
    /// A problem that concerns a file as a whole, whose text is not known.
    pub fn of_file(name: &str, mistake: Mistake) -> Self {
        Self { mistake, span: Span::default(), help: None, source: Source::new(name, "") }
    }

    /// `file:line:column`.
    pub fn place(&self) -> String {
        let (line, column) = self.source.position(self.span.start);
        format!("{}:{line}:{column}", self.source.name)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistake.fmt(f)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        if self.source.text.is_empty() { None } else { Some(&self.source.named) }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::new(self.span.start.into(), self.span.end.saturating_sub(self.span.start));
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".into()), span))))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

/// Collects the problems of one file, so that all of them are told at once.
#[derive(Debug)]
pub(crate) struct Problems {
    source: Arc<Source>,
    found: Vec<Problem>,
}

impl Problems {
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source, found: Vec::new() }
    }

    pub(crate) fn add(&mut self, span: Span, mistake: Mistake) {
        self.push(span, mistake, None);
    }

    pub(crate) fn add_with_help(&mut self, span: Span, mistake: Mistake, help: impl Into<String>) {
        self.push(span, mistake, Some(help.into()));
    }

    fn push(&mut self, span: Span, mistake: Mistake, help: Option<String>) {
        self.found.push(Problem { mistake, span, help, source: self.source.clone() });
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.found
    }
}

/// The known word nearest to a mistyped one, if any is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = if length < 4 { 1 } else { (length / 3).max(2) };
    let best = known.into_iter().map(|other| (edit_distance(word, other), other)).min()?;
    (best.0 <= limit).then_some(best.1)
}

/// Levenshtein distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
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
    use proptest::prelude::*;

    use super::Source;

    proptest! {
        #[test]
        fn a_position_is_what_counting_finds(text in "[a\u{fc}\n]{0,40}", byte in 0..60_usize) {
            let mut end = byte.min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let lines: Vec<&str> = text[..end].split('\n').collect();
            let counted = (lines.len(), lines.last().map_or(0, |line| line.chars().count()) + 1);
            prop_assert_eq!(Source::new("x", text).position(byte), counted);
        }
    }
}
