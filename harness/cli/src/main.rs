//! The `tanglegram` binary: flags, help, progress, exit codes; no logic of its own.

mod args;
mod exit;
mod files;
mod problems;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{CheckArgs, Cli, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check(args) => check(&args).into(),
    }
}

fn check(args: &CheckArgs) -> Exit {
    let library = match files::library(args.sources.vectors.as_deref(), args.sources.specs.as_deref()) {
        Ok(library) => library,
        Err(problems) => {
            problems::print(&problems);
            return Exit::InvalidInput;
        }
    };
    let mut out = std::io::stdout().lock();
    for vector in library.vectors() {
        if writeln!(out, "{}", vector.path).is_err() {
            break;
        }
    }
    Exit::Expected
}
