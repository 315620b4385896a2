//! A failing world as a network vector, to be kept beside the others: it passes once the bug is gone.

use tanglegram_world::sim::Invariant;
use tanglegram_world::{show_time, world_text};

use super::Shrunk;

/// What such a vector holds nodes to: that they come to have the latest milestone solid.
const CLAUSE: &str = "iri.getNodeInfo.latest-solid-milestone-index";
/// What one of a Hedera network does: that every transaction is shown.
const HEDERA_CLAUSE: &str = "mirror.transaction.entries";

/// The vector file. Where nodes did not catch up, it waits until they do; other invariants are watched in every vector.
pub fn vector_text(shrunk: &Shrunk, seed: u64, about: &str) -> String {
    let world = world_text(&shrunk.scenario, seed, about);
    let indented: String = world.lines().map(|line| format!("      {line}\n")).collect();
    let (_, size) = shrunk.sizes;
    let is_late = shrunk.violation.invariant == Invariant::Liveness;
    let patience = show_time(shrunk.scenario.base().recovery.max(1000));
    let clause = if shrunk.scenario.is_hedera_alone() { HEDERA_CLAUSE } else { CLAUSE };
    let wait =
        if is_late { format!("      - until: synced\n        within: {patience}\n") } else { String::new() };
    format!(
        "api: network\n\
         vectors:\n  - vector: {}-with-seed-{seed}\n    clauses: [{clause}]\n    level: exact\n    seed: {seed}\n    \
         world:\n{indented}    steps:\n      - advance: {}\n{wait}",
        shrunk.violation.invariant,
        show_time(size.duration)
    )
}
