//! What only a whole network has: the world it starts as, time that is made to pass, faults, and senders of bundles.

use std::time::Duration;

use crate::fields::{Fields, flag, number, virtual_duration, word, wrong_type};
use crate::model::INLINE_WORLD;
use crate::problem::{Mistake, Problems, Span};
use crate::template::{self, Name, Template};
use crate::yaml::{Node, Yaml};

/// The API of vectors that run inside a simulated network: IRI's, at many nodes.
pub const NETWORK: &str = "network";

/// The keys of a step that make it an act and not a request.
pub(crate) const ACT_KEYS: &[&str] = &["advance", "fault", "until", "send", "submit"];
const SEND_KEYS: &[&str] = &[
    "from",
    "key",
    "balance",
    "to",
    "to-key",
    "amount",
    "message",
    "again",
    "reference",
    "trunk",
    "branch",
    "depth",
    "store-only",
];

/// The last account and the last key of an account that a vector may name.
const MOST: u64 = 63;

/// A piece of YAML of another language, at its place: everything before it is blank, so that positions stay what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}

/// The network a vector starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its world.
    pub world: NetworkWorld,
    /// What everything random in it is drawn from.
    pub seed: u64,
    /// Whether the network's invariants may be violated in the end.
    pub may_violate: bool,
}

/// The world of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkWorld {
    /// A built-in one, or a file's path.
    Named(String, Span),
    /// Written in the vector.
    Inline(Written),
}

/// What a step does to a network in place of asking a node.
#[derive(Debug)]
pub enum Act {
    /// Lets virtual time pass.
    Advance(Duration),
    /// Faults, in the spelling of world files.
    Fault(Written),
    /// Lets virtual time pass until every node runs and has the last milestone solid.
    Synced,
}

/// A bundle that is made, attached, stored and broadcast at a node, all by its API, as a wallet does.
#[derive(Debug)]
pub struct Sending {
    /// What is sent.
    pub what: Sent,
    /// Approve this transaction besides a tip: `reference` of getTransactionsToApprove.
    pub reference: Option<Template>,
    /// Approve these two and ask for no tips.
    pub parents: Option<(Template, Template)>,
    /// `depth` of getTransactionsToApprove.
    pub depth: u32,
    /// The node keeps it to itself: it is not broadcast.
    pub store_only: bool,
}

/// What a bundle is.
#[derive(Debug)]
pub enum Sent {
    /// Funds of an account.
    Payment(Payment),
    /// A text at address zero that moves nothing.
    Message(String),
    /// Trytes of an earlier bundle, in the order of attachToTangle's reply: attached again.
    Again(Template),
}

/// Funds that change hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// The account that pays, and its key; what is left goes to its next key.
    pub from: (usize, u32),
    /// What its address is said to hold; what the node says, if not given.
    pub balance: Option<i64>,
    /// The account that is paid, and its key: 1, which held nothing at the genesis, if not given.
    pub to: (usize, u32),
    /// Iotas.
    pub amount: i64,
}

impl NetworkWorld {
    /// The name of a named one, else [`INLINE_WORLD`].
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name, _) => name,
            Self::Inline(_) => INLINE_WORLD,
        }
    }

    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Self::Named(_, span) => *span,
            Self::Inline(written) => written.span,
        }
    }
}

impl Written {
    /// What a node of a file says, with all that stands before it blanked out.
    fn of(node: &Node, problems: &Problems) -> Self {
        let text = &problems.source().text;
        let end = node.whole.end.min(text.len());
        let start = node.whole.start.min(end);
        let blank =
            text[..start].chars().map(|c| if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) });
        let text = blank.collect::<String>() + &text[start..end];
        Self { text, span: Span { start, end } }
    }
}

impl Sending {
    /// Every name it uses.
    pub(crate) fn names<'a>(&'a self, found: &mut Vec<&'a Name>) {
        if let Sent::Again(trytes) = &self.what {
            trytes.names(found);
        }
        let parents = self.parents.iter().flat_map(|(trunk, branch)| [trunk, branch]);
        self.reference.iter().chain(parents).for_each(|hash| hash.names(found));
    }
}

/// The network of a vector whose world and seed are these.
pub(crate) fn network(
    world: Option<&Node>,
    seed: Option<&Node>,
    violates: Option<&Node>,
    problems: &mut Problems,
) -> Option<Network> {
    let world = world?;
    let world = match &world.value {
        Yaml::Map(_) => NetworkWorld::Inline(Written::of(world, problems)),
        _ => NetworkWorld::Named(word(world, "`world`", problems)?.to_owned(), world.span),
    };
    let seed = seed.map_or(Some(0), |node| number(node, "`seed`", u64::MAX, problems));
    let may_violate = violates.is_some_and(|node| flag(node, "`may-violate`", problems));
    Some(Network { world, seed: seed?, may_violate })
}

/// What a step does, if it has one of the keys of acts.
pub(crate) fn act(fields: &Fields<'_>, problems: &mut Problems) -> Option<Act> {
    if let Some(node) = fields.get("advance") {
        return virtual_duration(node, "`advance`", problems).map(Act::Advance);
    }
    if let Some(node) = fields.get("fault") {
        if !matches!(node.value, Yaml::Map(_)) {
            wrong_type(node, "`fault`", "a map", problems);
        }
        return Some(Act::Fault(Written::of(node, problems)));
    }
    let node = fields.get("until")?;
    let what = word(node, "`until`", problems)?;
    if what != "synced" {
        let mistake = Mistake::BadValue { what: "`until`", value: what.to_owned() };
        problems.add_with_help(node.span, mistake, "what can be waited for is `synced`");
    }
    Some(Act::Synced)
}

/// A bundle to be sent.
pub(crate) fn send(node: &Node, problems: &mut Problems) -> Option<Sending> {
    let fields = Fields::read(node, "`send`", SEND_KEYS, problems)?;
    let template = |key, problems: &mut Problems| fields.get(key).map(|node| template::read(node, problems));
    let (trunk, branch) = (template("trunk", problems), template("branch", problems));
    if trunk.is_some() != branch.is_some() {
        problems.add(fields.span, Mistake::MissingKey { key: "trunk` or `branch", place: "`send`" });
    }
    let depth = fields.get("depth").map_or(Some(3), |node| number(node, "`depth`", 1000, problems));
    Some(Sending {
        what: sent(&fields, problems)?,
        reference: template("reference", problems),
        parents: trunk.zip(branch),
        depth: u32::try_from(depth?).unwrap_or_default(),
        store_only: fields.get("store-only").is_some_and(|node| flag(node, "`store-only`", problems)),
    })
}

fn sent(fields: &Fields<'_>, problems: &mut Problems) -> Option<Sent> {
    let of_payment = |key: &&&str| ["from", "key", "balance", "to", "to-key", "amount"].contains(*key);
    let given: Vec<&str> =
        ["message", "again", "from"].into_iter().filter(|key| fields.get(key).is_some()).collect();
    let [only] = given[..] else {
        let help = "a payment (`from`, `to`, `amount`), a `message`, or trytes `again`";
        problems.add_with_help(
            fields.span,
            Mistake::MissingKey { key: "what to send", place: "`send`" },
            help,
        );
        return None;
    };
    if only != "from" {
        for key in SEND_KEYS.iter().filter(of_payment) {
            if let Some(entry) = fields.entry(key) {
                let mistake =
                    Mistake::UnknownKey { key: (*key).to_owned(), place: "a `send` that is no payment" };
                problems.add(entry.key_span, mistake);
            }
        }
    }
    match only {
        "message" => {
            Some(Sent::Message(word(fields.need("message", problems)?, "`message`", problems)?.to_owned()))
        }
        "again" => Some(Sent::Again(template::read(fields.need("again", problems)?, problems))),
        _ => payment(fields, problems).map(Sent::Payment),
    }
}

fn payment(fields: &Fields<'_>, problems: &mut Problems) -> Option<Payment> {
    let mut whole = |key: &'static str, most: u64, default: Option<u64>| match (fields.get(key), default) {
        (Some(node), _) => number(node, key, most, problems),
        (None, Some(default)) => Some(default),
        (None, None) => fields.need(key, problems).and(None),
    };
    let mut key_of = |account, key, default| {
        let (account, key) = (whole(account, MOST, None), whole(key, MOST, Some(default)));
        Some((usize::try_from(account?).ok()?, u32::try_from(key?).ok()?))
    };
    let (from, to) = (key_of("from", "key", 0), key_of("to", "to-key", 1));
    let amount = whole("amount", i64::MAX as u64, None).and_then(|amount| i64::try_from(amount).ok());
    let balance = fields.get("balance").map(|node| number(node, "`balance`", i64::MAX as u64, problems));
    let balance = balance.map_or(Some(None), |given| Some(Some(i64::try_from(given?).ok()?)));
    Some(Payment { from: from?, balance: balance?, to: to?, amount: amount? })
}
