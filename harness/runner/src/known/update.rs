//! Writing a baseline anew: only the lines that change are touched, so that comments and reasons stay.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tanglegram_vector::{ExpectedFile, Known, Source, read_expected, shorten};

use super::{Expectations, fits_whole};
use crate::report::{Case, Failed, Mark};

/// Most characters of the remark behind a new line.
const REMARK: usize = 100;
const LIST: &str = "known-fail:";

/// What a run showed of the vectors that a baseline may list.
struct Seen<'r> {
    /// Those that failed otherwise than is known, each with a remark.
    failed: BTreeMap<&'r str, String>,
    /// Those that passed although they are known to fail.
    stale: BTreeSet<&'r str>,
}

impl<'r> Seen<'r> {
    fn of(cases: &'r [Case]) -> Self {
        let with = |mark: Mark| cases.iter().filter(move |case| case.verdict == mark);
        let remark = |case: &Case| case.failure.as_ref().map(Failed::headline).unwrap_or_default();
        Self {
            failed: with(Mark::Fail).map(|case| (case.path.as_str(), remark(case))).collect(),
            stale: with(Mark::Stale).map(|case| case.path.as_str()).collect(),
        }
    }
}

/// A change to a text: these bytes become that.
type Edit = (Range<usize>, String);

impl Expectations {
    /// The text of a baseline that lists what failed in a run and no more what passed; what was not run stays, and so
    /// does `flaky`.
    ///
    /// # Errors
    /// In one sentence what has to be changed by hand.
    pub fn updated(&self, source: &Source, cases: &[Case]) -> Result<String, String> {
        let seen = &Seen::of(cases);
        let Some(file) = self.files.iter().find(|file| file.source.name == source.name) else {
            return Err(format!("{} was not read", source.name));
        };
        let mut edits: Vec<Edit> =
            file.known.iter().flat_map(|known| taken_out(known, source, seen)).collect();
        edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut text = source.text.clone();
        edits.into_iter().for_each(|(range, with)| text.replace_range(range, &with));
        let listed = exact(file);
        let new = seen.failed.iter().filter(|(path, _)| !listed.contains(*path));
        let new: Vec<(&str, &str)> = new.map(|(path, why)| (*path, why.as_str())).collect();
        let text = with_new(text, &new);
        let wanted: BTreeSet<&str> =
            listed.iter().copied().chain(new.iter().map(|(path, _)| *path)).collect();
        verified(text, source, &wanted, seen)
    }
}

/// The text, if it says what it should.
fn verified(
    text: String,
    source: &Source,
    wanted: &BTreeSet<&str>,
    seen: &Seen<'_>,
) -> Result<String, String> {
    let by_hand = |what: &str| Err(format!("{what}: change it by hand"));
    let Ok(file) = read_expected(&Source::new(source.name.as_str(), text.as_str())) else {
        return by_hand("it is written in a way that cannot be kept");
    };
    let wanted: BTreeSet<&str> = wanted.iter().copied().filter(|path| !seen.stale.contains(path)).collect();
    if exact(&file) != wanted {
        return by_hand("it is written in a way that cannot be kept");
    }
    let covers =
        |known: &&Known| known.vectors.iter().any(|one| seen.stale.iter().any(|path| fits_whole(one, path)));
    match file.known.iter().find(covers) {
        Some(known) => {
            by_hand(&format!("the pattern {} also fits what passes now", known.vectors.join(", ")))
        }
        None => Ok(text),
    }
}

/// The vectors that are listed by path.
fn exact(file: &ExpectedFile) -> BTreeSet<&str> {
    let all = file.known.iter().flat_map(|known| &known.vectors).map(String::as_str);
    all.filter(|path| !path.contains(['*', '?'])).collect()
}

/// What has to go of an entry of which some vectors passed: all of its lines, or their names.
fn taken_out(known: &Known, source: &Source, seen: &Seen<'_>) -> Vec<Edit> {
    let passed: Vec<&String> =
        known.vectors.iter().filter(|path| seen.stale.contains(path.as_str())).collect();
    let text = &source.text;
    if !passed.is_empty() && passed.len() == known.vectors.len() && is_item(text, known.whole.start) {
        return vec![(lines(text, known.whole.start..known.whole.end), String::new())];
    }
    passed.iter().filter_map(|path| name(text, known.whole.start..known.whole.end, path)).collect()
}

/// Whether what begins here stands behind a dash of its own.
fn is_item(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].trim() == "-"
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The range, extended to whole lines.
fn lines(text: &str, range: Range<usize>) -> Range<usize> {
    let end = text[..range.end].trim_end().len().max(range.start);
    line_start(text, range.start)..text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1)
}

/// The name in this range, with its line or the comma beside it.
fn name(text: &str, within: Range<usize>, path: &str) -> Option<Edit> {
    let of_path = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    let found = text[within.clone()].match_indices(path).map(|(at, _)| within.start + at);
    let start = found.into_iter().find(|at| {
        let (before, after) = (&text[..*at], &text[at + path.len()..]);
        !before.ends_with(of_path) && !after.starts_with(of_path)
    })?;
    let range = start..start + path.len();
    if is_item(text, start) {
        return Some((lines(text, range), String::new()));
    }
    let after = &text[range.end..];
    if let Some(rest) = after.trim_start().strip_prefix(',') {
        return Some((start..text.len() - rest.trim_start_matches(' ').len(), String::new()));
    }
    let before = text[..start].trim_end();
    Some((before.strip_suffix(',').map_or(start, str::len)..range.end, String::new()))
}

/// The text with more lines in its list.
fn with_new(mut text: String, new: &[(&str, &str)]) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut starts = text.match_indices(LIST).map(|(at, _)| at);
    let head = starts.find(|at| line_start(&text, *at) == *at);
    let head = head.unwrap_or_else(|| {
        let end = text.len();
        text.push_str(LIST);
        text.push('\n');
        end
    });
    let line_end = text[head..].find('\n').map_or(text.len(), |newline| head + newline);
    let value = text[head + LIST.len()..line_end].split(" #").next().unwrap_or_default().trim().to_owned();
    if value.starts_with('[') && value != "[]" {
        // A list in brackets has no room for remarks.
        let Some(end) = text[head..].find(']').map(|at| head + at) else { return text };
        let names: String = new.iter().map(|(path, _)| format!(", {path}")).collect();
        text.insert_str(end, &names);
        return text;
    }
    if value == "[]" && !new.is_empty() {
        text.replace_range(head + LIST.len()..line_end, "");
    }
    let at = end_of_list(&text, head);
    let indent = item_indent(&text[head..at]);
    let remark = |why: &str| shorten(why.lines().next().unwrap_or_default(), REMARK);
    let lines: String =
        new.iter().map(|(path, why)| format!("{indent}- {path} # {}\n", remark(why))).collect();
    text.insert_str(at, &lines);
    text
}

/// Where the list that begins in this line ends: behind its last item.
fn end_of_list(text: &str, head: usize) -> usize {
    let first = text[head..].find('\n').map_or(text.len(), |newline| head + newline + 1);
    let (mut at, mut end) = (first, first);
    for line in text[first..].split_inclusive('\n') {
        let inside = line.starts_with([' ', '-']) && !line.trim_start().starts_with('#');
        let between = line.trim().is_empty() || line.trim_start().starts_with('#');
        if !inside && !between {
            break;
        }
        at += line.len();
        if inside && !between {
            end = at;
        }
    }
    end
}

/// How far the items of a list are indented.
fn item_indent(list: &str) -> &str {
    let item = list.lines().skip(1).find(|line| line.trim_start().starts_with('-'));
    item.map_or("  ", |line| &line[..line.len() - line.trim_start().len()])
}
