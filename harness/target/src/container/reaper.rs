//! The process beside the harness that removes its containers when the harness is gone, however it went.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::engine::Engine;
use super::{ContainerError, OWNER, owner};

/// What the harness says last if no container can come any more.
const SETTLED: u8 = b'.';
/// Pause between two looks for containers.
const PAUSE: Duration = Duration::from_millis(100);
/// Looks in a row that find none, until there will be none any more: an engine that was told to create one may be at it.
const EMPTY: usize = 20;
/// Most looks.
const LOOKS: usize = 200;
/// Longest wait of the harness for its reaper, and pause between two looks whether it ended.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// The other end of the pipe; when this is dropped, the containers are gone.
#[derive(Debug)]
pub(super) struct Reaper {
    process: Child,
    is_settled: bool,
}

impl Reaper {
    /// Starts it, as this program with such arguments.
    pub(super) fn start((program, arguments): &(PathBuf, Vec<String>)) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).arg(owner::own());
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        // A Ctrl-C at the terminal is for the harness alone.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(Self { process: command.spawn()?, is_settled: false })
    }

    /// The engine is not about to create a container any more.
    pub(super) fn settled(&mut self) {
        self.is_settled = true;
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.process.stdin.take()
            && self.is_settled
        {
            let _ = pipe.write_all(&[SETTLED]); // it may have been killed
        }
        for _ in 0..PATIENCE.as_millis() / POLL.as_millis() {
            if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            thread::sleep(POLL);
        }
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}

/// Waits until standard input ends, and removes every container of this owner.
///
/// # Errors
/// The engine is not there any more, or does not remove them.
pub fn reap(owner: &str) -> Result<(), ContainerError> {
    let mut said = Vec::new();
    io::stdin().lock().take(1).read_to_end(&mut said)?;
    let enough = if said == [SETTLED] { 1 } else { EMPTY };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(remove_all(owner, enough))
}

/// Looks for containers of this owner until so many looks in a row found none.
async fn remove_all(owner: &str, enough: usize) -> Result<(), ContainerError> {
    let engine = Engine::connect().await?;
    let mut empty = 0;
    for _ in 0..LOOKS {
        let found = engine.remove(|labels| labels.get(OWNER).is_some_and(|of| of == owner)).await?;
        empty = if found == 0 { empty + 1 } else { 0 };
        if empty == enough {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(ContainerError::Left)
}
