//! One page of HTML that needs nothing else: a matrix of command and class of case, filters, differences, transcripts.
//!
//! Everything that is not ours is escaped by the template, and the page's policy lets no script run but its own.

use std::collections::BTreeSet;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::junit::properties;
use super::{CLASSES, Case, Differing, Mark, Report, Run, differences};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The report as a page.
pub(super) fn render(report: &Report) -> Result<String, String> {
    let page = Page {
        report,
        title: title(report),
        style: STYLE,
        script: SCRIPT,
        script_hash: source_hash(SCRIPT),
        runs: report.runs.iter().enumerate().map(|(number, run)| Seen::new(number, run)).collect(),
        differing: differences(&report.runs).into_iter().collect(),
        groups: distinct(report, Case::group),
        classes: distinct(report, |case| case.class.as_str()),
        marks: marks(report),
    };
    page.render().map_err(|error| error.to_string())
}

/// A script as a content security policy names it.
pub(super) fn source_hash(script: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(script.as_bytes())))
}

fn title(report: &Report) -> String {
    let failed: usize = report.runs.iter().map(|run| run.count(Mark::Fail)).sum();
    let target = report.runs.first().map_or("", |run| run.about.target.as_str());
    format!("{failed} failed, {target} - Tanglegram")
}

fn distinct<'r>(report: &'r Report, of: impl Fn(&'r Case) -> &'r str) -> Vec<&'r str> {
    let all: BTreeSet<&str> = report.runs.iter().flat_map(|run| &run.cases).map(of).collect();
    all.into_iter().collect()
}

fn marks(report: &Report) -> Vec<Mark> {
    let all: BTreeSet<Mark> =
        report.runs.iter().flat_map(|run| &run.cases).map(|case| case.verdict).collect();
    all.into_iter().collect()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    report: &'r Report,
    title: String,
    style: &'static str,
    script: &'static str,
    script_hash: String,
    runs: Vec<Seen<'r>>,
    differing: Vec<(&'r str, Vec<Option<Mark>>)>,
    groups: Vec<&'r str>,
    classes: Vec<&'r str>,
    marks: Vec<Mark>,
}

/// A run as the page shows it.
struct Seen<'r> {
    number: usize,
    run: &'r Run,
    left: usize,
    totals: Vec<(Mark, usize)>,
    words: String,
    bar: Vec<Part>,
    bar_width: usize,
    facts: Vec<(&'static str, String)>,
    classes: Vec<&'static str>,
    rows: Vec<Row<'r>>,
    groups: Vec<(&'r str, Vec<&'r Case>)>,
}

/// A piece of the bar.
struct Part {
    mark: Mark,
    from: usize,
    width: usize,
}

/// A command in the matrix.
struct Row<'r> {
    group: &'r str,
    cells: Vec<Cell>,
}

/// Its cases of one class, or of all where the class is empty.
struct Cell {
    class: &'static str,
    marks: Vec<Mark>,
}

/// A difference with what both sides share at begin and end.
struct Parts<'d> {
    before: &'d str,
    want: &'d str,
    got: &'d str,
    after: &'d str,
}

impl<'r> Seen<'r> {
    fn new(number: usize, run: &'r Run) -> Self {
        let totals: Vec<(Mark, usize)> = Mark::ALL
            .iter()
            .map(|mark| (*mark, run.count(*mark)))
            .filter(|(mark, count)| *count > 0 || matches!(mark, Mark::Pass | Mark::Fail))
            .collect();
        let words = totals.iter().map(|(mark, count)| format!("{count} {}", mark.word())).collect::<Vec<_>>();
        let classes: Vec<&str> =
            CLASSES.into_iter().filter(|class| run.cases.iter().any(|case| case.class == *class)).collect();
        let groups: Vec<(&str, Vec<&Case>)> = run.groups().into_iter().collect();
        let rows = groups.iter().map(|(group, cases)| Row::new(group, cases, &classes)).collect();
        let mut facts = properties(&run.about);
        facts.push(("took", format!("{:.2} s", run.ms / 1e3)));
        facts.push(("exit code", run.exit.to_string()));
        Self {
            number,
            run,
            left: run.selected.saturating_sub(run.cases.len()),
            words: words.join(", "),
            bar: bar(&totals),
            bar_width: run.cases.len().max(1),
            totals,
            facts,
            classes,
            rows,
            groups,
        }
    }
}

fn bar(totals: &[(Mark, usize)]) -> Vec<Part> {
    let mut from = 0;
    let part = |(mark, width): &(Mark, usize)| {
        let part = Part { mark: *mark, from, width: *width };
        from += width;
        part
    };
    totals.iter().map(part).collect()
}

impl<'r> Row<'r> {
    fn new(group: &'r str, cases: &[&Case], classes: &[&'static str]) -> Self {
        let cell = |class: &'static str| {
            let of = cases.iter().filter(|case| class.is_empty() || case.class == class);
            Cell { class, marks: of.map(|case| case.verdict).collect() }
        };
        Self { group, cells: classes.iter().copied().chain([""]).map(cell).collect() }
    }
}

impl Cell {
    fn total(&self) -> usize {
        self.marks.len()
    }

    fn count(&self, mark: Mark) -> usize {
        self.marks.iter().filter(|one| **one == mark).count()
    }

    /// The mark whose colour the cell has.
    fn mark(&self) -> &'static str {
        let grave = [Mark::Fail, Mark::Stale, Mark::KnownFail, Mark::Flaky, Mark::Pass];
        let worst = grave.into_iter().find(|mark| self.count(*mark) > 0);
        worst.unwrap_or(Mark::Skip).name()
    }

    fn short(&self) -> String {
        let (failed, stale) = (self.count(Mark::Fail), self.count(Mark::Stale));
        let (known, run) =
            (self.count(Mark::KnownFail) + self.count(Mark::Flaky), self.total() - self.count(Mark::Skip));
        match (failed, stale, known) {
            _ if run == 0 => format!("– {}", self.total()),
            (0, 0, 0) => format!("✓ {run}"),
            (0, 0, _) => format!("≈ {known} of {run}"),
            (0, _, _) => format!("! {stale} of {run}"),
            _ => format!("✗ {failed} of {run}"),
        }
    }

    fn words(&self) -> String {
        let some = Mark::ALL.iter().map(|mark| (self.count(*mark), mark.word()));
        let some = some.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        some.collect::<Vec<_>>().join(", ")
    }

    fn class_word(&self) -> &'static str {
        if self.class.is_empty() { "all classes" } else { self.class }
    }
}

impl Page<'_> {
    /// Whether cases of this mark are shown at first: all, unless some failed.
    fn shows(&self, mark: &Mark) -> bool {
        mark.is_bad() || !self.marks.iter().any(|mark| mark.is_bad())
    }

    fn sign(&self, case: &Case) -> &'static str {
        match case.verdict {
            Mark::Pass => "✓",
            Mark::Fail => "✗",
            Mark::KnownFail | Mark::Flaky => "≈",
            Mark::Stale => "!",
            Mark::Skip => "–",
        }
    }

    /// What a case's reason is the reason of.
    fn reason_word(&self, case: &Case) -> &'static str {
        match case.verdict {
            Mark::KnownFail => "Known to fail",
            Mark::Flaky => "Fails at times",
            Mark::Stale => "Stale",
            Mark::Pass | Mark::Fail | Mark::Skip => "Not run",
        }
    }

    fn note(&self, case: &Case) -> String {
        let failure = case.failure.as_ref().map(super::Failed::headline);
        let failure = failure.filter(|_| case.verdict == Mark::Fail);
        failure.or(case.reason.clone()).or(case.about.clone()).unwrap_or_default()
    }

    fn time(&self, case: &Case) -> String {
        if case.verdict == Mark::Skip { String::new() } else { format!("{:.1} ms", case.ms) }
    }

    fn parts<'d>(&self, one: &'d Differing) -> Parts<'d> {
        parts(&one.expected, &one.got)
    }
}

/// What two texts share at begin and end is set apart, if they have much in common.
fn parts<'d>(want: &'d str, got: &'d str) -> Parts<'d> {
    let same = want.char_indices().zip(got.chars()).find(|((_, a), b)| a != b);
    let begin = same.map_or(want.len().min(got.len()), |((at, _), _)| at);
    let (left_want, left_got) = (&want[begin..], &got[begin..]);
    let shared = left_want.chars().rev().zip(left_got.chars().rev()).take_while(|(a, b)| a == b);
    let end: usize = shared.map(|(c, _)| c.len_utf8()).sum();
    if (begin + end) * 2 < want.len().min(got.len()) {
        return Parts { before: "", want, got, after: "" };
    }
    let (want, after) = left_want.split_at(left_want.len() - end);
    Parts { before: &got[..begin], want, got: &left_got[..left_got.len() - end], after }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_of_a_difference_are_all_of_it(want in "[aé]{0,6}", got in "[aéb]{0,6}") {
            let parts = parts(&want, &got);
            let whole = [parts.want, parts.got].map(|middle| format!("{}{middle}{}", parts.before, parts.after));
            prop_assert_eq!(whole.each_ref(), [&want, &got]);
        }
    }
}
