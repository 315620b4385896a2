//! The specification files: one per command, with its clauses and the schema of its reply.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::fields::{Fields, list, word};
use crate::problem::{Mistake, Problem, Problems, Source, Span};
use crate::yaml::{self, Node, Yaml};

/// What the document says of one command.
#[derive(Debug)]
pub struct SpecFile {
    /// The file.
    pub source: Arc<Source>,
    /// The command, or another name for what the clauses are about.
    pub command: String,
    /// The section of the document.
    pub section: String,
    /// JSON Schema of the reply with status 200, where there is one.
    pub reply: Option<Value>,
    /// The clauses in order.
    pub clauses: Vec<Clause>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its id, for example `iri.getBalances.order`.
    pub id: String,
    /// What it demands, in a sentence.
    pub requires: String,
    /// Where it is said.
    pub source: String,
    /// Where it is written.
    pub span: Span,
    /// A word of explanation.
    pub note: Option<String>,
}

/// Reads one specification file.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn read_spec(source: &Arc<Source>) -> Result<SpecFile, Vec<Problem>> {
    let root = yaml::parse(source)?;
    let mut problems = Problems::new(source.clone());
    let file = read(&root, &mut problems);
    let problems = problems.into_vec();
    match file {
        Some(file) if problems.is_empty() => Ok(file),
        _ => Err(problems),
    }
}

fn read(root: &Node, problems: &mut Problems) -> Option<SpecFile> {
    let known = &["command", "source", "reply", "clauses"];
    let file = Fields::read(root, "a specification file", known, problems)?;
    let command = text(&file, "command", problems)?;
    let section = text(&file, "source", problems)?;
    let nodes = file.need("clauses", problems).and_then(|node| list(node, "`clauses`", problems))?;
    let mut seen = BTreeSet::new();
    let mut clauses = Vec::with_capacity(nodes.len());
    for node in nodes {
        clauses.extend(clause(node, &section, &mut seen, problems));
    }
    let reply = file.get("reply").map(json);
    Some(SpecFile { source: problems.source().clone(), command, section, reply, clauses })
}

fn clause(
    node: &Node,
    section: &str,
    seen: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Clause> {
    let fields = Fields::read(node, "a clause", &["id", "requires", "source", "note"], problems)?;
    let id = text(&fields, "id", problems)?;
    let requires = text(&fields, "requires", problems)?;
    let source = fields.get("source").and_then(|node| word(node, "`source`", problems)).unwrap_or(section);
    let note = fields.get("note").and_then(|node| word(node, "`note`", problems)).map(str::to_owned);
    if !seen.insert(id.clone()) {
        problems.add(fields.span, Mistake::Duplicate { what: "clause", name: id.clone() });
    }
    Some(Clause { id, requires, source: source.to_owned(), span: fields.span, note })
}

fn text(fields: &Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<String> {
    let node = fields.need(key, problems)?;
    word(node, key, problems).map(str::to_owned)
}

/// YAML as the JSON it stands for.
fn json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(*flag),
        Yaml::Number(number) => Value::Number(number.clone()),
        Yaml::Text(text) => Value::String(text.clone()),
        Yaml::List(items) => items.iter().map(json).collect(),
        Yaml::Map(entries) => {
            let fields = entries.iter().map(|entry| (entry.key.clone(), json(&entry.value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}
