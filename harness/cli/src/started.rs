//! Nodes that are started for a check, and are gone after it.

use std::process::ExitCode;
use std::time::Duration;

use tanglegram_runner::report::shown;
#[cfg(target_os = "linux")]
use tanglegram_target::process::{self, LocalProcess};
use tanglegram_target::{Client, Endpoint, Limits, LogTail};
use tokio::time::{Instant, sleep};

/// What stands for a free port in a command.
const PORT: &str = "{port}";
/// Pause between two questions whether a node is ready.
const POLL: Duration = Duration::from_millis(100);
/// Longest answer to one such question.
const ANSWER: Duration = Duration::from_secs(5);

/// A node under way; ended when this is dropped.
pub(crate) struct Started {
    /// As reports name it.
    pub(crate) name: String,
    /// Where its API will be.
    pub(crate) endpoint: Endpoint,
    #[cfg(target_os = "linux")]
    process: LocalProcess,
}

#[cfg(target_os = "linux")]
impl Started {
    /// Starts a shell command whose node will listen there, or on the free port that its `{port}` stands for.
    pub(crate) fn command(command: &str, at: Option<&Endpoint>) -> Result<Self, String> {
        let endpoint = match at {
            Some(endpoint) => endpoint.clone(),
            None if command.contains(PORT) => free_endpoint()?,
            None => return Err("--cmd needs the URL of the node, or {port} in the command".into()),
        };
        let line = command.replace(PORT, &endpoint.port().to_string());
        let program = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
        let process = LocalProcess::start(&program, &["keep"], &line);
        let process = process.map_err(|error| format!("cannot start a process: {error}"))?;
        Ok(Self { name: format!("--cmd {command}"), endpoint, process })
    }

    /// What it wrote last.
    pub(crate) fn log(&self) -> &LogTail {
        self.process.log()
    }

    /// How it ended, if it did.
    fn ended(&mut self) -> Option<String> {
        self.process.ended().map(|status| format!("the command ended by itself, with {status}"))
    }
}

#[cfg(target_os = "linux")]
fn free_endpoint() -> Result<Endpoint, String> {
    let port = process::free_port().map_err(|error| format!("no free port: {error}"))?;
    Endpoint::parse(&format!("127.0.0.1:{port}")).map_err(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
impl Started {
    pub(crate) fn command(_: &str, _: Option<&Endpoint>) -> Result<Self, String> {
        Err("--cmd is for Linux: elsewhere children that outlive their parents cannot be ended".into())
    }

    pub(crate) fn log(&self) -> &LogTail {
        unreachable!("none can be started")
    }

    fn ended(&mut self) -> Option<String> {
        None
    }
}

impl Started {
    /// Waits until the node answers as one of the APIs.
    pub(crate) async fn ready(
        &mut self,
        endpoint: &Endpoint,
        limits: Limits,
        within: Duration,
    ) -> Result<(), String> {
        let deadline = Instant::now() + within;
        let limits = Limits { exchange: limits.exchange.min(ANSWER), ..limits };
        loop {
            let Err(why) = answers(endpoint, limits).await else { return Ok(()) };
            if let Some(ended) = self.ended() {
                return Err(self.with_log(&ended));
            }
            if Instant::now() >= deadline {
                let waited = format!("not ready within {} s: {why}", within.as_secs_f64());
                return Err(self.with_log(&waited));
            }
            sleep(POLL).await;
        }
    }

    fn with_log(&self, why: &str) -> String {
        match shown(self.log()) {
            log if log.is_empty() => why.to_owned(),
            log => format!("{why}; its log ends:\n{log}"),
        }
    }
}

async fn answers(endpoint: &Endpoint, limits: Limits) -> Result<(), String> {
    let mut client = Client::new(endpoint.clone(), limits);
    match tanglegram_runner::preflight(&mut client).await {
        Ok(_) => Ok(()),
        Err(why) => tanglegram_runner::mirror_preflight(&mut client).await.map_err(|_| why),
    }
}

/// The process between the harness and a command.
#[cfg(target_os = "linux")]
pub(crate) fn keep(command: &str) -> ExitCode {
    match process::keep(command) {
        Ok(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("cannot start the command: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn keep(_: &str) -> ExitCode {
    ExitCode::FAILURE
}
