//! `tanglegram diff`: two targets asked the same until they answer differently.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;
use tanglegram_runner::Library;
use tanglegram_runner::differ::{Disagreement, Found, Pair, Search};
use tanglegram_runner::record::Session;
use tanglegram_runner::report;
use tanglegram_target::{
    Client, DIALECTS, Embedded, Endpoint, IRI, Limits, MIRROR, MIRROR_DIALECTS, Need, Serving, World,
    dialects,
};

use crate::args::{LevelArg, seconds};
use crate::exit::{self, Exit};
use crate::reach::ReachArgs;
use crate::style::Style;
use crate::{check, problems};

/// The name of the embedded reference in place of a URL.
const REFERENCE: &str = "reference";
/// Most requests, where only the time bounds them.
const MOST: u64 = 10_000_000;

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram diff http://localhost:5551 http://localhost:5552", "an old and a new build on the same data"),
    ("tanglegram diff http://localhost:14265 --state S2 --dialect iri-1.8.6", "a node fed with the fixture's state S2, and the reference"),
    ("tanglegram diff reference http://localhost:5551 --api mirror --out found.yaml", "write what the reference answers as a vector"),
]))]
pub(crate) struct DiffArgs {
    /// A target's API, such as http://localhost:14265, or `reference`
    first: String,
    /// Another one in the same state
    #[arg(default_value = REFERENCE)]
    second: String,
    /// The API of both [default: the one that is found at a URL]
    #[arg(long, value_name = "API", value_parser = PossibleValuesParser::new([IRI, MIRROR]))]
    api: Option<String>,
    /// How long to look, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    seconds: f64,
    /// Send at most so many requests
    #[arg(long, value_name = "N", default_value_t = MOST)]
    requests: u64,
    /// Start the drawing of requests: the same seed asks the same of targets that know the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// exact: replies are equal but for durations and the like; spec: all refusals are alike
    #[arg(long, value_enum, default_value = "exact")]
    level: LevelArg,
    /// The dialect of `reference`
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(DIALECTS.iter().chain(&MIRROR_DIALECTS)))]
    dialect: Option<String>,
    /// The state of the world recorded-iri that `reference` is in
    #[arg(long, value_name = "STATE", default_value = "S1")]
    state: String,
    /// Write the smallest request and the first target's reply as a vector; the file must not exist yet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Looks for a difference and tells it.
pub(crate) fn diff(args: &DiffArgs) -> Exit {
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Exit::Usage.because(format_args!("--out {} exists already", out.display()));
    }
    let library = match Library::load(None, None) {
        Ok(library) => library,
        Err(found) => return problems::print(&found),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Unusable.because(format_args!("cannot start: {error}")),
    };
    runtime.block_on(async {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => Exit::Interrupted.because("interrupted"),
            exit = run(args, &library) => exit,
        }
    })
}

async fn run(args: &DiffArgs, library: &Library) -> Exit {
    let limits = Limits::default();
    let api = match api(args, limits).await {
        Ok(api) => api,
        Err(why) => return Exit::Usage.because(why),
    };
    let (first, second) =
        match (target(&args.first, &api, args, library), target(&args.second, &api, args, library)) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(why), _) | (_, Err(why)) => return Exit::Usage.because(why),
        };
    let client = |target: &Target| Client::new(target.endpoint().clone(), limits);
    let mut pair = Pair::new(client(&first), client(&second), &api);
    let search = Search {
        seed: args.seed,
        time: Duration::from_secs_f64(args.seconds),
        requests: args.requests,
        level: args.level.into(),
    };
    let shown = io::stderr().is_terminal() && !args.json;
    let bar = if shown {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
    };
    let found = pair.search(&search, |requests| bar.set_message(format!("{requests} requests"))).await;
    bar.finish_and_clear();
    match found {
        Ok(found) => tell(args, &api, &found, library),
        Err(error) => Exit::Unusable.because(error),
    }
}

/// Whatever is asked.
enum Target {
    Remote(Endpoint),
    Reference(Serving),
}

impl Target {
    fn endpoint(&self) -> &Endpoint {
        match self {
            Target::Remote(endpoint) => endpoint,
            Target::Reference(serving) => serving.endpoint(),
        }
    }
}

fn target(name: &str, api: &str, args: &DiffArgs, library: &Library) -> Result<Target, String> {
    if name != REFERENCE {
        return args.reach.endpoint(name).map(Target::Remote);
    }
    let dialect =
        args.dialect.as_deref().filter(|name| dialects(api).contains(name)).unwrap_or(dialects(api)[0]);
    let (iri, mirror) = if api == MIRROR { (DIALECTS[0], dialect) } else { (dialect, MIRROR_DIALECTS[0]) };
    let mut embedded = Embedded::new(iri, library.fixture.clone()).with_mirror_dialect(mirror);
    let world = tanglegram_target::WORLDS.iter().find(|world| world.api == api).map(|world| world.name);
    let states = world.and_then(World::find).map_or(&[][..], |world| world.states);
    if api == IRI && !states.contains(&args.state.as_str()) {
        return Err(format!("there is no state {}; there are {}", args.state, states.join(", ")));
    }
    let need = Need { api, world, state: Some(&args.state), dirties: true };
    embedded.start(&need).map(Target::Reference).map_err(|error| error.to_string())
}

/// The API that was asked for, or that is found at the first URL.
async fn api(args: &DiffArgs, limits: Limits) -> Result<String, String> {
    if let Some(api) = &args.api {
        return Ok(api.clone());
    }
    let url = [&args.first, &args.second].into_iter().find(|name| *name != REFERENCE);
    let url = url.ok_or("the reference cannot differ from itself: name a URL, or --api")?;
    let endpoint = args.reach.endpoint(url)?;
    Ok(check::api_of(&endpoint, limits).await.to_owned())
}

fn tell(args: &DiffArgs, api: &str, found: &Found, library: &Library) -> Exit {
    if let (Some(out), Some(disagreement)) = (&args.out, &found.disagreement) {
        let session = Session::of(&disagreement.probe, &disagreement.first);
        let text = session.vector_file("found", &library.specs).unwrap_or_default();
        if let Err(error) = report::write_whole(out, text.as_bytes()) {
            return Exit::Unusable.because(format_args!("cannot write {}: {error}", out.display()));
        }
    }
    let mut out = io::stdout().lock();
    // A closed pipe is no failure.
    let _ = match (&found.disagreement, args.json) {
        (disagreement, true) => {
            writeln!(out, "{}", as_json(args, api, found.requests, disagreement.as_deref()))
        }
        (None, _) => writeln!(out, "no difference in {} requests (seed {})", found.requests, args.seed),
        (Some(disagreement), _) => as_text(args, found.requests, disagreement, &mut out),
    };
    if found.disagreement.is_some() { Exit::Failed } else { Exit::Expected }
}

/// A target's name without its password.
fn shown(name: &str) -> String {
    match Endpoint::parse(name) {
        Ok(endpoint) if name != REFERENCE => endpoint.to_string(),
        _ => name.to_owned(),
    }
}

fn as_text(args: &DiffArgs, requests: u64, found: &Disagreement, out: &mut impl Write) -> io::Result<()> {
    let style = Style::of(&io::stdout());
    let (first, second) = (shown(&args.first), shown(&args.second));
    writeln!(out, "{} after {requests} requests (seed {}):", style.bad("different"), args.seed)?;
    writeln!(out, "  {}", style.strong(&tanglegram_vector::shorten(&found.probe.to_string(), 2_000)))?;
    for difference in &found.differences {
        writeln!(out, "  {}", difference.path)?;
        writeln!(out, "    {first}  {}", difference.expected)?;
        writeln!(out, "    {second}  {}", difference.got)?;
    }
    for (name, exchange) in [(&first, &found.first), (&second, &found.second)] {
        let body = String::from_utf8_lossy(&exchange.reply.body);
        let status = exchange.reply.status.as_u16();
        writeln!(
            out,
            "  {}",
            style.faint(&format!("{name}: {status} {}", tanglegram_vector::shorten(&body, 600)))
        )?;
    }
    Ok(())
}

fn as_json(args: &DiffArgs, api: &str, requests: u64, found: Option<&Disagreement>) -> serde_json::Value {
    let reply = |exchange: &tanglegram_target::Exchange| {
        let body = String::from_utf8_lossy(&exchange.reply.body);
        json!({ "status": exchange.reply.status.as_u16(), "body": body })
    };
    let found = found.map(|found| {
        let differences = found.differences.iter().map(|difference| {
            json!({ "path": difference.path, "first": difference.expected, "second": difference.got })
        });
        json!({
            "request": found.probe.to_string(), "differences": differences.collect::<Vec<_>>(),
            "first": reply(&found.first), "second": reply(&found.second),
        })
    });
    json!({
        "type": "diff", "api": api, "first": shown(&args.first), "second": shown(&args.second),
        "seed": args.seed, "requests": requests, "different": found,
    })
}
