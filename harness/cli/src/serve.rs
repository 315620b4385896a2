//! `tanglegram serve`: a world on real ports, until told to stop.

mod hedera;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use tanglegram_mirror::Dialect as MirrorDialect;
use tanglegram_target::DIALECTS;
use tanglegram_wire::{Places, Running, ServeError, only_in_the_queue, serve_with_faults, serve_world};
use tanglegram_world::sim::Fault;
use tanglegram_world::{BUILT_IN, World, fault_text, show_time};

use crate::exit::Exit;
use crate::mine;
use crate::worlds;

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// A world: private-net, recorded-iri, recorded-iri-limits, recorded-iri-auth, recorded-mirror, hedera-net, one of
    /// those to be simulated, or the path of a world file
    #[arg(default_value = BUILT_IN[0])]
    world: String,
    /// Where the first API listens; port 0 takes any free one
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Where the first node listens for neighbours, in place of what the world says; port 0 takes any free one
    #[arg(long, value_name = "ADDR:PORT")]
    gossip: Option<SocketAddr>,
    /// The dialect the nodes or mirror nodes speak, in place of the world's
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(dialects()))]
    dialect: Option<String>,
    /// Time from one milestone to the next, in seconds, in place of the world's
    #[arg(long, value_name = "SECONDS", value_parser = interval)]
    milestone_interval: Option<Duration>,
    /// Keep what the nodes know in this folder, and go on from there: nothing is acknowledged before it is on the disk
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Let the world's faults happen to the served network, those of its timetable and of its swarm, and its links be as it says;
    /// each is told when it happens
    #[arg(long)]
    faults: bool,
    /// With --faults: the seed of all that is random about them [default: the world's, or 0]
    #[arg(long, value_name = "N", requires = "faults")]
    seed: Option<u64>,
    /// hedera-net: put the nodes' record, balance and signature files into this folder, new or empty
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// hedera-net: let nodes say BUSY while so many of their transactions wait to be handled [default: 5000]
    #[arg(long, value_name = "N")]
    busy_after: Option<usize>,
}

/// Serves a world until Ctrl-C or SIGTERM.
pub(crate) fn serve(args: &ServeArgs) -> Exit {
    if args.world == hedera::NAME {
        return hedera::serve(args);
    }
    for (option, given) in [("--files", args.files.is_some()), ("--busy-after", args.busy_after.is_some())] {
        if given {
            return Exit::Usage.because(format_args!("{option} is for {}", hedera::NAME));
        }
    }
    let world = match mine::able().and_then(|()| load(args)) {
        Ok(world) => world,
        Err(exit) => return exit,
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Exit::Unusable.because("the system has no room for an event loop");
    };
    // From before the first `listening` line on: whoever reads it may send a signal at once.
    let stop = runtime.block_on(async { stop_signal() });
    let (stop, running) = match (stop, start(args, &world)) {
        (Ok(stop), Ok(running)) => (stop, running),
        (Err(error), _) => return Exit::Usage.because(format_args!("cannot wait for signals: {error}")),
        (_, Err(error)) => return Exit::Usage.because(error),
    };
    let _ = announce(&world, &running); // nobody may be reading
    runtime.block_on(stop);
    running.shutdown();
    Exit::Expected
}

fn start(args: &ServeArgs, world: &World) -> Result<Running, ServeError> {
    let places = Places { api: args.listen, gossip: args.gossip };
    if !args.faults {
        return serve_world(world, places);
    }
    let names = world.scenario.nodes.clone();
    let report = move |at, fault: &Fault, failure: Option<&str>| {
        let failure = failure.map(|why| format!(" (not done: {why})")).unwrap_or_default();
        let mut out = io::stdout().lock();
        // Nobody may be reading.
        let _ = writeln!(out, "fault {} {}{failure}", show_time(at), fault_text(fault, &names));
        let _ = out.flush();
    };
    serve_with_faults(world, places, Box::new(report))
}

/// Whether the world's faults can happen to a served network.
fn check_faults(args: &ServeArgs, world: &World) -> Result<(), Exit> {
    if world.scenario.timetable(world.seed).is_empty() {
        return Err(Exit::Usage.because(format_args!(
            "--faults: the world {} has no `faults` and no `swarm`, so that nothing would happen; \
             fixtures/worlds/README.md tells how to write them",
            args.world
        )));
    }
    if let Some(what) = only_in_the_queue(&world.scenario, world.seed) {
        let sim = "`tanglegram sim` can do it";
        return Err(Exit::Usage.because(format_args!("--faults: {what} cannot be had on real ports; {sim}")));
    }
    Ok(())
}

fn load(args: &ServeArgs) -> Result<World, Exit> {
    let mut world = worlds::load(&args.world)?;
    if world.nodes.is_empty() && world.mirrors.is_empty() {
        return Err(Exit::Usage.because(format_args!(
            "the world {} has nothing to serve: of Hedera networks {} is served, others are for `tanglegram sim`",
            args.world,
            hedera::NAME
        )));
    }
    if let Some(name) = &args.dialect {
        world = with_dialect(world, name)?;
    }
    if let (Some(issuer), Some(interval)) = (&mut world.coordinator, args.milestone_interval) {
        issuer.interval = interval;
    }
    if let Some(folder) = &args.data {
        let named = |name| {
            Exit::Usage.because(format_args!("--data: the node name `{name}` cannot be that of a folder"))
        };
        world = world.with_data(folder).map_err(named)?;
    }
    world.seed = args.seed.unwrap_or(world.seed);
    if args.faults {
        check_faults(args, &world)?;
    }
    Ok(world)
}

/// The names of all dialects, the nodes' and the mirror nodes'.
fn dialects() -> impl Iterator<Item = &'static str> {
    DIALECTS.into_iter().chain(MirrorDialect::ALL.map(|dialect| dialect.name))
}

/// The world with its nodes, or its mirror nodes, of that dialect.
fn with_dialect(world: World, name: &str) -> Result<World, Exit> {
    match (name.parse(), name.parse()) {
        (Ok(dialect), _) if !world.nodes.is_empty() => Ok(world.with_dialect(dialect)),
        (_, Ok(dialect)) if !world.mirrors.is_empty() => Ok(world.with_mirror_dialect(dialect)),
        _ => Err(Exit::Usage.because(format_args!("no node of the world {} can speak {name}", world.name))),
    }
}

/// Tells where the APIs are, and whose the iotas are; for programs as much as for people.
fn announce(world: &World, running: &Running) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (name, address) in running.apis() {
        writeln!(out, "listening iri {name} http://{address}")?;
    }
    for (name, address) in running.mirrors() {
        writeln!(out, "listening mirror {name} http://{address}")?;
    }
    if let Some(wallet) = &world.wallet {
        let address = tanglegram_ternary::checksum::add(&wallet.address);
        writeln!(out, "funded seed {} address {address} balance {}", wallet.seed, wallet.balance)?;
    }
    if let Some(issuer) = &world.coordinator {
        let (count, interval) = (1u64 << issuer.tree.depth(), issuer.interval);
        writeln!(
            out,
            "coordinator {} a milestone every {interval:?} up to index {}",
            issuer.tree.root(),
            count - 1
        )?;
    }
    for (name, address) in running.gossips() {
        writeln!(out, "listening gossip {name} tcp://{address}")?;
    }
    out.flush()
}

fn interval(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.01..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds from 0.01 to 86400".into()),
    }
}

/// Listens for signals from now on; the future ends with the first that asks to stop.
#[cfg(unix)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
