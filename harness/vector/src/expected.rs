//! What is known to go wrong: profiles of known nodes, and baselines.
//!
//! ```yaml
//! about: what the file is for
//! api: iri                # a profile: the API and the dialect that the node is held to, and how strictly at most
//! dialect: iri-1.8.5
//! level: spec
//! known-fail:
//!   - iri/getTips/shape                      # any failure of this vector: for baselines
//!   - vectors: [iri/getTips/*]               # vectors by path or pattern
//!     clauses: [iri.getTips.*]               # of these only those that hold to such a clause
//!     answers: { status: 400, body: { error: "command [getTips] is unknown" } } # the reply in place of the demanded one
//!     differs: [status, body.hashes]         # no other field differs
//!     reason: why it fails
//!     evidence: where that can be seen
//! flaky: [iri/addNeighbors/name]             # the same, but it passes at times
//! ```

use std::sync::Arc;

use crate::fields::{Fields, list, number, word, words};
use crate::model::{BodyPattern, Expect, Level};
use crate::pattern::{self, Pattern};
use crate::problem::{Mistake, Problem, Problems, Source, Span};
use crate::read::level;
use crate::step;
use crate::yaml::{self, Node, Yaml};

const FILE_KEYS: &[&str] = &["about", "api", "dialect", "level", "known-fail", "flaky"];
const KNOWN_KEYS: &[&str] =
    &["vectors", "clauses", "step", "answers", "differs", "error", "reason", "evidence", "note"];

/// A profile or baseline.
#[derive(Debug)]
pub struct ExpectedFile {
    /// The file.
    pub source: Arc<Source>,
    /// What it is for.
    pub about: Option<String>,
    /// The API of the node that it describes; a baseline has none.
    pub api: Option<String>,
    /// The dialect that node is held to.
    pub dialect: Option<String>,
    /// The strictest level at which it describes the node.
    pub level: Option<Level>,
    /// What fails.
    pub known: Vec<Known>,
    /// What fails at times.
    pub flaky: Vec<Known>,
}

/// Vectors that are known to fail.
#[derive(Debug)]
pub struct Known {
    /// Paths of vectors, or patterns with `*` and `?`; empty: all that hold to the clauses.
    pub vectors: Vec<String>,
    /// Ids of clauses, or patterns, of which a vector has to hold one; empty: any.
    pub clauses: Vec<String>,
    /// In which way they fail.
    pub way: Way,
    /// Why they fail.
    pub reason: Option<String>,
    /// Where that can be seen.
    pub evidence: Option<String>,
    /// Where to point.
    pub span: Span,
    /// All lines in which it is written.
    pub whole: Span,
}

/// A way to fail; another one is not known. Without anything it is any.
#[derive(Debug, Default)]
pub struct Way {
    /// In which step, from 1.
    pub step: Option<usize>,
    /// The reply to that step.
    pub answers: Option<Expect>,
    /// Paths, or patterns, of all fields that differ.
    pub differs: Vec<String>,
    /// Why there was no reply to judge.
    pub error: Option<Pattern>,
}

impl Way {
    /// Whether any failure is meant.
    pub fn is_any(&self) -> bool {
        self.answers.is_none() && self.differs.is_empty() && self.error.is_none()
    }
}

/// Reads a profile or baseline; an empty file is a baseline that lists nothing.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn read_expected(source: &Arc<Source>) -> Result<ExpectedFile, Vec<Problem>> {
    let mut problems = Problems::new(source.clone());
    let is_empty = source.text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#'));
    let file = if is_empty { Some(empty(source)) } else { read(&yaml::parse(source)?, &mut problems) };
    let mut problems = problems.into_vec();
    problems.sort_by_key(|problem| problem.span.start);
    match file {
        Some(file) if problems.is_empty() => Ok(file),
        _ => Err(problems),
    }
}

fn empty(source: &Arc<Source>) -> ExpectedFile {
    let (known, flaky) = (Vec::new(), Vec::new());
    ExpectedFile { source: source.clone(), about: None, api: None, dialect: None, level: None, known, flaky }
}

fn read(root: &Node, problems: &mut Problems) -> Option<ExpectedFile> {
    let none = empty(problems.source());
    let file = Fields::read(root, "a profile or baseline", FILE_KEYS, problems)?;
    let about = text(&file, "about", problems);
    let api = text(&file, "api", problems);
    let dialect = text(&file, "dialect", problems);
    if let (Some(_), None) = (&api, &dialect) {
        problems.add(file.span, Mistake::MissingKey { key: "dialect", place: "a profile" });
    }
    let level = file.get("level").and_then(|node| level(node, problems));
    let known = entries(&file, "known-fail", api.is_some(), problems);
    let flaky = entries(&file, "flaky", api.is_some(), problems);
    Some(ExpectedFile { about, api, dialect, level, known, flaky, ..none })
}

fn text(fields: &Fields<'_>, key: &str, problems: &mut Problems) -> Option<String> {
    fields.get(key).and_then(|node| word(node, key, problems)).map(|text| text.trim().to_owned())
}

fn entries(file: &Fields<'_>, key: &str, is_profile: bool, problems: &mut Problems) -> Vec<Known> {
    let nodes = match file.get(key) {
        None | Some(Node { value: Yaml::Null, .. }) => return Vec::new(),
        Some(node) => list(node, key, problems).unwrap_or_default(),
    };
    nodes.iter().filter_map(|node| entry(node, is_profile, problems)).collect()
}

fn entry(node: &Node, is_profile: bool, problems: &mut Problems) -> Option<Known> {
    let known = match &node.value {
        Yaml::Text(path) => line(path, node),
        _ => mapped(node, problems)?,
    };
    if is_profile {
        let lacks = [
            ("reason", known.reason.is_none()),
            ("evidence", known.evidence.is_none()),
            ("answers", known.way.is_any()),
        ];
        for (key, _) in lacks.into_iter().filter(|(_, lacks)| *lacks) {
            let mistake = Mistake::MissingKey { key, place: "a known failure of a profile" };
            problems.add_with_help(node.span, mistake, "a profile says what the node does instead (`answers`, `differs` or `error`), why, and where that can be seen");
        }
    }
    Some(known)
}

/// A path, or pattern, on a line of its own.
fn line(path: &str, node: &Node) -> Known {
    Known {
        vectors: vec![path.to_owned()],
        clauses: Vec::new(),
        way: Way::default(),
        reason: None,
        evidence: None,
        span: node.span,
        whole: node.whole,
    }
}

fn mapped(node: &Node, problems: &mut Problems) -> Option<Known> {
    let fields = Fields::read(node, "a known failure", KNOWN_KEYS, problems)?;
    let texts = |key: &str, problems: &mut Problems| -> Vec<String> {
        let read = fields.get(key).map(|node| words(node, key, problems)).unwrap_or_default();
        read.into_iter().map(|(text, _)| text).collect()
    };
    let (vectors, clauses) = (texts("vectors", problems), texts("clauses", problems));
    if vectors.is_empty() && clauses.is_empty() {
        problems.add(fields.span, Mistake::MissingKey { key: "vectors", place: "a known failure" });
    }
    let step = fields.get("step").and_then(|node| number(node, "`step`", 1000, problems));
    let way = Way {
        step: step.and_then(|step| usize::try_from(step).ok()),
        answers: fields.get("answers").and_then(|node| answers(node, problems)),
        differs: texts("differs", problems),
        error: fields.get("error").map(|node| pattern::read_for_text(node, problems)),
    };
    Some(Known {
        vectors,
        clauses,
        way,
        reason: text(&fields, "reason", problems),
        evidence: text(&fields, "evidence", problems),
        span: node.span,
        whole: node.whole,
    })
}

/// A reply as an `expect` describes it; no names are known here.
fn answers(node: &Node, problems: &mut Problems) -> Option<Expect> {
    let answers = step::reply(node, problems)?;
    let mut names = Vec::new();
    answers.headers.iter().filter_map(|(_, pattern)| pattern.as_ref()).for_each(|one| one.names(&mut names));
    if let BodyPattern::Json(pattern) | BodyPattern::Text(pattern) = &answers.body {
        pattern.names(&mut names);
    }
    for name in names {
        let help = "profiles and baselines know no names; use a matcher";
        problems.add_with_help(name.span, Mistake::UndefinedName(name.dotted()), help);
    }
    Some(answers)
}
