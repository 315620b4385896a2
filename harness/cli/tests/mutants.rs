//! Each mistake that can be built into the reference is noticed by a vector.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use tanglegram_runner::Library;
use tanglegram_runner::mutate::{Fate, Hunt, hunt};
use tanglegram_target::Mutant;
use tokio::runtime::Builder;

/// Mutants that only a client shows whose address is not loopback.
const OUTSIDE: [&str; 3] = ["LimitedCommandServed", "LimitedCommandForbidden", "LimitedCommandUnknown"];

type Fates = BTreeMap<String, Fate>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let fates: Arc<OnceLock<Fates>> = Arc::default();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    let is_outside = runtime.block_on(tanglegram_target::outside_address()).is_some();
    let trial = |mutant: Mutant| {
        let fates = Arc::clone(&fates);
        let name = mutant.to_string();
        let impossible = !is_outside && OUTSIDE.iter().any(|outside| name.ends_with(outside));
        Trial::test(&name, move || noticed(mutant, &fates)).with_ignored_flag(impossible)
    };
    let mut trials: Vec<Trial> = Mutant::all().into_iter().map(trial).collect();
    trials.push(Trial::test("mutants/enough", || enough().map_err(Failed::from)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// All are run together with the first that is asked for.
fn noticed(mutant: Mutant, fates: &OnceLock<Fates>) -> Result<(), Failed> {
    let fate = fates.get_or_init(all).get(&mutant.to_string()).ok_or("it was not run")?;
    match fate.kills.first() {
        Some(kill) => {
            println!("{mutant}: {} ({})", kill.vector, kill.level.name());
            Ok(())
        }
        None => Err(format!("no vector notices: {}", mutant.about()).into()),
    }
}

fn all() -> Fates {
    let library = Library::load(None, None).expect("the embedded vectors are valid");
    let jobs = thread::available_parallelism().map_or(1, NonZero::get);
    let mut fates = Fates::new();
    let mut keep = |fate: Result<Fate, String>| {
        let fate = fate.expect("the embedded reference can be started");
        fates.insert(fate.mutant.to_string(), fate);
    };
    hunt(&library, &Mutant::all(), Hunt { all: false, jobs }, &mut keep).expect("built with mutants");
    fates
}

/// Enough of them, of every command.
fn enough() -> Result<(), String> {
    let mut homes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for mutant in Mutant::all() {
        *homes.entry((mutant.api(), mutant.home())).or_default() += 1;
    }
    let count: usize = homes.values().sum();
    if count < 120 || homes.len() < 18 {
        return Err(format!("only {count} mutants, of {homes:?}"));
    }
    Ok(())
}
