//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::exit;

/// Does this node behave as the specification says?
#[derive(Debug, Parser)]
#[command(name = "tanglegram", version, about, max_term_width = 100, after_help = exit::help_section())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Replay vectors against a node and tell where it does not answer as demanded
    #[command(after_help = exit::help_section())]
    Check(Box<CheckArgs>),
}

/// Where vectors and clauses come from.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Take the vectors from this folder or file instead of those built in
    #[arg(long, value_name = "DIR")]
    pub(crate) vectors: Option<PathBuf>,
    /// Take the specification files from this folder instead of those built in
    #[arg(long, value_name = "DIR")]
    pub(crate) specs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    /// List the selected vectors; send nothing
    #[arg(long)]
    pub(crate) list: bool,
}
