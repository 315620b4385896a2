//! `tanglegram shrink`: the smallest world that still fails.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tanglegram_runner::report;
use tanglegram_runner::shrink::{self, ShrinkError, Shrunk, Size};
use tanglegram_world::{show_time, world_text};

use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::mine;
use crate::worlds::{self, quoted};

#[derive(Debug, Args)]
pub(crate) struct ShrinkArgs {
    /// A built-in world, or the path of a world file
    world: String,
    /// The seed that violates an invariant [default: the world's, or 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where to write the smallest world [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write it as a network vector, too: one that fails until the bug is gone
    #[arg(long, value_name = "FILE")]
    vector: Option<PathBuf>,
    /// At most so many simulations
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// Runs the command.
pub(crate) fn shrink(args: &ShrinkArgs) -> Exit {
    run(args).unwrap_or_else(|exit| exit)
}

fn run(args: &ShrinkArgs) -> Result<Exit, Exit> {
    mine::able()?;
    let world = worlds::load_network(&args.world)?;
    let seed = args.seed.unwrap_or(world.seed);
    let interrupt = Interrupt::listen()
        .map_err(|error| Exit::Usage.because(format_args!("cannot wait for signals: {error}")))?;
    let bar = bar(args.runs);
    let mut progress = |size: Size, runs: usize| {
        bar.set_position(runs as u64);
        bar.set_message(text_of(size));
        !interrupt.came()
    };
    let shrunk = shrink::shrink(&world.scenario, seed, args.runs as usize, &mut progress);
    bar.finish_and_clear();
    let shrunk = shrunk.map_err(|error| {
        eprintln!("error: {}: {error}", args.world);
        match error {
            ShrinkError::NoViolation(_) => Exit::Nothing,
            _ => Exit::InvalidInput,
        }
    })?;
    tell(args, seed, &shrunk)?;
    Ok(if interrupt.came() { Exit::Interrupted } else { Exit::Violated })
}

/// Writes the world and says how small it is.
fn tell(args: &ShrinkArgs, seed: u64, shrunk: &Shrunk) -> Result<(), Exit> {
    let found = &shrunk.violation;
    let node = &found.name;
    let told = format!("violates {} at {node} after {}", found.invariant, show_time(found.at));
    let about = format!("{told}: {}; shrunk from {} with seed {seed}", found.what, args.world);
    let text = world_text(&shrunk.scenario, seed, &about);
    let (before, after) = shrunk.sizes;
    eprintln!("from {}", text_of(before));
    eprintln!("to   {}", text_of(after));
    eprintln!("{told}: {}", found.what);
    let end = if shrunk.is_minimal { "nothing more can be taken away" } else { "stopped before the end" };
    eprintln!("{end}, after {} simulations", shrunk.runs);
    match &args.out {
        None => print!("{text}"),
        Some(path) => {
            write(path, &text)?;
            eprintln!("replay: tanglegram sim {}", quoted(&path.to_string_lossy()));
        }
    }
    if let Some(path) = &args.vector {
        write(path, &shrink::vector_text(shrunk, seed, &about))?;
        eprintln!("replay: tanglegram check --vectors {}", quoted(&path.to_string_lossy()));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Exit> {
    report::write_whole(path, text.as_bytes())
        .map_err(|error| Exit::Unusable.because(format_args!("{}: {error}", path.display())))
}

fn text_of(size: Size) -> String {
    let Size { nodes, faults, transactions, events, duration } = size;
    format!(
        "{nodes} nodes, {faults} faults, {transactions} transactions, {}, {events} events",
        show_time(duration)
    )
}

/// A bar of simulations, on a terminal.
fn bar(most: u32) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(most.into()), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{wide_bar} {pos} of at most {len} simulations  {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
