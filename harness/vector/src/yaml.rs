//! YAML as a tree that remembers where everything was written.
//!
//! Built from the parser's event stream without recursion, with bounds on size, depth and alias expansion, so that
//! no file, however ill-meant, costs more than a moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Number;
use serde_yaml::granit_parser::{Event, Marker, Parser, ScalarStyle, Span as Range};

use crate::problem::{Mistake, Problem, Problems, Source, Span};

/// Largest file read, in bytes.
pub const MAX_FILE: usize = 4 << 20;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 48;
/// Most nodes plus text bytes a file may hold once its aliases are expanded.
pub const MAX_WEIGHT: usize = 16 << 20;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where to point: its first line, or the alias it stands for.
    pub(crate) span: Span,
    /// All lines in which it is written.
    pub(crate) whole: Span,
    pub(crate) value: Yaml,
}

/// YAML's values, in the core schema.
#[derive(Debug, Clone)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its place, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// The type's name for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "true or false",
            Yaml::Number(_) => "a number",
            Yaml::Text(_) => "a text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        }
    }

    /// Nodes plus text bytes below and including this one.
    fn weight(&self) -> usize {
        match &self.value {
            Yaml::Text(text) => 1 + text.len(),
            Yaml::List(items) => 1 + items.iter().map(Node::weight).sum::<usize>(),
            Yaml::Map(entries) => 1 + entries.iter().map(|e| e.key.len() + e.value.weight()).sum::<usize>(),
            _ => 1,
        }
    }
}

/// Reads the one document of a source.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Node, Vec<Problem>> {
    let mut builder = Builder::new(source);
    match builder.run() {
        Ok(()) => builder.finish(),
        Err(stop) => Err(builder.stopped(stop)),
    }
}

/// A mistake after which reading on makes no sense.
struct Stop {
    span: Span,
    mistake: Mistake,
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    problems: Problems,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Node>,
    weight: usize,
    root: Option<Node>,
}

struct Frame {
    start: usize,
    anchor: usize,
    kind: FrameKind,
}

enum FrameKind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, seen: BTreeSet<String>, key: Option<(String, Span)> },
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<Source>) -> Self {
        let problems = Problems::new(source.clone());
        Self { source, problems, stack: Vec::new(), anchors: BTreeMap::new(), weight: 0, root: None }
    }

    fn run(&mut self) -> Result<(), Stop> {
        if self.source.text.len() > MAX_FILE {
            return Err(too_much(Span::default(), "bytes in a file", MAX_FILE));
        }
        let source = self.source.clone();
        let mut parser = Parser::new_from_str(&source.text);
        while let Some(next) = parser.next_event() {
            let (event, range) = next.map_err(|error| {
                let at = byte(error.marker(), source.text.len());
                Stop { span: Span { start: at, end: at }, mistake: Mistake::Yaml(error.info()) }
            })?;
            self.event(event, self.span(&range))?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Stop { span, mistake: Mistake::Yaml("a second document; one file holds one".into()) })
            }
            Event::Scalar(text, style, anchor, _) => {
                let value = if style == ScalarStyle::Plain {
                    plain(&text)
                } else {
                    Yaml::Text(text.clone().into_owned())
                };
                self.node(Node { span, whole: span, value }, Some(&text), anchor)
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::SequenceStart(_, anchor, _) => self.open(span, anchor, FrameKind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.open(
                span,
                anchor,
                FrameKind::Map { entries: Vec::new(), seen: BTreeSet::new(), key: None },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => Ok(()),
        }
    }

    fn open(&mut self, span: Span, anchor: usize, kind: FrameKind) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_much(span, "nesting", MAX_DEPTH));
        }
        self.stack.push(Frame { start: span.start, anchor, kind });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let whole = Span { start: frame.start, end: span.end };
        let span = self.first_line(whole);
        let value = match frame.kind {
            FrameKind::List(items) => Yaml::List(items),
            FrameKind::Map { entries, .. } => Yaml::Map(entries),
        };
        self.node(Node { span, whole, value }, None, frame.anchor)
    }

    /// A copy of an anchored node, paid for from the file's budget.
    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Stop { span, mistake: Mistake::Yaml("an alias inside of its own anchor".into()) });
        };
        self.weight += node.weight();
        if self.weight > MAX_WEIGHT {
            return Err(too_much(span, "expansion of aliases", MAX_WEIGHT));
        }
        let node = Node { span, ..node.clone() };
        let text = match &node.value {
            Yaml::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.node(node, text.as_deref(), 0)
    }

    /// Puts a finished node where it belongs: `text` is its spelling if it may serve as a key.
    fn node(&mut self, node: Node, text: Option<&str>, anchor: usize) -> Result<(), Stop> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
            self.weight += node.weight();
        }
        match self.stack.last_mut().map(|frame| &mut frame.kind) {
            None => self.root = Some(node),
            Some(FrameKind::List(items)) => items.push(node),
            Some(FrameKind::Map { entries, seen, key }) => match (key.take(), text) {
                (Some((key, key_span)), _) => {
                    if !seen.insert(key.clone()) {
                        self.problems.add(key_span, Mistake::DuplicateKey(key.clone()));
                    }
                    entries.push(Entry { key, key_span, value: node });
                }
                (None, Some(text)) => *key = Some((text.to_owned(), node.span)),
                (None, None) => {
                    let mistake = Mistake::Yaml("a list or map cannot be a key".into());
                    return Err(Stop { span: node.span, mistake });
                }
            },
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Node, Vec<Problem>> {
        let root = self.root.take();
        let empty = Mistake::Yaml("the file is empty".into());
        let root = root.unwrap_or_else(|| {
            self.problems.add(Span::default(), empty);
            Node { span: Span::default(), whole: Span::default(), value: Yaml::Null }
        });
        let problems = self.problems.into_vec();
        if problems.is_empty() { Ok(root) } else { Err(problems) }
    }

    fn stopped(mut self, stop: Stop) -> Vec<Problem> {
        self.problems.add(stop.span, stop.mistake);
        self.problems.into_vec()
    }

    fn span(&self, range: &Range) -> Span {
        let limit = self.source.text.len();
        let start = byte(&range.start, limit);
        Span { start, end: byte(&range.end, limit).max(start) }
    }

    /// Cuts a span that runs over several lines: its first line is enough to point at it.
    fn first_line(&self, span: Span) -> Span {
        let text = self.source.text.get(span.start..span.end).unwrap_or_default();
        let length = text.find('\n').unwrap_or(text.len());
        Span { start: span.start, end: span.start + text[..length].trim_end().len() }
    }
}

fn byte(marker: &Marker, limit: usize) -> usize {
    marker.byte_offset().unwrap_or(0).min(limit)
}

fn too_much(span: Span, what: &'static str, limit: usize) -> Stop {
    Stop { span, mistake: Mistake::TooMuch { what, limit } }
}

/// A plain scalar by the core schema, as far as JSON has such values.
fn plain(text: &str) -> Yaml {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Yaml::Null,
        "true" | "True" | "TRUE" => Yaml::Bool(true),
        "false" | "False" | "FALSE" => Yaml::Bool(false),
        _ => number(text).map_or_else(|| Yaml::Text(text.to_owned()), Yaml::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if !digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b)) {
        return None;
    }
    if let Ok(int) = text.parse::<i64>() {
        return Some(int.into());
    }
    if let Ok(int) = text.parse::<u64>() {
        return Some(int.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}
