//! Installing programs from registries into the target folder, once.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

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

/// Which tests are asked for, so that only what they need is installed.
pub(crate) fn wanted<'a>(arguments: &'a Arguments) -> impl Fn(&str) -> bool + 'a {
    |name| !arguments.list && arguments.filter.as_ref().is_none_or(|filter| name.contains(filter))
}

/// A test of something that had to be installed; `None` was not, because the test is not asked for. What cannot be installed
/// is skipped with its reason, or fails if TANGLEGRAM_REQUIRE_CLIENTS is set.
pub(crate) fn trial<T: Send + 'static>(
    name: &str,
    installed: Option<Result<T, String>>,
    test: impl FnOnce(T) -> Result<(), String> + Send + 'static,
) -> Trial {
    let strict = std::env::var_os("TANGLEGRAM_REQUIRE_CLIENTS").is_some();
    if let Some(Err(reason)) = &installed {
        eprintln!("{name} {}: {reason}", if strict { "fails" } else { "is skipped" });
    }
    let skipped = matches!(installed, Some(Err(_))) && !strict;
    let test = move || {
        let installed = installed.unwrap_or_else(|| Err("it was not installed".to_owned()))?;
        test(installed).map_err(Failed::from)
    };
    Trial::test(name, test).with_ignored_flag(skipped)
}
