//! `--profile`, `--baseline`: what is known to fail, and what of it does not any more.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanglegram_runner::report::{Mark, Run};
use tanglegram_runner::{Expectations, Library, Outcome, profile, profiles, report};
use tanglegram_vector::{Level, MAX_FILE, Mistake, Problem, Source, nearest};

use crate::args::KnownArgs;
use crate::exit::Exit;
use crate::problems;

/// What is known of the node that is checked.
pub(crate) struct Known {
    expectations: Expectations,
    /// The profile as it was named.
    profile: Option<String>,
    /// The baseline to write, and what it said.
    update: Option<(PathBuf, Arc<Source>)>,
}

impl Known {
    /// Reads profile and baseline.
    pub(crate) fn load(args: &KnownArgs, library: &Library) -> Result<Self, Exit> {
        let mut known =
            Self { expectations: Expectations::default(), profile: args.profile.clone(), update: None };
        let add = |known: &mut Self, source: &Arc<Source>| {
            known.expectations.add(source, library).map_err(|found| problems::print(&found))
        };
        if let Some(name) = &args.profile {
            add(&mut known, &profile_named(name)?)?;
        }
        if let Some(file) = &args.baseline {
            let source = read(file, args.update_baseline).map_err(|problem| problems::print(&[problem]))?;
            add(&mut known, &source)?;
            known.update = args.update_baseline.then(|| (file.clone(), source));
        }
        Ok(known)
    }

    /// The name of the profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The API of the profile's node.
    pub(crate) fn api(&self) -> Option<&str> {
        self.expectations.api()
    }

    /// The dialect of the profile's node.
    pub(crate) fn dialect(&self) -> Option<&str> {
        self.expectations.dialect()
    }

    /// The strictest level at which the profile knows its node.
    pub(crate) fn level(&self) -> Option<Level> {
        self.expectations.level()
    }

    /// The outcome in the light of what is known.
    pub(crate) fn judge<'v>(&self, outcome: Outcome<'v>) -> Outcome<'v> {
        self.expectations.judge(outcome)
    }

    /// Writes the baseline, if that is wanted and the run went to its end; the exit code of the run is then another.
    pub(crate) fn update(&self, run: &Run, exit: Exit) -> Exit {
        let Some((file, source)) = &self.update else { return exit };
        if !matches!(exit, Exit::Expected | Exit::Failed | Exit::Stale) {
            eprintln!("{} is left as it is: the run did not go to its end", file.display());
            return exit;
        }
        let written = self
            .expectations
            .updated(source, &run.cases)
            .and_then(|text| report::write_whole(file, text.as_bytes()).map_err(|error| error.to_string()));
        match written {
            Ok(()) => {
                let (new, gone) = (run.count(Mark::Fail), run.count(Mark::Stale));
                eprintln!("wrote {}: {new} more known to fail, {gone} no longer", file.display());
                Exit::Expected
            }
            Err(why) => {
                let file = file.display();
                Exit::Unusable.because(format_args!("{file} cannot be updated: {why}"))
            }
        }
    }
}

/// The profile that is built in for a node that tells this name and version of itself.
pub(crate) fn profile_of(software: &str) -> Option<&'static str> {
    let (name, version) = software.split_once(' ')?;
    let version = version.rsplit(' ').next()?.trim_end_matches("-RELEASE");
    let wanted = format!("{}-{version}", name.to_lowercase());
    profiles().into_iter().find(|profile| *profile == wanted)
}

/// A profile that is built in, or a file.
fn profile_named(name: &str) -> Result<Arc<Source>, Exit> {
    if let Some(source) = profile(name) {
        return Ok(source);
    }
    let is_file = name.contains(['/', '\\']) || name.ends_with(".yaml") || name.ends_with(".yml");
    if is_file {
        return read(Path::new(name), false).map_err(|problem| problems::print(&[problem]));
    }
    let exit = Exit::Usage.because(format_args!("there is no profile `{name}`"));
    match nearest(name, profiles()) {
        Some(near) => eprintln!("  help: did you mean `{near}`?"),
        None => eprintln!("  help: there are {}; or give a file", profiles().join(", ")),
    }
    Err(exit)
}

/// A baseline that is to be written may not be there yet.
fn read(file: &Path, may_lack: bool) -> Result<Arc<Source>, Problem> {
    const NEW: &str = "# What is known to fail, and what fails at times.\nknown-fail: []\n";
    let name = file.display().to_string();
    let unreadable = |error: io::Error| Problem::of_file(&name, Mistake::Unreadable(error.to_string()));
    if may_lack && !file.exists() {
        return Ok(Source::new(name.as_str(), NEW));
    }
    if fs::metadata(file).map_err(unreadable)?.len() > MAX_FILE as u64 {
        let mistake = Mistake::TooMuch { what: "bytes in a file", limit: MAX_FILE };
        return Err(Problem::of_file(&name, mistake));
    }
    fs::read_to_string(file).map(|text| Source::new(name.as_str(), text)).map_err(unreadable)
}
