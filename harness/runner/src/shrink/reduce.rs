//! The order in which things are taken away.

use std::collections::BTreeSet;

use tanglegram_world::sim::{Keys, Scenario, Topology};

use super::{Failing, hedera, pieces};

/// Takes away all that can go; `false` if it had to stop before.
pub(crate) fn all(failing: &mut Failing<'_>) -> bool {
    loop {
        let before = failing.runs;
        let size = fingerprint(&failing.scenario);
        faults(failing);
        time(failing);
        if failing.scenario.is_hedera_alone() {
            hedera::all(failing);
        } else {
            nodes(failing);
            misbehaving(failing);
            sends(failing);
            edges(failing);
            keys(failing);
        }
        links(failing);
        simpler(failing, pieces::simpler);
        if failing.is_over() {
            return false;
        }
        if fingerprint(&failing.scenario) == size || failing.runs == before {
            return true;
        }
    }
}

fn fingerprint(scenario: &Scenario) -> String {
    format!("{scenario:?}")
}

/// Delta debugging: takes away halves, then quarters, and so on, of some things, as long as it still fails without them.
/// `without` makes the scenario without those things, if it can; after each success the rest is tried anew.
pub(super) fn ddmin<T: Clone + Ord>(
    failing: &mut Failing<'_>,
    mut things: Vec<T>,
    without: impl Fn(&Scenario, &[T], &BTreeSet<T>) -> Option<Scenario>,
) {
    let start = failing.scenario.clone();
    let all = things.clone();
    let mut parts = 1;
    while !things.is_empty() && !failing.is_over() {
        let length = things.len().div_ceil(parts);
        let mut position = 0;
        while position < things.len() {
            let end = (position + length).min(things.len());
            let mut left = things.clone();
            left.drain(position..end);
            let gone: BTreeSet<T> = all.iter().filter(|thing| !left.contains(thing)).cloned().collect();
            match without(&start, &left, &gone).map(|smaller| failing.try_smaller(smaller)) {
                Some(true) => things = left,
                _ => position = end,
            }
            if failing.is_over() {
                return;
            }
        }
        if length == 1 {
            return;
        }
        parts = (parts * 2).min(things.len().max(1));
    }
}

fn faults(failing: &mut Failing<'_>) {
    let disturbances = pieces::disturbances(failing.scenario.base());
    ddmin(failing, disturbances, |scenario, left, _| {
        let base = pieces::with_disturbances(scenario.base(), &left.iter().copied().collect());
        Some(scenario.with_base(base))
    });
}

/// An earlier end, then everything earlier. Recovery keeps its time where that is what is missing: without, every run would fail.
fn time(failing: &mut Failing<'_>) {
    let base = failing.scenario.base();
    let last = base.faults.last().map_or(0, |timed| timed.at);
    let needed = if failing.shows_at_the_end() {
        last + base.recovery
    } else {
        let end = failing.violated_at();
        let mut cut = base.clone();
        cut.faults.retain(|timed| timed.at <= end);
        (cut.duration, cut.recovery) = (end.max(1), 0);
        failing.try_smaller(failing.scenario.with_base(cut));
        last
    };
    shortest(failing, needed.max(1));
    let first_of = |scenario: &Scenario| scenario.base().faults.first().map_or(0, |timed| timed.at);
    let mut by = first_of(&failing.scenario);
    while by >= 1000 && !failing.is_over() {
        let first = first_of(&failing.scenario);
        let moved = pieces::earlier(failing.scenario.base(), by.min(first));
        if first < by || !failing.try_smaller(failing.scenario.with_base(moved)) {
            by /= 2;
        }
    }
}

/// The shortest duration that still fails, found by halving the difference.
fn shortest(failing: &mut Failing<'_>, least: u64) {
    let mut least = least.min(failing.scenario.base().duration);
    while failing.scenario.base().duration > least && !failing.is_over() {
        let shorter = Scenario { duration: least, ..failing.scenario.base().clone() };
        if failing.try_smaller(failing.scenario.with_base(shorter)) {
            return;
        }
        let gap = failing.scenario.base().duration - least;
        if gap < 1000 {
            return;
        }
        least += gap / 2;
    }
}

fn nodes(failing: &mut Failing<'_>) {
    let coordinator = failing.scenario.coordinator.node;
    let others = (0..failing.scenario.nodes.len()).filter(|node| *node != coordinator).collect();
    ddmin(failing, others, |scenario, _, gone| pieces::without_nodes(scenario, gone));
}

fn misbehaving(failing: &mut Failing<'_>) {
    let all = (0..failing.scenario.misbehaving.len()).collect();
    ddmin(failing, all, |scenario, left: &[usize], _| {
        let misbehaving = left.iter().map(|one| scenario.misbehaving[*one].clone()).collect();
        Some(Scenario { misbehaving, ..scenario.clone() })
    });
}

fn links(failing: &mut Failing<'_>) {
    let all = (0..failing.scenario.base().links.len()).collect();
    ddmin(failing, all, |scenario, left: &[usize], _| {
        let base = scenario.base();
        let links = left.iter().map(|one| base.links[*one].clone()).collect();
        Some(scenario.with_base(Scenario { links, ..base.clone() }))
    });
}

/// Which sends are needed: first whether any is.
fn sends(failing: &mut Failing<'_>) {
    if failing.scenario.workload.rate == 0.0 {
        return;
    }
    let numbers: Vec<u64> = match &failing.scenario.workload.only {
        Some(only) => only.iter().copied().collect(),
        None => (0..failing.report.transactions).collect(),
    };
    ddmin(failing, numbers, |scenario, left, _| {
        let mut smaller = scenario.clone();
        smaller.workload.only = Some(left.iter().copied().collect());
        Some(smaller)
    });
}

fn edges(failing: &mut Failing<'_>) {
    let Topology::Explicit(pairs) = &failing.scenario.topology else { return };
    let all = (0..pairs.len()).collect();
    ddmin(failing, all, |scenario, _, gone| pieces::without_edges(scenario, gone));
}

/// Properties of links and workload, one after the other.
pub(super) fn simpler(failing: &mut Failing<'_>, candidates: fn(&Scenario) -> Vec<Scenario>) {
    let mut next = 0;
    while let Some(simpler) = candidates(&failing.scenario).into_iter().nth(next) {
        if failing.is_over() {
            return;
        }
        if !failing.try_smaller(simpler) {
            next += 1;
        }
    }
}

/// Keys that nobody uses.
fn keys(failing: &mut Failing<'_>) {
    let depth = (failing.report.milestones + 4).next_power_of_two().ilog2() as usize;
    let is_deeper = match &failing.scenario.coordinator.keys {
        Keys::Depth(present) => *present > depth,
        Keys::Tree(_) => true,
    };
    if is_deeper {
        let mut shallow = failing.scenario.clone();
        shallow.coordinator.keys = Keys::Depth(depth);
        failing.try_smaller(shallow);
    }
}
