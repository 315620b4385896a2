//! JUnit's XML: a suite per command, a case per vector, with file and line.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report as Xml, TestCase, TestCaseStatus, TestSuite};

use super::{About, Case, Mark, Report, Run};

/// The report as JUnit's XML; characters that XML cannot hold are left out.
pub(super) fn render(report: &Report) -> Result<String, String> {
    let mut xml = Xml::new(report.tool.as_str());
    xml.set_time(report.runs.iter().map(|run| duration(run.ms)).sum());
    for run in &report.runs {
        let prefix = if report.runs.len() > 1 { format!("{}: ", run.about.target) } else { String::new() };
        for (group, cases) in run.groups() {
            xml.add_test_suite(suite(run, &format!("{prefix}{group}"), &cases));
        }
        if let Some(why) = &run.unusable {
            xml.add_test_suite(unusable(run, &prefix, why));
        }
    }
    xml.to_string().map_err(|error| error.to_string())
}

fn suite(run: &Run, name: &str, cases: &[&Case]) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(cases.iter().map(|case| duration(case.ms)).sum());
    for (name, value) in properties(&run.about) {
        suite.add_property(Property::new(name, value));
    }
    suite.add_test_cases(cases.iter().map(|case| test_case(case, name)));
    suite
}

fn test_case(case: &Case, suite: &str) -> TestCase {
    let mut made = TestCase::new(case.name(), status(case));
    made.set_classname(suite);
    made.set_time(duration(case.ms));
    let (file, line) = case.file_line();
    made.extra.insert("file".into(), file.into());
    made.extra.insert("line".into(), line.into());
    made
}

fn status(case: &Case) -> TestCaseStatus {
    match (case.verdict, &case.failure) {
        (Mark::Pass, _) => TestCaseStatus::success(),
        // JUnit has no word for what is known: it is neither a success nor a reason to stop.
        (Mark::Skip | Mark::KnownFail | Mark::Flaky, failure) => {
            let mut status = TestCaseStatus::skipped();
            let reason = case.reason.clone().unwrap_or_default();
            status.set_message(match case.verdict {
                Mark::Skip => reason,
                mark => format!("{}: {reason}", mark.name()),
            });
            if let Some(failure) = failure {
                status.set_description(failure.text());
            }
            status
        }
        (Mark::Stale, _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("stale");
            status.set_message(case.reason.clone().unwrap_or_default());
            status
        }
        (Mark::Fail, failure) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("nonconformance");
            if let Some(failure) = failure {
                status.set_message(failure.headline());
                status.set_description(failure.text());
            }
            status
        }
    }
}

/// A run that was cut short is an error of its own: nobody should take it for a whole one.
fn unusable(run: &Run, prefix: &str, why: &str) -> TestSuite {
    let mut suite = TestSuite::new(format!("{prefix}target"));
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("unusable");
    let left = run.selected.saturating_sub(run.cases.len());
    status.set_message(format!("{why}; {left} vectors were not run"));
    suite.add_test_case(TestCase::new("usable to the end", status));
    suite
}

/// What there is to say about a run, by name.
pub(super) fn properties(about: &About) -> Vec<(&'static str, String)> {
    let mut all = vec![("target", about.target.clone())];
    all.extend(about.software.iter().map(|software| ("software", software.clone())));
    all.push(("dialect", about.dialect.clone()));
    all.extend(about.profile.iter().map(|profile| ("profile", profile.clone())));
    all.push(("level", about.level.clone()));
    all.extend(about.seed.map(|seed| ("seed", seed.to_string())));
    all.extend(about.faults.iter().map(|faults| ("faults", faults.clone())));
    all.push(("vectors", about.vectors.clone()));
    all
}

fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()
}
