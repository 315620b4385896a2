//! Holding verdicts against what is known to fail: a profile, a baseline, or both.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tanglegram_vector::{
    Context, ExpectedFile, Known, Level, Mistake, Problem, Scope, Source, Vector, Way, nearest, read_expected,
};

use crate::execute::now_ms;
use crate::library::Library;
use crate::plan::fits;
use crate::sources::{profile, profiles};
use crate::verdict::{Failure, Outcome, Verdict, judge};

mod update;

/// What is known to fail.
#[derive(Debug, Default)]
pub struct Expectations {
    /// The profile, where there is one, then the baseline.
    files: Vec<ExpectedFile>,
}

impl Expectations {
    /// Reads a profile or a baseline, beside those read before.
    ///
    /// # Errors
    /// Everything that is wrong with it; of the library's own vectors also names that no vector and no clause has.
    pub fn add(&mut self, source: &Arc<Source>, library: &Library) -> Result<(), Vec<Problem>> {
        let file = read_expected(source)?;
        let all = file.known.iter().chain(&file.flaky);
        let problems: Vec<Problem> = all.flat_map(|known| unknown(&file, known, library)).collect();
        if problems.is_empty() {
            self.files.push(file);
            return Ok(());
        }
        Err(problems)
    }

    /// The dialect that the node of the profile is held to.
    pub fn dialect(&self) -> Option<&str> {
        self.files.iter().find_map(|file| file.dialect.as_deref())
    }

    /// The API of the profile's node.
    pub fn api(&self) -> Option<&str> {
        self.files.iter().find_map(|file| file.api.as_deref())
    }

    /// The strictest level at which the profile describes its node.
    pub fn level(&self) -> Option<Level> {
        self.files.iter().find_map(|file| file.level)
    }

    /// The outcome in the light of what is known.
    pub fn judge<'v>(&self, mut outcome: Outcome<'v>) -> Outcome<'v> {
        outcome.verdict = match outcome.verdict {
            Verdict::Fail(failure) => self.failed(outcome.vector, failure),
            Verdict::Pass => self.passed(outcome.vector),
            other => other,
        };
        outcome
    }

    fn failed(&self, vector: &Vector, mut failure: Box<Failure>) -> Verdict {
        let known = self.about(vector, |file| &file.known);
        if let Some((file, known)) = known.iter().find(|(_, known)| is_so(&known.way, &failure)) {
            return Verdict::KnownFail(failure, reason(file, known));
        }
        let flaky = self.about(vector, |file| &file.flaky);
        if let Some((file, known)) = flaky.iter().find(|(_, known)| is_so(&known.way, &failure)) {
            return Verdict::Flaky(failure, reason(file, known));
        }
        if let Some((file, known)) = known.first().or(flaky.first()) {
            failure
                .add_note(&format!("it is known to fail, but not in this way (see {})", place(file, known)));
        }
        Verdict::Fail(failure)
    }

    fn passed(&self, vector: &Vector) -> Verdict {
        match self.about(vector, |file| &file.known).first() {
            Some((file, known)) => {
                Verdict::Stale(format!("known to fail, yet it passes (see {})", place(file, known)))
            }
            None => Verdict::Pass,
        }
    }

    /// The entries that speak of a vector.
    fn about<'s>(
        &'s self,
        vector: &Vector,
        entries: impl Fn(&'s ExpectedFile) -> &'s Vec<Known>,
    ) -> Vec<(&'s ExpectedFile, &'s Known)> {
        let all = self.files.iter().flat_map(|file| entries(file).iter().map(move |known| (file, known)));
        all.filter(|(_, known)| speaks_of(known, vector)).collect()
    }
}

/// What a known node does otherwise, as its profile tells.
#[derive(Debug)]
pub struct Deviation<'e> {
    /// The profile's name.
    pub profile: &'static str,
    /// The entry.
    pub known: &'e Known,
    /// Whether it is so only at times.
    pub flaky: bool,
}

/// The profiles that are built in.
///
/// # Errors
/// Everything that is wrong with one of them.
pub fn read_profiles() -> Result<Vec<(&'static str, ExpectedFile)>, Vec<Problem>> {
    let sources = profiles().into_iter().filter_map(|name| Some((name, profile(name)?)));
    sources.map(|(name, source)| Ok((name, read_expected(&source)?))).collect()
}

/// What known nodes do otherwise where these vectors are concerned.
pub fn deviations<'e>(
    profiles: &'e [(&'static str, ExpectedFile)],
    vectors: &[&Vector],
) -> Vec<Deviation<'e>> {
    let is_meant = |known: &Known| vectors.iter().any(|vector| speaks_of(known, vector));
    let all = profiles.iter().flat_map(|(profile, file)| {
        let known = file.known.iter().map(move |known| Deviation { profile, known, flaky: false });
        known.chain(file.flaky.iter().map(move |known| Deviation { profile, known, flaky: true }))
    });
    all.filter(|deviation| is_meant(deviation.known)).collect()
}

/// Whether a profile or baseline's entry speaks of a vector.
fn speaks_of(known: &Known, vector: &Vector) -> bool {
    let is_held = |pattern: &String| vector.clauses.iter().any(|clause| fits_whole(pattern, clause));
    (known.vectors.is_empty() || known.vectors.iter().any(|pattern| fits_whole(pattern, &vector.path)))
        && (known.clauses.is_empty() || known.clauses.iter().any(is_held))
}

fn reason(file: &ExpectedFile, known: &Known) -> String {
    known.reason.clone().unwrap_or_else(|| format!("listed at {}", place(file, known)))
}

fn place(file: &ExpectedFile, known: &Known) -> String {
    format!("{}:{}", file.source.name, file.source.position(known.span.start).0)
}

/// Whether a failure is the one that is known.
fn is_so(way: &Way, failure: &Failure) -> bool {
    way.step.is_none_or(|step| step == failure.step) && is_known_error(way, failure) && {
        let is_named = |path: &str| way.differs.iter().any(|pattern| fits_whole(pattern, path));
        (way.differs.is_empty() || failure.differences.iter().all(|one| is_named(&one.path)))
            && is_known_reply(way, failure)
    }
}

/// Where nothing came that could be judged, only an entry that says so knows it.
fn is_known_error(way: &Way, failure: &Failure) -> bool {
    match (&way.error, &failure.error) {
        (Some(pattern), Some(error)) => {
            with_context(|context| pattern.matches(&Value::from(error.as_str()), context))
        }
        (Some(_), None) => false,
        (None, Some(_)) => way.is_any(),
        (None, None) => true,
    }
}

fn is_known_reply(way: &Way, failure: &Failure) -> bool {
    match (&way.answers, &failure.reply) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(answers), Some(reply)) => with_context(|context| judge(answers, reply, context).is_empty()),
    }
}

/// What entries are judged with: no name is known to them.
fn with_context<T>(judge: impl FnOnce(&Context<'_>) -> T) -> T {
    let scope = Scope { world: &Value::Null, captured: &BTreeMap::new() };
    judge(&Context { scope, transaction_hash: tanglegram_target::transaction_hash, now_ms: now_ms() })
}

fn fits_whole(pattern: &str, text: &str) -> bool {
    if pattern.contains(['*', '?']) { fits(pattern, text) } else { pattern == text }
}

/// A problem for each name that nothing has.
fn unknown(file: &ExpectedFile, known: &Known, library: &Library) -> Vec<Problem> {
    let check = |what: &'static str, patterns: &[String], all: Vec<&str>| -> Vec<Problem> {
        let missing = patterns.iter().filter(|pattern| !all.iter().any(|one| fits_whole(pattern, one)));
        let problem = |name: &String| Problem {
            mistake: Mistake::BadValue { what, value: name.clone() },
            span: known.span,
            help: Some(match nearest(name, all.iter().copied()) {
                Some(near) => format!("there is no such one; did you mean `{near}`?"),
                None => "there is no such one".to_owned(),
            }),
            source: file.source.clone(),
        };
        missing.map(problem).collect()
    };
    // A profile speaks of the vectors that are built in, and others may be in their place.
    if file.api.is_some() && !library.is_built_in {
        return Vec::new();
    }
    let paths = library.vectors().map(|vector| vector.path.as_str()).collect();
    let clauses = library.clauses().map(|clause| clause.id.as_str()).collect();
    let mut problems = check("the name of a vector", &known.vectors, paths);
    problems.extend(check("the id of a clause", &known.clauses, clauses));
    problems
}
