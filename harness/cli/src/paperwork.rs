//! What shells, editors and `man` want to know of the program: completions, manual pages, schemas.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{self, Exit};

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram completions bash > /etc/bash_completion.d/tanglegram", "for everybody"),
    ("source <(tanglegram completions zsh)", "for this shell"),
]))]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tanglegram", &mut script);
    print(&script)
}

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram man | man -l -", "read the page of the program"),
    ("tanglegram man --out /usr/local/share/man/man1", "install the pages of all commands"),
]))]
pub(crate) struct ManArgs {
    /// Write a page for the program and one for each command into this folder, in place of printing the first
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the manual page, or writes all of them.
pub(crate) fn man(args: &ManArgs) -> Exit {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        // Writing to memory does not fail.
        let _ = clap_mangen::Man::new(Cli::command()).render(&mut page);
        return print(&page);
    };
    match std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder)) {
        Ok(()) => Exit::Expected,
        Err(error) => {
            Exit::Unusable.because(format_args!("cannot write manual pages to {}: {error}", folder.display()))
        }
    }
}

/// A language that has a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Vector,
    World,
}

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram schema vector > vector.schema.json", "for an editor that completes and checks YAML"),
]))]
pub(crate) struct SchemaArgs {
    /// Of which files
    language: Language,
}

const VECTOR: &str = include_str!("../../../specs/vector.schema.json");
const WORLD: &str = include_str!("../../../specs/world.schema.json");

/// Prints the JSON Schema of a language.
pub(crate) fn schema(args: &SchemaArgs) -> Exit {
    print(match args.language {
        Language::Vector => VECTOR.as_bytes(),
        Language::World => WORLD.as_bytes(),
    })
}

/// Prints; a closed pipe is no failure.
fn print(text: &[u8]) -> Exit {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.flush());
    Exit::Expected
}
