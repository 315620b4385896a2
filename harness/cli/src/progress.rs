//! What is shown while the vectors of one target run, and when they are done.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tanglegram_runner::report::{About, Run};
use tanglegram_runner::{Ending, Outcome, Plan, Summary, Verdict};
use tanglegram_target::LogTail;

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::style::Style;
use crate::{json, report};

/// One target's run under way.
pub(crate) struct Progress<'a> {
    args: &'a CheckArgs,
    bar: ProgressBar,
    summary: Summary,
    run: Run,
    log: Option<&'a LogTail>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) exit: Exit,
    pub(crate) run: Run,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(args: &'a CheckArgs, about: About, plan: &Plan<'_>, log: Option<&'a LogTail>) -> Self {
        let shown = io::stderr().is_terminal() && !args.json;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(plan.len() as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { args, bar, summary: Summary::default(), run: Run::new(about, plan), log }
    }

    /// The run of a target that could not be used from the start, and was told to be so.
    pub(crate) fn unusable(args: &CheckArgs, mut run: Run, why: String) -> Checked {
        let exit = Exit::Unusable;
        run.end(exit as u8, Duration::ZERO, Some(why));
        if args.json {
            println_quietly(&json::summary(&Summary::default(), &run).to_string());
        }
        Checked { exit, run }
    }

    pub(crate) fn observe(&mut self, outcome: &Outcome<'_>) {
        self.summary.add(outcome);
        self.run.add(outcome, self.log);
        if let Some(case) = self.run.cases.last().filter(|_| self.args.json) {
            println_quietly(&json::case(&self.run.about.target, case).to_string());
        }
        if matches!(outcome.verdict, Verdict::Fail(_)) {
            self.bar.set_message(format!("{} failed", self.summary.all.failed));
        }
        self.bar.inc(1);
    }

    /// The end: `None` if it was interrupted.
    pub(crate) fn finish(mut self, ending: Option<Ending>, elapsed: Duration) -> Checked {
        self.bar.finish_and_clear();
        let exit = self.exit(ending.as_ref());
        let why = match ending {
            None => Some("interrupted".to_owned()),
            Some(Ending::Unusable(why)) => Some(why),
            Some(Ending::Complete) => None,
        };
        self.run.end(exit as u8, elapsed, why);
        if self.args.json {
            println_quietly(&json::summary(&self.summary, &self.run).to_string());
        } else {
            let _ = self.tell(elapsed); // nobody may be reading any more
        }
        self.tell_early_end(exit);
        Checked { exit, run: self.run }
    }

    fn tell(&self, elapsed: Duration) -> io::Result<()> {
        let style = Style::of(&io::stdout());
        let mut out = io::stdout().lock();
        report::failures(&self.run, self.args.transcripts, style, &mut out)?;
        report::stale(&self.run, style, &mut out)?;
        report::known(&self.run, &mut out)?;
        report::summary(&self.summary, elapsed, style, &mut out)
    }

    fn tell_early_end(&self, exit: Exit) {
        let left = self.run.selected - self.summary.all.total();
        match &self.run.unusable {
            Some(why) if exit == Exit::Interrupted => eprintln!("{why}; {left} vectors were not run"),
            Some(why) => eprintln!("error: {why}; {left} vectors were not run"),
            None if exit == Exit::Nothing => {
                eprintln!("error: nothing was run: every selected vector was skipped");
            }
            None => {}
        }
    }

    fn exit(&self, ending: Option<&Ending>) -> Exit {
        let counts = self.summary.all;
        match ending {
            None => Exit::Interrupted,
            Some(Ending::Unusable(_)) => Exit::Unusable,
            Some(Ending::Complete) if counts.failed > 0 => Exit::Failed,
            Some(Ending::Complete) if counts.stale > 0 => Exit::Stale,
            Some(Ending::Complete) if counts.total() == counts.skipped => Exit::Nothing,
            Some(Ending::Complete) => Exit::Expected,
        }
    }
}

/// A line to standard output; that nobody reads it any more is no failure.
fn println_quietly(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
