//! Who sends what, and who misbehaves.

use std::collections::BTreeSet;
use std::ops::Range;

use super::tree::Tree;
use super::value::{Names, Value};
use crate::error::Fault as Mistake;
use crate::sim::{Behaviour, Misbehaving, Workload};

const WORKLOAD: [&str; 10] = [
    "rate",
    "value-share",
    "bundle-sizes",
    "accounts",
    "respend",
    "depth",
    "double-spends",
    "lazy-tips",
    "spammers",
    "only",
];

/// Most bundles per second.
const FASTEST: f64 = 10_000.0;

/// Most transactions of a bundle.
const LARGEST: usize = 100;

pub(crate) fn workload(value: Value<'_>, names: &Names) -> Result<Workload, Mistake> {
    let mut workload = Workload::default();
    let fields = value.fields("who sends what", &WORKLOAD)?;
    fields.read("rate", &mut workload.rate, |v| v.number(0.0..=FASTEST))?;
    fields.read("value-share", &mut workload.value_share, Value::share)?;
    fields.read("bundle-sizes", &mut workload.bundle_sizes, sizes)?;
    fields.read("accounts", &mut workload.accounts, |v| v.number(1..=10_000))?;
    fields.read("respend", &mut workload.respend, Value::truth)?;
    fields.read("depth", &mut workload.depth, |v| v.number(1..=15))?;
    fields.read("double-spends", &mut workload.double_spends, Value::share)?;
    fields.read("lazy-tips", &mut workload.lazy_tips, Value::share)?;
    fields.read("spammers", &mut workload.spammers, |v| spammers(v, names))?;
    fields.read("only", &mut workload.only, |v| only(v).map(Some))?;
    Ok(workload)
}

/// `3`, or `1..4`: from the first to just below the second.
fn sizes(value: Value<'_>) -> Result<Range<usize>, Mistake> {
    let text = value.text("a size like 3, or a range like 1..4")?;
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (from.parse().ok(), to.parse().ok()),
        None => (text.parse().ok(), text.parse().ok().map(|size: usize| size.saturating_add(1))),
    };
    match (from, to) {
        (Some(from), Some(to)) if 1 <= from && from < to && to <= LARGEST + 1 => Ok(from..to),
        _ => Err(value
            .mistake(format_args!("expected sizes from 1 to {LARGEST}, such as 3 or 1..4, not `{text}`"))),
    }
}

/// Nodes and their rates.
fn spammers(value: Value<'_>, names: &Names) -> Result<Vec<(usize, f64)>, Mistake> {
    let pairs = value.pairs("nodes and how many they send a second, such as { n1: 2.5 }")?;
    pairs
        .into_iter()
        .map(|(name, rate)| Ok((value.node_key(name, names)?, rate.number(0.0..=FASTEST)?)))
        .collect()
}

/// The numbers of sends.
pub(crate) fn only(value: Value<'_>) -> Result<BTreeSet<u64>, Mistake> {
    let numbers = value.list("a list of the numbers of sends, such as [0, 5]")?;
    numbers.into_iter().map(|number| number.number(0..=u64::MAX)).collect()
}

const BEHAVIOURS: [&str; 9] = [
    "honest",
    "double-spender",
    "lazy-tips",
    "parasite-chain",
    "withhold-milestones",
    "withhold-references",
    "garbage",
    "oversize",
    "false-heartbeats",
];

/// Nodes that misbehave from the start.
pub(crate) fn misbehaving(value: Value<'_>, names: &Names) -> Result<Vec<Misbehaving>, Mistake> {
    let pairs = value.pairs("nodes and what they do, such as { n3: garbage }")?;
    if pairs.len() >= names.len() {
        let message = format!("{} of {} nodes misbehave: at least one must not", pairs.len(), names.len());
        return Err(value.mistake(message));
    }
    let one = |(name, argument): (_, Value<'_>)| {
        Ok(Misbehaving { node: value.node_key(name, names)?, behaviour: behaviour(argument)? })
    };
    pairs.into_iter().map(one).collect()
}

/// `garbage`, or `{ garbage: { every: 2s } }`.
pub(crate) fn behaviour(value: Value<'_>) -> Result<Behaviour, Mistake> {
    let (name, every, length) = match value.tree() {
        Tree::Map(_) => {
            let [(name, argument)] = value.pairs("")?[..] else {
                return Err(value.mistake("expected one behaviour"));
            };
            value.check_key(name, &BEHAVIOURS)?;
            let fields = argument.fields("how often, such as { every: 5s }", &["every", "length"])?;
            (name.value.as_str(), fields.find("every"), fields.find("length"))
        }
        _ => {
            let name = value.text("a behaviour, such as garbage or { garbage: { every: 2s } }")?;
            value.check_word(name, &BEHAVIOURS)?;
            (name, None, None)
        }
    };
    if let Some(length) = length.filter(|_| name != "parasite-chain") {
        return Err(length.mistake("only a parasite-chain has a length"));
    }
    let mut period = 5_000;
    if let Some(every) = every {
        period = every.time()?;
        if !(1..=86_400_000).contains(&period) {
            return Err(every.mistake("expected a time from 1ms to 24h"));
        }
    }
    let every = period;
    Ok(match name {
        "double-spender" => Behaviour::DoubleSpender { every },
        "lazy-tips" => Behaviour::LazyTips { every },
        "parasite-chain" => {
            let length = length.map_or(Ok(10), |length| length.number(1..=1000))?;
            Behaviour::ParasiteChain { every, length }
        }
        "withhold-milestones" => Behaviour::WithholdMilestones,
        "withhold-references" => Behaviour::WithholdReferences { every },
        "garbage" => Behaviour::Garbage { every },
        "oversize" => Behaviour::Oversize { every },
        "false-heartbeats" => Behaviour::FalseHeartbeats { every },
        _ => Behaviour::Honest,
    })
}
