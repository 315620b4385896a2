//! A run as it is kept: who was asked, what came of it, and the same in the forms that others read.
//!
//! [`Run::new`] → [`Run::add`] for each [`Outcome`] → [`Run::end`]; a [`Report`] holds one run per target and is
//! rendered as one of [`Format::ALL`], which [`write_whole`] puts on the disk. [`compare`] reads two again.

pub mod compare;
mod file;
mod html;
mod junit;
pub mod sim;
mod tap;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tanglegram_target::LogTail;
use tanglegram_vector::{Ask, Status, Vector, shorten};

use crate::plan::Plan;
use crate::verdict::{Failure, Outcome, Verdict};

pub use file::{can_write, write_whole};

/// Most lines of a target's log that are kept with a failure, and most characters of each.
const LOG_LINES: usize = 30;
const LOG_LINE: usize = 300;

/// The version of the JSON form; a reader refuses others.
pub const VERSION: u32 = 1;

/// What was done at one time: a run for each target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`].
    pub report: u32,
    /// Name and version of this program.
    pub tool: String,
    /// When it was begun, as HTTP writes dates.
    pub started: String,
    /// One for each target, in the order they were named.
    pub runs: Vec<Run>,
}

/// Who was asked, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The target as the user named it, without credentials.
    pub target: String,
    /// Name and version that the target says of itself.
    pub software: Option<String>,
    /// The dialect it is held to.
    pub dialect: String,
    /// The profile whose deviations are known, if one was chosen.
    pub profile: Option<String>,
    /// The strictest level that was run.
    pub level: String,
    /// What the random choices of the target are drawn from, where that is known.
    pub seed: Option<u64>,
    /// The faults that were put before the target, with their seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// Digest of the vectors selected; equal digests are the same questions.
    pub vectors: String,
}

/// What came of one target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Who was asked, and how.
    #[serde(flatten)]
    pub about: About,
    /// How many vectors were selected; with fewer cases the run was cut short.
    pub selected: usize,
    /// Why it was cut short, if it was.
    pub unusable: Option<String>,
    /// The exit code.
    pub exit: u8,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// What came of each vector, in the order they were run.
    pub cases: Vec<Case>,
}

/// What came of one vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its stable path `<api>/<file>/<vector>`.
    pub path: String,
    /// `file:line` where it is written.
    pub place: String,
    /// What kind of case it is, one of [`CLASSES`].
    pub class: String,
    /// One line for people.
    pub about: Option<String>,
    /// How strict it is.
    pub level: String,
    /// The fixture world it needs.
    pub world: String,
    /// The state of that world.
    pub state: Option<String>,
    /// The clauses it holds a node to.
    pub clauses: Vec<String>,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// What came of it.
    pub verdict: Mark,
    /// Why it was skipped, why it is known to fail, where it is listed although it passes, or on which try it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failed>,
}

/// A verdict as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Answered as demanded.
    Pass,
    /// Answered otherwise.
    Fail,
    /// Answered otherwise, as is known.
    KnownFail,
    /// Answered otherwise, as at times, or only at first.
    Flaky,
    /// Answered as demanded, although known not to.
    Stale,
    /// Not asked.
    Skip,
}

/// How a node did not answer as demanded; nothing the node sent is in it unescaped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Which step, from 1.
    pub step: usize,
    /// `file:line` of the step.
    pub place: String,
    /// Why there was no reply to judge, if there was none.
    pub error: Option<String>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What differs, field by field.
    pub differences: Vec<Differing>,
    /// The exchange of the step.
    pub transcript: String,
    /// The last lines the target logged until then, where its log is to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differing {
    /// The way to the field, such as `body.hashes[0]`.
    pub path: String,
    /// What is demanded.
    pub expected: String,
    /// What was there.
    pub got: String,
}

/// The kinds of cases: a proper question, one to be refused, HTTP written out, several exchanges, a whole network.
pub const CLASSES: [&str; 5] = ["answer", "refusal", "raw http", "conversation", "network"];

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JUnit's XML, for CI.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// All there is, to be compared with another run.
    Json,
    /// A page for people.
    Html,
}

impl Report {
    /// A report of runs that began at this time.
    pub fn new(started: std::time::SystemTime, runs: Vec<Run>) -> Self {
        let tool = format!("tanglegram {}", env!("CARGO_PKG_VERSION"));
        Self { report: VERSION, tool, started: httpdate::fmt_http_date(started), runs }
    }
}

impl Run {
    /// A run of a plan that has not begun.
    pub fn new(about: About, plan: &Plan<'_>) -> Self {
        Self { about, selected: plan.len(), ..Self::default() }
    }

    /// Keeps an outcome, with what the target logged last if it failed.
    pub fn add(&mut self, outcome: &Outcome<'_>, log: Option<&LogTail>) {
        let mut case = Case::of(outcome);
        if let Some(failure) = &mut case.failure {
            failure.log = log.map(shown);
        }
        self.cases.push(case);
    }

    /// The run is over: with this exit code, after so long, and why early if it was.
    pub fn end(&mut self, exit: u8, elapsed: Duration, unusable: Option<String>) {
        (self.exit, self.ms, self.unusable) = (exit, millis(elapsed), unusable);
    }

    /// The cases by vector file, which mostly is a command: `iri/getTips`.
    pub fn groups(&self) -> BTreeMap<&str, Vec<&Case>> {
        let mut groups: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
        for case in &self.cases {
            groups.entry(case.group()).or_default().push(case);
        }
        groups
    }

    /// How many cases have this mark.
    pub fn count(&self, mark: Mark) -> usize {
        self.cases.iter().filter(|case| case.verdict == mark).count()
    }
}

impl Case {
    /// What came of a vector.
    pub fn of(outcome: &Outcome<'_>) -> Self {
        let vector = outcome.vector;
        let (verdict, reason, failure) = match &outcome.verdict {
            Verdict::Pass => (Mark::Pass, None, None),
            Verdict::Skip(reason) => (Mark::Skip, Some(reason.clone()), None),
            Verdict::Fail(failure) => (Mark::Fail, None, Some(Failed::of(failure))),
            Verdict::KnownFail(failure, reason) => {
                (Mark::KnownFail, Some(reason.clone()), Some(Failed::of(failure)))
            }
            Verdict::Flaky(failure, reason) => (Mark::Flaky, Some(reason.clone()), Some(Failed::of(failure))),
            Verdict::Stale(why) => (Mark::Stale, Some(why.clone()), None),
        };
        Self {
            path: vector.path.clone(),
            place: vector.place(),
            class: class(vector).to_owned(),
            about: vector.about.clone(),
            level: vector.level.name().to_owned(),
            world: vector.world.clone(),
            state: vector.state.clone(),
            clauses: vector.clauses.clone(),
            ms: millis(outcome.elapsed),
            verdict,
            reason,
            failure,
        }
    }

    /// The file it is of, which mostly is a command: `iri/getTips`.
    pub fn group(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(file, _)| file)
    }

    /// Its name in its group.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, name)| name)
    }

    /// The file and line of the failed step, or of the vector.
    pub(crate) fn file_line(&self) -> (&str, &str) {
        let place = self.failure.as_ref().map_or(&self.place, |failure| &failure.place);
        place.rsplit_once(':').unwrap_or((place, "1"))
    }
}

impl Failed {
    fn of(failure: &Failure) -> Self {
        let differing = |one: &tanglegram_vector::Difference| Differing {
            path: one.path.clone(),
            expected: one.expected.clone(),
            got: one.got.clone(),
        };
        Self {
            step: failure.step,
            place: failure.place.clone(),
            error: failure.error.clone(),
            note: failure.note.clone(),
            differences: failure.differences.iter().map(differing).collect(),
            transcript: failure.transcript.clone(),
            log: None,
        }
    }

    /// The failure in one line.
    pub fn headline(&self) -> String {
        let more = self.differences.len().saturating_sub(1);
        match (&self.error, self.differences.first()) {
            (Some(error), _) => error.clone(),
            (None, Some(first)) => {
                let rest = if more > 0 { format!(" (and {more} more)") } else { String::new() };
                format!("{}: expected {}, got {}{rest}", first.path, first.expected, first.got)
            }
            (None, None) => "it did not answer as demanded".to_owned(),
        }
    }

    /// Everything about it, as lines of text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("at {}, step {}\n", self.place, self.step);
        text.extend(self.note.iter().map(|note| format!("{note}\n")));
        text.extend(self.error.iter().map(|error| format!("{error}\n")));
        for Differing { path, expected, got } in &self.differences {
            text.push_str(&format!("{path}\n  expected {expected}\n  got      {got}\n"));
        }
        text.push('\n');
        text.push_str(&self.transcript);
        text.extend(self.log.iter().map(|log| format!("\nlog of the target:\n{log}\n")));
        text
    }
}

impl Mark {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Pass, Self::Fail, Self::KnownFail, Self::Flaky, Self::Stale, Self::Skip];

    /// Whether the node did not answer as demanded, known or not.
    pub fn is_failing(self) -> bool {
        matches!(self, Self::Fail | Self::KnownFail | Self::Flaky)
    }

    /// Whether it answered as demanded.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Pass | Self::Stale)
    }

    /// Whether somebody has to look at it.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Stale)
    }

    /// What a number of them is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Fail => "failed",
            Self::KnownFail => "known to fail",
            Self::Flaky => "flaky",
            Self::Stale => "stale",
            Self::Skip => "skipped",
        }
    }

    /// The verdict as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::KnownFail => "known-fail",
            Self::Flaky => "flaky",
            Self::Stale => "stale",
            Self::Skip => "skip",
        }
    }
}

impl Format {
    /// All forms with their names.
    pub const ALL: [(&'static str, Self); 4] =
        [("junit", Self::Junit), ("tap", Self::Tap), ("json", Self::Json), ("html", Self::Html)];

    /// The report in this form.
    ///
    /// # Errors
    /// In one sentence why it has none.
    pub fn render(self, report: &Report) -> Result<String, String> {
        match self {
            Self::Junit => junit::render(report),
            Self::Tap => Ok(tap::render(report)),
            Self::Html => html::render(report),
            Self::Json => serde_json::to_string_pretty(report)
                .map(|text| text + "\n")
                .map_err(|error| error.to_string()),
        }
    }
}

impl Plan<'_> {
    /// BLAKE3 over what is selected: the paths of the vectors in order, and the texts of their files.
    pub fn digest(&self) -> String {
        let skipped = self.skipped.iter().map(|(vector, _)| *vector);
        let selected: Vec<&Vector> = self.items.iter().map(|item| item.vector).chain(skipped).collect();
        let paths: std::collections::BTreeSet<&str> = selected.iter().map(|one| one.path.as_str()).collect();
        let texts: std::collections::BTreeSet<&str> =
            selected.iter().map(|one| one.source.text.as_str()).collect();
        let mut hasher = blake3::Hasher::new();
        for part in paths.into_iter().chain(texts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The vectors on which runs came to different verdicts, with each run's; none where it did not come so far.
pub fn differences(runs: &[Run]) -> BTreeMap<&str, Vec<Option<Mark>>> {
    let mut all: BTreeMap<&str, Vec<Option<Mark>>> = BTreeMap::new();
    for (number, run) in runs.iter().enumerate() {
        for case in &run.cases {
            let marks = all.entry(&case.path).or_insert_with(|| vec![None; runs.len()]);
            marks[number] = Some(case.verdict);
        }
    }
    all.retain(|_, marks| marks.iter().any(|mark| *mark != marks[0]));
    all
}

/// What kind of case a vector is, one of [`CLASSES`].
fn class(vector: &Vector) -> &'static str {
    let [answer, refusal, raw, conversation, network] = CLASSES;
    let refused = |status: &Status| match status {
        Status::Error => true,
        Status::OneOf(statuses) => statuses.iter().all(|status| *status >= 400),
    };
    match &vector.steps[..] {
        _ if vector.network.is_some() => network,
        [only] if only.during.is_empty() && only.walk.is_none() => match only.ask {
            Ask::Raw { .. } => raw,
            _ if refused(&only.expect.status) => refusal,
            _ => answer,
        },
        _ => conversation,
    }
}

/// The last lines of a log, escaped.
pub fn shown(log: &LogTail) -> String {
    let lines = log.lines();
    let last = lines.iter().skip(lines.len().saturating_sub(LOG_LINES));
    last.map(|line| shorten(line, LOG_LINE)).collect::<Vec<_>>().join("\n")
}

/// Milliseconds with three decimals.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
