//! How messages travel, on all links or on some.

use std::ops::Range;

use tanglegram_tangle::Millis;

use super::network::pair;
use super::time;
use super::tree::Tree;
use super::value::{Fields, Names, Value};
use crate::error::Fault as Mistake;
use crate::sim::{LinkModel, LinkOverride, Scope, Tweak};

const MODEL: [&str; 7] =
    ["latency", "jitter", "bandwidth", "loss", "duplication", "corruption", "reordering"];

/// The keys that say which links are meant.
const SCOPE: [&str; 4] = ["node", "between", "from", "to"];

/// Bytes per second.
const FASTEST: u64 = 1_000_000_000_000;

/// A link model; what it does not say is as in `base`.
pub(crate) fn link(value: Value<'_>, base: &LinkModel) -> Result<LinkModel, Mistake> {
    model(&value.fields("how messages travel", &MODEL)?, base)
}

fn model(fields: &Fields<'_>, base: &LinkModel) -> Result<LinkModel, Mistake> {
    let mut link = base.clone();
    fields.read("latency", &mut link.latency, latency)?;
    fields.read("jitter", &mut link.jitter, Value::time)?;
    fields.read("bandwidth", &mut link.bandwidth, |v| v.number(0..=FASTEST))?;
    fields.read("loss", &mut link.loss, Value::share)?;
    fields.read("duplication", &mut link.duplication, Value::share)?;
    fields.read("corruption", &mut link.corruption, Value::share)?;
    fields.read("reordering", &mut link.reordering, Value::truth)?;
    Ok(link)
}

/// `50ms`, or `10ms..100ms`: from the first to just below the second.
fn latency(value: Value<'_>) -> Result<Range<Millis>, Mistake> {
    let text = value.text("a time like 50ms, or a range like 10ms..100ms")?;
    let Some((from, to)) = text.split_once("..") else {
        let time = value.time()?;
        return Ok(time..time + 1);
    };
    let bound = |text: &str| time::parse(text).and_then(|time| Millis::try_from(time).ok());
    match (bound(from), bound(to)) {
        (Some(from), Some(to)) if from < to && to <= time::LONGEST => Ok(from..to),
        _ => Err(value.mistake(format_args!("expected a range like 10ms..100ms, not `{text}`"))),
    }
}

/// A link model for some links: `{ node: n1, loss: 0.5 }`, `{ between: [n0, n1], … }`, `{ from: n0, to: n1, … }`.
pub(crate) fn scoped(
    value: Value<'_>,
    names: &Names,
    base: &LinkModel,
) -> Result<(Scope, LinkModel), Mistake> {
    let known: Vec<_> = SCOPE.into_iter().chain(MODEL).collect();
    let fields = value.fields("how messages travel", &known)?;
    Ok((scope(&fields, value, names)?, model(&fields, base)?))
}

fn scope(fields: &Fields<'_>, value: Value<'_>, names: &Names) -> Result<Scope, Mistake> {
    let find = |name| fields.find(name);
    match (find("node"), find("between"), find("from"), find("to")) {
        (None, None, None, None) => Ok(Scope::All),
        (Some(node), None, None, None) => Ok(Scope::Node(node.node(names)?)),
        (None, Some(two), None, None) => pair(two, names).map(|(a, b)| Scope::Between(a, b)),
        (None, None, Some(from), Some(to)) => {
            let (from, other) = (from.node(names)?, to.node(names)?);
            if from == other {
                Err(to.mistake("a node is no neighbour of itself"))
            } else {
                Ok(Scope::From(from, other))
            }
        }
        _ => Err(value.mistake("say which links by `node`, by `between`, or by `from` and `to`")),
    }
}

/// One property of some links: `{ node: n1, loss: 0.5 }`; the others stay as they are at the time.
pub(crate) fn tweak(value: Value<'_>, names: &Names) -> Result<(Scope, Tweak), Mistake> {
    let properties = ["delay", "jitter", "bandwidth", "loss", "duplication", "corruption", "reordering"];
    let known: Vec<_> = SCOPE.into_iter().chain(properties).collect();
    let fields = value.fields("a property of links, such as { loss: 0.5 }", &known)?;
    let given: Vec<_> = properties.into_iter().filter_map(|name| Some((name, fields.find(name)?))).collect();
    let [(name, argument)] = given[..] else {
        return Err(value.mistake(format_args!("expected one of {}", properties.join(", "))));
    };
    let tweak = match name {
        "delay" => Tweak::Delay(argument.time()?),
        "jitter" => Tweak::Jitter(argument.time()?),
        "bandwidth" => Tweak::Bandwidth(argument.number(0..=FASTEST)?),
        "loss" => Tweak::Loss(argument.share()?),
        "duplication" => Tweak::Duplication(argument.share()?),
        "corruption" => Tweak::Corruption(argument.share()?),
        _ => Tweak::Reordering(argument.truth()?),
    };
    Ok((scope(&fields, value, names)?, tweak))
}

/// `all`, or some links.
pub(crate) fn restored(value: Value<'_>, names: &Names) -> Result<Scope, Mistake> {
    match value.tree() {
        Tree::Scalar(word) if word == "all" => Ok(Scope::All),
        Tree::Map(_) => scope(&value.fields("links", &SCOPE)?, value, names),
        _ => Err(value.mistake("expected all, { node: n1 }, { between: [n0, n1] } or { from: n0, to: n1 }")),
    }
}

/// Links that are not like the others.
pub(crate) fn overrides(
    value: Value<'_>,
    names: &Names,
    base: &LinkModel,
) -> Result<Vec<LinkOverride>, Mistake> {
    let read = |entry: Value<'_>| {
        let (scope, model) = scoped(entry, names, base)?;
        let (from, to, one_way) = match scope {
            Scope::Between(from, to) => (from, to, false),
            Scope::From(from, to) => (from, to, true),
            _ => return Err(entry.mistake("say which link by `between`, or by `from` and `to`")),
        };
        Ok(LinkOverride { from, to, one_way, model })
    };
    value.list("a list of links, such as - between: [n0, n1]")?.into_iter().map(read).collect()
}
