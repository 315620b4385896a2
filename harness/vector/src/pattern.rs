//! What a value must be: fixed values, open and closed objects and lists, and the matchers.

use regex::Regex;
use serde_json::Value;

use crate::attached::Attached;
use crate::bounds::Bounds;
use crate::diff::shorten;
use crate::dotted::Dotted;
use crate::problem::{Mistake, Problems, nearest};
use crate::rows::{Sorted, Sum};
use crate::template::{self, Name, Template, is_special};
use crate::yaml::{Entry, Node, Yaml};

/// The key or last element that lets an object or list have more.
const REST: &str = "...";

/// A JSON type as `$type` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    String,
    /// A number without fraction.
    Int,
    /// Any number.
    Number,
    /// True or false.
    Bool,
    /// A list.
    List,
    /// An object.
    Object,
    /// Null.
    Null,
}

const KINDS: [(&str, Kind); 7] = [
    ("string", Kind::String),
    ("int", Kind::Int),
    ("number", Kind::Number),
    ("bool", Kind::Bool),
    ("list", Kind::List),
    ("object", Kind::Object),
    ("null", Kind::Null),
];

impl Kind {
    /// The name of this type.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// What a JSON value is held against.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Equal to this.
    Equal(Template),
    /// An object with these fields.
    Object {
        /// Each field's pattern.
        fields: Vec<(String, Pattern)>,
        /// Whether others may be there.
        open: bool,
    },
    /// A list with these elements in this order.
    List {
        /// Each element's pattern.
        items: Vec<Pattern>,
        /// Whether it may go on.
        open: bool,
    },
    /// A list of so many elements that match.
    Times(usize, Box<Pattern>),
    /// Anything that is there.
    Any,
    /// Of that type.
    Kind(Kind),
    /// A text of that many trytes, or of any number of them.
    Trytes(Option<usize>),
    /// An integer within bounds.
    Int(Bounds),
    /// An integer within the bounds that this text tells.
    IntOf(Template),
    /// A text that holds an integer within bounds.
    Decimal(Bounds),
    /// A text of whole numbers joined by dots, within the bounds that this text tells.
    Dotted(Template),
    /// A text that matches.
    Regex(Regex),
    /// A list of these in any order.
    Set(Vec<Pattern>),
    /// A list that has these among its elements, or a text that has these texts.
    Contains(Vec<Pattern>),
    /// A list whose every element matches.
    Each(Box<Pattern>),
    /// A list whose rows come in this order.
    Sorted(Sorted),
    /// A list whose rows have this sum.
    Sum(Sum),
    /// A list or text of such a length.
    Len(Bounds),
    /// One of these.
    OneOf(Vec<Pattern>),
    /// Anything but this.
    Not(Box<Pattern>),
    /// All of these.
    All(Vec<Pattern>),
    /// An object that says under `error` or `exception` why the request was not served.
    Error(Option<Box<Pattern>>),
    /// The reply of attachToTangle to what was sent.
    Attached(Box<Attached>),
}

/// The matchers, for help texts.
const MATCHERS: [&str; 21] = [
    "$any",
    "$type",
    "$trytes",
    "$int",
    "$ms",
    "$decimal",
    "$dotted",
    "$regex",
    "$set",
    "$contains",
    "$each",
    "$sorted",
    "$sum",
    "$len",
    "$oneOf",
    "$not",
    "$error",
    "$all",
    "$attached",
    "$times",
    "$text",
];

impl Pattern {
    /// Every name in it.
    pub fn names<'p>(&'p self, found: &mut Vec<&'p Name>) {
        match self {
            Self::Equal(template) | Self::IntOf(template) | Self::Dotted(template) => template.names(found),
            Self::Object { fields, .. } => fields.iter().for_each(|(_, pattern)| pattern.names(found)),
            Self::List { items, .. }
            | Self::Set(items)
            | Self::Contains(items)
            | Self::OneOf(items)
            | Self::All(items) => items.iter().for_each(|pattern| pattern.names(found)),
            Self::Times(_, pattern) | Self::Each(pattern) | Self::Not(pattern) => pattern.names(found),
            Self::Attached(attached) => attached.names(found),
            Self::Error(Some(text)) => text.names(found),
            _ => {}
        }
    }

    /// Adds fields to an object pattern that does not speak of them itself.
    pub(crate) fn merge(&mut self, defaults: &[(String, Pattern)]) {
        if let Self::Object { fields, .. } = self {
            for (key, pattern) in defaults {
                if !fields.iter().any(|(own, _)| own == key) {
                    fields.push((key.clone(), pattern.clone()));
                }
            }
        }
    }
}

/// Reads a pattern; what is wrong with it goes to `problems`.
pub(crate) fn read(node: &Node, problems: &mut Problems) -> Pattern {
    match &node.value {
        Yaml::List(items) => {
            let (items, open) = split_rest(items);
            Pattern::List { items: read_all(items, problems), open }
        }
        Yaml::Map(entries) => match entries.as_slice() {
            [only] if only.key == "$text" => Pattern::Equal(template::read(node, problems)),
            [only] if is_special(&only.key) => read_matcher(only, problems).unwrap_or(Pattern::Any),
            _ => read_object(entries, problems),
        },
        _ => Pattern::Equal(template::read(node, problems)),
    }
}

fn read_all(nodes: &[Node], problems: &mut Problems) -> Vec<Pattern> {
    nodes.iter().map(|node| read(node, problems)).collect()
}

fn read_object(entries: &[Entry], problems: &mut Problems) -> Pattern {
    let mut fields = Vec::with_capacity(entries.len());
    let mut open = false;
    for entry in entries {
        if entry.key == REST {
            open = true;
            if !matches!(entry.value.value, Yaml::Null) {
                problems.add(entry.value.span, Mistake::BadMatcher("`...` takes no value".into()));
            }
        } else {
            fields.push((template::field_name(entry, problems), read(&entry.value, problems)));
        }
    }
    Pattern::Object { fields, open }
}

/// A list's elements without a last `...`, and whether there was one.
fn split_rest(items: &[Node]) -> (&[Node], bool) {
    match items.split_last() {
        Some((Node { value: Yaml::Text(text), .. }, before)) if text == REST => (before, true),
        _ => (items, false),
    }
}

fn read_matcher(entry: &Entry, problems: &mut Problems) -> Option<Pattern> {
    let operand = &entry.value;
    Some(match entry.key.as_str() {
        "$any" => Pattern::Any,
        "$type" => Pattern::Kind(kind(entry, problems)?),
        "$trytes" => Pattern::Trytes(trytes(entry, problems)?),
        "$int" => int(entry, problems)?,
        "$ms" => Pattern::Int(bounds(entry, problems)?.or_at_least_zero()),
        "$decimal" => Pattern::Decimal(bounds(entry, problems)?),
        "$dotted" => Pattern::Dotted(dotted(entry, problems)?),
        "$sorted" => Pattern::Sorted(Sorted::read(operand, problems)?),
        "$sum" => Pattern::Sum(Sum::read(operand, problems)?),
        "$len" => Pattern::Len(bounds(entry, problems)?),
        "$regex" => Pattern::Regex(regex(entry, problems)?),
        "$set" => Pattern::Set(read_all(list(entry, problems)?, problems)),
        "$contains" => Pattern::Contains(read_all(list(entry, problems)?, problems)),
        "$oneOf" => Pattern::OneOf(read_all(list(entry, problems)?, problems)),
        "$all" => Pattern::All(read_all(list(entry, problems)?, problems)),
        "$each" => Pattern::Each(Box::new(read(operand, problems))),
        "$not" => Pattern::Not(Box::new(read(operand, problems))),
        "$error" => Pattern::Error(error_text(operand, problems)),
        "$attached" => Pattern::Attached(Box::new(Attached::read(operand, problems)?)),
        "$times" => {
            let (count, item) = template::counted(entry, problems)?;
            Pattern::Times(count, Box::new(read(item, problems)))
        }
        unknown => return unknown_matcher(unknown, entry, problems),
    })
}

fn unknown_matcher(key: &str, entry: &Entry, problems: &mut Problems) -> Option<Pattern> {
    let help = match nearest(key, MATCHERS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the matchers are {}", MATCHERS.join(", ")),
    };
    problems.add_with_help(entry.key_span, Mistake::BadMatcher(format!("there is no `{key}`")), help);
    None
}

fn bad(entry: &Entry, problems: &mut Problems, wants: &str, example: &str) {
    let found = match &entry.value.value {
        Yaml::Text(text) => format!("`{}`", shorten(text, 40)),
        _ => entry.value.kind().to_owned(),
    };
    let mistake = Mistake::BadMatcher(format!("`{}` wants {wants}, not {found}", entry.key));
    problems.add_with_help(
        entry.value.span,
        mistake,
        format!("for example `{{ {}: {example} }}`", entry.key),
    );
}

fn list<'n>(entry: &'n Entry, problems: &mut Problems) -> Option<&'n [Node]> {
    if let Yaml::List(items) = &entry.value.value {
        return Some(items);
    }
    bad(entry, problems, "a list", "[ … ]");
    None
}

/// The pattern of an error's text; none for `any`.
fn error_text(operand: &Node, problems: &mut Problems) -> Option<Box<Pattern>> {
    match &operand.value {
        Yaml::Text(text) if text == "any" => None,
        _ => Some(Box::new(read_for_text(operand, problems))),
    }
}

fn kind(entry: &Entry, problems: &mut Problems) -> Option<Kind> {
    // A bare `null` is YAML's null, and means the type of that name.
    let word = match &entry.value.value {
        Yaml::Text(word) => word.as_str(),
        Yaml::Null => "null",
        _ => "",
    };
    let found = KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
    if found.is_none() {
        bad(entry, problems, "one of string, int, number, bool, list, object, null", "string");
    }
    found
}

fn trytes(entry: &Entry, problems: &mut Problems) -> Option<Option<usize>> {
    match &entry.value.value {
        Yaml::Text(word) if word == "any" => Some(None),
        Yaml::Number(number) if number.is_u64() => {
            Some(number.as_u64().and_then(|length| usize::try_from(length).ok()))
        }
        _ => {
            bad(entry, problems, "a number of trytes or `any`", "81");
            None
        }
    }
}

fn bounds(entry: &Entry, problems: &mut Problems) -> Option<Bounds> {
    let bounds = match &entry.value.value {
        Yaml::Text(text) => Bounds::parse(text),
        Yaml::Number(number) => number.as_i64().map(|number| Bounds::exactly(number.into())),
        _ => None,
    };
    if bounds.is_none() {
        bad(entry, problems, "`any`, a number or comparisons", "\">= 0, < 10\"");
    }
    bounds
}

/// Comparisons with whole numbers; those with names in them show what they are when they are used.
fn int(entry: &Entry, problems: &mut Problems) -> Option<Pattern> {
    if matches!(&entry.value.value, Yaml::Text(text) if text.contains('$')) {
        let template = template::read(&entry.value, problems);
        let is_good = template.with_names_as("0").is_some_and(|text| Bounds::<i128>::parse(&text).is_some());
        if !is_good {
            bad(entry, problems, "comparisons", "\"<= ${name}\"");
        }
        return is_good.then_some(Pattern::IntOf(template));
    }
    bounds(entry, problems).map(Pattern::Int)
}

/// Comparisons with a text of numbers and dots; those with names in them show what they are when they are used.
fn dotted(entry: &Entry, problems: &mut Problems) -> Option<Template> {
    let template = template::read(&entry.value, problems);
    let is_good = template.with_names_as("0").is_some_and(|text| Bounds::<Dotted>::parse(&text).is_some());
    if !is_good {
        bad(entry, problems, "`any` or comparisons with whole numbers joined by dots", "\"> 0.0.1000\"");
    }
    is_good.then_some(template)
}

fn regex(entry: &Entry, problems: &mut Problems) -> Option<Regex> {
    let Yaml::Text(text) = &entry.value.value else {
        bad(entry, problems, "a regular expression", "\"^tcp\"");
        return None;
    };
    match Regex::new(text) {
        Ok(regex) => Some(regex),
        Err(error) => {
            let why = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            problems.add(entry.value.span, Mistake::BadMatcher(format!("`$regex` does not compile: {why}")));
            None
        }
    }
}

/// A pattern for a text: a header or a body that is not JSON.
pub(crate) fn read_for_text(node: &Node, problems: &mut Problems) -> Pattern {
    match &node.value {
        Yaml::Number(number) => Pattern::Equal(Template::Fixed(Value::String(number.to_string()))),
        Yaml::Text(_) | Yaml::Map(_) => read(node, problems),
        _ => {
            let found = node.kind();
            let mistake = Mistake::WrongType { what: "this".into(), expected: "a text or a matcher", found };
            problems.add(node.span, mistake);
            Pattern::Any
        }
    }
}
