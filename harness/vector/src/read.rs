//! From the YAML tree of a file to its vectors.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fields::{Fields, flag, list, word, words, wrong_type};
use crate::model::{ANY_WORLD, Catalogue, INLINE_WORLD, Level, Step, Vector, VectorFile, WorldFacts};
use crate::network::{self, NETWORK, Network};
use crate::pattern::{self, Pattern};
use crate::problem::{Mistake, Problem, Problems, Source, Span, nearest};
use crate::step::{self, Defaults, STEP_KEYS};
use crate::template;
use crate::yaml::{self, Node, Yaml};

const FILE_KEYS: &[&str] = &["api", "defaults", "vectors"];
const DEFAULT_KEYS: &[&str] =
    &["world", "state", "level", "dialects", "tags", "dirties", "retries", "clauses", "body", "seed"];
const VECTOR_KEYS: &[&str] = &[
    "vector", "about", "clauses", "world", "state", "level", "dialects", "tags", "dirties", "retries",
    "steps",
];
/// Most times that a vector may be run again.
const MOST_RETRIES: u8 = 5;
/// Keys that only vectors inside of a network have.
const NETWORK_KEYS: &[&str] = &["seed", "may-violate"];

/// Reads one vector file; `name` is its file name without folder and ending.
///
/// # Errors
/// Everything that is wrong with the file, in the order of the text.
pub fn read_file(
    source: &Arc<Source>,
    name: &str,
    catalogue: &Catalogue,
) -> Result<VectorFile, Vec<Problem>> {
    let root = yaml::parse(source)?;
    let mut problems = Problems::new(source.clone());
    let file = FileReader::read(&root, name, catalogue, &mut problems);
    let mut problems = problems.into_vec();
    problems.sort_by_key(|problem| problem.span.start);
    match file {
        Some(file) if problems.is_empty() => Ok(file),
        _ => Err(problems),
    }
}

struct FileReader<'n> {
    prefix: String,
    defaults: Option<Fields<'n>>,
    body: Vec<(String, Pattern)>,
    network: bool,
    catalogue: &'n Catalogue,
}

impl<'n> FileReader<'n> {
    fn read(
        root: &'n Node,
        name: &str,
        catalogue: &'n Catalogue,
        problems: &mut Problems,
    ) -> Option<VectorFile> {
        let file = Fields::read(root, "the file", FILE_KEYS, problems)?;
        let api = file.need("api", problems).and_then(|node| word(node, "`api`", problems))?;
        let defaults =
            file.get("defaults").and_then(|node| Fields::read(node, "`defaults`", DEFAULT_KEYS, problems));
        let body = defaults.and_then(|defaults| defaults.get("body"));
        let body = body.map(|node| default_body(node, problems)).unwrap_or_default();
        let (prefix, network) = (format!("{api}/{name}"), api == NETWORK);
        let reader = FileReader { prefix, defaults, body, network, catalogue };
        let nodes = file.need("vectors", problems).and_then(|node| list(node, "`vectors`", problems))?;
        let mut seen = BTreeSet::new();
        let mut vectors = Vec::with_capacity(nodes.len());
        for node in nodes {
            vectors.extend(reader.vector(node, &mut seen, problems).map(Arc::new));
        }
        Some(VectorFile {
            source: problems.source().clone(),
            api: api.to_owned(),
            name: name.to_owned(),
            vectors,
        })
    }

    fn vector(&self, node: &'n Node, seen: &mut BTreeSet<String>, problems: &mut Problems) -> Option<Vector> {
        let own = if self.network { NETWORK_KEYS } else { &[] };
        let known: Vec<&str> = VECTOR_KEYS.iter().chain(own).chain(STEP_KEYS).copied().collect();
        let fields = Fields::read(node, "a vector", &known, problems)?;
        let (name, span) = vector_name(&fields, seen, problems)?;
        let network = self.network.then(|| self.network(&fields, problems)).flatten();
        let (world, facts) = match &network {
            Some(network) => (network.world.name().to_owned(), Some(&self.catalogue.network)),
            None if self.network => (INLINE_WORLD.to_owned(), Some(&self.catalogue.network)),
            None => self.world(&fields, problems),
        };
        let mut vector = Vector {
            path: format!("{}/{name}", self.prefix),
            about: fields.get("about").and_then(|node| word(node, "`about`", problems)).map(str::to_owned),
            clauses: self.clauses(&fields, problems),
            state: facts.and_then(|facts| self.state(&fields, facts, problems)),
            world,
            level: self.level(&fields, problems).unwrap_or(Level::Exact),
            dialects: self.dialects(&fields, problems),
            tags: self.texts(&fields, "tags", problems).into_iter().map(|(tag, _)| tag).collect(),
            dirties: self.get(&fields, "dirties").is_some_and(|node| flag(node, "`dirties`", problems)),
            retries: 0,
            steps: self.steps(&fields, problems),
            network,
            span,
            source: problems.source().clone(),
        };
        step::check_names(&vector.steps, facts, problems);
        vector.retries = self.retries(&fields, vector.is_alone(), problems);
        Some(vector)
    }

    /// How often it may be run again; what is said for all leaves those alone for which it cannot be.
    fn retries(&self, fields: &Fields<'n>, is_alone: bool, problems: &mut Problems) -> u8 {
        let own = fields.get("retries");
        let Some(node) = self.get(fields, "retries") else { return 0 };
        let number = if let Yaml::Number(number) = &node.value { number.as_u64() } else { None };
        let number = number.and_then(|number| u8::try_from(number).ok()).filter(|most| *most <= MOST_RETRIES);
        if number.is_none() {
            wrong_type(node, "`retries`", "a number from 0 to 5", problems);
        }
        let number = number.unwrap_or(0);
        if is_alone && number > 0 && own.is_some() {
            let mistake = Mistake::BadValue { what: "`retries`", value: number.to_string() };
            let help = "it changes the node or has a network of its own, so it cannot be run again as if nothing had been";
            problems.add_with_help(node.span, mistake, help);
        }
        if is_alone { 0 } else { number }
    }

    /// A key of the vector, or of the file's defaults.
    fn get(&self, fields: &Fields<'n>, key: &'static str) -> Option<&'n Node> {
        fields.get(key).or_else(|| self.defaults.and_then(|defaults| defaults.get(key)))
    }

    fn texts(&self, fields: &Fields<'n>, key: &'static str, problems: &mut Problems) -> Vec<(String, Span)> {
        self.get(fields, key).map(|node| words(node, key, problems)).unwrap_or_default()
    }

    fn clauses(&self, fields: &Fields<'n>, problems: &mut Problems) -> Vec<String> {
        let clauses = self.texts(fields, "clauses", problems);
        if clauses.is_empty() {
            problems.add(fields.span, Mistake::MissingKey { key: "clauses", place: "a vector" });
        }
        for (clause, span) in &clauses {
            if !self.catalogue.clauses.contains(clause) {
                let near = nearest(clause, self.catalogue.clauses.iter().map(String::as_str));
                let help = near.map_or_else(
                    || "`tanglegram coverage` lists the clauses there are".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                problems.add_with_help(*span, Mistake::UnknownClause(clause.clone()), help);
            }
        }
        clauses.into_iter().map(|(clause, _)| clause).collect()
    }

    fn network(&self, fields: &Fields<'n>, problems: &mut Problems) -> Option<Network> {
        let world = self.get(fields, "world");
        if world.is_none() {
            problems.add(fields.span, Mistake::MissingKey { key: "world", place: "a vector" });
        }
        network::network(world, self.get(fields, "seed"), fields.get("may-violate"), problems)
    }

    fn world(&self, fields: &Fields<'n>, problems: &mut Problems) -> (String, Option<&'n WorldFacts>) {
        let Some(node) = self.get(fields, "world") else {
            problems.add(fields.span, Mistake::MissingKey { key: "world", place: "a vector" });
            return (ANY_WORLD.to_owned(), None);
        };
        let name = word(node, "`world`", problems).unwrap_or(ANY_WORLD);
        let facts = self.catalogue.worlds.get(name);
        if facts.is_none() && name != ANY_WORLD {
            let known: Vec<&str> = self.catalogue.worlds.keys().map(String::as_str).collect();
            let mistake = Mistake::BadValue { what: "world", value: name.to_owned() };
            problems.add_with_help(node.span, mistake, format!("the worlds are any, {}", known.join(", ")));
        }
        (name.to_owned(), facts)
    }

    /// A vector that names a world itself does not take the state that was meant for another one.
    fn state(&self, fields: &Fields<'n>, facts: &WorldFacts, problems: &mut Problems) -> Option<String> {
        if facts.states.is_empty() {
            return None;
        }
        let default = self.defaults.filter(|_| fields.get("world").is_none());
        let node = fields.get("state").or_else(|| default.and_then(|default| default.get("state")));
        let Some(node) = node else {
            problems
                .add(fields.span, Mistake::MissingKey { key: "state", place: "a vector of a fixture world" });
            return None;
        };
        let state = word(node, "`state`", problems)?;
        if !facts.states.iter().any(|known| known == state) {
            let mistake = Mistake::BadValue { what: "state", value: state.to_owned() };
            let help = format!("the states of this world are {}", facts.states.join(", "));
            problems.add_with_help(node.span, mistake, help);
        }
        Some(state.to_owned())
    }

    fn level(&self, fields: &Fields<'n>, problems: &mut Problems) -> Option<Level> {
        let Some(node) = self.get(fields, "level") else {
            problems.add(fields.span, Mistake::MissingKey { key: "level", place: "a vector" });
            return None;
        };
        level(node, problems)
    }

    fn dialects(&self, fields: &Fields<'n>, problems: &mut Problems) -> Vec<String> {
        let dialects = self.texts(fields, "dialects", problems);
        for (dialect, span) in dialects.iter().filter(|(name, _)| !self.catalogue.dialects.contains(name)) {
            let mistake = Mistake::BadValue { what: "dialect", value: dialect.clone() };
            let help = format!("the dialects are {}", self.catalogue.dialects.join(", "));
            problems.add_with_help(*span, mistake, help);
        }
        dialects.into_iter().map(|(dialect, _)| dialect).collect()
    }

    fn steps(&self, fields: &Fields<'n>, problems: &mut Problems) -> Vec<Step> {
        let defaults = Defaults { body: &self.body, network: self.network, during: false };
        let Some(node) = fields.get("steps") else {
            return step::read(fields, defaults, problems).into_iter().collect();
        };
        for entry in fields.entries.iter().filter(|entry| STEP_KEYS.contains(&entry.key.as_str())) {
            let mistake = Mistake::UnknownKey { key: entry.key.clone(), place: "a vector that has `steps`" };
            problems.add_with_help(entry.key_span, mistake, "write it in one of the steps");
        }
        let steps = step::read_list(node, "`steps`", defaults, problems);
        if steps.is_empty() {
            problems.add(node.span, Mistake::MissingKey { key: "a step", place: "`steps`" });
        }
        steps
    }
}

fn default_body(node: &Node, problems: &mut Problems) -> Vec<(String, Pattern)> {
    let Some(fields) = Fields::read_any(node, "`body` of `defaults`", problems) else { return Vec::new() };
    let mut read = Vec::with_capacity(fields.entries.len());
    for entry in fields.entries {
        read.push((template::field_name(entry, problems), pattern::read(&entry.value, problems)));
    }
    read
}

/// How strict something is.
pub(crate) fn level(node: &Node, problems: &mut Problems) -> Option<Level> {
    let name = word(node, "`level`", problems)?;
    let level = [Level::Spec, Level::Exact].into_iter().find(|level| level.name() == name);
    if level.is_none() {
        let mistake = Mistake::BadValue { what: "level", value: name.to_owned() };
        problems.add_with_help(node.span, mistake, "a level is `spec` or `exact`");
    }
    level
}

fn vector_name(
    fields: &Fields<'_>,
    seen: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<(String, Span)> {
    let node = fields.need("vector", problems)?;
    let name = word(node, "`vector`", problems)?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(good) {
        let mistake = Mistake::BadValue { what: "vector name", value: name.to_owned() };
        problems.add_with_help(node.span, mistake, "a name has small letters, digits and `-`");
    }
    if !seen.insert(name.to_owned()) {
        problems.add(node.span, Mistake::Duplicate { what: "vector", name: name.to_owned() });
    }
    Some((name.to_owned(), node.span))
}
