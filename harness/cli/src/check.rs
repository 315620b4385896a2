//! `tanglegram check`: selects, runs and reports.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tanglegram_runner::{Ending, Library, Outcome, Plan, Remote, RunOptions, Selection, Summary, Verdict};
use tanglegram_target::{Client, Embedded, Endpoint, IRI, Limits, MIRROR, Provider, World};
use tanglegram_vector::Level;
use tokio::time::Instant;

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::style::Style;
use crate::{json, mine, problems, report};

/// How long a node may take to show that it is a mirror node.
const PROBE: Duration = Duration::from_secs(5);

/// Runs the command.
pub(crate) fn check(args: &CheckArgs) -> Exit {
    let endpoint = match args.url.as_deref().map(|url| endpoint(url, args)).transpose() {
        Ok(endpoint) => endpoint,
        Err(error) => return fail(&error, Exit::Usage),
    };
    // The embedded node mines.
    if let (None, Err(exit)) = (&endpoint, mine::able()) {
        return exit;
    }
    let library = match args.sources.load() {
        Ok(library) => library,
        Err(found) => return problems::print(&found),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}"), Exit::Unusable),
    };
    let api = match known_api(args, &library) {
        None => endpoint
            .as_ref()
            .filter(|_| !args.list)
            .map(|endpoint| runtime.block_on(api_of(endpoint, limits(args, true))).to_owned()),
        known => known,
    };
    let plan = Plan::new(&library, &selection(args, api.clone()));
    if plan.is_empty() {
        let count = library.vectors().count();
        return fail(&format!("none of the {count} vectors is selected"), Exit::Nothing);
    }
    if args.list {
        return list(&plan);
    }
    runtime.block_on(start(args, endpoint, api.as_deref(), &library, &plan))
}

/// The API that all selected vectors speak, where that is clear without asking a target.
fn known_api(args: &CheckArgs, library: &Library) -> Option<String> {
    let chosen = &args.selection;
    let world = chosen.world.as_deref().and_then(World::find).map(|world| world.api.to_owned());
    let api = chosen.api.clone().or(world);
    let plan = Plan::new(library, &selection(args, api.clone()));
    let mut apis: Vec<&str> = plan.items.iter().map(|item| item.vector.api()).collect();
    apis.dedup();
    let only = if let [only] = apis[..] { Some(only.to_owned()) } else { None };
    api.or(only)
}

/// Which API is behind a URL: that of a mirror node if it answers as one, else that of an IRI node.
pub(crate) async fn api_of(endpoint: &Endpoint, limits: Limits) -> &'static str {
    let exchange = limits.exchange.min(PROBE);
    let mut client = Client::new(endpoint.clone(), Limits { exchange, ..limits });
    if tanglegram_runner::mirror_preflight(&mut client).await.is_ok() { MIRROR } else { IRI }
}

/// The bounds on one exchange with a node behind a URL, or with the embedded one.
fn limits(args: &CheckArgs, remote: bool) -> Limits {
    let timeout = args.timeout.unwrap_or(if remote { 30.0 } else { 300.0 });
    Limits { exchange: Duration::from_secs_f64(timeout), ..Limits::default() }
}

/// Tells in one line why nothing was done.
fn fail(why: &dyn std::fmt::Display, exit: Exit) -> Exit {
    eprintln!("error: {why}");
    exit
}

fn endpoint(url: &str, args: &CheckArgs) -> Result<Endpoint, tanglegram_target::UrlError> {
    let endpoint = Endpoint::parse(url)?;
    match &args.remote.bearer {
        Some(token) => endpoint.with_bearer(token),
        None => Ok(endpoint),
    }
}

fn selection(args: &CheckArgs, api: Option<String>) -> Selection {
    let chosen = &args.selection;
    let default = if args.url.is_some() { Level::Spec } else { Level::Exact };
    Selection {
        filters: chosen.filters.clone(),
        tags: chosen.tags.clone(),
        level: chosen.level.map_or(default, Level::from),
        dialect: dialect(args, IRI),
        mirror_dialect: dialect(args, MIRROR),
        api,
        world: chosen.world.clone(),
        read_only: chosen.read_only,
        external: args.url.is_some(),
    }
}

/// The dialect of an API: the one that was asked for, if it is one of this API, else the default.
fn dialect(args: &CheckArgs, api: &str) -> String {
    let known = tanglegram_target::dialects(api);
    let chosen = args.selection.dialect.as_deref().filter(|chosen| known.contains(chosen));
    chosen.unwrap_or(known[0]).to_owned()
}

fn list(plan: &Plan<'_>) -> Exit {
    let mut paths: Vec<&str> = plan.items.iter().map(|item| item.vector.path.as_str()).collect();
    paths.extend(plan.skipped.iter().map(|(vector, _)| vector.path.as_str()));
    paths.sort_unstable();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for path in paths {
        // A closed pipe (`| head`) is no failure.
        if writeln!(out, "{path}").is_err() {
            break;
        }
    }
    Exit::Expected
}

async fn start(
    args: &CheckArgs,
    endpoint: Option<Endpoint>,
    api: Option<&str>,
    library: &Library,
    plan: &Plan<'_>,
) -> Exit {
    let limits = limits(args, endpoint.is_some());
    let Some(endpoint) = endpoint else {
        let (iri, mirror) = (dialect(args, IRI), dialect(args, MIRROR));
        let mut embedded = Embedded::new(&iri, Arc::clone(&library.fixture)).with_mirror_dialect(&mirror);
        return drive(args, &mut embedded, plan, limits).await;
    };
    let mut remote = Remote::new(endpoint, limits);
    let world = args.selection.world.as_deref().and_then(World::find);
    if let Some(world) = world.filter(|world| world.api == MIRROR) {
        remote = remote.fed(world, Arc::clone(&library.fixture));
    }
    if args.remote.feed {
        let name = args.selection.world.as_deref().unwrap_or(tanglegram_target::WORLDS[0].name);
        if let Some(world) = World::find(name) {
            remote = remote.fed(world, Arc::clone(&library.fixture));
        }
    }
    let mut client = Client::new(remote.endpoint().clone(), limits);
    let software = match api {
        Some(MIRROR) => {
            tanglegram_runner::mirror_preflight(&mut client).await.map(|()| "a mirror node".to_owned())
        }
        _ => tanglegram_runner::preflight(&mut client).await.map(|info| info.software),
    };
    match software {
        Ok(software) => note(args, &format!("checking {} ({software})", client.endpoint())),
        Err(why) => return unusable(args, &why),
    }
    drop(client);
    drive(args, &mut remote, plan, limits).await
}

/// A line for people about what is going on.
fn note(args: &CheckArgs, text: &str) {
    if !args.json {
        eprintln!("{text}");
    }
}

/// One clear result, not one per vector.
fn unusable(args: &CheckArgs, why: &str) -> Exit {
    let exit = Exit::Unusable;
    if args.json {
        let ending = Ending::Unusable(why.to_owned());
        println!("{}", json::summary(&Summary::default(), &ending, exit, Duration::ZERO));
    }
    fail(&format!("the target cannot be used: {why}"), exit)
}

/// Runs the plan until its end or Ctrl-C, and reports.
async fn drive<P: Provider>(args: &CheckArgs, provider: &mut P, plan: &Plan<'_>, limits: Limits) -> Exit {
    let options = RunOptions { limits, total: Duration::from_secs_f64(args.max_time) };
    let started = Instant::now();
    let mut progress = Progress::new(args, plan.len());
    let ending = {
        let mut observe = |outcome: Outcome<'_>| progress.observe(&outcome);
        let run = tanglegram_runner::run(plan, provider, &options, &mut observe);
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => None,
            ending = run => Some(ending),
        }
    };
    progress.finish(ending, plan.len(), started.elapsed())
}

/// What is shown while the vectors run, and afterwards.
struct Progress {
    bar: ProgressBar,
    json: bool,
    style: Style,
    summary: Summary,
}

impl Progress {
    fn new(args: &CheckArgs, length: usize) -> Self {
        let shown = io::stderr().is_terminal() && !args.json;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(length as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { bar, json: args.json, style: Style::of(&io::stdout()), summary: Summary::default() }
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        self.summary.add(outcome);
        if self.json {
            println_quietly(&json::outcome(outcome).to_string());
        } else if let Verdict::Fail(failure) = &outcome.verdict {
            let (style, failed) = (self.style, self.summary.all.failed);
            self.bar.suspend(|| {
                let mut out = io::stdout().lock();
                let _ = if report::shows_whole(failed) {
                    report::failure(outcome.vector, failure, style, &mut out)
                } else {
                    writeln!(out, "{} {}", style.bad("FAIL"), outcome.vector.path)
                };
            });
        }
        self.bar.inc(1);
    }

    fn finish(self, ending: Option<Ending>, planned: usize, elapsed: Duration) -> Exit {
        self.bar.finish_and_clear();
        let exit = self.exit(ending.as_ref());
        if self.json {
            let ending = ending.clone().unwrap_or(Ending::Unusable("interrupted".into()));
            println_quietly(&json::summary(&self.summary, &ending, exit, elapsed).to_string());
        } else {
            let _ = report::summary(&self.summary, elapsed, self.style, &mut io::stdout().lock());
        }
        let left = planned - self.summary.all.total();
        match ending {
            None => eprintln!("interrupted; {left} vectors were not run"),
            Some(Ending::Unusable(why)) => eprintln!("error: {why}; {left} vectors were not run"),
            Some(Ending::Complete) if exit == Exit::Nothing => {
                eprintln!("error: nothing was run: every selected vector was skipped");
            }
            Some(Ending::Complete) => {}
        }
        exit
    }

    fn exit(&self, ending: Option<&Ending>) -> Exit {
        let counts = self.summary.all;
        match ending {
            None => Exit::Interrupted,
            Some(Ending::Unusable(_)) => Exit::Unusable,
            Some(Ending::Complete) if counts.failed > 0 => Exit::Failed,
            Some(Ending::Complete) if counts.passed == 0 => Exit::Nothing,
            Some(Ending::Complete) => Exit::Expected,
        }
    }
}

/// A line to standard output; that nobody reads it any more is no failure.
fn println_quietly(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
