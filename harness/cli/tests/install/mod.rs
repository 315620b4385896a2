//! Installing programs from registries into the target folder, once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of its own that something is installed in, below the target folder.
pub(crate) fn folder(client: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(client)
}

/// Runs a command to its end; what it wrote is told only if it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{name} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    Err(format!("{name} failed ({}):\n{text}", output.status))
}

/// Does an installation unless it was done before with the same ingredients.
pub(crate) fn once(
    folder: &Path,
    ingredients: &str,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let done = folder.join("installed");
    if fs::read_to_string(&done).is_ok_and(|text| text == ingredients) {
        return Ok(());
    }
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)
        .and_then(|()| install().map_err(std::io::Error::other))
        .map_err(|e| e.to_string())?;
    fs::write(done, ingredients).map_err(|error| error.to_string())
}

/// Makes a Python environment and installs what a requirements file lists; returns its folder of programs.
pub(crate) fn python(name: &str, requirements: &Path, flags: &[&str]) -> Result<PathBuf, String> {
    let folder = folder(name);
    let programs = folder.join("bin");
    let text = fs::read_to_string(requirements).map_err(|error| error.to_string())?;
    once(&folder, &text, || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(programs.join("python"));
        run(pip.args(["-m", "pip", "install", "--quiet"]).args(flags).arg("-r").arg(requirements))
    })?;
    Ok(programs)
}
