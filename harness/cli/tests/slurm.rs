//! A sweep as an array job of a real Slurm comes to the same as in one process. Skipped, and says why, where there is no Slurm.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use common::tanglegram;

const WORLD: &str = "\
options: { mwm: 1 }
coordinator: { seed: SIMULATED9COORDINATOR, depth: 3, security: 1, mode: CURLP27, interval: 3s }
nodes: 3
workload: { rate: 0.5, value-share: 0.2, accounts: 2 }
duration: 12s
recovery: 5s
";

/// Why no job can be run here.
fn missing() -> Option<String> {
    let told = Command::new("timeout")
        .args(["20", "sinfo", "--noheader", "--format=%T"])
        .stderr(Stdio::null())
        .output();
    match told {
        Ok(told) if told.status.success() => {
            let states = String::from_utf8_lossy(&told.stdout).into_owned();
            let works = ["idle", "mixed", "allocated"].iter().any(|state| states.contains(state));
            (!works).then(|| format!("no node of the Slurm here is ready: {states}"))
        }
        Ok(_) => Some("no Slurm answers here (sinfo)".into()),
        Err(error) => Some(format!("no Slurm here: {error}")),
    }
}

/// The digest a command printed.
fn digest(output: &str) -> &str {
    output.lines().find_map(|line| line.strip_prefix("digest ")).unwrap_or_else(|| panic!("{output}"))
}

/// Runs a script as an array of so many tasks, and waits for it.
fn run_array(folder: &Path, tasks: usize, script: &str) {
    let file = folder.join("job.sh");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    let log = folder.join("task-%a.log");
    let array = format!("--array=0-{}", tasks - 1);
    let submitted = Command::new("timeout")
        .args(["300", "sbatch", "--wait", "--mem=0", &array])
        .arg(format!("--output={}", log.display()))
        .arg(&file)
        .output()
        .unwrap();
    let logs = (0..tasks)
        .map(|task| fs::read_to_string(folder.join(format!("task-{task}.log"))).unwrap_or_default());
    assert!(
        submitted.status.success(),
        "{}{}",
        String::from_utf8_lossy(&submitted.stderr),
        logs.collect::<String>()
    );
}

#[test]
fn an_array_of_slurm_sweeps_like_one_process() {
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    // A folder that the jobs see, too: not one that is private to this process.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("world.yaml"), WORLD).unwrap();
    let sweep = format!("sweep {} --seeds 0..12 --jobs 1", path("world.yaml"));
    let binary = env!("CARGO_BIN_EXE_tanglegram");
    run_array(folder.path(), 3, &format!("exec {binary} {sweep} --out {}", path("array")));
    assert_eq!(fs::read_dir(path("array")).unwrap().count(), 3, "each task wrote its share");
    let merged = tanglegram(&["sweep", "merge", &path("array")]);
    assert_eq!(merged.code, Some(0), "{}{}", merged.stdout, merged.stderr);
    let whole = path("whole");
    let mut arguments: Vec<&str> = sweep.split(' ').collect();
    arguments.extend(["--shard", "1/1", "--out", &whole]);
    let one = tanglegram(&arguments);
    assert_eq!(digest(&merged.stdout), digest(&one.stdout));
}
