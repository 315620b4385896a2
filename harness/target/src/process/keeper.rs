//! The process between the harness and a command.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper, wait,
};

/// Pause between two looks at what runs.
const POLL: Duration = Duration::from_millis(20);
/// How long what is to end may take to end by itself, in looks.
const GRACE: usize = 100;
/// After how many more looks it is given up: it cannot be killed.
const LAST: usize = 250;

/// Runs a shell command and everything that it starts until nothing of it runs any more, or until standard input ends:
/// then all of it is ended. Returns the command's exit code.
///
/// # Errors
/// The command cannot be started.
pub fn keep(command: &str) -> io::Result<i32> {
    // Those whose parents end become children of this process, so that none is lost.
    set_child_subreaper(Some(getpid()))?;
    let child = Command::new("/bin/sh").args(["-c", command]).stdin(std::process::Stdio::null()).spawn()?;
    let first = Pid::from_child(&child);
    let is_over = watch();
    let mut code = None;
    while !is_over.load(Ordering::Relaxed) {
        reap(first, &mut code);
        if code.is_some() && descendants().is_empty() {
            return Ok(code.unwrap_or_default());
        }
        thread::sleep(POLL);
    }
    end(first, &mut code);
    Ok(code.unwrap_or_default())
}

/// Whether standard input has ended.
fn watch() -> Arc<AtomicBool> {
    let is_over = Arc::new(AtomicBool::new(false));
    let flag = is_over.clone();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        flag.store(true, Ordering::Relaxed);
    });
    is_over
}

/// Ends all that descends from here, first by asking.
fn end(first: Pid, code: &mut Option<i32>) {
    for look in 0..GRACE + LAST {
        reap(first, code);
        let left = descendants();
        if left.is_empty() {
            return;
        }
        if look == 0 || look >= GRACE {
            let signal = if look == 0 { Signal::TERM } else { Signal::KILL };
            for process in left {
                let _ = kill_process(process, signal); // it may have ended
            }
        }
        thread::sleep(POLL);
    }
}

/// Takes the exit codes of what has ended.
fn reap(first: Pid, code: &mut Option<i32>) {
    while let Ok(Some((process, status))) = wait(WaitOptions::NOHANG) {
        if process == first {
            let signalled = || status.terminating_signal().map(|signal| 128 + signal);
            *code = Some(status.exit_status().or_else(signalled).unwrap_or_default());
        }
    }
}

/// All processes that descend from this one and are no zombies.
fn descendants() -> Vec<Pid> {
    let parents = parents();
    let own = getpid().as_raw_nonzero().get();
    let is_ours = |mut process: i32| {
        for _ in 0..parents.len() {
            match parents.get(&process) {
                Some(parent) if *parent == own => return true,
                Some(parent) => process = *parent,
                None => return false,
            }
        }
        false
    };
    parents
        .keys()
        .filter(|process| is_ours(**process))
        .filter_map(|process| Pid::from_raw(*process))
        .collect()
}

/// The parent of each process that runs, as Linux tells it.
fn parents() -> BTreeMap<i32, i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(|process| Some((process, parent(process)?))).collect()
}

/// From `pid (name) state parent …`; the name may have anything in it. None for zombies.
fn parent(process: i32) -> Option<i32> {
    let mut text = Vec::new();
    std::fs::File::open(format!("/proc/{process}/stat")).ok()?.take(4096).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    fields.next()?.parse().ok().filter(|_| state != "Z")
}

/// Kills a whole process group, if it is still there.
pub(super) fn kill_group(leader: u32) {
    let group = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL); // mostly it has ended
    }
}
