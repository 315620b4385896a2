//! Writes the seeds of every target into folders of their names: a corpus to start cargo-fuzz with.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use tanglegram_fuzz::{Fixtures, TARGETS};

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: tanglegram-fuzz FOLDER\n\nwrites seeds into FOLDER/TARGET/ for each target");
        return ExitCode::from(2);
    };
    match write(Path::new(&folder)) {
        Ok(count) => {
            println!("{count} seeds for {} targets", TARGETS.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: cannot write to {}: {error}", Path::new(&folder).display());
            ExitCode::from(4)
        }
    }
}

fn write(folder: &Path) -> io::Result<usize> {
    let fixtures = Fixtures::here();
    let mut count = 0;
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)(&fixtures).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
            count += 1;
        }
    }
    Ok(count)
}
