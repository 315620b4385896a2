//! `tanglegram compare`: what got better and what got worse between two reports.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tanglegram_runner::report::compare::{Change, Comparison, read};
use tanglegram_runner::report::{Mark, Report};
use tanglegram_vector::shorten;

use crate::exit::Exit;
use crate::style::Style;

/// Longest text of a report shown, in characters: it may come from anybody.
const LONGEST: usize = 240;

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The report from before, written by `check --report json=FILE`
    #[arg(value_name = "A.json")]
    before: PathBuf,
    /// The report from after
    #[arg(value_name = "B.json")]
    after: PathBuf,
    /// Print one JSON object: {"type":"comparison", "exit", "same_vectors", "worse", "better", "otherwise" (fails as
    /// before, but in another way), "no_longer_run", "added": [{"target", "path", "before", "after", "why"}],
    /// "cut_short": [why], "same": number}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn compare(args: &CompareArgs) -> Exit {
    compared(args).unwrap_or_else(|exit| exit)
}

fn compared(args: &CompareArgs) -> Result<Exit, Exit> {
    let (before, after) = (load(&args.before)?, load(&args.after)?);
    let comparison = Comparison::of(&before, &after);
    let exit = if comparison.is_worse() { Exit::Failed } else { Exit::Expected };
    // Nobody may be reading.
    let mut out = io::stdout().lock();
    let _ = if args.json {
        writeln!(out, "{}", object(&comparison, exit))
    } else {
        tell(&before, &after, &comparison, Style::of(&io::stdout()), &mut out)
    };
    Ok(exit)
}

fn load(path: &Path) -> Result<Report, Exit> {
    read(path).map_err(|error| Exit::InvalidInput.because(format_args!("{} {error}", path.display())))
}

fn object(comparison: &Comparison, exit: Exit) -> serde_json::Value {
    let mut object = serde_json::to_value(comparison).unwrap_or_default();
    object["type"] = json!("comparison");
    object["exit"] = json!(exit as u8);
    object
}

fn tell(
    before: &Report,
    after: &Report,
    found: &Comparison,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    header("A", before, out)?;
    header("B", after, out)?;
    if !found.same_vectors {
        writeln!(out, "the two were not asked the same vectors")?;
    }
    for why in &found.cut_short {
        writeln!(out, "{}: {}", style.bad("B was cut short"), shorten(why, LONGEST))?;
    }
    for (title, changes) in [
        (style.bad("worse"), &found.worse),
        (style.good("better"), &found.better),
        ("fails in another way".to_owned(), &found.otherwise),
        ("no longer run".to_owned(), &found.no_longer_run),
        ("only in B".to_owned(), &found.added),
    ] {
        group(&title, changes, style, out)?;
    }
    let (better, worse) = (found.better.len(), found.worse.len());
    writeln!(out, "{better} better, {worse} worse, {} the same", found.same)
}

fn header(name: &str, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for run in &report.runs {
        let about = &run.about;
        let software = about.software.as_deref().unwrap_or("unknown software");
        let profile = about.profile.as_deref().unwrap_or(&about.dialect);
        let who = format!("{} ({software}), held to {profile}", about.target);
        writeln!(out, "{name}  {}, {}", shorten(&who, LONGEST), shorten(&report.started, LONGEST))?;
    }
    Ok(())
}

fn group(title: &str, changes: &[Change], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}: {}", changes.len())?;
    let word = |mark: Option<Mark>| mark.map_or("not there", Mark::name);
    for change in changes {
        let target = change.target.as_ref().map_or(String::new(), |target| format!("{target} "));
        let path = style.strong(&shorten(&format!("{target}{}", change.path), LONGEST));
        writeln!(out, "  {path}: {} -> {}", word(change.before), word(change.after))?;
        if !change.why.is_empty() {
            writeln!(out, "    {}", shorten(&change.why, LONGEST))?;
        }
    }
    Ok(())
}
