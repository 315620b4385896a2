//! World files as the commands take them.

use std::io;

use tanglegram_world::{World, WorldError};

use crate::exit::Exit;
use crate::problems;
use crate::style::Style;

/// A built-in world, or that of a file; what is wrong with it is told at its place.
pub(crate) fn load(name_or_path: &str) -> Result<World, Exit> {
    World::load(name_or_path).map_err(|error| told(&error))
}

/// Says on standard error what is wrong with a world.
fn told(error: &WorldError) -> Exit {
    match error {
        WorldError::Invalid(fault) => {
            let style = Style::of(&io::stderr());
            eprint!("{}", problems::drawing(&**fault, style).unwrap_or_default());
            Exit::InvalidInput.because(format_args!("{}: {fault}", fault.place()))
        }
        other => Exit::Usage.because(other),
    }
}

/// The same for a simulation, which needs nodes of a tangle or a Hedera network.
pub(crate) fn load_network(name_or_path: &str) -> Result<World, Exit> {
    let world = load(name_or_path)?;
    if world.nodes.is_empty() && world.scenario.hedera.is_none() {
        let message = format_args!("the world {name_or_path} has no nodes to simulate, only mirror nodes");
        return Err(Exit::Usage.because(message));
    }
    world.simulated().map_err(|error| told(&error))?;
    Ok(world)
}

/// The command that runs a world with a seed again.
pub(crate) fn replay(world: &str, seed: u64) -> String {
    format!("tanglegram sim {} --seed {seed}", quoted(world))
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_command_can_be_pasted() {
        assert_eq!(replay("swarm", 7), "tanglegram sim swarm --seed 7");
        assert_eq!(replay("./my world's.yaml", 7), "tanglegram sim './my world'\\''s.yaml' --seed 7");
    }
}
