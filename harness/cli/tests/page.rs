//! The pages of `--report html=FILE`, looked at by a browser.
//!
//! Where there is no Chromium the tests are skipped and say so; with TANGLEGRAM_REQUIRE_BROWSER set they fail instead.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod desk;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use common::tanglegram;
use desk::{Desk, VECTORS, hostile};
use libtest_mimic::{Arguments, Failed, Trial};

/// What is done with a browser.
type Test = fn(&Path) -> Result<(), Failed>;

/// The first browser of these that is there.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    places.into_iter().find(|file| file.is_file())
}

/// What a page has become once its script has run, and what it complained of.
struct Shown {
    page: String,
    complaints: Vec<String>,
}

fn show(browser: &Path, file: &Path) -> Shown {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=3000"])
        .args(["--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(page.ends_with("</html>\n"), "the browser shows it: {told}");
    Shown {
        page,
        complaints: told.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

/// How often an element with this class at first is there.
fn count(page: &str, element: &str, class: &str) -> usize {
    let begin = format!("<{element} class=\"{class}");
    page.match_indices(&begin).filter(|(at, _)| page[at + begin.len()..].starts_with([' ', '"'])).count()
}

fn a_checked_target(browser: &Path) -> Result<(), Failed> {
    let (desk, target) = (Desk::new(VECTORS), hostile());
    desk.check(&[&target], &["html=a.html"], &[]);
    let Shown { page, complaints } = show(browser, &desk.path("a.html"));
    assert_eq!(complaints, [""; 0]);
    assert_eq!(count(&page, "details", "case"), 4, "a row for each vector");
    assert!(page.contains(">2 of 4 shown</output>"), "the script ran, and shows the failures first");
    assert_eq!(page.matches(" hidden=\"\"").count(), 3, "two cases and the caption");
    assert!(page.contains("<title>2 failed, "), "no script of the target's ran");
    for there in [
        "✗ 1 of 2",
        ">iri/getTips</th>",
        "body.info",
        "1.8.5-RELEASE",
        "> POST / HTTP/1.1".replace('>', "&gt;").as_str(),
    ] {
        assert!(page.contains(there), "«{there}» in {page}");
    }
    Ok(())
}

fn several_targets(browser: &Path) -> Result<(), Failed> {
    let (desk, one, other) = (
        Desk::new(VECTORS),
        hostile(),
        common::node(|stream, _| {
            common::reply(stream, "400 Bad Request", r#"{"error":"no"}"#);
            true
        }),
    );
    desk.check(&[&one, &other], &["html=a.html"], &[]);
    let Shown { page, complaints } = show(browser, &desk.path("a.html"));
    assert_eq!(complaints, [""; 0]);
    assert_eq!(count(&page, "section", "run"), 2);
    assert_eq!(count(&page, "details", "case"), 8);
    assert!(
        page.contains("Where the targets differ") && page.contains(">iri/getTips/refused</th>"),
        "{page}"
    );
    Ok(())
}

fn a_simulation(browser: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.html");
    let report = format!("html={}", file.display());
    let ended = tanglegram(&["sim", "canary", "--seed", "1", "--report", &report]);
    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    let Shown { page, complaints } = show(browser, &file);
    assert_eq!(complaints, [""; 0]);
    assert_eq!(count(&page, "g", "node"), 5, "a row for each node");
    assert_eq!(count(&page, "line", "fault"), 6, "five lines of faults and one of the legend");
    let told = page
        .split_once(" transactions and what they approve")
        .and_then(|(before, _)| before.rsplit(' ').next());
    let told: usize = told.expect("the picture says how many it shows").parse().unwrap();
    assert!(told > 50, "most of what the node knows: {told}");
    assert_eq!(count(&page, "g", "tx"), told, "all transactions of that node");
    let (trunks, branches) = (count(&page, "line", "trunk"), count(&page, "line", "branch"));
    assert_eq!(trunks, told, "the genesis has none, the legend one");
    assert!((12..trunks).contains(&branches), "drawn where they differ from trunks: {branches}");
    assert_eq!(count(&page, "text", "faultno"), 4, "two faults at one time share a line's top");
    assert!(page.contains("class=\"index\"") && page.contains("isolate: n3"), "{page}");
    assert!(page.contains("liveness at n3"), "{page}");
    Ok(())
}

fn a_hedera_network(browser: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.html");
    let report = format!("html={}", file.display());
    let ended = tanglegram(&["sim", "hedera-faults", "--seed", "1", "--until", "20s", "--report", &report]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let Shown { page, complaints } = show(browser, &file);
    assert_eq!(complaints, [""; 0]);
    assert_eq!(count(&page, "g", "node"), 7, "a row for each member");
    assert!(
        page.contains("Members, rounds and faults") && page.contains("partition: [[h0, h1, h2]"),
        "{page}"
    );
    let events = count(&page, "g", "tx");
    assert!(page.contains(&format!("The newest {events} events and their parents")), "{events}");
    assert!(events > 200, "most of what the member keeps: {events}");
    let (own, others) = (count(&page, "line", "trunk"), count(&page, "line", "branch"));
    assert!((events - 20..=events).contains(&own) && others > events / 2, "{own} and {others} parents");
    assert!(page.matches("famous witness\n").count() > 7, "some of their rounds are decided");
    assert!(page.contains(", its fame undecided\n"), "the newest are not");
    Ok(())
}

fn main() -> ExitCode {
    let found = browser();
    let required = std::env::var_os("TANGLEGRAM_REQUIRE_BROWSER").is_some();
    if found.is_none() && !required {
        eprintln!("skipped: there is no Chromium here to look at the pages");
    }
    let tests: [(&str, Test); 4] = [
        ("a_checked_target", a_checked_target),
        ("several_targets", several_targets),
        ("a_simulation", a_simulation),
        ("a_hedera_network", a_hedera_network),
    ];
    let trials = tests.map(|(name, test)| {
        let browser = found.clone();
        let run = move || browser.map_or(Err("there is no Chromium".into()), |browser| test(&browser));
        Trial::test(name, run).with_ignored_flag(found.is_none() && !required)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}
