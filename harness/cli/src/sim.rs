//! `tanglegram sim`: one run of a world's whole network.

use clap::Args;
use serde_json::{Value, json};
use tanglegram_runner::sweep::{Found, SeedResult};
use tanglegram_world::World;
use tanglegram_world::show_time;
use tanglegram_world::sim::{Report, Simulation, Trace};

use crate::exit::Exit;
use crate::mine;
use crate::worlds::{self, replay};

#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// A built-in world (swarm, partition, spammers, canary, hundred, …), or the path of a world file
    world: String,
    /// The seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Run it twice and compare
    #[arg(long)]
    twice: bool,
    /// Print one JSON object with the outcome
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn sim(args: &SimArgs) -> Exit {
    let done =
        mine::able().and_then(|()| worlds::load_network(&args.world)).and_then(|world| run(args, &world));
    done.unwrap_or_else(|exit| exit)
}

fn run(args: &SimArgs, world: &World) -> Result<Exit, Exit> {
    let report = once(args, world)?;
    let again = if args.twice { Some(once(args, world)?) } else { None };
    let names: Vec<String> = world.nodes.iter().map(|node| node.name.clone()).collect();
    let outcome = Outcome { args, report: &report, again: again.as_ref(), names: &names };
    Ok(outcome.tell())
}

fn once(args: &SimArgs, world: &World) -> Result<Report, Exit> {
    let simulation =
        Simulation::new(world.scenario.clone(), args.seed, Trace::default()).map_err(|error| {
            eprintln!("error: {}: {error}", args.world);
            Exit::InvalidInput
        })?;
    Ok(simulation.run())
}

/// What a run came to.
struct Outcome<'a> {
    args: &'a SimArgs,
    report: &'a Report,
    again: Option<&'a Report>,
    names: &'a [String],
}

impl Outcome<'_> {
    fn exit(&self) -> Exit {
        match self.again {
            Some(again) if again.digest != self.report.digest => Exit::NotReproduced,
            _ if !self.report.violations.is_empty() => Exit::Violated,
            _ => Exit::Expected,
        }
    }

    fn tell(&self) -> Exit {
        if self.args.json {
            println!("{}", self.object())
        } else {
            self.tell_people()
        }
        self.exit()
    }

    fn found(&self) -> Vec<Found> {
        SeedResult::of(self.args.seed, self.report, self.names).violations
    }

    fn tell_people(&self) {
        let Report { digest, events, duration, milestones, transactions, .. } = self.report;
        println!("world        {}, seed {}, {}", self.args.world, self.args.seed, show_time(*duration));
        println!("events       {events}");
        println!("milestones   {milestones}");
        println!("transactions {transactions}");
        println!("solid        {}", self.solid());
        println!("digest       {digest}");
        if let Some(again) = self.again {
            let same = again.digest == *digest;
            println!("again        {}", if same { "the same" } else { &again.digest });
        }
        for found in self.found() {
            println!(
                "violated     {} at {} after {}: {}",
                found.invariant,
                found.node,
                show_time(found.at),
                found.what
            );
        }
        if !self.report.violations.is_empty() {
            println!("replay       {}", replay(&self.args.world, self.args.seed));
        }
    }

    fn solid(&self) -> String {
        let one = |(name, solid): (&String, &Option<i32>)| {
            solid.map_or_else(|| format!("{name} down"), |solid| format!("{name} {solid}"))
        };
        self.names.iter().zip(&self.report.solid).map(one).collect::<Vec<_>>().join(", ")
    }

    fn object(&self) -> Value {
        let solid = self.names.iter().cloned().zip(self.report.solid.iter().map(|solid| json!(solid)));
        json!({
            "type": "run",
            "world": self.args.world,
            "seed": self.args.seed,
            "digest": self.report.digest,
            "again": self.again.map(|again| &again.digest),
            "events": self.report.events,
            "duration_ms": self.report.duration,
            "milestones": self.report.milestones,
            "transactions": self.report.transactions,
            "solid": solid.collect::<serde_json::Map<_, _>>(),
            "violations": self.found(),
            "replay": replay(&self.args.world, self.args.seed),
            "exit": self.exit() as u8,
        })
    }
}
