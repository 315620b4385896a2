//! The exit codes, once: help, README and every return use this table.

use std::fmt::Display;
use std::process::ExitCode;

/// How a run ended, as far as its caller can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Expected = 0,
    Failed = 1,
    Usage = 2,
    InvalidInput = 3,
    Unusable = 4,
    Nothing = 5,
    Stale = 6,
    Violated = 7,
    NotReproduced = 8,
    Interrupted = 130,
}

/// Every exit code with its meaning, in order.
pub(crate) const EXITS: [(Exit, &str); 10] = [
    (Exit::Expected, "all as expected"),
    (Exit::Failed, "some vector failed or got worse, a clause has no vector, or a mutant survived"),
    (Exit::Usage, "the command line makes no sense"),
    (Exit::InvalidInput, "a vector, specification, world or report file is invalid; nothing was sent"),
    (Exit::Unusable, "the target cannot be used, or stopped answering; results cannot be written"),
    (Exit::Nothing, "nothing was selected or run, or seeds of a sweep are missing"),
    (Exit::Stale, "a profile or baseline lists a failure that passes"),
    (Exit::Violated, "a simulation violated an invariant"),
    (Exit::NotReproduced, "a run did not reproduce"),
    (Exit::Interrupted, "interrupted by Ctrl-C; what was done is reported"),
];

impl Exit {
    /// This exit, once why has been said.
    pub(crate) fn because(self, why: impl Display) -> Exit {
        eprintln!("error: {why}");
        self
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// The table as a section of the help.
pub(crate) fn help_section() -> String {
    let lines = EXITS.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}\n", *exit as u8));
    format!("Exit codes:\n{}", lines.collect::<String>())
}

/// Command lines to try, and below them the exit codes, as sections of the help.
pub(crate) fn examples(lines: &[(&str, &str)]) -> String {
    let lines = lines.iter().map(|(line, meaning)| format!("  {line}\n      {meaning}\n"));
    format!("Examples:\n{}\n{}", lines.collect::<String>(), help_section())
}
