//! Hedera networks as world files: what is written here, reading makes the same plan of.

use std::fmt::Write as _;

use tanglegram_hashgraph::MILLISECOND;

use super::time::show;
use super::value::Names;
use super::write::{self, name, quoted};
use crate::hedera::Plan;

/// A world file of a Hedera network and its seed.
pub(super) fn world_text(plan: &Plan, seed: u64, about: &str) -> String {
    let plan = &plan.explicit(seed);
    let names = Names::new(plan.base.nodes.clone());
    let mut own = String::new();
    // Writing to a String cannot fail.
    let _ = network(&mut own, plan, &names);
    let _ = write::links(&mut own, &plan.base, &names);
    let _ = write::faults(&mut own, &plan.base, &names);
    let own: String = own.lines().map(|line| format!("  {line}\n")).collect();
    format!("about: {}\nseed: {seed}\nhedera:\n{own}", quoted(about))
}

fn network(text: &mut String, plan: &Plan, names: &Names) -> std::fmt::Result {
    let Plan { rate, accounts, duplicates, failing, mirror, settings, .. } = plan;
    let list = |numbers: Vec<String>| format!("[{}]", numbers.join(", "));
    writeln!(text, "nodes: {}", list((0..names.len()).map(|node| name(node, names)).collect()))?;
    writeln!(text, "transfers: {rate}\naccounts: {accounts}\nduplicates: {duplicates}\nfailing: {failing}")?;
    if let Some(only) = &plan.only {
        writeln!(text, "only: {}", list(only.iter().map(u64::to_string).collect()))?;
    }
    writeln!(text, "mirror: {mirror}\nsync: {}", show((settings.sync_every / MILLISECOND) as u64))?;
    let consensus = &settings.consensus;
    writeln!(text, "coin-period: {}\nancient-rounds: {}", consensus.coin_period, consensus.ancient_rounds)?;
    writeln!(text, "state-rounds: {}", consensus.state_rounds)?;
    if !plan.misbehaving.is_empty() {
        let one =
            |(node, how): &(usize, crate::hedera::Misdeed)| format!("{}: {}", name(*node, names), how.name());
        let all: Vec<String> = plan.misbehaving.iter().map(one).collect();
        writeln!(text, "misbehaving: {{ {} }}", all.join(", "))?;
    }
    Ok(())
}
