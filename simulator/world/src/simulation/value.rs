//! Reading values of the simulation section, with an error at the place of each mistake.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use serde_yaml::Spanned;
use tanglegram_tangle::Millis;

use super::time;
use super::tree::Tree;
use crate::error::{Fault as Mistake, Source, nearest};

/// Most names told of when one is unknown.
const MOST_NAMES: usize = 12;

/// The nodes of a world by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Names {
    pub(crate) fn new(names: Vec<String>) -> Names {
        let numbers = names.iter().cloned().zip(0..).collect();
        Names { names, numbers }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// All names, in order.
    pub(crate) fn all(&self) -> &[String] {
        &self.names
    }

    /// The name of a node, if there is one of that number.
    pub(crate) fn name(&self, number: usize) -> Option<&str> {
        self.names.get(number).map(String::as_str)
    }

    /// The number of a node, or a word of help.
    fn find(&self, name: &str) -> Result<usize, String> {
        self.numbers.get(name).copied().ok_or_else(|| {
            // Short names are all near to each other.
            let near = nearest(name, self.names.iter().map(String::as_str));
            near.filter(|_| name.len() > 3).map_or_else(
                || format!("the nodes are {}", self.list()),
                |near| format!("did you mean `{near}`?"),
            )
        })
    }

    fn list(&self) -> String {
        let more = if self.len() > MOST_NAMES { ", …" } else { "" };
        format!("{}{more}", self.names[..self.len().min(MOST_NAMES)].join(", "))
    }
}

/// A value, and where it was written.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    tree: &'a Spanned<Tree>,
    source: &'a Arc<Source>,
}

/// A map with none but known keys.
pub(crate) struct Fields<'a> {
    owner: Value<'a>,
    pairs: BTreeMap<&'a str, Value<'a>>,
}

impl<'a> Value<'a> {
    pub(crate) fn new(tree: &'a Spanned<Tree>, source: &'a Arc<Source>) -> Self {
        Value { tree, source }
    }

    fn with(self, tree: &'a Spanned<Tree>) -> Self {
        Value { tree, ..self }
    }

    pub(crate) fn tree(self) -> &'a Tree {
        &self.tree.value
    }

    /// A mistake here.
    pub(crate) fn mistake(self, message: impl Display) -> Mistake {
        self.source.fault_at(self.tree, message)
    }

    fn expected(self, what: impl Display) -> Mistake {
        self.mistake(format_args!("expected {what}, found {}", self.tree().kind()))
    }

    /// The elements of a list.
    pub(crate) fn list(self, what: &str) -> Result<Vec<Value<'a>>, Mistake> {
        match self.tree() {
            Tree::List(elements) => Ok(elements.iter().map(|element| self.with(element)).collect()),
            _ => Err(self.expected(what)),
        }
    }

    /// The keys of a map, in the order written.
    pub(crate) fn pairs(self, what: &str) -> Result<Vec<(&'a Spanned<String>, Value<'a>)>, Mistake> {
        match self.tree() {
            Tree::Map(pairs) => Ok(pairs.iter().map(|(name, value)| (name, self.with(value))).collect()),
            _ => Err(self.expected(what)),
        }
    }

    /// A map that has none but these keys.
    pub(crate) fn fields(self, what: &str, known: &[&'static str]) -> Result<Fields<'a>, Mistake> {
        let pairs = self.pairs(what)?;
        for (name, _) in &pairs {
            self.check_key(name, known)?;
        }
        let pairs = pairs.into_iter().map(|(name, value)| (name.value.as_str(), value)).collect();
        Ok(Fields { owner: self, pairs })
    }

    /// Refuses a key that is not known, with the nearest that is.
    pub(crate) fn check_key(self, name: &Spanned<String>, known: &[&'static str]) -> Result<(), Mistake> {
        if known.contains(&name.value.as_str()) {
            return Ok(());
        }
        let help = nearest(&name.value, known.iter().copied()).map_or_else(
            || format!("known are {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let mistake = self.source.fault_at(name, format_args!("unknown key `{}`", name.value));
        Err(mistake.with_help(Some(help)))
    }

    /// Refuses a word that is not known, with the nearest that is.
    pub(crate) fn check_word(self, word: &str, known: &[&'static str]) -> Result<(), Mistake> {
        if known.contains(&word) {
            return Ok(());
        }
        let help = nearest(word, known.iter().copied()).map_or_else(
            || format!("known are {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Err(self.mistake(format_args!("unknown word `{word}`")).with_help(Some(help)))
    }

    pub(crate) fn text(self, what: impl Display) -> Result<&'a str, Mistake> {
        match self.tree() {
            Tree::Scalar(text) => Ok(text),
            _ => Err(self.expected(what)),
        }
    }

    /// A number within bounds.
    pub(crate) fn number<T>(self, range: RangeInclusive<T>) -> Result<T, Mistake>
    where
        T: FromStr + PartialOrd + Display,
    {
        let what = format!("a number from {} to {}", range.start(), range.end());
        let number = self.text(&what)?.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.mistake(format_args!("expected {what}")))
    }

    /// A share, from 0 (none) to 1 (all).
    pub(crate) fn share(self) -> Result<f64, Mistake> {
        self.number(0.0..=1.0)
    }

    pub(crate) fn truth(self) -> Result<bool, Mistake> {
        match self.text("true or false")? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.mistake("expected true or false")),
        }
    }

    /// A time of at least nothing, such as `500ms`, `5s` or `2m`.
    pub(crate) fn time(self) -> Result<Millis, Mistake> {
        let millis = self.signed_time()?;
        u64::try_from(millis).map_err(|_| self.mistake("a time cannot be negative"))
    }

    /// A time that may lie in the past, such as `-5s`.
    pub(crate) fn signed_time(self) -> Result<i64, Mistake> {
        let text = self.text("a time like 500ms, 5s or 2m")?;
        let millis = time::parse(text).ok_or_else(|| {
            self.mistake(format_args!("expected a time like 500ms, 5s or 2m, not `{text}`"))
        })?;
        if millis.unsigned_abs() > time::LONGEST {
            return Err(self.mistake(format_args!("a time is at most {}", time::show(time::LONGEST))));
        }
        Ok(millis)
    }

    /// The number of the node of this name.
    pub(crate) fn node(self, names: &Names) -> Result<usize, Mistake> {
        let name = self.text("the name of a node")?;
        names
            .find(name)
            .map_err(|help| self.mistake(format_args!("there is no node `{name}`")).with_help(Some(help)))
    }

    /// The number of the node that a key of this map names.
    pub(crate) fn node_key(self, name: &Spanned<String>, names: &Names) -> Result<usize, Mistake> {
        names.find(&name.value).map_err(|help| {
            let mistake = self.source.fault_at(name, format_args!("there is no node `{}`", name.value));
            mistake.with_help(Some(help))
        })
    }

    /// One node, or a list of different ones.
    pub(crate) fn nodes(self, names: &Names) -> Result<Vec<usize>, Mistake> {
        let Tree::List(elements) = self.tree() else { return Ok(vec![self.node(names)?]) };
        if elements.is_empty() {
            return Err(self.mistake("no node is named"));
        }
        let mut nodes = Vec::new();
        for element in elements {
            let element = self.with(element);
            let node = element.node(names)?;
            if nodes.contains(&node) {
                return Err(element.mistake(format_args!("`{}` is named twice", element.text("")?)));
            }
            nodes.push(node);
        }
        Ok(nodes)
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn find(&self, name: &str) -> Option<Value<'a>> {
        self.pairs.get(name).copied()
    }

    pub(crate) fn required(&self, name: &str) -> Result<Value<'a>, Mistake> {
        self.find(name).ok_or_else(|| self.owner.mistake(format_args!("`{name}` is missing")))
    }

    /// Reads a field into its place, if it is given.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        place: &mut T,
        read: impl FnOnce(Value<'a>) -> Result<T, Mistake>,
    ) -> Result<(), Mistake> {
        if let Some(value) = self.find(name) {
            *place = read(value)?;
        }
        Ok(())
    }
}
