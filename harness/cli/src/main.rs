//! The `tanglegram` binary: flags, help, progress, exit codes; no logic of its own.

mod args;
mod check;
mod coverage;
mod exit;
mod json;
mod mine;
mod problems;
mod report;
mod serve;
mod style;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check(args) => check::check(&args).into(),
        Command::Coverage(args) => coverage::coverage(&args).into(),
        Command::Serve(args) => serve::serve(&args).into(),
        Command::Mine(args) => mine::mine(&args).into(),
    }
}
