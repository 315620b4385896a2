//! The `hedera` section of a world file: a network of Hedera nodes, what clients do with it, and what goes wrong.

use std::sync::Arc;

use serde_yaml::Spanned;
use tanglegram_hashgraph::MILLISECOND;

use super::faults::Terms;
use super::tree::Tree;
use super::value::{Fields, Names, Value};
use super::workload;
use super::{length, links, timetable, within};
use crate::error::{Fault as Mistake, Source};
use crate::hedera::{MOST_MEMBERS, Misdeed, Plan};
use crate::sim::{Scenario, Topology};

const KEYS: [&str; 18] = [
    "nodes",
    "transfers",
    "only",
    "accounts",
    "duplicates",
    "failing",
    "mirror",
    "sync",
    "coin-period",
    "ancient-rounds",
    "state-rounds",
    "link",
    "links",
    "faults",
    "swarm",
    "misbehaving",
    "duration",
    "recovery",
];

/// Most transfers a second.
const FASTEST: f64 = 10_000.0;

/// Reads the section.
pub(crate) fn read(tree: &Spanned<Tree>, source: &Arc<Source>) -> Result<Plan, Mistake> {
    let value = Value::new(tree, source);
    let fields = value.fields("a network of Hedera nodes, such as { nodes: 4 }", &KEYS)?;
    let names = Names::new(names(fields.required("nodes")?)?);
    let mut plan = Plan::default();
    plan.base.nodes = names.all().to_vec();
    base(&fields, &names, &mut plan)?;
    settings(&fields, &mut plan)?;
    fields.read("transfers", &mut plan.rate, |v| v.number(0.0..=FASTEST))?;
    fields.read("only", &mut plan.only, |v| workload::only(v).map(Some))?;
    fields.read("accounts", &mut plan.accounts, |v| v.number(2..=10_000))?;
    fields.read("duplicates", &mut plan.duplicates, Value::share)?;
    fields.read("failing", &mut plan.failing, Value::share)?;
    fields.read("mirror", &mut plan.mirror, Value::truth)?;
    fields.read("misbehaving", &mut plan.misbehaving, |v| misbehaving(v, &names))?;
    Ok(plan)
}

/// `4`, or `[alice, bob, carol]`.
fn names(value: Value<'_>) -> Result<Vec<String>, Mistake> {
    match value.tree() {
        Tree::List(_) => {
            let names = value.list("")?.into_iter().map(name).collect::<Result<Vec<_>, _>>()?;
            match names.len() {
                1..=MOST_MEMBERS => Ok(names),
                count => {
                    Err(value.mistake(format_args!("a network has 1 to {MOST_MEMBERS} nodes, not {count}")))
                }
            }
        }
        _ => Ok((0..value.number(1..=MOST_MEMBERS)?).map(|number| format!("h{number}")).collect()),
    }
}

fn name(value: Value<'_>) -> Result<String, Mistake> {
    let name = value.text("the name of a node")?;
    let is_odd = |letter: char| letter.is_control() || "\"\\".contains(letter);
    if (1..=200).contains(&name.len()) && !name.chars().any(is_odd) {
        return Ok(name.to_owned());
    }
    Err(value.mistake("a node's name has 1 to 200 letters, without quotes and backslashes"))
}

/// What is as for a tangle.
fn base(fields: &Fields<'_>, names: &Names, plan: &mut Plan) -> Result<(), Mistake> {
    let mut base = Scenario { topology: Topology::Complete, ..plan.base.clone() };
    let normal = base.link.clone();
    fields.read("duration", &mut base.duration, length)?;
    fields.read("link", &mut base.link, |v| links::link(v, &normal))?;
    let (duration, link) = (base.duration, base.link.clone());
    fields.read("links", &mut base.links, |v| links::overrides(v, names, &link))?;
    let terms = Terms { names, link: &link, hedera: true };
    fields.read("faults", &mut base.faults, |v| timetable::read(v, terms, duration))?;
    fields.read("swarm", &mut base.swarm, |v| timetable::swarm(v, names.len(), duration).map(Some))?;
    base.recovery = base.recovery.min(duration);
    fields.read("recovery", &mut base.recovery, |v| within(v, duration))?;
    if let Some(swarm) = &mut base.swarm {
        // Members of a hashgraph misbehave in ways of their own.
        plan.swarm_misbehaving = std::mem::take(&mut swarm.misbehaving);
    }
    plan.base = base;
    Ok(())
}

fn settings(fields: &Fields<'_>, plan: &mut Plan) -> Result<(), Mistake> {
    let (settings, mut sync) = (&mut plan.settings, 200);
    fields.read("sync", &mut sync, Value::time)?;
    if let Some(value) = fields.find("sync").filter(|_| !(10..=60_000).contains(&sync)) {
        return Err(value.mistake("expected a time from 10ms to 1m"));
    }
    settings.sync_every = sync as i64 * MILLISECOND;
    let consensus = &mut settings.consensus;
    fields.read("coin-period", &mut consensus.coin_period, |v| v.number(3..=1_000))?;
    fields.read("ancient-rounds", &mut consensus.ancient_rounds, |v| v.number(5..=10_000))?;
    fields.read("state-rounds", &mut consensus.state_rounds, |v| v.number(1..=10_000))
}

/// Members and what they do.
fn misbehaving(value: Value<'_>, names: &Names) -> Result<Vec<(usize, Misdeed)>, Mistake> {
    let pairs = value.pairs("nodes and what they do, such as { h3: fork }")?;
    if 3 * pairs.len() >= names.len() {
        let message = format!("{} of {} nodes misbehave: less than a third may", pairs.len(), names.len());
        return Err(value.mistake(message));
    }
    let one = |(name, argument): (_, Value<'_>)| Ok((argument.node_key(name, names)?, misdeed(argument)?));
    pairs.into_iter().map(one).collect()
}

fn misdeed(value: Value<'_>) -> Result<Misdeed, Mistake> {
    let known = Misdeed::ALL.map(Misdeed::name);
    let name = value.text(format_args!("one of {}", known.join(", ")))?;
    value.check_word(name, &known)?;
    Misdeed::named(name).ok_or_else(|| value.mistake("unknown"))
}
