//! The guide's commands, run as they stand there.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{env, fs, iter};

/// The blocks of commands of a page, each with the line it starts on.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        match (inside, line) {
            (false, "```sh") => {
                found.push((number + 1, String::new()));
                inside = true;
            }
            (true, "```") => inside = false,
            (true, line) => {
                let (_, block) = found.last_mut().unwrap();
                block.extend([line, "\n"]);
            }
            _ => {}
        }
    }
    found
}

/// How a block says that it ends.
fn exit_code(block: &str) -> i32 {
    block
        .lines()
        .filter_map(|line| line.split_once("# exits ")?.1.trim().parse().ok())
        .next_back()
        .unwrap_or(0)
}

/// What the commands left running is stopped, also when a test fails.
struct Leftovers<'f>(&'f Path);

impl Drop for Leftovers<'_> {
    fn drop(&mut self) {
        let files = fs::read_dir(self.0).into_iter().flatten().flatten();
        for file in files.filter(|file| file.path().extension().is_some_and(|ending| ending == "pid")) {
            let pid = fs::read_to_string(file.path()).unwrap_or_default();
            let _ = Command::new("kill").arg(pid.trim()).stderr(Stdio::null()).status();
        }
    }
}

fn shell(block: &str, folder: &Path) -> Child {
    let binaries = Path::new(env!("CARGO_BIN_EXE_tanglegram")).parent().unwrap().to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(iter::once(binaries).chain(env::split_paths(&path))).unwrap();
    let log = fs::File::create(folder.join("block.log")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-eu", "-c", block]).current_dir(folder).env("PATH", path).env("NO_COLOR", "1");
    // What goes on in the background holds the log open, so it is a file and no pipe.
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    command.spawn().unwrap()
}

#[test]
fn the_commands_of_the_guide_work() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide.md");
    let page = fs::read_to_string(page).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let _leftovers = Leftovers(folder.path());
    let blocks = blocks(&page);
    assert!(blocks.len() > 8, "{} blocks", blocks.len());
    for (line, block) in blocks {
        let code = shell(&block, folder.path()).wait().unwrap().code();
        let log = fs::read_to_string(folder.path().join("block.log")).unwrap();
        assert_eq!(code, Some(exit_code(&block)), "docs/guide.md:{line}\n{block}\n{log}");
    }
}

/// Ten pages of 60 lines of a hundred characters.
#[test]
fn the_guide_is_short() {
    let page = include_str!("../../../docs/guide.md");
    assert!(page.len() < 10 * 60 * 100, "{} characters", page.len());
}
