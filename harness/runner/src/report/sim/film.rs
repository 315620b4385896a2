//! What every node knew, looked at from time to time.

use tanglegram_world::hedera::{Network, Run};
use tanglegram_world::sim::Simulation;

use super::page::{Part, Picture};
use super::timeline::{Ledger, Look};
use super::{dag, hashgraph};

/// About how many looks a film has, however long the run is.
const LOOKS: u64 = 600;

/// A run as it was looked at.
#[derive(Debug, Default)]
pub struct Film {
    tangle: Vec<Look>,
    hashgraph: Vec<Look>,
}

impl Film {
    /// Looks at all nodes, unless that was done a moment ago.
    pub fn look(&mut self, run: &Run) {
        let is_due =
            |looks: &[Look], now: u64, end: u64| looks.last().is_none_or(|last| now >= last.at + end / LOOKS);
        if let Some(tangle) = run.tangle.as_ref().filter(|one| is_due(&self.tangle, one.now(), one.end())) {
            self.tangle.push(of_tangle(tangle));
        }
        if let Some(hedera) = run.hedera.as_ref().filter(|one| is_due(&self.hashgraph, one.now(), one.end()))
        {
            self.hashgraph.push(of_hashgraph(hedera));
        }
    }

    /// The picture of a run that is at its end, with each graph as the first node that runs has it.
    pub fn develop(mut self, run: &Run) -> Picture {
        let mut parts = Vec::new();
        if let Some(tangle) = &run.tangle {
            self.tangle.push(of_tangle(tangle));
            let names = tangle.scenario().nodes.clone();
            let first = (0..names.len()).find(|number| tangle.is_up(*number));
            let graph = first.and_then(|number| Some(dag::graph(&names[number], tangle.node(number)?)));
            parts.push(Part { ledger: Ledger::Tangle, names, looks: self.tangle, graph });
        }
        if let Some(hedera) = &run.hedera {
            self.hashgraph.push(of_hashgraph(hedera));
            let names = hedera.names().to_vec();
            let first = (0..names.len()).find(|number| hedera.is_up(*number));
            let graph = first.and_then(|number| hashgraph::graph(hedera, number));
            parts.push(Part { ledger: Ledger::Hashgraph, names, looks: self.hashgraph, graph });
        }
        Picture { parts }
    }
}

fn of_tangle(tangle: &Simulation) -> Look {
    let index = |number| {
        let node = tangle.node(number).filter(|_| tangle.is_up(number))?;
        u64::try_from(node.solid_milestone_index()).ok()
    };
    let nodes = (0..tangle.scenario().nodes.len()).map(index).collect();
    Look { at: tangle.now(), newest: tangle.last_milestone().into(), nodes }
}

fn of_hashgraph(network: &Network) -> Look {
    let round =
        |number| Some(network.node(number).filter(|_| network.is_up(number))?.graph().decided_round());
    let nodes: Vec<_> = (0..network.names().len()).map(round).collect();
    let newest = nodes.iter().copied().flatten().max().unwrap_or_default();
    Look { at: network.now(), newest, nodes }
}
