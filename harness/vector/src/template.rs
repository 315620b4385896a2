//! Values with names in them: what a vector sends, and the fixed parts of what it expects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::problem::{Mistake, Problems, Span};
use crate::yaml::{Entry, Node, Yaml};

/// Most elements or bytes one generated value may have.
pub const MAX_GENERATED: usize = 16 << 20;

/// `$name.path.0`: a name and the way to go inside of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name, then keys and indices.
    pub path: Vec<String>,
    /// Where it was written.
    pub span: Span,
}

impl Name {
    /// The name without its path.
    pub fn root(&self) -> &str {
        &self.path[0]
    }

    /// As written, without the `$`.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These characters.
    Plain(String),
    /// The text of this name's value.
    Name(Name),
}

/// A JSON value in which names may stand for values.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// A value without any name.
    Fixed(Value),
    /// The value of a name.
    Name(Name),
    /// A text with names inside.
    Text(Vec<Part>),
    /// A list.
    List(Vec<Template>),
    /// An object, in the order written.
    Object(Vec<(String, Template)>),
    /// `$times`: so many of one value.
    Times(usize, Box<Template>),
    /// `$text`: a text repeated.
    Repeat(usize, Box<Template>),
}

/// A name had no value when it was needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`${0}` has no value here")]
pub struct Undefined(pub String);

/// What names stand for: captures first, then what the world declares.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// An object: the world's names.
    pub world: &'a Value,
    /// What earlier steps captured.
    pub captured: &'a BTreeMap<String, Value>,
}

impl<'a> Scope<'a> {
    /// The value of a name.
    pub fn lookup(&self, name: &Name) -> Result<&'a Value, Undefined> {
        let root = self.captured.get(name.root()).or_else(|| self.world.get(name.root()));
        root.and_then(|value| descend(value, &name.path[1..])).ok_or_else(|| Undefined(name.dotted()))
    }
}

/// Goes down keys and indices.
pub(crate) fn descend<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Object(fields) => fields.get(step),
        _ => None,
    })
}

impl Template {
    /// The value with all names replaced.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Value, Undefined> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Name(name) => scope.lookup(name)?.clone(),
            Self::Text(parts) => Value::String(join(parts, scope)?),
            Self::List(items) => items.iter().map(|item| item.resolve(scope)).collect::<Result<_, _>>()?,
            Self::Object(fields) => {
                let resolved = fields.iter().map(|(key, value)| Ok((key.clone(), value.resolve(scope)?)));
                Value::Object(resolved.collect::<Result<Map<_, _>, Undefined>>()?)
            }
            Self::Times(count, item) => Value::Array(vec![item.resolve(scope)?; *count]),
            Self::Repeat(count, text) => Value::String(plain_text(&text.resolve(scope)?).repeat(*count)),
        })
    }

    /// The value as a text: a string itself, anything else as JSON.
    pub fn resolve_text(&self, scope: &Scope<'_>) -> Result<String, Undefined> {
        Ok(match self.resolve(scope)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// A text as it was written, with its names unresolved; none for what is no text.
    pub(crate) fn written(&self) -> Option<String> {
        match self {
            Self::Fixed(Value::String(text)) => Some(text.clone()),
            Self::Text(parts) => Some(parts.iter().map(Part::written).collect()),
            _ => None,
        }
    }

    /// A text, or name, as it would be if its names stood for that; none for what is no text.
    pub(crate) fn with_names_as(&self, stand_in: &str) -> Option<String> {
        match self {
            Self::Fixed(Value::String(text)) => Some(text.clone()),
            Self::Name(_) => Some(stand_in.to_owned()),
            Self::Text(parts) => Some(parts.iter().fold(String::new(), |text, part| match part {
                Part::Plain(plain) => text + plain,
                Part::Name(_) => text + stand_in,
            })),
            _ => None,
        }
    }

    /// Every name in it.
    pub fn names<'t>(&'t self, found: &mut Vec<&'t Name>) {
        match self {
            Self::Fixed(_) => {}
            Self::Name(name) => found.push(name),
            Self::Text(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Name(name) => Some(name),
                Part::Plain(_) => None,
            })),
            Self::List(items) => items.iter().for_each(|item| item.names(found)),
            Self::Object(fields) => fields.iter().for_each(|(_, value)| value.names(found)),
            Self::Times(_, item) | Self::Repeat(_, item) => item.names(found),
        }
    }

    /// Bytes or so that it takes when generated, names not counted.
    fn size(&self) -> usize {
        match self {
            Self::Fixed(Value::String(text)) => 1 + text.len(),
            Self::Fixed(_) | Self::Name(_) => 1,
            Self::Text(parts) => 1 + parts.iter().map(Part::size).sum::<usize>(),
            Self::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(item.size())),
            Self::Object(fields) => fields.iter().fold(1, |sum, (_, value)| sum.saturating_add(value.size())),
            Self::Times(count, item) | Self::Repeat(count, item) => count.saturating_mul(item.size()),
        }
    }
}

impl Part {
    fn written(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Name(name) => format!("${{{}}}", name.dotted()),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Name(_) => 1,
        }
    }
}

/// A text's pieces as one text.
fn join(parts: &[Part], scope: &Scope<'_>) -> Result<String, Undefined> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Plain(plain) => text.push_str(plain),
            Part::Name(name) => text.push_str(&plain_text(scope.lookup(name)?)),
        }
    }
    Ok(text)
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads a value in which names and generators, but no matchers may stand.
pub(crate) fn read(node: &Node, problems: &mut Problems) -> Template {
    let template = read_any(node, problems);
    if template.size() > MAX_GENERATED {
        problems.add(node.span, Mistake::TooMuch { what: "a generated value", limit: MAX_GENERATED });
        return Template::Fixed(Value::Null);
    }
    template
}

fn read_any(node: &Node, problems: &mut Problems) -> Template {
    match &node.value {
        Yaml::Null => Template::Fixed(Value::Null),
        Yaml::Bool(flag) => Template::Fixed(Value::Bool(*flag)),
        Yaml::Number(number) => Template::Fixed(Value::Number(number.clone())),
        Yaml::Text(text) => read_text(text, node.span, problems),
        Yaml::List(items) => Template::List(items.iter().map(|item| read_any(item, problems)).collect()),
        Yaml::Map(entries) => match entries.as_slice() {
            [only] if is_special(&only.key) => read_generator(only, problems),
            _ => {
                let mut fields = Vec::with_capacity(entries.len());
                for entry in entries {
                    fields.push((field_name(entry, problems), read_any(&entry.value, problems)));
                }
                Template::Object(fields)
            }
        },
    }
}

/// Whether a key is a matcher's or generator's rather than a field's.
pub(crate) fn is_special(key: &str) -> bool {
    key.starts_with('$') && !key.starts_with("$$")
}

/// The field that a key names: `$$x` is `$x`.
pub(crate) fn field_name(entry: &Entry, problems: &mut Problems) -> String {
    if is_special(&entry.key) {
        let mistake = Mistake::BadMatcher(format!("`{}` must be the only key of its map", entry.key));
        problems.add_with_help(
            entry.key_span,
            mistake,
            "a field whose name starts with `$` is written `$$…`",
        );
    }
    entry.key.strip_prefix('$').unwrap_or(&entry.key).to_owned()
}

fn read_generator(entry: &Entry, problems: &mut Problems) -> Template {
    let generator = match entry.key.as_str() {
        "$times" => counted(entry, problems)
            .map(|(count, item)| Template::Times(count, Box::new(read_any(item, problems)))),
        "$text" => {
            let repeated = counted(entry, problems);
            repeated.map(|(count, item)| Template::Repeat(count, Box::new(read_any(item, problems))))
        }
        key => {
            let mistake = Mistake::BadMatcher(format!("`{key}` cannot be sent"));
            problems.add_with_help(entry.key_span, mistake, "only `$times` and `$text` make values to send");
            None
        }
    };
    generator.unwrap_or(Template::Fixed(Value::Null))
}

/// The operand `[count, value]` of a generator.
pub(crate) fn counted<'n>(entry: &'n Entry, problems: &mut Problems) -> Option<(usize, &'n Node)> {
    if let Yaml::List(items) = &entry.value.value
        && let [count, item] = items.as_slice()
        && let Yaml::Number(number) = &count.value
        && let Some(count) =
            number.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= MAX_GENERATED)
    {
        return Some((count, item));
    }
    let mistake = Mistake::BadMatcher(format!("`{}` wants [count, value]", entry.key));
    problems.add_with_help(
        entry.value.span,
        mistake,
        format!("for example `{{ {}: [3, \"x\"] }}`", entry.key),
    );
    None
}

/// A text: a name, a text with names inside, or plain.
pub(crate) fn read_text(text: &str, span: Span, problems: &mut Problems) -> Template {
    match text_parts(text, span) {
        Ok(template) => template,
        Err(why) => {
            let help = "`$name.path` as the whole text, `${name.path}` inside of one, `$$` for a plain `$`";
            problems.add_with_help(span, Mistake::BadValue { what: why, value: text.to_owned() }, help);
            Template::Fixed(Value::Null)
        }
    }
}

fn text_parts(text: &str, span: Span) -> Result<Template, &'static str> {
    if !text.contains('$') {
        return Ok(Template::Fixed(Value::String(text.to_owned())));
    }
    if let Some(name) = text.strip_prefix('$').and_then(|name| parse_name(name, span)) {
        return Ok(Template::Name(name));
    }
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            plain.push('$');
            rest = after;
        } else {
            let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (name, after) = inside.ok_or("`$` in a text")?;
            let name = parse_name(name, span).ok_or("name in a text")?;
            parts.extend([Part::Plain(std::mem::take(&mut plain)), Part::Name(name)]);
            rest = after;
        }
    }
    plain.push_str(rest);
    if parts.is_empty() {
        return Ok(Template::Fixed(Value::String(plain)));
    }
    parts.push(Part::Plain(plain));
    Ok(Template::Text(parts))
}

/// Reads `name.path.0`.
fn parse_name(text: &str, span: Span) -> Option<Name> {
    let path: Vec<String> = text.split('.').map(str::to_owned).collect();
    let word = |word: &String| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    let starts_well = path[0].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts_well && path.iter().all(word)).then_some(Name { path, span })
}
