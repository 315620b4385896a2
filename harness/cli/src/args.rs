//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use tanglegram_runner::Library;
use tanglegram_target::{DIALECTS, IRI, MIRROR, MIRROR_DIALECTS, WORLDS};
use tanglegram_vector::{Level, Problem};

use crate::compare::CompareArgs;
use crate::diff::DiffArgs;
use crate::exit;
use crate::explain::ExplainArgs;
use crate::faults::FaultArgs;
use crate::mine::MineArgs;
use crate::mutate;
use crate::mutate::MutateArgs;
use crate::new::NewArgs;
use crate::paperwork::{CompletionsArgs, ManArgs, SchemaArgs};
use crate::proxy::ProxyArgs;
use crate::reach::ReachArgs;
use crate::record::RecordArgs;
use crate::reports::Wanted;
use crate::serve::ServeArgs;
use crate::shrink::ShrinkArgs;
use crate::sim::SimArgs;
use crate::sweep::SweepArgs;

/// Does this node behave as the specification says?
#[derive(Debug, Parser)]
#[command(name = "tanglegram", version, about, max_term_width = 100, after_help = exit::help_section())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Replay vectors against a node and tell where it does not answer as demanded
    #[command(after_help = exit::examples(&[
        ("tanglegram check http://localhost:14265", "a node that runs"),
        ("tanglegram check --cmd 'my-node --port {port}' --report junit=out.xml html=out.html", "one that is started"),
        ("TANGLEGRAM_BEARER=… tanglegram check https://node.example --ca authority.pem", "by TLS, with a token"),
        ("tanglegram check --image my/node:1.2 --feed --arg=--snapshot --arg=/fixture/snapshot.txt", "one in a container"),
        ("tanglegram check http://localhost:14265 --faults latency=10ms..90ms,reset=0.01 --fault-seed 7", "on a bad day"),
        ("tanglegram check http://a:14265 http://b:14265 --filter getTips", "two, and where they differ"),
        ("tanglegram check http://localhost:14265 --profile hornet-0.5.6", "of a known kind: only what is new fails"),
        ("tanglegram check http://localhost:14265 --baseline known.yaml", "with what is known to fail; --update-baseline writes it"),
    ]))]
    Check(Box<CheckArgs>),
    /// Tell what got better and what got worse between two reports of `check --report json=FILE`
    #[command(after_help = exit::examples(&[
        ("tanglegram compare main.json branch.json", "exit code 1 if something got worse"),
    ]))]
    Compare(CompareArgs),
    /// List every clause of the specifications with the vectors that hold a node to it
    #[command(after_help = exit::help_section())]
    Coverage(CoverageArgs),
    /// Put a world's nodes on real ports: a private tangle with a coordinator and a funded seed, or a recorded node
    #[command(after_help = exit::help_section())]
    Serve(ServeArgs),
    /// Do the proof of work of a transaction, or measure how fast this machine does it
    #[command(after_help = exit::help_section())]
    Mine(MineArgs),
    /// Simulate a world's whole network from a seed, the same way every time, and check that no invariant is violated
    #[command(after_help = exit::help_section())]
    Sim(SimArgs),
    /// Simulate a world with many seeds, on all cores, in parts if wanted; goes on where it was ended
    #[command(after_help = exit::help_section(), args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Sweep(SweepArgs),
    /// Build one mistake after the other into the reference and tell which vectors notice
    #[command(after_help = mutate::help())]
    Mutate(MutateArgs),
    /// Start a command for `check --cmd`, and end all of it when standard input ends
    #[command(hide = true)]
    Keep {
        /// The command, for a shell.
        command: String,
    },
    /// Wait until standard input ends, and remove the containers of this owner, for `check --image`
    #[command(hide = true)]
    Reap {
        /// The owner, as the containers' label has it.
        owner: String,
    },
    /// Find the smallest world that violates the same invariant as this one with a seed
    #[command(after_help = exit::help_section())]
    Shrink(ShrinkArgs),
    /// Make the connection to a node worse: late, slow, cut off, damaged replies, the same with the same seed
    Proxy(ProxyArgs),
    /// Stand between a client and a node, and write what passes as a vector
    Record(RecordArgs),
    /// Ask two targets the same until they answer differently, and make that request small
    Diff(DiffArgs),
    /// Tell what a requirement demands, where it is said, and which vectors hold a node to it
    Explain(ExplainArgs),
    /// Start a vector file
    New(NewArgs),
    /// Print the JSON Schema of vector or world files, for editors
    Schema(SchemaArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
}

/// What follows the options of `check`.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A node's API.
    Url(String),
    /// One more report after `--report`, as in `--report junit=a.xml tap=b.tap`.
    Report(Wanted),
}

impl Place {
    /// No URL begins with a format's name and an equals sign.
    #[allow(clippy::unnecessary_wraps, reason = "a value parser")]
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Wanted::parse(text).map_or_else(|_| Self::Url(text.to_owned()), Self::Report))
    }

    pub(crate) fn url(&self) -> Option<&str> {
        if let Self::Url(url) = self { Some(url) } else { None }
    }

    pub(crate) fn report(&self) -> Option<&Wanted> {
        if let Self::Report(wanted) = self { Some(wanted) } else { None }
    }
}

/// Where vectors and clauses come from.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Take the vectors from this folder or file instead of those built in
    #[arg(long, value_name = "DIR")]
    pub(crate) vectors: Option<PathBuf>,
    /// Take the specification files from this folder instead of those built in
    #[arg(long, value_name = "DIR")]
    pub(crate) specs: Option<PathBuf>,
}

impl SourceArgs {
    /// Reads them.
    pub(crate) fn load(&self) -> Result<Library, Vec<Problem>> {
        Library::load(self.vectors.as_deref(), self.specs.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// Print one JSON object per clause, and a last one with the counts
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The node's API, such as http://localhost:14265; several are checked one after the other and compared; without any
    /// the embedded reference node is checked
    #[arg(value_name = "URL", value_parser = Place::parse)]
    pub(crate) places: Vec<Place>,
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// List the selected vectors; send nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Print one JSON object per vector as it is done, and a last one with the counts
    ///
    /// A vector: {"type":"vector", "target", "path", "place", "class", "about", "level", "world", "state", "clauses",
    /// "ms", "verdict": "pass"|"fail"|"known-fail"|"flaky"|"stale"|"skip", "reason" of the last four, "failure" of the second to fourth: {"step", "place", "error", "note",
    /// "differences": [{"path", "expected", "got"}], "transcript"}}. The last of a target: {"type":"summary", "target",
    /// "software", "dialect", "profile", "level", "seed", "faults" (if there were), "vectors" (digest of those selected), "exit", "unusable" (why,
    /// or null), "counts": {"passed", "failed", "known", "flaky", "stale", "skipped"}, "files": {file: counts}, "skips": {reason: number}, "ms"}.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a report to a file: junit=FILE, tap=FILE, json=FILE (for `tanglegram compare`); may be repeated, or name
    /// several
    ///
    /// Each is written whole or not at all, also for a run that was cut short.
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = Wanted::parse)]
    pub(crate) reports: Vec<Wanted>,
    /// Show the whole exchange of each failure
    #[arg(long)]
    pub(crate) transcripts: bool,
    /// Longest time for one request and its reply, in seconds, four times as much for vectors tagged `slow` [default:
    /// 30; for the embedded node, whose proof of work may be all this machine can do, 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<f64>,
    /// Longest time for the whole run, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 900.0, value_parser = seconds)]
    pub(crate) max_time: f64,
    /// How many vectors may be under way at once; those that change the node run alone, and the order in reports stays. Networks
    /// are simulated meanwhile, on all cores [default: 1; for the embedded node 4, and with faults 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: Option<u8>,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    #[command(flatten)]
    pub(crate) known: KnownArgs,
    #[command(flatten)]
    pub(crate) bad: FaultArgs,
}

/// Which vectors are run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Only vectors whose path contains TEXT, or fits it if it has * or ?; may be repeated
    #[arg(long = "filter", value_name = "TEXT")]
    pub(crate) filters: Vec<String>,
    /// Only vectors with this tag; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// How strict: what the document demands of anyone, or also what the dialect's real node answers to the letter
    /// [default: exact for the embedded node, spec for a URL]
    #[arg(long, value_enum)]
    pub(crate) level: Option<LevelArg>,
    /// The dialect the node or mirror node is held to [default: iri-1.8.5, document]
    ///
    /// Without it, and without a profile, a node behind a URL is held to all that the document demands.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(DIALECTS.iter().chain(&MIRROR_DIALECTS)))]
    pub(crate) dialect: Option<String>,
    /// Only vectors of this API [default: both; for a URL, the one that is found there]
    #[arg(long, value_name = "API", value_parser = PossibleValuesParser::new([IRI, MIRROR]))]
    pub(crate) api: Option<String>,
    /// Only vectors of this world and of any; with --feed: the world the node was started for; recorded-mirror with a URL:
    /// the mirror node there has that data
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(WORLDS.map(|world| world.name)))]
    pub(crate) world: Option<String>,
    /// Never send a command that changes the node
    #[arg(long)]
    pub(crate) read_only: bool,
}

/// A node that is started for the check.
#[derive(Debug, Args)]
#[command(next_help_heading = "Node to be started")]
pub(crate) struct StartArgs {
    /// Start this shell command, check the node it runs, and end it with all its children; {port} stands for a free port
    /// of 127.0.0.1, or else give the URL too
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cmd: Option<String>,
    /// Start a container of this image, check the node in it, and remove it; the fixture's genesis and coordinator are in
    /// its folder /fixture
    ///
    /// Needs Docker or what speaks its API (DOCKER_HOST says where). The container is removed whatever ends the check; what
    /// a power cut left is removed by the next.
    #[arg(long, value_name = "IMAGE[:TAG]", conflicts_with = "cmd")]
    pub(crate) image: Option<String>,
    /// Where the node listens in its container
    #[arg(long, value_name = "PORT", default_value_t = 14265, requires = "image")]
    pub(crate) container_port: u16,
    /// An environment variable for the container; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "image", value_parser = pair::<'='>)]
    pub(crate) env: Vec<(String, String)>,
    /// A file or folder of this machine and where the container has it, to be read only; may be repeated
    #[arg(long = "mount", value_name = "HOST:CONTAINER", requires = "image", value_parser = pair::<':'>)]
    pub(crate) mounts: Vec<(String, String)>,
    /// An argument for the container, in place of the image's own; may be repeated
    #[arg(long = "arg", value_name = "ARG", requires = "image", allow_hyphen_values = true)]
    pub(crate) container_args: Vec<String>,
    /// Longest wait until a node that was started answers, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    pub(crate) ready: f64,
}

impl StartArgs {
    /// Whether there is something to start.
    pub(crate) fn any(&self) -> bool {
        self.cmd.is_some() || self.image.is_some()
    }
}

/// What there is to say about a node behind a URL.
#[derive(Debug, Args)]
#[command(next_help_heading = "Node behind a URL, or started")]
pub(crate) struct RemoteArgs {
    /// Store the fixture's transactions into the node, state by state: it was just started on the fixture's genesis
    #[arg(long, conflicts_with = "read_only")]
    pub(crate) feed: bool,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// What is known of the node, and a recording in its place.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is known of the node")]
pub(crate) struct KnownArgs {
    /// The node is of this kind: what such a node is known to do otherwise does not fail the check, anything else does,
    /// and so does what it is known for and does not do; a name, or the file of a profile of yours
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
    /// What this file lists is known to fail, or flaky; what is listed as known to fail and passes is stale, and fails the
    /// check
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what failed to the baseline, and take out what passed
    #[arg(long, requires = "baseline")]
    pub(crate) update_baseline: bool,
    /// Take the replies from this recording, a file or a folder of JSON lines, instead of a node; a vector with a request
    /// that was not recorded is skipped
    #[arg(long, value_name = "FILE|DIR", conflicts_with_all = ["places", "cmd", "image", "feed", "bearer"])]
    pub(crate) recorded: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    Spec,
    Exact,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Spec => Level::Spec,
            LevelArg::Exact => Level::Exact,
        }
    }
}

/// Two texts with a character between them, the first not empty.
fn pair<const BETWEEN: char>(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once(BETWEEN).filter(|(name, _)| !name.is_empty());
    let (name, value) = parts.ok_or_else(|| format!("two texts with `{BETWEEN}` between them"))?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 86_400.0 => Ok(number),
        _ => Err("a number of seconds above 0, at most 86400".into()),
    }
}
