//! What can be taken away from a Hedera network and from nothing else.

use tanglegram_world::hedera::Plan;
use tanglegram_world::sim::Scenario;

use super::Failing;
use super::reduce::{ddmin, simpler};

/// Of fewer members one that is cut off stops all the others, which would be another failure.
const FEWEST: usize = 4;

/// Members, misdeeds, transfers, and what is unusual about them.
pub(super) fn all(failing: &mut Failing<'_>) {
    members(failing);
    misdeeds(failing);
    transfers(failing);
    simpler(failing, calmer);
}

/// The same with another plan; without a plan, as it is.
fn with(scenario: &Scenario, change: impl FnOnce(&Plan) -> Option<Plan>) -> Option<Scenario> {
    let plan = change(scenario.hedera.as_deref()?)?;
    Some(Scenario { hedera: Some(Box::new(plan)), ..scenario.clone() })
}

fn members(failing: &mut Failing<'_>) {
    let all: Vec<usize> = (0..failing.scenario.base().nodes.len()).collect();
    ddmin(failing, all, |scenario, left, gone| {
        // The last first: the numbers of those before stay as they are.
        let without = |plan: &Plan| {
            gone.iter().rev().try_fold(plan.clone(), |plan, &member| plan.without_member(member))
        };
        (left.len() >= FEWEST).then(|| with(scenario, without)).flatten()
    });
}

fn misdeeds(failing: &mut Failing<'_>) {
    let count = failing.scenario.hedera.as_ref().map_or(0, |plan| plan.misbehaving.len());
    ddmin(failing, (0..count).collect(), |scenario, left: &[usize], _| {
        with(scenario, |plan| {
            let misbehaving = left.iter().map(|&one| plan.misbehaving[one]).collect();
            Some(Plan { misbehaving, ..plan.clone() })
        })
    });
}

/// Which transfers are needed: first whether any is.
fn transfers(failing: &mut Failing<'_>) {
    let Some(plan) = failing.scenario.hedera.as_deref().filter(|plan| plan.rate > 0.0) else { return };
    let numbers: Vec<u64> = match &plan.only {
        Some(only) => only.iter().copied().collect(),
        None => (0..failing.report.transactions).collect(),
    };
    ddmin(failing, numbers, |scenario, left, _| {
        with(scenario, |plan| Some(Plan { only: Some(left.iter().copied().collect()), ..plan.clone() }))
    });
}

/// What might be as usual, one thing at a time.
fn calmer(scenario: &Scenario) -> Vec<Scenario> {
    let changes: [fn(&mut Plan); 4] = [
        |plan| (plan.rate, plan.only) = (0.0, None),
        |plan| plan.duplicates = 0.0,
        |plan| plan.failing = 0.0,
        |plan| plan.mirror = false,
    ];
    let candidates = changes.into_iter().filter_map(|change| {
        with(scenario, |plan| {
            let mut calmer = plan.clone();
            change(&mut calmer);
            (format!("{calmer:?}") != format!("{plan:?}")).then_some(calmer)
        })
    });
    candidates.collect()
}
