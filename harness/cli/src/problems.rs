//! Showing what is wrong with a file: place, snippet, help.

use miette::{GraphicalReportHandler, GraphicalTheme};
use tanglegram_vector::Problem;

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
    eprintln!("error: {} mistake{plural} in the input files; nothing was sent", problems.len());
    Exit::InvalidInput
}

fn render(problem: &Problem, style: Style) -> String {
    let theme =
        if style.is_coloured() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut text = String::new();
    if problem.source.text.is_empty() || handler.render_report(&mut text, problem).is_err() {
        return format!("{}: {problem}\n", problem.source.name);
    }
    text
}
