//! `$attached`: the reply of attachToTangle, checked by rule, since its nonces and timestamps are the node's choice.

use serde_json::Value;

use crate::diff::{Context, Differences, Path, shorten};
use crate::problem::{Mistake, Problems};
use crate::template::{self, Name, Template};
use crate::yaml::{Node, Yaml};

/// Trytes of a transaction.
const TRANSACTION: usize = 2673;
/// Fields that attaching must not touch: signature up to and with the bundle hash.
const ESSENCE: std::ops::Range<usize> = 0..2430;
const OBSOLETE_TAG: std::ops::Range<usize> = 2295..2322;
const TRUNK: std::ops::Range<usize> = 2430..2511;
const BRANCH: std::ops::Range<usize> = 2511..2592;
const TAG: std::ops::Range<usize> = 2592..2619;
const TIMESTAMP: std::ops::Range<usize> = 2619..2628;
const LOWER_BOUND: std::ops::Range<usize> = 2628..2637;
const UPPER_BOUND: std::ops::Range<usize> = 2637..2646;
/// The largest number of 27 trits.
const HIGHEST: &str = "MMMMMMMMM";
/// How far a node's clock may be from ours.
const CLOCK_SKEW_MS: i64 = 2 * 3600 * 1000;

/// The demands on a list of attached transactions.
#[derive(Debug, Clone)]
pub struct Attached {
    /// Zero trits at the end of each hash: a number from 0 to 243, or a name.
    pub mwm: Template,
    /// What the last transaction's trunk must be.
    pub trunk: Template,
    /// What the last transaction's branch must be.
    pub branch: Template,
    /// The trytes that were sent, head first; the reply holds them tail first.
    pub from: Template,
}

impl Attached {
    pub(crate) fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Yaml::Map(entries) = &node.value else {
            let mistake = Mistake::BadMatcher(format!("`$attached` wants a map, not {}", node.kind()));
            problems.add_with_help(node.span, mistake, "with the keys mwm, trunk, branch and from");
            return None;
        };
        for entry in entries {
            if !["mwm", "trunk", "branch", "from"].contains(&entry.key.as_str()) {
                let mistake = Mistake::UnknownKey { key: entry.key.clone(), place: "`$attached`" };
                problems.add_with_help(entry.key_span, mistake, "its keys are mwm, trunk, branch and from");
            }
        }
        let mut field = |key: &'static str| {
            let found = entries.iter().find(|entry| entry.key == key);
            if found.is_none() {
                problems.add(node.span, Mistake::MissingKey { key, place: "`$attached`" });
            }
            found.map(|entry| template::read(&entry.value, problems))
        };
        let (mwm, trunk, branch, from) = (field("mwm"), field("trunk"), field("branch"), field("from"));
        let is_weight = match &mwm {
            Some(Template::Fixed(value)) => weight_of(value).is_some(),
            Some(other) => matches!(other, Template::Name(_)),
            None => true,
        };
        if !is_weight {
            problems
                .add(node.span, Mistake::BadMatcher("`mwm` wants a number from 0 to 243, or a name".into()));
        }
        Some(Self { mwm: mwm?, trunk: trunk?, branch: branch?, from: from? })
    }

    pub(crate) fn names<'a>(&'a self, found: &mut Vec<&'a Name>) {
        [&self.mwm, &self.trunk, &self.branch, &self.from]
            .into_iter()
            .for_each(|template| template.names(found));
    }

    pub(crate) fn diff(&self, got: &Value, path: &Path<'_>, context: &Context<'_>, out: &mut Differences) {
        let resolved = (
            self.mwm.resolve(&context.scope).ok().as_ref().and_then(weight_of),
            self.trunk.resolve_text(&context.scope),
            self.branch.resolve_text(&context.scope),
            self.from.resolve(&context.scope),
        );
        let (Some(mwm), Ok(trunk), Ok(branch), Ok(Value::Array(sent))) = resolved else {
            let wanted = || "mwm, trunk, branch and from that are known".into();
            return out.add(path, wanted, || "no such".into());
        };
        let Some(replied) = transactions(got) else {
            return out.add(
                path,
                || format!("a list of texts of {TRANSACTION} trytes"),
                || shorten(&got.to_string(), 160),
            );
        };
        if replied.len() != sent.len() {
            return out.add(
                path,
                || format!("{} transactions", sent.len()),
                || format!("{} transactions", replied.len()),
            );
        }
        let mut parents = (trunk.clone(), branch);
        for (index, (reply, sent)) in replied.iter().rev().zip(&sent).enumerate() {
            let path = Path::Index(path, replied.len() - 1 - index);
            let check = Check { reply, path, context };
            check.run(sent.as_str().unwrap_or_default(), &parents, mwm, out);
            parents = ((context.transaction_hash)(reply).unwrap_or_default(), trunk.clone());
        }
    }
}

/// A weight that a hash can have.
fn weight_of(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).filter(|mwm| *mwm <= 243)
}

/// The list as transactions, if every element is of the right length and alphabet.
fn transactions(got: &Value) -> Option<Vec<&str>> {
    let is_transaction =
        |text: &&str| text.len() == TRANSACTION && text.bytes().all(|b| b == b'9' || b.is_ascii_uppercase());
    got.as_array()?.iter().map(|item| item.as_str().filter(is_transaction)).collect()
}

/// One attached transaction under test.
struct Check<'a> {
    reply: &'a str,
    path: Path<'a>,
    context: &'a Context<'a>,
}

impl Check<'_> {
    fn run(&self, sent: &str, parents: &(String, String), mwm: usize, out: &mut Differences) {
        self.equal("essence", ESSENCE, sent.get(ESSENCE).unwrap_or_default(), out);
        let tag = sent.get(TAG).unwrap_or_default();
        let untagged = tag.bytes().all(|b| b == b'9');
        let tag = if untagged { sent.get(OBSOLETE_TAG).unwrap_or_default() } else { tag };
        self.equal("tag", TAG, tag, out);
        self.equal("trunkTransaction", TRUNK, &parents.0, out);
        self.equal("branchTransaction", BRANCH, &parents.1, out);
        self.equal("attachmentTimestampLowerBound", LOWER_BOUND, "999999999", out);
        self.equal("attachmentTimestampUpperBound", UPPER_BOUND, HIGHEST, out);
        self.timestamp(out);
        self.weight(mwm, out);
    }

    fn equal(&self, field: &str, range: std::ops::Range<usize>, wanted: &str, out: &mut Differences) {
        let got = &self.reply[range];
        if got != wanted {
            let path = Path::Field(&self.path, field);
            out.add(&path, || shorten(wanted, 160), || shorten(got, 160));
        }
    }

    fn timestamp(&self, out: &mut Differences) {
        let stamp = number(&self.reply[TIMESTAMP]);
        if (stamp - self.context.now_ms).abs() > CLOCK_SKEW_MS {
            let path = Path::Field(&self.path, "attachmentTimestamp");
            out.add(&path, || format!("about {} ms", self.context.now_ms), || format!("{stamp} ms"));
        }
    }

    fn weight(&self, mwm: usize, out: &mut Differences) {
        let hash = (self.context.transaction_hash)(self.reply).unwrap_or_default();
        let weight = trailing_zeros(&hash);
        if weight < mwm {
            let path = Path::Field(&self.path, "hash");
            out.add(
                &path,
                || format!("{mwm} zero trits at the end"),
                || format!("{weight}: {}", shorten(&hash, 81)),
            );
        }
    }
}

/// A tryte's value from -13 to 13.
fn tryte(letter: u8) -> i64 {
    match letter {
        b'A'..=b'M' => i64::from(letter - b'A') + 1,
        b'N'..=b'Z' => i64::from(letter) - i64::from(b'Z') - 1,
        _ => 0,
    }
}

/// The number that trytes hold, lowest first.
fn number(trytes: &str) -> i64 {
    trytes.bytes().rev().fold(0, |sum, letter| sum * 27 + tryte(letter))
}

/// Zero trits at the end of a hash.
fn trailing_zeros(hash: &str) -> usize {
    let nines = hash.bytes().rev().take_while(|b| *b == b'9').count();
    let last = hash.bytes().rev().nth(nines).map_or(0, tryte);
    nines * 3
        + match last {
            0 => 0,
            n if n.abs() <= 1 => 2,
            n if n.abs() <= 4 => 1,
            _ => 0,
        }
}
