//! What every node knew, looked at from time to time.

use tanglegram_world::sim::Simulation;

use super::dag::Dag;
use super::page::Picture;

/// About how many looks a film has, however long the run is.
const LOOKS: u64 = 600;

/// How far a node is at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It runs, and this is the index of its solid milestone.
    Solid(i32),
    /// It does not run, or does nothing.
    Down,
}

/// Everybody at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) at: u64,
    pub(super) issued: u32,
    pub(super) nodes: Vec<Standing>,
}

/// A run as it was looked at.
#[derive(Debug, Default)]
pub struct Film {
    looks: Vec<Look>,
}

impl Film {
    /// Looks at all nodes, unless that was done a moment ago.
    pub fn look(&mut self, simulation: &Simulation) {
        let pause = simulation.end() / LOOKS;
        let is_due = self.looks.last().is_none_or(|last| simulation.now() >= last.at + pause);
        if is_due {
            self.looks.push(look(simulation));
        }
    }

    /// The picture of a run that is at its end, with the tangle as the first node that runs has it.
    pub fn develop(mut self, simulation: &Simulation) -> Picture {
        self.looks.push(look(simulation));
        let nodes = &simulation.scenario().nodes;
        let first = (0..nodes.len()).find(|number| simulation.is_up(*number));
        let dag = first.and_then(|number| Some(Dag::of(&nodes[number], simulation.node(number)?)));
        Picture::new(nodes.clone(), self.looks, dag)
    }
}

fn look(simulation: &Simulation) -> Look {
    let standing = |number| match simulation.node(number) {
        Some(node) if simulation.is_up(number) => Standing::Solid(node.solid_milestone_index()),
        _ => Standing::Down,
    };
    let nodes = (0..simulation.scenario().nodes.len()).map(standing).collect();
    Look { at: simulation.now(), issued: simulation.last_milestone(), nodes }
}
