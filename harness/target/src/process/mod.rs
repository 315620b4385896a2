//! A node as a local process, gone with all its children when the check is over, whatever ended it.
//!
//! Between the harness and the command stands a keeper, this program again, which runs [`keep`]. Its standard input is a
//! pipe from the harness: when that ends, because the harness is done or was killed, the keeper ends everything that
//! descends from it. Linux only.

mod keeper;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::log::LogTail;

pub use keeper::keep;

/// Longest wait for the keeper to end what it keeps.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two looks at it.
const POLL: Duration = Duration::from_millis(20);

/// A command under way.
#[derive(Debug)]
pub struct LocalProcess {
    keeper: Child,
    log: LogTail,
}

impl LocalProcess {
    /// Starts a shell command, with `keeper` and these arguments before it as the program that calls [`keep`].
    ///
    /// # Errors
    /// What the system says.
    pub fn start(keeper: &Path, arguments: &[&str], command: &str) -> io::Result<Self> {
        let mut keeper = Command::new(keeper)
            .args(arguments)
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for the harness alone, which then ends the rest in order.
            .process_group(0)
            .spawn()?;
        let log = LogTail::default();
        if let Some(stream) = keeper.stdout.take() {
            let log = log.clone();
            thread::spawn(move || log.drain(stream));
        }
        if let Some(stream) = keeper.stderr.take() {
            let log = log.clone();
            thread::spawn(move || log.drain(stream));
        }
        Ok(Self { keeper, log })
    }

    /// What it wrote last, to standard output and standard error.
    pub fn log(&self) -> &LogTail {
        &self.log
    }

    /// How it ended, if nothing of it runs any more.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.keeper.try_wait().ok().flatten()
    }
}

impl Drop for LocalProcess {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        for _ in 0..PATIENCE.as_millis() / POLL.as_millis() {
            if self.ended().is_some() {
                break;
            }
            thread::sleep(POLL);
        }
        // A keeper that hangs or was killed leaves its group behind.
        if self.ended().is_none_or(|status| status.code().is_none()) {
            keeper::kill_group(self.keeper.id());
            let _ = self.keeper.wait();
        }
    }
}

/// A port of this machine that nobody listens on now.
///
/// # Errors
/// There is none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
