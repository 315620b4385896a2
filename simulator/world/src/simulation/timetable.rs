//! The timetable of a world: which fault comes when, and whether that can be.

use std::collections::BTreeMap;

use tanglegram_tangle::Millis;

use super::faults::{Terms, all};
use super::time::show;
use super::value::{Names, Value};
use crate::error::Fault as Mistake;
use crate::sim::{Fault, Swarm, Timed};

/// Most faults a world names or draws.
const MOST: usize = 10_000;

/// A fault, and where the world file says it.
struct Placed<'a> {
    timed: Timed,
    value: Value<'a>,
}

/// The faults of a world that lasts so long, in order of time.
pub(crate) fn read(value: Value<'_>, terms: Terms<'_>, duration: Millis) -> Result<Vec<Timed>, Mistake> {
    let mut placed = Vec::new();
    for entry in value.list("a list of faults, each with its time, such as - at: 30s")? {
        placed.extend(timed(entry, terms, duration)?);
        if placed.len() > MOST {
            return Err(entry.mistake(format_args!("a world has at most {MOST} faults")));
        }
    }
    placed.sort_by_key(|placed| placed.timed.at);
    check(&placed, terms.names)?;
    Ok(placed.into_iter().map(|placed| placed.timed).collect())
}

/// One entry: `at`, perhaps `for`, and a fault.
fn timed<'a>(entry: Value<'a>, terms: Terms<'_>, duration: Millis) -> Result<Vec<Placed<'a>>, Mistake> {
    let mut known = vec!["at", "for"];
    known.extend(all());
    let fields = entry.fields("a fault and its time, such as { at: 30s, crash: n1 }", &known)?;
    let at = time(fields.required("at")?, duration)?;
    let pairs = entry.pairs("")?;
    let [(name, argument)] = pairs
        .into_iter()
        .filter(|(name, _)| !["at", "for"].contains(&name.value.as_str()))
        .collect::<Vec<_>>()[..]
    else {
        return Err(entry.mistake("expected one fault at each time"));
    };
    let faults = terms.fault(name, argument)?;
    let mut placed: Vec<_> = faults
        .iter()
        .map(|fault| Placed { timed: Timed { at, fault: fault.clone() }, value: argument })
        .collect();
    if let Some(length) = fields.find("for") {
        let until = at + length.time()?;
        if until > duration {
            return Err(length.mistake(format_args!("that is after the end, {}", show(duration))));
        }
        let undone = faults.iter().map(|fault| terms.undone(fault)).collect::<Option<Vec<_>>>();
        let mut undone =
            undone.ok_or_else(|| length.mistake(format_args!("`{}` does not end", name.value)))?;
        undone.dedup();
        placed.extend(
            undone.into_iter().map(|fault| Placed { timed: Timed { at: until, fault }, value: argument }),
        );
    }
    Ok(placed)
}

/// A time within the run.
fn time(value: Value<'_>, duration: Millis) -> Result<Millis, Mistake> {
    let at = value.time()?;
    if at > duration {
        return Err(value.mistake(format_args!("that is after the end, {}", show(duration))));
    }
    Ok(at)
}

/// Goes through the timetable and refuses what cannot be: to crash who is down, to restart who is not, to leave nobody.
fn check(placed: &[Placed<'_>], names: &Names) -> Result<(), Mistake> {
    let mut down = Absent { what: "down", since: BTreeMap::new() };
    let mut paused = Absent { what: "paused", since: BTreeMap::new() };
    for Placed { timed: Timed { at, fault }, value } in placed {
        let known = |node: usize| names.name(node).unwrap_or_default().to_owned();
        let done = match *fault {
            Fault::Crash(node) | Fault::PowerLoss(node) => {
                paused.since.remove(&node);
                down.goes(node, *at)
            }
            Fault::Restart(node) => down.comes(node),
            Fault::Pause(node) => down.absent(node).and_then(|()| paused.goes(node, *at)),
            Fault::Resume(node) => paused.comes(node),
            _ => Ok(()),
        };
        let told = |(node, rest): (usize, String)| {
            value.mistake(format_args!("`{}` {rest} at {}", known(node), show(*at)))
        };
        done.map_err(told)?;
        if down.since.len() + paused.since.len() >= names.len()
            && (!down.since.is_empty() || !paused.since.is_empty())
        {
            let message =
                format!("at {} no node of {} is left: all are down or paused", show(*at), names.len());
            return Err(value.mistake(message));
        }
    }
    Ok(())
}

/// The nodes that are away, and since when.
struct Absent {
    what: &'static str,
    since: BTreeMap<usize, Millis>,
}

impl Absent {
    fn absent(&self, node: usize) -> Result<(), (usize, String)> {
        match self.since.get(&node) {
            Some(since) => Err((node, format!("is {} since {}, and so", self.what, show(*since)))),
            None => Ok(()),
        }
    }

    fn goes(&mut self, node: usize, at: Millis) -> Result<(), (usize, String)> {
        self.absent(node)?;
        self.since.insert(node, at);
        Ok(())
    }

    fn comes(&mut self, node: usize) -> Result<(), (usize, String)> {
        self.since.remove(&node).map(drop).ok_or_else(|| (node, format!("is not {}", self.what)))
    }
}

pub(crate) fn swarm(value: Value<'_>, nodes: usize, duration: Millis) -> Result<Swarm, Mistake> {
    let fields = value.fields(
        "faults at random, such as { faults: 5, longest: 15s }",
        &["faults", "longest", "misbehaving"],
    )?;
    let faults = fields.required("faults")?;
    let most = (duration / 1000).clamp(1, MOST as u64);
    let count = faults.number(0..=MOST)?;
    if count as u64 > most {
        let message = format!("in {} there is room for at most {most} faults", show(duration));
        return Err(faults.mistake(message));
    }
    let longest = time(fields.required("longest")?, duration)?;
    let mut misbehaving = 0;
    // Less than a third: more could keep the rest from agreeing.
    fields.read("misbehaving", &mut misbehaving, |v| v.number(0..=nodes.saturating_sub(1) / 3))?;
    Ok(Swarm { faults: count, longest, misbehaving })
}
