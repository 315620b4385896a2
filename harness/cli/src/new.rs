//! `tanglegram new vector`: a file to start from.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::exit::{self, Exit};

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a commented file with a vector in it that passes
    Vector(VectorArgs),
}

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram new vector my-vectors/getBalances.yaml", "ask one node"),
    ("tanglegram new vector my-vectors/heal.yaml --api network", "ask nodes of a network under faults"),
    ("tanglegram check --vectors my-vectors", "run it"),
]))]
struct VectorArgs {
    /// Where; the name of the file is the middle part of its vectors' paths
    file: PathBuf,
    /// What is asked
    #[arg(long, value_enum, default_value_t = Api::Iri)]
    api: Api,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Api {
    Iri,
    Mirror,
    Network,
}

impl Api {
    fn start(self) -> &'static str {
        match self {
            Api::Iri => include_str!("new/iri.yaml"),
            Api::Mirror => include_str!("new/mirror.yaml"),
            Api::Network => include_str!("new/network.yaml"),
        }
    }
}

/// Writes the file; one that is there already stays as it is.
pub(crate) fn new(args: &NewArgs) -> Exit {
    let What::Vector(VectorArgs { file, api }) = &args.what;
    if file.extension().is_none_or(|ending| ending != "yaml") {
        eprintln!(
            "error: {} does not end in .yaml, so it would not be read as a vector file",
            file.display()
        );
        return Exit::Usage;
    }
    match write(file, api.start()) {
        Ok(()) => {
            let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            // Nobody may be reading.
            let _ = writeln!(io::stdout(), "{}", file.display());
            eprintln!("run it: tanglegram check --vectors {}", folder.display());
            Exit::Expected
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Exit::Usage.because(format_args!("{} exists already; it was left as it is", file.display()))
        }
        Err(error) => Exit::Unusable.because(format_args!("cannot write {}: {error}", file.display())),
    }
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}
