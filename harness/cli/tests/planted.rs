//! Each bug that can be planted in a node is noticed: by a vector of a network, or by a simulation that violates an invariant.

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use tanglegram_runner::{Library, Prepared, Verdict, replay_network};
use tanglegram_tangle::{Bug, Planted};
use tanglegram_world::World;
use tanglegram_world::sim::{Scenario, Simulation, Trace};
use tokio::runtime::Builder;

/// Worlds that are simulated where no vector notices anything.
const WORLDS: [&str; 2] = ["partition", "swarm"];
/// With so many seeds.
const SEEDS: u64 = 20;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let library = Arc::new(Library::load(None, None).expect("the embedded vectors are valid"));
    let trial = |bug: Bug| {
        let library = library.clone();
        Trial::test(format!("planted/{bug}"), move || noticed(bug, &library))
    };
    libtest_mimic::run(&arguments, Bug::ALL.into_iter().map(trial).collect()).exit_code()
}

fn noticed(bug: Bug, library: &Library) -> Result<(), Failed> {
    let found = by_a_vector(bug, library).or_else(|| by_a_world(bug));
    let found = found.ok_or("neither a vector nor a world notices")?;
    println!("{bug}: {found}");
    Ok(())
}

/// The first vector that fails.
fn by_a_vector(bug: Bug, library: &Library) -> Option<String> {
    let runtime = Builder::new_current_thread().build().expect("a runtime can be built");
    let networks = library.vectors().filter(|vector| vector.network.is_some());
    networks.map(|vector| (vector, Prepared::new(vector, &library.fixture))).find_map(|(vector, item)| {
        let plant = |scenario: &mut Scenario| scenario.planted = Planted::only(bug);
        match runtime.block_on(replay_network(&item, plant, &mut &*library.recorded)) {
            Some(Verdict::Fail(_)) => Some(vector.path.clone()),
            _ => None,
        }
    })
}

/// The first world and seed with a violation.
fn by_a_world(bug: Bug) -> Option<String> {
    let runs = WORLDS.iter().flat_map(|world| (0..SEEDS).map(move |seed| (world, seed)));
    runs.into_iter().find_map(|(world, seed)| {
        let mut scenario = World::load(world).ok()?.scenario;
        scenario.planted = Planted::only(bug);
        let report = Simulation::new(scenario, seed, Trace::default()).ok()?.run();
        Some(format!("{world} --seed {seed}: {}", report.violations.first()?))
    })
}
