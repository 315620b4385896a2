//! Holding a value against a pattern: what differs, field by field.

use std::fmt;

use serde_json::Value;

use crate::bounds::Bounds;
use crate::dotted::Dotted;
use crate::pattern::{Kind, Pattern};
use crate::template::{Scope, Template};

/// Most characters of a value shown in a difference.
const SHOWN: usize = 160;
/// Most characters of a field's name shown.
const NAME: usize = 60;
/// Most differences listed of one reply.
const MOST: usize = 24;

/// One field that is not as demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, for example `body.balances[0]`.
    pub path: String,
    /// What was demanded.
    pub expected: String,
    /// What was there, shortened and with control characters escaped.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.path, self.expected, self.got)
    }
}

/// What matching needs to know beside pattern and value.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What names stand for.
    pub scope: Scope<'a>,
    /// The hash (81 trytes) of a transaction's 2673 trytes, for `$attached`.
    pub transaction_hash: fn(&str) -> Option<String>,
    /// Now, in milliseconds since 1970, for `$attached`.
    pub now_ms: i64,
}

/// The differences found; counts all, keeps the first few.
#[derive(Debug, Default)]
pub struct Differences {
    kept: Vec<Difference>,
    count: usize,
    quiet: bool,
}

impl Differences {
    /// Only whether there are any is of interest.
    fn quiet() -> Self {
        Self { quiet: true, ..Self::default() }
    }

    /// Whether everything was as demanded.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The differences kept, and a last line for those that were not.
    pub fn into_vec(mut self) -> Vec<Difference> {
        let more = self.count - self.kept.len();
        if more > 0 {
            let got = format!("{more} more differences");
            self.kept.push(Difference { path: "…".into(), expected: "no difference".into(), got });
        }
        self.kept
    }

    /// Adds a difference.
    pub fn add(&mut self, path: &Path<'_>, expected: impl FnOnce() -> String, got: impl FnOnce() -> String) {
        self.count += 1;
        if !self.quiet && self.kept.len() < MOST {
            self.kept.push(Difference { path: path.to_string(), expected: expected(), got: got() });
        }
    }
}

/// The way to a field, as a list through the call stack.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// Where it starts, such as `body`.
    Root(&'a str),
    /// A field of an object.
    Field(&'a Path<'a>, &'a str),
    /// An element of a list.
    Index(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{}", shorten(name, NAME)),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A value as people see it: JSON, escaped, and not too long.
pub fn shown(value: &Value) -> String {
    shorten(&value.to_string(), SHOWN)
}

/// A text with control characters escaped, cut at so many characters.
pub fn shorten(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == most {
            out.push_str(&format!("… ({} bytes)", text.len()));
            break;
        }
        if c.is_control() || is_bidi(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Characters that reorder the text around them on a terminal.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Pattern {
    /// Adds to `out` how `got` differs from this pattern.
    pub fn diff(&self, got: &Value, path: &Path<'_>, context: &Context<'_>, out: &mut Differences) {
        match self {
            Self::Object { fields, open } => diff_object(fields, *open, got, path, context, out),
            Self::List { items, open } => diff_list(items, *open, got, path, context, out),
            Self::Times(count, item) => diff_times(*count, item, got, path, context, out),
            Self::Each(item) => diff_each(item, got, path, context, out),
            Self::All(parts) => parts.iter().for_each(|part| part.diff(got, path, context, out)),
            Self::Set(items) => diff_set(items, got, path, context, out),
            Self::Contains(items) => diff_contains(items, got, path, context, out),
            Self::Sorted(sorted) => sorted.diff(got, path, out),
            Self::Sum(sum) => sum.diff(got, path, out),
            Self::Error(text) => diff_error(text.as_deref(), got, path, context, out),
            Self::Attached(attached) => attached.diff(got, path, context, out),
            _ if self.accepts(got, context) => {}
            _ => out.add(path, || self.wanted(context), || shown(got)),
        }
    }

    /// Whether `got` is as this pattern demands.
    pub fn matches(&self, got: &Value, context: &Context<'_>) -> bool {
        let mut out = Differences::quiet();
        self.diff(got, &Path::Root(""), context, &mut out);
        out.is_empty()
    }

    /// The verdict of the patterns that have no inner structure to report on.
    fn accepts(&self, got: &Value, context: &Context<'_>) -> bool {
        match self {
            Self::Equal(Template::Fixed(value)) => value == got,
            Self::Equal(Template::Name(name)) => context.scope.lookup(name).is_ok_and(|value| value == got),
            Self::Equal(template) => template.resolve(&context.scope).is_ok_and(|value| value == *got),
            Self::Kind(kind) => kind.is_of(got),
            Self::Trytes(length) => got.as_str().is_some_and(|text| {
                length.is_none_or(|length| length == text.len())
                    && text.bytes().all(|b| b == b'9' || b.is_ascii_uppercase())
            }),
            Self::Int(bounds) => integer(got).is_some_and(|number| bounds.hold(&number)),
            Self::IntOf(bounds) => {
                let bounds = bounds.resolve_text(&context.scope).ok().and_then(|text| Bounds::parse(&text));
                bounds.zip(integer(got)).is_some_and(|(bounds, number)| bounds.hold(&number))
            }
            Self::Decimal(bounds) => decimal(got).is_some_and(|number| bounds.hold(&number)),
            Self::Dotted(bounds) => dotted(bounds, got, context).unwrap_or(false),
            Self::Regex(regex) => got.as_str().is_some_and(|text| regex.is_match(text)),
            Self::Len(bounds) => length(got).is_some_and(|length| bounds.hold(&length)),
            Self::OneOf(choices) => choices.iter().any(|choice| choice.matches(got, context)),
            Self::Not(pattern) => !pattern.matches(got, context),
            _ => true,
        }
    }

    /// What this pattern demands, in words.
    fn wanted(&self, context: &Context<'_>) -> String {
        match self {
            Self::Equal(template) => {
                template.resolve(&context.scope).map_or_else(|error| error.to_string(), |value| shown(&value))
            }
            Self::Kind(kind) => format!("a value of type {}", kind.name()),
            Self::Trytes(None) => "trytes".into(),
            Self::Trytes(Some(length)) => format!("{length} trytes"),
            Self::Int(bounds) => format!("an integer{bounds}"),
            Self::IntOf(bounds) => told("an integer, ", bounds, context),
            Self::Decimal(bounds) => format!("a text with an integer{bounds}"),
            Self::Dotted(bounds) => told("numbers joined by dots, ", bounds, context),
            Self::Regex(regex) => format!("a text that matches /{regex}/"),
            Self::Len(bounds) => format!("a length{bounds}"),
            Self::OneOf(choices) => {
                let first: Vec<_> = choices.iter().take(8).map(|choice| choice.wanted(context)).collect();
                let more = if choices.len() > 8 { " or …" } else { "" };
                format!("{}{more}", first.join(" or "))
            }
            Self::Not(pattern) => format!("anything but {}", pattern.wanted(context)),
            Self::Object { .. } => "an object of that shape".into(),
            Self::List { items, .. } => format!("a list of {}", items.len()),
            Self::Times(count, _) => format!("a list of {count}"),
            Self::Any => "anything".into(),
            Self::Each(_) | Self::Set(_) | Self::Contains(_) | Self::Sorted(_) | Self::Sum(_) => {
                "a list".into()
            }
            Self::All(parts) => {
                parts.iter().map(|part| part.wanted(context)).collect::<Vec<_>>().join(" and ")
            }
            Self::Error(_) => "an object that says why under `error` or `exception`".into(),
            Self::Attached(_) => "a list of attached transactions".into(),
        }
    }
}

impl Kind {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Int => integer(value).is_some(),
            Self::Number => value.is_number(),
            Self::Bool => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
        }
    }
}

pub(crate) fn integer(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

fn decimal(value: &Value) -> Option<i128> {
    let text = value.as_str()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// What is wanted within bounds that have names, in words.
fn told(what: &str, bounds: &Template, context: &Context<'_>) -> String {
    let bounds = bounds.resolve_text(&context.scope);
    bounds.map_or_else(|error| error.to_string(), |bounds| what.to_owned() + &bounds)
}

/// Whether a text is whole numbers joined by dots that compare so; `None` if it is no such text, or the bounds are none.
fn dotted(bounds: &Template, got: &Value, context: &Context<'_>) -> Option<bool> {
    let number: Dotted = got.as_str()?.parse().ok()?;
    let bounds = Bounds::<Dotted>::parse(&bounds.resolve_text(&context.scope).ok()?)?;
    Some(bounds.hold(&number))
}

fn length(value: &Value) -> Option<i128> {
    let length = match value {
        Value::Array(items) => items.len(),
        Value::String(text) => text.chars().count(),
        _ => return None,
    };
    i128::try_from(length).ok()
}

fn diff_object(
    fields: &[(String, Pattern)],
    open: bool,
    got: &Value,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    let Value::Object(map) = got else {
        return out.add(path, || "an object".into(), || shown(got));
    };
    for (key, pattern) in fields {
        let path = Path::Field(path, key);
        match map.get(key) {
            Some(value) => pattern.diff(value, &path, context, out),
            None => out.add(&path, || pattern.wanted(context), || "no such field".into()),
        }
    }
    if open || (map.len() == fields.len() && out.is_empty()) {
        return;
    }
    for (key, value) in map {
        if !fields.iter().any(|(known, _)| known == key) {
            out.add(&Path::Field(path, key), || "no such field".into(), || shown(value));
        }
    }
}

/// The elements of a list, or a difference if it is none.
pub(crate) fn elements<'v>(got: &'v Value, path: &Path<'_>, out: &mut Differences) -> Option<&'v [Value]> {
    if let Value::Array(items) = got {
        return Some(items);
    }
    out.add(path, || "a list".into(), || shown(got));
    None
}

fn diff_list(
    patterns: &[Pattern],
    open: bool,
    got: &Value,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    let Some(items) = elements(got, path, out) else { return };
    for (index, (pattern, item)) in patterns.iter().zip(items).enumerate() {
        pattern.diff(item, &Path::Index(path, index), context, out);
    }
    for (index, pattern) in patterns.iter().enumerate().skip(items.len()) {
        out.add(&Path::Index(path, index), || pattern.wanted(context), || "no such element".into());
    }
    if !open {
        unwanted(items, patterns.len(), path, out);
    }
}

fn unwanted(items: &[Value], from: usize, path: &Path<'_>, out: &mut Differences) {
    for (index, item) in items.iter().enumerate().skip(from) {
        out.add(&Path::Index(path, index), || "no such element".into(), || shown(item));
    }
}

fn diff_times(
    count: usize,
    pattern: &Pattern,
    got: &Value,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    diff_each(pattern, got, path, context, out);
    if let Value::Array(items) = got
        && items.len() != count
    {
        out.add(path, || format!("a list of {count}"), || format!("a list of {}", items.len()));
    }
}

fn diff_each(pattern: &Pattern, got: &Value, path: &Path<'_>, context: &Context<'_>, out: &mut Differences) {
    let Some(items) = elements(got, path, out) else { return };
    for (index, item) in items.iter().enumerate() {
        pattern.diff(item, &Path::Index(path, index), context, out);
    }
}

fn diff_set(
    patterns: &[Pattern],
    got: &Value,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    let Some(items) = elements(got, path, out) else { return };
    let pairing = Pairing::find(patterns, items, context);
    for (index, _) in items.iter().enumerate().filter(|(index, _)| pairing.partner[*index].is_none()) {
        out.add(&Path::Index(path, index), || "none like it in the set".into(), || shown(&items[index]));
    }
    missing(patterns, &pairing, path, context, out);
}

fn diff_contains(
    patterns: &[Pattern],
    got: &Value,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    let Value::String(text) = got else {
        let Some(items) = elements(got, path, out) else { return };
        return missing(patterns, &Pairing::find(patterns, items, context), path, context, out);
    };
    for pattern in patterns {
        let part = match pattern {
            Pattern::Equal(template) => template.resolve_text(&context.scope).ok(),
            _ => None,
        };
        if !part.is_some_and(|part| text.contains(&part)) {
            out.add(path, || format!("a text that contains {}", pattern.wanted(context)), || shown(got));
        }
    }
}

fn diff_error(
    text: Option<&Pattern>,
    got: &Value,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    let said = ["error", "exception"].into_iter().find_map(|key| Some((key, got.get(key)?)));
    match (said, text) {
        (Some((key, said)), Some(text)) => text.diff(said, &Path::Field(path, key), context, out),
        (Some((_, Value::String(said))), None) if !said.trim().is_empty() => {}
        _ => out.add(path, || "an object that says why under `error` or `exception`".into(), || shown(got)),
    }
}

fn missing(
    patterns: &[Pattern],
    pairing: &Pairing,
    path: &Path<'_>,
    context: &Context<'_>,
    out: &mut Differences,
) {
    for pattern in pairing.lonely.iter().map(|index| &patterns[*index]) {
        out.add(path, || format!("an element {}", pattern.wanted(context)), || "none such".into());
    }
}

/// Which pattern goes with which element, as many as possible (augmenting paths).
struct Pairing {
    /// For each element its pattern.
    partner: Vec<Option<usize>>,
    /// The patterns that found no element.
    lonely: Vec<usize>,
}

impl Pairing {
    fn find(patterns: &[Pattern], items: &[Value], context: &Context<'_>) -> Self {
        let fits: Vec<Vec<usize>> = patterns
            .iter()
            .map(|pattern| (0..items.len()).filter(|i| pattern.matches(&items[*i], context)).collect())
            .collect();
        let mut partner = vec![None; items.len()];
        let lonely = (0..patterns.len())
            .filter(|pattern| !place(*pattern, &fits, &mut partner, &mut vec![false; items.len()]))
            .collect();
        Self { partner, lonely }
    }
}

/// Gives a pattern an element, moving others if that makes room.
fn place(pattern: usize, fits: &[Vec<usize>], partner: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for &item in &fits[pattern] {
        if std::mem::replace(&mut tried[item], true) {
            continue;
        }
        if partner[item].is_none_or(|other| place(other, fits, partner, tried)) {
            partner[item] = Some(pattern);
            return true;
        }
    }
    false
}
