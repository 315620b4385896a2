//! The `tanglegram` binary: flags, help, progress, exit codes; no logic of its own.

mod args;
mod check;
mod cluster;
mod compare;
mod coverage;
mod diff;
mod exit;
mod explain;
mod faults;
mod interrupt;
mod json;
mod known;
mod mine;
mod mutate;
mod new;
mod paperwork;
mod problems;
mod progress;
mod proxy;
mod reach;
mod record;
mod report;
mod reports;
mod serve;
mod shrink;
mod sim;
mod started;
mod style;
mod sweep;
mod worlds;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check(args) => check::check(&args).into(),
        Command::Compare(args) => compare::compare(&args).into(),
        Command::Coverage(args) => coverage::coverage(&args).into(),
        Command::Serve(args) => serve::serve(&args).into(),
        Command::Keep { command } => started::keep(&command),
        Command::Reap { owner } => started::reap(&owner),
        Command::Mine(args) => mine::mine(&args).into(),
        Command::Mutate(args) => mutate::mutate(&args).into(),
        Command::Sim(args) => sim::sim(&args).into(),
        Command::Shrink(args) => shrink::shrink(&args).into(),
        Command::Sweep(args) => sweep::sweep(&args).into(),
        Command::Proxy(args) => proxy::proxy(&args).into(),
        Command::Record(args) => record::record(&args).into(),
        Command::Diff(args) => diff::diff(&args).into(),
        Command::Explain(args) => explain::explain(&args).into(),
        Command::New(args) => new::new(&args).into(),
        Command::Schema(args) => paperwork::schema(&args).into(),
        Command::Completions(args) => paperwork::completions(&args).into(),
        Command::Man(args) => paperwork::man(&args).into(),
    }
}
