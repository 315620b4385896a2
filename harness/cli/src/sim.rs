//! `tanglegram sim`: one run of a world's whole network.

mod wire;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use tanglegram_runner::report::sim::{Film, Happened, Picture};
use tanglegram_runner::sweep::{Found, SeedResult};
use tanglegram_ternary::Hash;
use tanglegram_world::hedera::{self, MIRROR, Network, NetworkReport, Run, TransactionId};
use tanglegram_world::sim::{Moment, Report, Scenario, Simulation, Step, Timed, Trace, Violation};
use tanglegram_world::{World, fault_text, parse_time, show_time};

use crate::exit::Exit;
use crate::mine;
use crate::reports;
use crate::worlds::{self, replay};

/// Virtual time between two looks at how far a run is.
const SLICE: u64 = 1_000;
/// The shortest begin of a hash that may stand for it.
const SHORTEST_HASH: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// A built-in world (swarm, partition, spammers, canary, hundred, hedera-net, …), or the path of a world file
    world: String,
    /// The seed of all that is random [default: the world's, or 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Run it twice and compare
    #[arg(long)]
    twice: bool,
    /// Write every event to this file, a JSON object a line; the digest is the BLAKE3 hash of that file
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Stop at this virtual time, such as 90s
    #[arg(long, value_name = "TIME", value_parser = virtual_time)]
    until: Option<u64>,
    /// Stop at the event of this number, as in the trace
    #[arg(long, value_name = "EVENT")]
    stop_at: Option<u64>,
    /// Tell how and when this node came to know, solidify and confirm the transaction with this hash, or begin of a hash; of a
    /// Hedera network, how a node or the `mirror` came to know the transaction with this id, such as 0.0.1001-1699999991-000000001
    #[arg(long, num_args = 2, value_names = ["NODE", "TX"])]
    explain: Option<Vec<String>>,
    /// Run it on turmoil hosts instead of the event queue: the nodes' real HTTP and TCP code on a simulated network with simulated
    /// disks, at most 25 nodes
    #[arg(long, conflicts_with_all = ["stop_at", "explain"])]
    wire: bool,
    /// Print one JSON object with the outcome
    #[arg(long)]
    json: bool,
    /// Write a page with the tangle or hashgraph as a picture, and a timeline of nodes, milestones or rounds, and faults: html=FILE
    #[arg(long, value_name = "html=FILE", value_parser = page)]
    report: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn sim(args: &SimArgs) -> Exit {
    let done = mine::able()
        .and_then(|()| worlds::load_network(&args.world))
        .and_then(|world| Case { args, seed: args.seed.unwrap_or(world.seed), world: &world }.run());
    done.unwrap_or_else(|exit| exit)
}

fn page(text: &str) -> Result<PathBuf, String> {
    let file = text.strip_prefix("html=").filter(|file| !file.is_empty());
    file.map(PathBuf::from).ok_or_else(|| "of a simulation there is a page only: html=FILE".into())
}

fn virtual_time(text: &str) -> Result<u64, String> {
    parse_time(text).ok_or_else(|| "a time like 500ms, 90s or 2m".into())
}

/// What is run.
struct Case<'a> {
    args: &'a SimArgs,
    seed: u64,
    world: &'a World,
}

impl Case<'_> {
    fn run(&self) -> Result<Exit, Exit> {
        self.check_options()?;
        if self.args.wire {
            return wire::tell(self);
        }
        self.args.report.iter().try_for_each(|file| reports::able(file))?;
        let writer = self.args.trace.as_ref().map(|path| self.writer(path)).transpose()?;
        let Ran { report, told, picture } =
            self.once(writer.map_or_else(Trace::default, |file| Trace::to(file)))?;
        let again = if self.args.twice { Some(self.once(Trace::default())?.report) } else { None };
        let outcome = Outcome { case: self, report: &report, again: again.as_ref(), told };
        if let (Some(file), Some(picture)) = (&self.args.report, &picture) {
            reports::put(file, outcome.page(picture))?;
        }
        Ok(outcome.tell())
    }

    /// Refuses what only nodes of a tangle can do, where others are.
    fn check_options(&self) -> Result<(), Exit> {
        if !self.args.wire || self.scenario().hedera.is_none() {
            return Ok(());
        }
        let what = "--wire is for nodes of a tangle, not for those of a Hedera network, as in the world";
        Err(Exit::Usage.because(format_args!("{what} {}", self.args.world)))
    }

    fn writer(&self, path: &PathBuf) -> Result<Box<BufWriter<File>>, Exit> {
        let file = File::create(path)
            .map_err(|error| Exit::Usage.because(format_args!("{}: {error}", path.display())))?;
        Ok(Box::new(BufWriter::new(file)))
    }

    fn scenario(&self) -> &Scenario {
        &self.world.scenario
    }

    /// One run, and what there is to explain.
    fn once(&self, trace: Trace) -> Result<Ran, Exit> {
        let mut run = Run::new(self.scenario().clone(), self.seed, trace)
            .map_err(|error| Exit::InvalidInput.because(format_args!("{}: {error}", self.args.world)))?;
        run.stop_at(self.args.stop_at);
        if self.args.explain.is_some() {
            run.tangle.iter_mut().for_each(Simulation::keep_history);
            run.hedera.iter_mut().for_each(Network::keep_history);
        }
        let end = self.args.until.unwrap_or(run.end());
        let bar = bar(end);
        let mut film = Film::default();
        film.look(&run);
        while run.now() < end && run.advance_to(end.min(run.now() + SLICE)) {
            bar.set_position(run.now());
            film.look(&run);
        }
        bar.finish_and_clear();
        let told = self.args.explain.as_deref().map(|words| self.explain(&run, words)).transpose()?;
        run.trace()
            .map_or(Ok(()), Trace::finish)
            .map_err(|error| Exit::Unusable.because(format_args!("the trace cannot be written: {error}")))?;
        let picture = self.args.report.is_some().then(|| film.develop(&run));
        Ok(Ran { report: run.finish(), told, picture })
    }

    fn explain(&self, run: &Run, words: &[String]) -> Result<Explained, Exit> {
        let [name, which] = words else { return Err(Exit::Usage) };
        let found = match (&run.tangle, &run.hedera, self.scenario().number_of(name)) {
            (Some(simulation), _, Some(number)) => self.explain_bundle(simulation, number, which),
            (_, Some(network), None) => self.explain_transfer(network, name, which),
            _ => Err(format!("there is no node `{name}` in {}", self.args.world)),
        };
        found.map_err(|what| Exit::Usage.because(what))
    }

    /// The number of a member of the Hedera network; that of the mirror node is the one after the last.
    fn member(&self, name: &str) -> Option<usize> {
        let plan = self.scenario().hedera.as_ref()?;
        let mirror = plan.mirror && name == MIRROR;
        plan.base.number_of(name).or(mirror.then_some(plan.base.nodes.len()))
    }

    fn explain_bundle(&self, simulation: &Simulation, node: usize, begin: &str) -> Result<Explained, String> {
        let nodes = &self.scenario().nodes;
        let hash = known_hash(simulation, nodes.len(), begin)?;
        let told = simulation.explain(node, &hash).into_iter();
        let told = told.map(|Moment { at, event, step }| Told { at, event, what: self.step(step) });
        Ok(Explained { node: nodes[node].clone(), what: hash.to_string(), moments: told.collect() })
    }

    /// What became of a transaction at a member of a Hedera network, or at its mirror node.
    fn explain_transfer(&self, network: &Network, name: &str, id: &str) -> Result<Explained, String> {
        let who = self.member(name);
        let who = who.ok_or("there is no such node, and nobody is called `mirror` but a mirror node")?;
        let id: TransactionId = id.parse().map_err(|error| format!("{id}: {error}"))?;
        if !network.knows(&id) {
            return Err(format!("no node ever heard of {id}"));
        }
        let told = network.explain(who, &id).into_iter();
        let told = told.map(|hedera::Moment { at, event, step }| Told { at, event, what: step.to_string() });
        Ok(Explained { node: name.to_owned(), what: id.to_string(), moments: told.collect() })
    }

    fn step(&self, step: Step) -> String {
        let name = |number: usize| self.scenario().nodes.get(number).map_or("?", String::as_str);
        match step {
            Step::Asked { of } => format!("asked {} for it", name(of)),
            Step::Heard { from } => format!("heard from {}", name(from)),
            Step::HeardAgain { from } => format!("heard again from {}", name(from)),
            other => other.to_string(),
        }
    }

    fn replay(&self) -> String {
        let mut command = replay(&self.args.world, self.seed);
        if self.args.wire {
            command.push_str(" --wire");
        }
        if let Some(until) = self.args.until {
            command.push_str(&format!(" --until {}", show_time(until)));
        }
        if let Some(event) = self.args.stop_at {
            command.push_str(&format!(" --stop-at {event}"));
        }
        command
    }
}

/// A bar of virtual time, on a terminal.
fn bar(end: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(end), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{wide_bar} {percent}% of the virtual time  {elapsed}  {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The transaction whose hash begins like this, among those that some node knows.
fn known_hash(simulation: &Simulation, nodes: usize, begin: &str) -> Result<Hash, String> {
    if begin.len() < SHORTEST_HASH {
        return Err(format!("at least the first {SHORTEST_HASH} trytes of a hash are needed"));
    }
    let known = (0..nodes).filter_map(|number| simulation.node(number)).flat_map(|node| node.transactions());
    let hashes =
        known.map(|transaction| transaction.hash()).filter(|hash| hash.to_string().starts_with(begin));
    let mut found: Vec<Hash> = hashes.collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [hash] => Ok(hash),
        [] => Err(format!("no node knows a transaction whose hash begins with {begin}")),
        _ => Err(format!("the hashes of {} transactions begin with {begin}", found.len())),
    }
}

/// A run that came to its end.
struct Ran {
    report: Report,
    told: Option<Explained>,
    picture: Option<Picture>,
}

/// A transaction's life at a node.
struct Explained {
    node: String,
    /// The hash or id of the transaction.
    what: String,
    moments: Vec<Told>,
}

/// One moment of it, in words.
struct Told {
    /// Virtual milliseconds from the start.
    at: u64,
    /// Number of the last trace line written by then.
    event: u64,
    what: String,
}

/// What a run came to.
struct Outcome<'a> {
    case: &'a Case<'a>,
    report: &'a Report,
    again: Option<&'a Report>,
    told: Option<Explained>,
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
        if self.case.args.json {
            println!("{}", self.object());
        } else {
            self.tell_run();
            self.tell_violations();
            self.tell_explained();
        }
        self.exit()
    }

    fn names(&self) -> &[String] {
        &self.case.scenario().nodes
    }

    fn found(&self) -> Vec<Found> {
        SeedResult::of(self.report).violations
    }

    /// What the seed drew: faults and misbehaving nodes, as a world file says them.
    fn drawn(&self) -> Vec<(u64, String)> {
        let written = self.case.scenario();
        let swarm = Scenario { faults: Vec::new(), ..written.clone() }.explicit(self.case.seed);
        let of = |timed: &Timed, names: &[String]| (timed.at, fault_text(&timed.fault, names));
        let mut drawn: Vec<_> = swarm.faults.iter().map(|timed| of(timed, self.names())).collect();
        if let Some(plan) = &written.hedera {
            let swarm = Scenario { faults: Vec::new(), ..plan.base.clone() }.explicit(self.case.seed);
            drawn.extend(swarm.faults.iter().map(|timed| of(timed, &plan.base.nodes)));
        }
        drawn
    }

    /// What happened to each network, that of the tangle first: the faults written and drawn, and the violations.
    fn happened(&self) -> Vec<Happened> {
        let scenario = self.case.scenario();
        let of_hedera = self.report.hedera.as_ref().map_or(&[][..], |hedera| &hedera.violations);
        let of_tangle = self.report.violations.len() - of_hedera.len();
        let tangle = scenario
            .lone_hedera()
            .is_none()
            .then(|| self.happened_to(scenario, &self.report.violations[..of_tangle]));
        let hedera = scenario.hedera.as_ref().map(|plan| self.happened_to(&plan.base, of_hedera));
        tangle.into_iter().chain(hedera).collect()
    }

    fn happened_to(&self, scenario: &Scenario, violations: &[Violation]) -> Happened {
        let faults = scenario.explicit(self.case.seed).faults.into_iter();
        let faults = faults.filter(|timed| timed.at <= self.report.duration);
        let wrong = violations.iter();
        let wrong =
            wrong.map(|one| (one.at, one.node, format!("{} at {}: {}", one.invariant, one.name, one.what)));
        Happened {
            faults: faults.map(|timed| (timed.at, fault_text(&timed.fault, &scenario.nodes))).collect(),
            violations: wrong.collect(),
        }
    }

    fn page(&self, picture: &Picture) -> Result<String, String> {
        let world = [
            ("world", self.case.args.world.clone()),
            ("seed", self.case.seed.to_string()),
            ("virtual time", show_time(self.report.duration)),
        ];
        let replay = [("replay", self.case.replay())];
        let facts = world.into_iter().chain(self.facts()).chain(replay);
        let facts: Vec<_> = facts.map(|(name, value)| (name.to_owned(), value)).collect();
        let title = format!("Simulation of {}, seed {}", self.case.args.world, self.case.seed);
        picture.render(&title, &facts, &self.happened())
    }

    /// What there is to say of the run: names and values.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let Report { digest, events, milestones, transactions, .. } = self.report;
        let mut facts = vec![("events", events.to_string())];
        if !self.names().is_empty() {
            facts.push(("milestones", milestones.to_string()));
            let keys = |at| {
                let at = show_time(at);
                format!("used up after {at}: no milestone from then on, and nothing is confirmed")
            };
            facts.extend(self.report.out_of_keys.map(|at| ("keys", keys(at))));
            facts.extend([("transactions", transactions.to_string()), ("solid", self.solid())]);
        }
        if let Some(hedera) = &self.report.hedera {
            let transfers = format!("{} sent, {} handled", hedera.sent, hedera.handled);
            facts.extend([("transfers", transfers), ("members", self.members(hedera))]);
            facts.extend(hedera.imported.map(|imported| ("mirror", format!("{imported} files taken in"))));
        }
        facts.push(("digest", digest.clone()));
        facts
    }

    fn tell_run(&self) {
        let Report { digest, duration, .. } = self.report;
        println!("world        {}, seed {}, {}", self.case.args.world, self.case.seed, show_time(*duration));
        for (at, fault) in self.drawn() {
            println!("swarm        {} {fault}", show_time(at));
        }
        for (name, value) in self.facts() {
            println!("{name:<12} {value}");
        }
        if let Some(again) = self.again {
            let same = again.digest == *digest;
            println!("again        {}", if same { "the same" } else { &again.digest });
        }
    }

    fn tell_violations(&self) {
        for found in self.found() {
            let at = show_time(found.at);
            println!("violated     {} at {} after {at}: {}", found.invariant, found.node, found.what);
        }
        if !self.report.violations.is_empty() {
            println!("replay       {}", self.case.replay());
        }
    }

    fn tell_explained(&self) {
        let Some(told) = &self.told else { return };
        println!("explain      {} at {}", told.what, told.node);
        if told.moments.is_empty() {
            println!("  it never heard of it");
        }
        for Told { at, event, what } in &told.moments {
            println!("  {:>9}  event {event:>7}  {what}", show_time(*at));
        }
    }

    fn solid(&self) -> String {
        let one = |(name, solid): (&String, &Option<i32>)| {
            solid.map_or_else(|| format!("{name} down"), |solid| format!("{name} {solid}"))
        };
        self.names().iter().zip(&self.report.solid).map(one).collect::<Vec<_>>().join(", ")
    }

    /// How many transactions each member of the Hedera network has handled.
    fn members(&self, hedera: &NetworkReport) -> String {
        let one = |(name, handled): (&String, &Option<u64>)| {
            handled.map_or_else(|| format!("{name} down"), |handled| format!("{name} {handled}"))
        };
        self.member_names().iter().zip(&hedera.members).map(one).collect::<Vec<_>>().join(", ")
    }

    fn member_names(&self) -> &[String] {
        self.case.scenario().hedera.as_ref().map_or(&[], |plan| &plan.base.nodes)
    }

    fn object(&self) -> Value {
        let solid = self.names().iter().cloned().zip(self.report.solid.iter().map(|solid| json!(solid)));
        let drawn = self.drawn().into_iter().map(|(at, fault)| json!({ "at": at, "fault": fault }));
        let hedera = self.report.hedera.as_ref().map(|hedera| {
            let members =
                self.member_names().iter().cloned().zip(hedera.members.iter().map(|count| json!(count)));
            json!({
                "sent": hedera.sent,
                "handled": hedera.handled,
                "imported": hedera.imported,
                "members": members.collect::<serde_json::Map<_, _>>(),
            })
        });
        let told = self.told.as_ref().map(|told| {
            let moments = told.moments.iter();
            let moments =
                moments.map(|Told { at, event, what }| json!({ "at": at, "event": event, "what": what }));
            json!({ "node": told.node, "hash": told.what, "moments": moments.collect::<Vec<_>>() })
        });
        let mut object = json!({
            "type": "run",
            "world": self.case.args.world,
            "seed": self.case.seed,
            "digest": self.report.digest,
            "again": self.again.map(|again| &again.digest),
            "events": self.report.events,
            "duration_ms": self.report.duration,
            "milestones": self.report.milestones,
            "out_of_keys_ms": self.report.out_of_keys,
            "transactions": self.report.transactions,
            "solid": solid.collect::<serde_json::Map<_, _>>(),
            "swarm": drawn.collect::<Vec<_>>(),
            "violations": self.found(),
            "explain": told,
            "replay": self.case.replay(),
            "exit": self.exit() as u8,
        });
        if let (Some(hedera), Some(fields)) = (hedera, object.as_object_mut()) {
            fields.insert("hedera".to_owned(), hedera);
        }
        object
    }
}
