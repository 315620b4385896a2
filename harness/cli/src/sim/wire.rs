//! `tanglegram sim --wire`: the same world on turmoil hosts, with the nodes' real HTTP and TCP code.

use serde_json::{Value, json};
use tanglegram_runner::sweep::Found;
use tanglegram_wire::simulated::{NetworkRun, SimulatedError, run};
use tanglegram_world::show_time;
use tanglegram_world::sim::{Ledger, Scenario, Trace};

use super::Case;
use crate::exit::Exit;

/// Runs a case on turmoil hosts and tells what came of it.
pub(super) fn tell(case: &Case<'_>) -> Result<Exit, Exit> {
    let writer = case.args.trace.as_ref().map(|path| case.writer(path)).transpose()?;
    let run = once(case, writer.map_or_else(Trace::default, |file| Trace::to(file)))?;
    let again = if case.args.twice { Some(once(case, Trace::default())?) } else { None };
    let outcome = Outcome { case, run: &run, again: again.as_ref() };
    if case.args.json {
        println!("{}", outcome.object());
    } else {
        outcome.print();
    }
    Ok(outcome.exit())
}

fn once(case: &Case<'_>, trace: Trace) -> Result<NetworkRun, Exit> {
    let (run, mut trace) = run(case.scenario(), case.seed, trace, case.args.until).map_err(|error| {
        eprintln!("error: {}: {error}", case.args.world);
        match error {
            SimulatedError::Stopped { .. } => Exit::Unusable,
            _ => Exit::InvalidInput,
        }
    })?;
    trace
        .finish()
        .map_err(|error| Exit::Unusable.because(format_args!("the trace cannot be written: {error}")))?;
    Ok(run)
}

/// What a run came to.
struct Outcome<'a> {
    case: &'a Case<'a>,
    run: &'a NetworkRun,
    again: Option<&'a NetworkRun>,
}

impl Outcome<'_> {
    fn exit(&self) -> Exit {
        match self.again {
            Some(again) if again.digest != self.run.digest => Exit::NotReproduced,
            _ if !self.run.violations.is_empty() || !self.run.agrees() => Exit::Violated,
            _ => Exit::Expected,
        }
    }

    fn scenario(&self) -> &Scenario {
        self.case.scenario()
    }

    fn found(&self) -> Vec<Found> {
        self.run.violations.iter().map(Found::from).collect()
    }

    fn nodes(&self) -> impl Iterator<Item = (&String, &Option<Ledger>)> {
        self.scenario().nodes.iter().zip(&self.run.ledgers)
    }

    fn print(&self) {
        let NetworkRun { digest, events, duration, milestones, transactions, .. } = self.run;
        let (world, seed) = (&self.case.args.world, self.case.seed);
        println!("world        {world}, seed {seed}, {}, on turmoil hosts", show_time(*duration));
        println!("events       {events}");
        println!("milestones   {milestones}");
        println!("transactions {transactions}");
        for (name, ledger) in self.nodes() {
            match ledger {
                Some(Ledger { index, digest, .. }) => {
                    println!("node         {name} milestone {index} ledger {digest}");
                }
                None => println!("node         {name} down"),
            }
        }
        println!("agreement    {}", if self.run.agrees() { "all nodes" } else { "none: the nodes differ" });
        println!("digest       {digest}");
        if let Some(again) = self.again {
            println!("again        {}", if again.digest == *digest { "the same" } else { &again.digest });
        }
        for found in self.found() {
            let at = show_time(found.at);
            println!("violated     {} at {} after {at}: {}", found.invariant, found.node, found.what);
        }
        if self.exit() == Exit::Violated {
            println!("replay       {}", self.case.replay());
        }
    }

    fn object(&self) -> Value {
        let ledger = |ledger: &Option<Ledger>| {
            ledger.as_ref().map(|ledger| {
                json!({
                    "milestone": ledger.index,
                    "milestone_hash": ledger.milestone.to_string(),
                    "ledger": ledger.digest,
                })
            })
        };
        let nodes = self.nodes().map(|(name, found)| (name.clone(), json!(ledger(found))));
        json!({
            "type": "network-run",
            "world": self.case.args.world,
            "seed": self.case.seed,
            "digest": self.run.digest,
            "again": self.again.map(|again| &again.digest),
            "events": self.run.events,
            "duration_ms": self.run.duration,
            "milestones": self.run.milestones,
            "transactions": self.run.transactions,
            "nodes": nodes.collect::<serde_json::Map<_, _>>(),
            "agree": self.run.agrees(),
            "violations": self.found(),
            "replay": self.case.replay(),
            "exit": self.exit() as u8,
        })
    }
}
