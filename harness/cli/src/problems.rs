//! Showing what is wrong with a file: place, snippet, help.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use tanglegram_vector::{Problem, shorten};

use crate::exit::Exit;
use crate::style::Style;

/// Most problems shown; with more, the first mistakes explain the rest.
const MOST: usize = 20;

/// Prints the problems to standard error.
pub(crate) fn print(problems: &[Problem]) -> Exit {
    let style = Style::of(&std::io::stderr());
    for problem in problems.iter().take(MOST) {
        eprint!("{}", render(problem, style));
    }
    let more = problems.len().saturating_sub(MOST);
    if more > 0 {
        eprintln!("… and {more} more");
    }
    let plural = if problems.len() == 1 { "" } else { "s" };
    Exit::InvalidInput
        .because(format_args!("{} mistake{plural} in the input files; nothing was sent", problems.len()))
}

/// Longest line shown whole, in bytes.
const LONGEST_LINE: usize = 400;

fn render(problem: &Problem, style: Style) -> String {
    let drawn = if has_long_lines(problem) { None } else { drawing(problem, style) };
    drawn.unwrap_or_else(|| plain(problem))
}

/// A mistake with its place, a snippet of the file and help; `None` when that cannot be drawn.
pub(crate) fn drawing(problem: &dyn Diagnostic, style: Style) -> Option<String> {
    let theme =
        if style.is_coloured() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut text = String::new();
    handler.render_report(&mut text, problem).is_ok().then_some(text)
}

/// Whether the lines of the snippet would flood the terminal.
fn has_long_lines(problem: &Problem) -> bool {
    let text = problem.source.text.as_bytes();
    let before = &text[..problem.span.start.min(text.len())];
    let after = &text[before.len()..];
    let line_ends = |byte: &u8| *byte == b'\n';
    let ahead: usize = after.split(line_ends).take(2).map(|line| line.len()).max().unwrap_or(0);
    let behind: usize = before.rsplit(line_ends).take(2).map(|line| line.len()).max().unwrap_or(0);
    text.is_empty() || ahead.max(behind) > LONGEST_LINE
}

/// Place and message, with a bit of the text where it happened.
fn plain(problem: &Problem) -> String {
    let source = &problem.source;
    if source.text.is_empty() {
        return format!("{}: {problem}\n", source.name);
    }
    let mut text = format!("{}: {problem}\n", problem.place());
    let marked = source.text.get(problem.span.start..).and_then(|rest| rest.lines().next());
    if let Some(marked) = marked.filter(|marked| !marked.is_empty()) {
        text.push_str(&format!("  at `{}`\n", shorten(marked, 80)));
    }
    if let Some(help) = &problem.help {
        text.push_str(&format!("  help: {help}\n"));
    }
    text
}
