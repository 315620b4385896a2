//! Vectors as the rest of the program sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::network::{Act, Network, Sending};
use crate::pattern::Pattern;
use crate::problem::{Source, Span};
use crate::rows::Sorted;
use crate::submit::Submission;
use crate::template::{Name, Template};

/// The world of vectors that hold on every node.
pub const ANY_WORLD: &str = "any";

/// The world of vectors that describe their own.
pub const INLINE_WORLD: &str = "inline";

/// Commands after which a node is not what it was; `--read-only` never sends them.
pub const CHANGING_COMMANDS: [&str; 5] = [
    "storeTransactions",
    "broadcastTransactions",
    "addNeighbors",
    "removeNeighbors",
    "interruptAttachingToTangle",
];

/// What vectors may refer to.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Ids of all clauses.
    pub clauses: BTreeSet<String>,
    /// The fixture worlds by name.
    pub worlds: BTreeMap<String, WorldFacts>,
    /// The dialects there are.
    pub dialects: Vec<String>,
    /// The names that every network declares.
    pub network: WorldFacts,
}

/// What vectors may know of a fixture world.
#[derive(Debug, Clone, Default)]
pub struct WorldFacts {
    /// Its states in the order they are fed.
    pub states: Vec<String>,
    /// An object: the names it declares.
    pub names: Arc<Value>,
}

/// All vectors of one file.
#[derive(Debug)]
pub struct VectorFile {
    /// The file.
    pub source: Arc<Source>,
    /// The API it speaks, for example `iri`.
    pub api: String,
    /// The file's name without folder and ending, mostly a command.
    pub name: String,
    /// Its vectors in order.
    pub vectors: Vec<Arc<Vector>>,
}

/// How strict a vector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the document demands of anyone.
    Spec,
    /// What the real node of a dialect answers to the letter.
    Exact,
}

impl Level {
    /// `spec` or `exact`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Exact => "exact",
        }
    }
}

/// A question to a node and the answer that conformance demands.
#[derive(Debug)]
pub struct Vector {
    /// Its stable path `<api>/<file>/<vector>`.
    pub path: String,
    /// One line for people.
    pub about: Option<String>,
    /// The clauses it holds a node to.
    pub clauses: Vec<String>,
    /// The fixture world it needs, or [`ANY_WORLD`]; of a network its name, or [`INLINE_WORLD`].
    pub world: String,
    /// The state of that world; none for [`ANY_WORLD`].
    pub state: Option<String>,
    /// How strict it is.
    pub level: Level,
    /// The dialects it speaks of; empty for all.
    pub dialects: Vec<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// Whether it leaves the node changed.
    pub dirties: bool,
    /// How often it may be run again when it fails; never where it is alone.
    pub retries: u8,
    /// The network it runs in; none where it asks one node.
    pub network: Option<Network>,
    /// What is sent and expected, in order.
    pub steps: Vec<Step>,
    /// Where it is written.
    pub span: Span,
    /// The file it is written in.
    pub source: Arc<Source>,
}

/// One exchange.
#[derive(Debug)]
pub struct Step {
    /// The node of a network that is asked.
    pub at: Option<String>,
    /// What is sent, or done.
    pub ask: Ask,
    /// Whether it is sent from an address that is not loopback.
    pub nonloopback: bool,
    /// Values to send it with, one after the other, until it holds.
    pub trying: Option<Trying>,
    /// Wait before sending.
    pub after: Option<Duration>,
    /// Steps to run while this call is under way.
    pub during: Vec<Step>,
    /// In the last step of `during`: once it holds, ask again this often until that call has its reply.
    pub again: Option<Duration>,
    /// Repeat until it holds, at most so long.
    pub within: Option<Duration>,
    /// What the reply must be.
    pub expect: Expect,
    /// Names for parts of the reply.
    pub captures: Vec<Capture>,
    /// The pages that follow, where they are asked for too.
    pub walk: Option<Walk>,
    /// Why the vector is skipped where a capture finds nothing; a failure when absent.
    pub lacking: Option<String>,
    /// Why the vector is skipped where the reply is not as expected; a failure when absent.
    pub given: Option<String>,
    /// Where it is written.
    pub span: Span,
}

/// A name, and what it may stand for: the first value with which the step holds.
#[derive(Debug)]
pub struct Trying {
    /// The name.
    pub name: String,
    /// The values, one or more.
    pub values: Vec<Value>,
}

/// What a step sends.
#[derive(Debug)]
pub enum Ask {
    /// A command with parameters, posted the usual way.
    Call {
        /// The command's name.
        command: String,
        /// Its parameters in order.
        with: Vec<(String, Template)>,
        /// Headers to add, or without value to leave out.
        headers: Vec<(String, Option<Template>)>,
    },
    /// A GET.
    Get {
        /// The path with query, mostly written out or the link of an earlier reply.
        path: Template,
        /// Headers to add.
        headers: Vec<(String, Option<Template>)>,
    },
    /// A request written out.
    Raw {
        /// The method.
        method: String,
        /// The path with query.
        path: String,
        /// All headers but Host and Content-Length.
        headers: Vec<(String, Template)>,
        /// The body.
        body: RawBody,
    },
    /// A bundle, by several calls.
    Send(Box<Sending>),
    /// A transaction of a client of a Hedera network.
    Submit(Box<Submission>),
    /// Nothing: something is done to the network.
    Act(Act),
}

/// A walk through all pages, by the link `/links/next` of each.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The field that holds a page's rows.
    pub list: String,
    /// The field of a row that no two rows may share.
    pub by: String,
    /// The order of all rows by that field, over the ends of pages too.
    pub order: Option<Sorted>,
    /// A list of rows that is to come out in pieces: rows of the same `by` in the same order, as far as both go.
    pub same: Option<Template>,
    /// How many rows all pages have together, where that is known.
    pub rows: Option<usize>,
    /// After how many pages to stop; at the end when absent.
    pub pages: Option<usize>,
}

/// The body of a request written out.
#[derive(Debug)]
pub enum RawBody {
    /// No body.
    Empty,
    /// A text.
    Text(Template),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// What a reply must be.
#[derive(Debug)]
pub struct Expect {
    /// The statuses allowed.
    pub status: Status,
    /// Headers by lower-case name; without pattern they must be absent.
    pub headers: Vec<(String, Option<Pattern>)>,
    /// The body.
    pub body: BodyPattern,
    /// The body is as it was recorded, but for these fields.
    pub snapshot: Option<Snapshot>,
}

/// Which fields of a recorded reply are left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// Those that say how long things took and what the program is.
    Volatile,
    /// None.
    Whole,
}

/// The statuses allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// One of these.
    OneOf(Vec<u16>),
    /// Any from 400 to 599.
    Error,
}

/// What a body must be.
#[derive(Debug)]
pub enum BodyPattern {
    /// Anything.
    Free,
    /// JSON like this.
    Json(Pattern),
    /// A text like this, whatever it means.
    Text(Pattern),
}

/// A name for a part of the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The name.
    pub name: String,
    /// The way to the value in `{ status, headers, body, hashes }`, the last those of the transactions in the body's
    /// `trytes`.
    pub pointer: Vec<String>,
}

impl Vector {
    /// `file:line` of the vector.
    pub fn place(&self) -> String {
        self.place_of(self.span)
    }

    /// `file:line` of something in the vector's file.
    pub fn place_of(&self, span: Span) -> String {
        format!("{}:{}", self.source.name, self.source.position(span.start).0)
    }

    /// The API it speaks, the first part of its path.
    pub fn api(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// Every command it sends, in the order written.
    pub fn commands(&self) -> Vec<String> {
        let mut found = Vec::new();
        for_each(&self.steps, &mut |step| found.extend(step.ask.command()));
        found
    }

    /// Whether it sends anything that changes a node, or that cannot be told.
    pub fn changes_node(&self) -> bool {
        let mut changes = false;
        for_each(&self.steps, &mut |step| changes |= step.ask.changes_node());
        changes
    }

    /// Whether nothing else may be under way beside it: it changes the node, or has a network of its own.
    pub fn is_alone(&self) -> bool {
        self.dirties || self.network.is_some() || self.changes_node()
    }

    /// Whether any step is sent from an address that is not loopback.
    pub fn needs_nonloopback(&self) -> bool {
        let mut needs = false;
        for_each(&self.steps, &mut |step| needs |= step.nonloopback);
        needs
    }
}

/// Visits steps and the steps inside of them.
fn for_each<'s>(steps: &'s [Step], visit: &mut impl FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        for_each(&step.during, visit);
    }
}

impl Step {
    /// Every name it uses, not counting steps inside.
    pub fn names(&self) -> Vec<&Name> {
        let mut found = Vec::new();
        self.ask.names(&mut found);
        for (_, pattern) in &self.expect.headers {
            pattern.iter().for_each(|pattern| pattern.names(&mut found));
        }
        if let BodyPattern::Json(pattern) | BodyPattern::Text(pattern) = &self.expect.body {
            pattern.names(&mut found);
        }
        if let Some(same) = self.walk.as_ref().and_then(|walk| walk.same.as_ref()) {
            same.names(&mut found);
        }
        found
    }
}

impl Expect {
    /// 200, whatever the body.
    pub(crate) fn good() -> Self {
        let status = Status::OneOf(vec![200]);
        Self { status, headers: Vec::new(), body: BodyPattern::Free, snapshot: None }
    }
}

impl Ask {
    /// Every name it uses.
    pub fn names<'a>(&'a self, found: &mut Vec<&'a Name>) {
        match self {
            Self::Call { with, headers, .. } => {
                with.iter().for_each(|(_, value)| value.names(found));
                headers.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| value.names(found));
            }
            Self::Get { path, headers } => {
                path.names(found);
                headers.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| value.names(found));
            }
            Self::Raw { headers, body, .. } => {
                headers.iter().for_each(|(_, value)| value.names(found));
                if let RawBody::Text(text) = body {
                    text.names(found);
                }
            }
            Self::Send(send) => send.names(found),
            Self::Submit(submission) => submission.id.iter().for_each(|id| id.names(found)),
            Self::Act(_) => {}
        }
    }

    /// The command it sends, if it is plain which.
    fn command(&self) -> Option<String> {
        match self {
            Self::Call { command, .. } => Some(command.clone()),
            Self::Raw { body: RawBody::Text(text), .. } => {
                let body: Value = serde_json::from_str(&text.written()?).ok()?;
                Some(body.get("command")?.as_str()?.to_owned())
            }
            Self::Raw { .. } | Self::Get { .. } | Self::Send(_) | Self::Submit(_) | Self::Act(_) => None,
        }
    }

    /// Strict JSON names its command; of anything else a lenient node might make a command, so its letters decide.
    /// Whether it may change the node that is asked.
    pub fn changes_node(&self) -> bool {
        if let Some(command) = self.command() {
            return is_changing(&command) || command.contains('$');
        }
        match self {
            Self::Call { .. } | Self::Get { .. } => false,
            Self::Send(_) | Self::Submit(_) | Self::Act(_) => true,
            Self::Raw { body: RawBody::Empty, .. } => false,
            Self::Raw { body: RawBody::Text(text), .. } => {
                text.written().is_none_or(|text| may_change(&text))
            }
            Self::Raw { body: RawBody::Bytes(bytes), .. } => may_change(&String::from_utf8_lossy(bytes)),
        }
    }
}

fn is_changing(command: &str) -> bool {
    CHANGING_COMMANDS.iter().any(|changing| changing.eq_ignore_ascii_case(command.trim()))
}

fn may_change(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("\\u") || CHANGING_COMMANDS.iter().any(|name| lower.contains(&name.to_ascii_lowercase()))
}
