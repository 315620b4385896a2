//! A transaction that a client of a Hedera network gives to one of its nodes.

use std::time::Duration;

use crate::fields::{Fields, number, virtual_duration, word};
use crate::problem::{Mistake, Problems};
use crate::template::{self, Template};
use crate::yaml::Node;

const KEYS: &[&str] = &["transfer", "create", "id", "age", "ahead", "valid", "fee", "memo", "signed-by"];

/// The last client a vector may name.
const MOST: usize = 63;

/// A transaction, and what is to be unusual about it.
#[derive(Debug)]
pub struct Submission {
    /// What it does.
    pub deed: Deed,
    /// The id of an earlier one, of which this is another copy.
    pub id: Option<Template>,
    /// How long ago its validity starts, in milliseconds; negative: how soon.
    pub age: Option<i64>,
    /// For how many seconds it is valid.
    pub valid: Option<i64>,
    /// The most its payer pays as a fee, in tinybars.
    pub fee: Option<u64>,
    /// Its memo.
    pub memo: String,
    /// The client that signs in the payer's place.
    pub signer: Option<usize>,
}

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Tinybars of one client for another.
    Transfer {
        /// Who pays.
        from: usize,
        /// Who is paid.
        to: usize,
        /// Tinybars.
        amount: i64,
    },
    /// A new account with the key of the client that pays for it.
    Create {
        /// Who pays.
        by: usize,
        /// What the account holds first, in tinybars.
        balance: u64,
    },
}

impl Deed {
    /// The client that pays for it.
    pub fn payer(&self) -> usize {
        match *self {
            Deed::Transfer { from, .. } => from,
            Deed::Create { by, .. } => by,
        }
    }

    /// Every client it names.
    pub fn clients(&self) -> impl Iterator<Item = usize> {
        let other = if let Deed::Transfer { to, .. } = *self { Some(to) } else { None };
        [self.payer()].into_iter().chain(other)
    }
}

/// A transaction to be submitted.
pub(crate) fn submit(node: &Node, problems: &mut Problems) -> Option<Submission> {
    let fields = Fields::read(node, "`submit`", KEYS, problems)?;
    let deed = deed(&fields, problems);
    let mut whole =
        |key: &'static str, most: u64| fields.get(key).map(|node| number(node, key, most, problems));
    let (fee, signer) = (whole("fee", u64::MAX), whole("signed-by", MOST as u64));
    let mut time = |key| fields.get(key).map(|node| virtual_duration(node, "a time", problems));
    let (age, ahead, valid) = (time("age"), time("ahead"), time("valid"));
    if let Some(entry) = fields.entry("ahead").filter(|_| age.is_some()) {
        let mistake = Mistake::UnknownKey { key: "ahead".into(), place: "a `submit` that has `age`" };
        problems.add(entry.key_span, mistake);
    }
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let age = age.map(|age| age.map(millis)).or(ahead.map(|ahead| ahead.map(|ahead| -millis(ahead))));
    let memo = fields.get("memo").map_or(Some(""), |node| word(node, "`memo`", problems))?;
    Some(Submission {
        deed: deed?,
        id: fields.get("id").map(|node| template::read(node, problems)),
        age: given(age)?,
        valid: given(valid.map(|valid| valid.map(|valid| millis(valid) / 1000)))?,
        fee: given(fee)?,
        memo: memo.to_owned(),
        signer: given(signer.map(|signer| usize::try_from(signer?).ok()))?,
    })
}

/// `None` for what is wrong, which was told; else whether something was given, and what.
fn given<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        Some(some) => Some(some),
        None => Some(None),
    }
}

fn deed(fields: &Fields<'_>, problems: &mut Problems) -> Option<Deed> {
    match (fields.get("transfer"), fields.get("create")) {
        (Some(node), None) => {
            let [from, to, amount] = numbers(node, ["from", "to", "amount"], problems)?;
            Some(Deed::Transfer {
                from: client(from, node, problems)?,
                to: client(to, node, problems)?,
                amount,
            })
        }
        (None, Some(node)) => {
            let [by, balance] = numbers(node, ["by", "balance"], problems)?;
            Some(Deed::Create { by: client(by, node, problems)?, balance: balance.cast_unsigned() })
        }
        _ => {
            let mistake = Mistake::MissingKey { key: "transfer` or `create", place: "`submit`" };
            let help = "`transfer: { from: 0, to: 1, amount: 10 }`, or `create: { by: 0, balance: 10 }`";
            problems.add_with_help(fields.span, mistake, help);
            None
        }
    }
}

/// A map of these numbers, none of them below 0.
fn numbers<const N: usize>(
    node: &Node,
    keys: [&'static str; N],
    problems: &mut Problems,
) -> Option<[i64; N]> {
    let fields = Fields::read(node, "what is submitted", &keys, problems)?;
    let read = keys.map(|key| number(fields.need(key, problems)?, key, i64::MAX as u64, problems));
    let read: Option<Vec<i64>> = read.into_iter().map(|number| i64::try_from(number?).ok()).collect();
    read?.try_into().ok()
}

fn client(number: i64, node: &Node, problems: &mut Problems) -> Option<usize> {
    let client = usize::try_from(number).ok().filter(|client| *client <= MOST);
    if client.is_none() {
        problems.add(node.span, Mistake::BadValue { what: "number of a client", value: number.to_string() });
    }
    client
}
