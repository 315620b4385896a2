//! Nodes that are started for a check, and are gone after it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tanglegram_runner::report::shown;
#[cfg(feature = "containers")]
use tanglegram_target::container::{self, Container, ContainerError, ContainerPlan};
#[cfg(target_os = "linux")]
use tanglegram_target::process::{self, LocalProcess};
use tanglegram_target::{Client, Endpoint, Limits, LogTail};
use tokio::time::{Instant, sleep};

use crate::args::StartArgs;
use crate::exit::Exit;

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
    held: Held,
}

enum Held {
    #[cfg(target_os = "linux")]
    Process(LocalProcess),
    #[cfg(feature = "containers")]
    Container(Box<Container>),
}

impl Started {
    /// Starts what is to be started, as reports will name it.
    pub(crate) async fn start(
        args: &StartArgs,
        at: Option<&Endpoint>,
        lease: Duration,
    ) -> Result<Self, Exit> {
        if let Some(image) = &args.image {
            return Self::image(image, args, lease).await.map_err(|why| Exit::Unusable.because(why));
        }
        let command = args.cmd.as_deref().unwrap_or_default();
        Self::command(command, at).map_err(|why| Exit::Usage.because(why))
    }

    /// Starts a shell command whose node will listen there, or on the free port that its `{port}` stands for.
    #[cfg(target_os = "linux")]
    fn command(command: &str, at: Option<&Endpoint>) -> Result<Self, String> {
        let endpoint = match at {
            Some(endpoint) => endpoint.clone(),
            None if command.contains(PORT) => free_endpoint()?,
            None => return Err("--cmd needs the URL of the node, or {port} in the command".into()),
        };
        let line = command.replace(PORT, &endpoint.port().to_string());
        let process = LocalProcess::start(&own_program()?, &["keep"], &line);
        let process = process.map_err(|error| format!("cannot start a process: {error}"))?;
        Ok(Self { name: format!("--cmd {command}"), endpoint, held: Held::Process(process) })
    }

    #[cfg(not(target_os = "linux"))]
    fn command(_: &str, _: Option<&Endpoint>) -> Result<Self, String> {
        Err("--cmd is for Linux: elsewhere children that outlive their parents cannot be ended".into())
    }

    /// Starts an image, with the fixture's genesis in it.
    #[cfg(feature = "containers")]
    async fn image(image: &str, args: &StartArgs, lease: Duration) -> Result<Self, String> {
        let files = tanglegram_runner::GENESIS.map(|(name, text)| (format!("/fixture/{name}"), text.into()));
        let plan = ContainerPlan {
            reaper: (own_program()?, vec!["reap".to_owned()]),
            image: image.to_owned(),
            port: args.container_port,
            env: args.env.clone(),
            mounts: args.mounts.iter().map(mount).collect::<Result<_, _>>()?,
            files: files.into(),
            arguments: args.container_args.clone(),
            lease,
        };
        let told = |error: ContainerError| match &error {
            ContainerError::Ended { log, .. } => with_log(&error.to_string(), log),
            _ => error.to_string(),
        };
        let container = Container::start(&plan).await.map_err(told)?;
        let endpoint = container.endpoint().await.map_err(told)?;
        Ok(Self { name: format!("--image {image}"), endpoint, held: Held::Container(Box::new(container)) })
    }

    #[cfg(not(feature = "containers"))]
    async fn image(_: &str, _: &StartArgs, _: Duration) -> Result<Self, String> {
        Err("this binary was built without --image (feature `containers`)".into())
    }

    /// What it wrote last.
    pub(crate) fn log(&self) -> &LogTail {
        match self.held {
            #[cfg(target_os = "linux")]
            Held::Process(ref process) => process.log(),
            #[cfg(feature = "containers")]
            Held::Container(ref container) => container.log(),
        }
    }

    /// How it ended, if it did.
    async fn ended(&mut self) -> Option<String> {
        match self.held {
            #[cfg(target_os = "linux")]
            Held::Process(ref mut process) => {
                process.ended().map(|status| format!("the command ended by itself, with {status}"))
            }
            #[cfg(feature = "containers")]
            Held::Container(ref container) => match container.ended().await {
                Ok(code) => code.map(|code| format!("the container ended by itself, with exit code {code}")),
                Err(error) => Some(error.to_string()),
            },
        }
    }
}

/// A mount, with what relative paths are relative to.
#[cfg(feature = "containers")]
fn mount((from, to): &(String, String)) -> Result<(String, String), String> {
    let from = std::path::absolute(from).map_err(|error| format!("cannot mount {from}: {error}"))?;
    Ok((from.display().to_string(), to.clone()))
}

/// This program, which also keeps or removes what it starts.
fn own_program() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))
}

#[cfg(target_os = "linux")]
fn free_endpoint() -> Result<Endpoint, String> {
    let port = process::free_port().map_err(|error| format!("no free port: {error}"))?;
    Endpoint::parse(&format!("127.0.0.1:{port}")).map_err(|error| error.to_string())
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
            if let Some(ended) = self.ended().await {
                return Err(with_log(&ended, self.log()));
            }
            if Instant::now() >= deadline {
                let waited = format!("not ready within {} s: {why}", within.as_secs_f64());
                return Err(with_log(&waited, self.log()));
            }
            sleep(POLL).await;
        }
    }
}

/// What went wrong, and what the node wrote last.
fn with_log(why: &str, log: &LogTail) -> String {
    match shown(log) {
        log if log.is_empty() => why.to_owned(),
        log => format!("{why}; its log ends:\n{log}"),
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

/// The process that removes the containers of a check.
#[cfg(feature = "containers")]
pub(crate) fn reap(owner: &str) -> ExitCode {
    match container::reap(owner) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("a container may be left until the next check --image removes it: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(feature = "containers"))]
pub(crate) fn reap(_: &str) -> ExitCode {
    ExitCode::FAILURE
}
