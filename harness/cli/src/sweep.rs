//! `tanglegram sweep`: many seeds of a world, and what they came to.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tanglegram_runner::sweep::{
    self, Header, MergeError, Progress, Results, SeedResult, Seeds, Shard, Store, Sweep, SweepError,
};
use tanglegram_world::World;

use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::mine;
use crate::worlds::{self, replay};

/// The world that must fail.
const CANARY: &str = "canary";
/// Most failing seeds told of.
const MOST_TOLD: usize = 10;

#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    #[command(subcommand)]
    merge: Option<SweepCommand>,
    /// A built-in world, or the path of a world file
    #[arg(required = true)]
    world: Option<String>,
    /// The seeds, without the last: 0..10000
    #[arg(long, value_name = "A..B", default_value = "0..100")]
    seeds: Seeds,
    /// So many runs at a time [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// The folder of results; a sweep that was ended goes on from there
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// Only the i-th of n equal shares of the seeds [default: what SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX (with
    /// JOB_COMPLETIONS) or CI_NODE_INDEX and CI_NODE_TOTAL say; otherwise 1/1]
    #[arg(long, value_name = "i/n")]
    shard: Option<Shard>,
    /// Print one JSON object with the outcome
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum SweepCommand {
    /// Put the results of all shards of a sweep together
    Merge(MergeArgs),
}

#[derive(Debug, Args)]
struct MergeArgs {
    /// Files of results, or folders of them
    #[arg(required = true)]
    parts: Vec<PathBuf>,
    /// Where to write the merged results, in the order of their seeds
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object with the outcome
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn sweep(args: &SweepArgs) -> Exit {
    let done = match (&args.merge, &args.world, &args.out) {
        (Some(SweepCommand::Merge(args)), ..) => merge(args),
        (None, Some(world), Some(out)) => run(args, world, out),
        _ => Err(Exit::Usage.because("say which world, and the folder of the results with --out")),
    };
    done.unwrap_or_else(|exit| exit)
}

fn run(args: &SweepArgs, name: &str, out: &Path) -> Result<Exit, Exit> {
    mine::able()?;
    let world = worlds::load_network(name)?;
    let shard = match args.shard {
        Some(shard) => shard,
        None => Shard::of_environment(&|name| std::env::var(name).ok())
            .map_err(|error| Exit::Usage.because(error))?
            .unwrap_or(Shard::ALL),
    };
    let interrupt = Interrupt::listen()
        .map_err(|error| Exit::Usage.because(format_args!("cannot wait for signals: {error}")))?;
    check_canary()?;
    let sweep = Arc::new(Sweep::new(name, &world, args.seeds.clone()));
    let mut watch = Watch { bar: ProgressBar::hidden(), found: 0, interrupt: interrupt.clone() };
    let results = sweep::run(&sweep, shard, jobs(args), out, &mut watch);
    watch.bar.finish_and_clear();
    let results = results.map_err(|error| failed(&error))?;
    let wanted = args.seeds.of(shard).count();
    let told = Told { world: name, results: &results, missing: wanted - results.len(), json: args.json };
    if interrupt.came() {
        eprintln!("interrupted; {} seeds are left, the same command goes on", told.missing);
        let _ = told.tell();
        return Ok(Exit::Interrupted);
    }
    Ok(told.tell())
}

fn jobs(args: &SweepArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get());
    args.jobs.map_or_else(cores, usize::from)
}

/// A sweep that finds nothing tells nothing unless what must fail does.
fn check_canary() -> Result<(), Exit> {
    let unusable = |what: &str| Exit::Unusable.because(what);
    let world = World::load(CANARY).map_err(|error| unusable(&error.to_string()))?;
    let seeds: Seeds = "0".parse().map_err(|_| Exit::Usage)?;
    match Sweep::new(CANARY, &world, seeds).seed(0) {
        Ok(result) if !result.violations.is_empty() => Ok(()),
        Ok(_) => Err(unusable("the world `canary` violates nothing, but it must: this build finds nothing")),
        Err(error) => Err(unusable(&error.to_string())),
    }
}

fn failed(error: &SweepError) -> Exit {
    eprintln!("error: {error}");
    match error {
        SweepError::Scenario(_) => Exit::InvalidInput,
        _ => Exit::Unusable,
    }
}

/// Shows how a sweep goes, on a terminal.
struct Watch {
    bar: ProgressBar,
    found: usize,
    interrupt: Interrupt,
}

impl Progress for Watch {
    fn begins(&mut self, seeds: usize, done: usize) {
        if !io::stderr().is_terminal() {
            return;
        }
        self.bar = ProgressBar::with_draw_target(Some(seeds as u64), ProgressDrawTarget::stderr());
        let template = "{wide_bar} {pos}/{len} seeds  {msg}  {per_sec}  {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_position(done as u64);
        self.bar.reset_eta();
    }

    fn done(&mut self, result: &SeedResult) {
        self.bar.inc(1);
        if !result.is_clean() {
            self.found += 1;
            self.bar.set_message(format!("{} violating", self.found));
        }
    }

    fn is_over(&self) -> bool {
        self.interrupt.came()
    }
}

/// What a sweep came to.
struct Told<'a> {
    world: &'a str,
    results: &'a Results,
    missing: usize,
    json: bool,
}

impl Told<'_> {
    fn violating(&self) -> impl Iterator<Item = &SeedResult> {
        self.results.values().filter(|result| !result.is_clean())
    }

    fn exit(&self) -> Exit {
        match (self.violating().count(), self.missing) {
            (1.., _) => Exit::Violated,
            (0, 1..) => Exit::Nothing,
            (0, 0) => Exit::Expected,
        }
    }

    fn tell(&self) -> Exit {
        let exit = self.exit();
        if self.json {
            println!("{}", self.object(exit));
            return exit;
        }
        for result in self.violating().take(MOST_TOLD) {
            println!("seed {}: {}", result.seed, first_of(result));
            println!("  replay: {}", replay(self.world, result.seed));
        }
        let violating = self.violating().count();
        if violating > MOST_TOLD {
            println!("… and {} more", violating - MOST_TOLD);
        }
        let events: u64 = self.results.values().map(|result| result.events).sum();
        println!("{} seeds of {}: {violating} violating, {events} events", self.results.len(), self.world);
        if self.missing > 0 {
            println!("{} seeds are missing", self.missing);
        }
        println!("digest {}", sweep::digest(self.results));
        exit
    }

    fn object(&self, exit: Exit) -> serde_json::Value {
        let violating = self.violating().map(|result| {
            json!({
                "seed": result.seed,
                "violations": result.violations,
                "panic": result.panic,
                "replay": replay(self.world, result.seed),
            })
        });
        json!({
            "type": "sweep",
            "world": self.world,
            "seeds": self.results.len(),
            "missing": self.missing,
            "digest": sweep::digest(self.results),
            "violating": violating.collect::<Vec<_>>(),
            "exit": exit as u8,
        })
    }
}

fn first_of(result: &SeedResult) -> String {
    match (&result.panic, result.violations.first()) {
        (Some(panic), _) => format!("the simulator broke down: {panic}"),
        (None, Some(found)) => {
            let at = tanglegram_world::show_time(found.at);
            format!("violated {} at {} after {at}: {}", found.invariant, found.node, found.what)
        }
        (None, None) => String::new(),
    }
}

fn merge(args: &MergeArgs) -> Result<Exit, Exit> {
    let (header, results) = sweep::merge(parts(&args.parts)?).map_err(|error| {
        eprintln!("error: {error}");
        match error {
            MergeError::NotReproduced { .. } => Exit::NotReproduced,
            MergeError::Nothing => Exit::Nothing,
            _ => Exit::Usage,
        }
    })?;
    if let Some(out) = &args.out {
        write(out, &header, &results).map_err(|error| failed(&SweepError::Store(error)))?;
    }
    let seeds: Seeds = header.seeds.parse().map_err(|error| Exit::Usage.because(error))?;
    let missing = seeds.all().filter(|seed| !results.contains_key(seed)).count();
    Ok(Told { world: &header.world, results: &results, missing, json: args.json }.tell())
}

/// All files of results that are named, or lie in a folder that is named.
fn parts(paths: &[PathBuf]) -> Result<Vec<(Header, Results)>, Exit> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = path
            .read_dir()
            .map_err(|error| Exit::Usage.because(format_args!("{}: {error}", path.display())))?;
        let found = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files.extend(found.filter(|file| file.extension().is_some_and(|end| end == "jsonl")));
    }
    files.sort();
    let read = files.iter().filter_map(|file| sweep::read(file).transpose());
    read.collect::<Result<_, _>>().map_err(|error| Exit::Usage.because(error))
}

/// Writes merged results beside their place first, so that they are there whole or not at all.
fn write(out: &Path, header: &Header, results: &Results) -> Result<(), sweep::StoreError> {
    let unusable = |source| sweep::StoreError::Io { path: out.to_owned(), source };
    let mut beside = out.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let _ = std::fs::remove_file(&beside); // of a merge that was ended
    let (mut store, _) = Store::open(&beside, header)?;
    results.values().for_each(|result| store.add(result));
    store.sync()?;
    std::fs::rename(&beside, out).map_err(unusable)
}
