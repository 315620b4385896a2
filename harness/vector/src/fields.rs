//! Taking a map apart key by key, with a problem for whatever is not as it should be.

use std::time::Duration;

use crate::problem::{Mistake, Problems, Span, nearest};
use crate::yaml::{Entry, Node, Yaml};

/// A map that has been checked to have only known keys.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    pub(crate) entries: &'n [Entry],
    pub(crate) span: Span,
    pub(crate) place: &'static str,
}

impl<'n> Fields<'n> {
    /// The map's fields; anything but a map, and unknown keys, are problems.
    pub(crate) fn read(
        node: &'n Node,
        place: &'static str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Yaml::Map(entries) = &node.value else {
            wrong_type(node, place, "a map", problems);
            return None;
        };
        let fields = Self { entries, span: node.span, place };
        fields.check(known, problems);
        Some(fields)
    }

    /// The fields of a map whose keys are free.
    pub(crate) fn read_any(node: &'n Node, place: &'static str, problems: &mut Problems) -> Option<Self> {
        let Yaml::Map(entries) = &node.value else {
            wrong_type(node, place, "a map", problems);
            return None;
        };
        Some(Self { entries, span: node.span, place })
    }

    fn check(&self, known: &[&str], problems: &mut Problems) {
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let help = match nearest(&entry.key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys here: {}", known.join(", ")),
            };
            let mistake = Mistake::UnknownKey { key: entry.key.clone(), place: self.place };
            problems.add_with_help(entry.key_span, mistake, help);
        }
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &'static str, problems: &mut Problems) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            problems.add(self.span, Mistake::MissingKey { key, place: self.place });
        }
        found
    }
}

pub(crate) fn wrong_type(node: &Node, what: &str, expected: &'static str, problems: &mut Problems) {
    let mistake = Mistake::WrongType { what: what.to_owned(), expected, found: node.kind() };
    problems.add(node.span, mistake);
}

/// A text without names in it.
pub(crate) fn word<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> Option<&'n str> {
    if let Yaml::Text(text) = &node.value {
        return Some(text);
    }
    wrong_type(node, what, "a text", problems);
    None
}

pub(crate) fn list<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> Option<&'n [Node]> {
    if let Yaml::List(items) = &node.value {
        return Some(items);
    }
    wrong_type(node, what, "a list", problems);
    None
}

/// A list of texts.
pub(crate) fn words(node: &Node, what: &str, problems: &mut Problems) -> Vec<(String, Span)> {
    let items = list(node, what, problems).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| word(item, what, problems).map(|text| (text.to_owned(), item.span)))
        .collect()
}

pub(crate) fn flag(node: &Node, what: &str, problems: &mut Problems) -> bool {
    if let Yaml::Bool(flag) = node.value {
        return flag;
    }
    wrong_type(node, what, "true or false", problems);
    false
}

/// A whole number from 0 to `most`.
pub(crate) fn number(node: &Node, what: &str, most: u64, problems: &mut Problems) -> Option<u64> {
    let read = if let Yaml::Number(number) = &node.value { number.as_u64() } else { None };
    let read = read.filter(|number| *number <= most);
    if read.is_none() {
        wrong_type(node, what, "a whole number, not below 0 and not too large", problems);
    }
    read
}

/// Longest wait a vector may ask for.
const LONGEST: Duration = Duration::from_secs(600);
/// Longest virtual time a step may let pass.
const LONGEST_VIRTUAL: Duration = Duration::from_secs(24 * 3600);

/// A duration such as `200ms`, `5s` or `2m`.
pub(crate) fn duration(node: &Node, what: &'static str, problems: &mut Problems) -> Option<Duration> {
    bounded_duration(node, what, LONGEST, "for example `200ms`, `5s` or `2m`, at most 10m", problems)
}

/// A duration in virtual time.
pub(crate) fn virtual_duration(node: &Node, what: &'static str, problems: &mut Problems) -> Option<Duration> {
    bounded_duration(
        node,
        what,
        LONGEST_VIRTUAL,
        "for example `200ms`, `5s` or `2m`, at most 1440m",
        problems,
    )
}

fn bounded_duration(
    node: &Node,
    what: &'static str,
    longest: Duration,
    help: &str,
    problems: &mut Problems,
) -> Option<Duration> {
    let text = word(node, what, problems)?;
    let parsed = parse_duration(text).filter(|duration| *duration <= longest);
    if parsed.is_none() {
        let mistake = Mistake::BadValue { what, value: text.to_owned() };
        problems.add_with_help(node.span, mistake, help);
    }
    parsed
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}
