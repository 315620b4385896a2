//! `tanglegram check`: selects, runs and reports, one target after the other.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tanglegram_runner::report::{About, Run};
use tanglegram_runner::{Library, Outcome, Plan, Remote, RunOptions, Selection};
use tanglegram_target::{
    Between, Client, EMBEDDED_SEED, Embedded, Endpoint, IRI, Limits, LogTail, MIRROR, Provider, Recorder,
    Recording, World,
};
use tanglegram_vector::Level;
use tokio::time::Instant;

use crate::args::{CheckArgs, Place};
use crate::exit::Exit;
use crate::interrupt::Stop;
use crate::known::Known;
use crate::progress::{Checked, Progress};
use crate::reports::{self, Wanted};
use crate::started::Started;
use crate::{cluster, mine, problems};

/// How much longer than a check may take a container is left alone by others.
const LEASE: Duration = Duration::from_secs(3600);
/// How long a node may take to show that it is a mirror node.
const PROBE: Duration = Duration::from_secs(5);

/// Runs the command.
pub(crate) fn check(args: &CheckArgs) -> Exit {
    checked(args).unwrap_or_else(|exit| exit)
}

fn checked(args: &CheckArgs) -> Result<Exit, Exit> {
    let endpoints = endpoints(args)?;
    let wanted = wanted(args);
    wanted.iter().try_for_each(|one| reports::able(&one.file))?;
    // The embedded node mines.
    if is_embedded(args, &endpoints) {
        mine::able()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let cannot = |error: io::Error| Exit::Unusable.because(format_args!("cannot start: {error}"));
    let runtime = runtime.map_err(cannot)?;
    // From before anything takes long: whoever starts this may send a signal at once.
    let stop = runtime.block_on(async { Stop::listen() }).map_err(cannot)?;
    let library = args.sources.load().map_err(|found| problems::print(&found))?;
    let known = Known::load(&args.known, &library)?;
    if args.known.update_baseline && endpoints.len() > 1 {
        return Err(Exit::Usage.because("--update-baseline is for one target"));
    }
    let remote = !is_embedded(args, &endpoints);
    let job = Job { args, library: &library, known: &known, remote, stop };
    job.fits_profile()?;
    if args.list {
        return job.list();
    }
    let started = now();
    let runs = if args.start.any() {
        vec![runtime.block_on(job.started(endpoints.first()))?]
    } else if let Some(recording) = &args.known.recorded {
        vec![runtime.block_on(job.recorded(recording))?]
    } else if endpoints.is_empty() {
        vec![runtime.block_on(job.embedded())?]
    } else {
        runtime.block_on(job.remotes(&endpoints))?
    };
    finish(args, &wanted, started, runs)
}

/// The summary over several targets, the reports, and the exit code of all.
fn finish(args: &CheckArgs, wanted: &[Wanted], started: SystemTime, all: Vec<Checked>) -> Result<Exit, Exit> {
    let exit = cluster::exit(all.iter().map(|checked| checked.exit));
    let runs: Vec<Run> = all.into_iter().map(|checked| checked.run).collect();
    if runs.len() > 1 && !args.json {
        let _ = cluster::summary(&runs, &mut io::stdout().lock()); // nobody may be reading any more
    }
    reports::write(wanted, started, runs)?;
    Ok(exit)
}

/// The nodes to ask; none for the embedded one.
fn endpoints(args: &CheckArgs) -> Result<Vec<Endpoint>, Exit> {
    let urls = args.places.iter().filter_map(Place::url);
    let endpoints: Result<Vec<_>, _> = urls.map(|url| args.remote.reach.endpoint(url)).collect();
    let endpoints = endpoints.map_err(|error| Exit::Usage.because(error))?;
    if is_embedded(args, &endpoints) && (args.remote.feed || args.remote.reach.is_given()) {
        return Err(Exit::Usage.because(
            "--feed and what says how a node is reached are for a node of yours; give its URL, --cmd or --image",
        ));
    }
    if args.start.cmd.is_some() && endpoints.len() > 1 {
        return Err(Exit::Usage.because("--cmd starts one node: give one URL at most"));
    }
    if args.start.image.is_some() && !endpoints.is_empty() {
        return Err(Exit::Usage.because("--image says itself where its node is: give no URL"));
    }
    Ok(endpoints)
}

/// Whether no other node is named than the one that is built in.
fn is_embedded(args: &CheckArgs, endpoints: &[Endpoint]) -> bool {
    endpoints.is_empty() && !args.start.any() && args.known.recorded.is_none()
}

/// The reports to write: those of `--report`, and what follows it.
fn wanted(args: &CheckArgs) -> Vec<Wanted> {
    args.reports.iter().chain(args.places.iter().filter_map(Place::report)).cloned().collect()
}

/// Now, for the date of a report.
#[allow(clippy::disallowed_methods, reason = "reports tell when they were made")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// What is to be done with each target.
struct Job<'a> {
    args: &'a CheckArgs,
    library: &'a Library,
    known: &'a Known,
    /// Whether the targets are nodes behind URLs, or recordings of such.
    remote: bool,
    stop: Stop,
}

impl Job<'_> {
    /// The API that all selected vectors speak, where that is clear without asking a target.
    fn known_api(&self) -> Option<String> {
        let chosen = &self.args.selection;
        let world = chosen.world.as_deref().and_then(World::find).map(|world| world.api.to_owned());
        let api = chosen.api.clone().or(world).or_else(|| self.known.api().map(str::to_owned));
        let plan = Plan::new(self.library, &self.selection(api.clone()));
        let mut apis: Vec<&str> = plan.items.iter().map(|item| item.vector.api()).collect();
        apis.dedup();
        let only = if let [only] = apis[..] { Some(only.to_owned()) } else { None };
        api.or(only)
    }

    fn selection(&self, api: Option<String>) -> Selection {
        let chosen = &self.args.selection;
        Selection {
            filters: chosen.filters.clone(),
            tags: chosen.tags.clone(),
            level: self.level(),
            dialect: self.dialect(IRI),
            mirror_dialect: self.dialect(MIRROR),
            // A profile knows how its node answers that.
            document: self.known.profile().is_some() || (self.remote && chosen.dialect.is_none()),
            api,
            world: chosen.world.clone(),
            read_only: chosen.read_only,
            external: self.remote,
        }
    }

    fn level(&self) -> Level {
        let default = if self.remote { Level::Spec } else { Level::Exact };
        let default = self.known.level().map_or(default, |most| default.min(most));
        self.args.selection.level.map_or(default, Level::from)
    }

    /// A profile knows its node only so strictly, only by one API and only in one dialect.
    fn fits_profile(&self) -> Result<(), Exit> {
        let Some(profile) = self.known.profile() else { return Ok(()) };
        if self.known.level().is_some_and(|most| self.level() > most) {
            let why = format!("the profile {profile} knows its node at level spec only");
            return Err(Exit::Usage.because(why));
        }
        let chosen = &self.args.selection;
        let dialect = chosen.dialect.as_deref().filter(|one| Some(*one) != self.known.dialect());
        let api = chosen.api.as_deref().filter(|one| Some(*one) != self.known.api());
        match dialect.or(api) {
            Some(other) => Err(Exit::Usage.because(format!("the profile {profile} is not of {other}"))),
            None => Ok(()),
        }
    }

    /// The dialect of an API: the one that was asked for, if it is one of this API, else the default.
    fn dialect(&self, api: &str) -> String {
        let dialects = tanglegram_target::dialects(api);
        let chosen = self.args.selection.dialect.as_deref().or(self.known.dialect());
        chosen.filter(|chosen| dialects.contains(chosen)).unwrap_or(dialects[0]).to_owned()
    }

    /// What is selected, which is not nothing.
    fn plan(&self, api: Option<&str>) -> Result<Plan<'_>, Exit> {
        let plan = Plan::new(self.library, &self.selection(api.map(str::to_owned)));
        if plan.is_empty() {
            let count = self.library.vectors().count();
            return Err(Exit::Nothing.because(format_args!("none of the {count} vectors is selected")));
        }
        Ok(plan)
    }

    fn list(&self) -> Result<Exit, Exit> {
        let plan = self.plan(self.known_api().as_deref())?;
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
        Ok(Exit::Expected)
    }

    /// The bounds on one exchange with a node behind a URL, or with the embedded one.
    fn limits(&self) -> Limits {
        let timeout = self.args.timeout.unwrap_or(if self.remote { 30.0 } else { 300.0 });
        Limits { exchange: Duration::from_secs_f64(timeout), ..Limits::default() }
    }

    /// Who is asked, as the report names it.
    fn about(&self, target: &str, api: Option<&str>, plan: &Plan<'_>) -> About {
        let dialects = match api {
            Some(api) => self.dialect(api),
            None => format!("{}, {}", self.dialect(IRI), self.dialect(MIRROR)),
        };
        About {
            target: target.to_owned(),
            dialect: dialects,
            level: self.level().name().to_owned(),
            profile: self.known.profile().map(str::to_owned),
            vectors: plan.digest(),
            ..About::default()
        }
    }

    async fn embedded(&self) -> Result<Checked, Exit> {
        let api = self.known_api();
        let plan = self.plan(api.as_deref())?;
        let (iri, mirror) = (self.dialect(IRI), self.dialect(MIRROR));
        let mut embedded =
            Embedded::new(&iri, Arc::clone(&self.library.fixture)).with_mirror_dialect(&mirror);
        let about = About {
            software: Some(concat!("tanglegram ", env!("CARGO_PKG_VERSION")).to_owned()),
            seed: Some(EMBEDDED_SEED),
            ..self.about("the reference node", api.as_deref(), &plan)
        };
        Ok(self.drive(&mut embedded, &plan, about, None).await)
    }

    /// What was recorded of a node.
    async fn recorded(&self, file: &Path) -> Result<Checked, Exit> {
        // Other versions' replies are told by their digits.
        let version: String = self.version().chars().filter(char::is_ascii_digit).collect();
        let recording = Recording::read(file, &version).map_err(|error| Exit::InvalidInput.because(error))?;
        let plan = self.plan(Some(recording.api()))?;
        let about = About {
            software: Some("a recording".to_owned()),
            ..self.about(&file.display().to_string(), Some(recording.api()), &plan)
        };
        Ok(self.drive(&mut Recorder::new(recording), &plan, about, None).await)
    }

    /// The version of which a recording is asked: that of the profile, else of the dialect.
    fn version(&self) -> String {
        self.known.profile().map_or_else(|| self.dialect(IRI), str::to_owned)
    }

    /// One node after the other, until all are checked or somebody has enough.
    async fn remotes(&self, endpoints: &[Endpoint]) -> Result<Vec<Checked>, Exit> {
        let known = self.known_api();
        let mut all = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            let checked = self.remote(&endpoint.to_string(), endpoint, known.as_deref(), None).await?;
            let enough = checked.exit == Exit::Interrupted;
            all.push(checked);
            if enough {
                break;
            }
        }
        Ok(all)
    }

    /// A node that is started for this check, and ended after it.
    async fn started(&self, at: Option<&Endpoint>) -> Result<Checked, Exit> {
        let lease = Duration::from_secs_f64(self.args.max_time + self.args.start.ready) + LEASE;
        let mut started = tokio::select! {
            biased;
            () = self.stop.comes() => return Err(Exit::Interrupted.because("interrupted before the node was started")),
            started = Started::start(&self.args.start, at, lease) => started?,
        };
        self.note(&format!("started {}", started.name));
        let within = Duration::from_secs_f64(self.args.start.ready);
        let endpoint = self.args.remote.reach.set(started.endpoint.clone());
        let endpoint = endpoint.map_err(|error| Exit::Usage.because(error))?;
        tokio::select! {
            biased;
            () = self.stop.comes() => return Err(Exit::Interrupted.because("interrupted before the node answered")),
            ready = started.ready(&endpoint, self.limits(), within) => {
                ready.map_err(|why| Exit::Unusable.because(format_args!("the target cannot be used: {why}")))?;
            }
        }
        let api = self.known_api();
        self.remote(&started.name, &endpoint, api.as_deref(), Some(started.log())).await
    }

    async fn remote(
        &self,
        name: &str,
        endpoint: &Endpoint,
        api: Option<&str>,
        log: Option<&LogTail>,
    ) -> Result<Checked, Exit> {
        let limits = self.limits();
        let api = match api {
            Some(api) => api,
            None => api_of(endpoint, limits).await,
        };
        let plan = self.plan(Some(api))?;
        let mut remote = self.feeding(Remote::new(endpoint.clone(), limits));
        let mut about = self.about(name, Some(api), &plan);
        match software(api, remote.endpoint(), limits).await {
            Ok(software) => {
                self.note(&format!("checking {endpoint} ({software})"));
                about.software = Some(software);
                Ok(self.drive(&mut remote, &plan, about, log).await)
            }
            Err(why) => Ok(self.unusable(Run::new(about, &plan), why)),
        }
    }

    /// The node with what it is fed, if it is.
    fn feeding(&self, remote: Remote) -> Remote {
        let chosen = self.args.selection.world.as_deref();
        let fed = self.args.remote.feed.then(|| chosen.unwrap_or(tanglegram_target::WORLDS[0].name));
        let world = chosen.and_then(World::find).filter(|world| world.api == MIRROR);
        match world.or_else(|| fed.and_then(World::find)) {
            Some(world) => remote.fed(world, Arc::clone(&self.library.fixture)),
            None => remote,
        }
    }

    /// A line for people about what is going on.
    fn note(&self, text: &str) {
        if !self.args.json {
            eprintln!("{text}");
        }
    }

    /// One clear result, not one per vector.
    fn unusable(&self, run: Run, why: String) -> Checked {
        Exit::Unusable.because(format_args!("the target cannot be used: {why}"));
        Progress::unusable(self.args, run, why)
    }

    /// Runs the plan, with faults between the program and the node if they are wanted.
    async fn drive<P: Provider>(
        &self,
        provider: &mut P,
        plan: &Plan<'_>,
        about: About,
        log: Option<&LogTail>,
    ) -> Checked {
        let Some(wanted) = &self.args.bad.faults else { return self.run(provider, plan, about, log).await };
        let about = About { faults: self.args.bad.told(), ..about };
        match Between::new(provider, wanted.faults.clone(), self.args.bad.fault_seed).await {
            Ok(mut between) => {
                let checked = self.run(&mut between, plan, about, log).await;
                let (hit, passed) = between.hits();
                self.note(&format!("faults: {hit} replies were cut off or damaged, {passed} were not"));
                checked
            }
            Err(error) => self.unusable(Run::new(about, plan), format!("no port for the faults: {error}")),
        }
    }

    /// Runs the plan until its end, Ctrl-C or SIGTERM, and reports.
    async fn run<P: Provider>(
        &self,
        provider: &mut P,
        plan: &Plan<'_>,
        about: About,
        log: Option<&LogTail>,
    ) -> Checked {
        let total = Duration::from_secs_f64(self.args.max_time);
        // Faults hit one exchange after the other, so that they are the same again.
        let jobs = if self.remote || self.args.bad.faults.is_some() { 1 } else { 4 };
        let jobs = self.args.jobs.unwrap_or(jobs).into();
        let options = RunOptions { limits: self.limits(), total, jobs };
        let started = Instant::now();
        let mut progress = Progress::new(self.args, about, plan, log);
        let ending = {
            let mut observe = |outcome: Outcome<'_>| progress.observe(&self.known.judge(outcome));
            let run = tanglegram_runner::run(plan, provider, &options, &mut observe);
            tokio::select! {
                biased;
                () = self.stop.comes() => None,
                ending = run => Some(ending),
            }
        };
        let mut checked = progress.finish(ending, started.elapsed());
        checked.exit = self.known.update(&checked.run, checked.exit);
        checked.run.exit = checked.exit as u8;
        checked
    }
}

/// Which API is behind a URL: that of a mirror node if it answers as one, else that of an IRI node.
pub(crate) async fn api_of(endpoint: &Endpoint, limits: Limits) -> &'static str {
    let exchange = limits.exchange.min(PROBE);
    let mut client = Client::new(endpoint.clone(), Limits { exchange, ..limits });
    if tanglegram_runner::mirror_preflight(&mut client).await.is_ok() { MIRROR } else { IRI }
}

/// What the node says it is, or why it cannot be used.
async fn software(api: &str, endpoint: &Endpoint, limits: Limits) -> Result<String, String> {
    let mut client = Client::new(endpoint.clone(), limits);
    if api == MIRROR {
        return tanglegram_runner::mirror_preflight(&mut client).await.map(|()| "a mirror node".to_owned());
    }
    tanglegram_runner::preflight(&mut client).await.map(|info| info.software)
}
