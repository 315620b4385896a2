//! A node in a container, removed when the check is over, whatever ended it.
//!
//! Beside the harness runs a [`Reaper`], this program again, whose standard input is a pipe from the harness: when that
//! ends, because the check is over or the harness was killed, it removes the container. Should it be killed too, or the
//! engine with all of them, the next check does: each container is labelled with who owns it, and [`Container::start`]
//! removes first those whose owner is gone (killed, or on a machine that was started anew since); those of other
//! machines when their time is over.

mod engine;
mod owner;
mod reaper;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::core::logs::LogFrame;
use testcontainers::core::{AccessMode, IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::endpoint::{Endpoint, UrlError};
use crate::log::LogTail;

use engine::Engine;
use reaper::Reaper;

pub use reaper::reap;

/// The label that says who owns a container: `host boot process start`.
const OWNER: &str = "tanglegram.owner";
/// The label that says until when it may be needed, in seconds since 1970.
const UNTIL: &str = "tanglegram.until";
/// Longest wait for the end of the log of a container that has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why there is no such container.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// No engine answers, or not as it should.
    #[error("no container engine: {0} (is Docker running? DOCKER_HOST says where)")]
    Engine(String),
    /// Who removes the container in any case cannot be started.
    #[error("cannot start a process: {0}")]
    Reaper(#[from] io::Error),
    /// The image is not to be had, or does not start.
    #[error("the image {image} cannot be started: {why}")]
    Start {
        /// The image.
        image: String,
        /// What the engine says.
        why: String,
    },
    /// It ended as soon as it was started.
    #[error("the container ended by itself, with exit code {code}")]
    Ended {
        /// Its exit code.
        code: i64,
        /// What it wrote.
        log: LogTail,
    },
    /// The engine does not remove what it is told to.
    #[error("the engine does not remove a container")]
    Left,
    /// The engine tells of an address that is none.
    #[error("the engine tells of an address that cannot be asked: {0}")]
    Address(#[from] UrlError),
}

/// What is to be started.
#[derive(Debug, Clone, Default)]
pub struct ContainerPlan {
    /// The program that calls [`reap`] with the one argument that comes after these.
    pub reaper: (PathBuf, Vec<String>),
    /// `IMAGE`, `IMAGE:TAG` or `IMAGE@DIGEST`.
    pub image: String,
    /// Where its API listens inside.
    pub port: u16,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Files and folders of this machine with the paths where they are mounted, to be read only.
    pub mounts: Vec<(String, String)>,
    /// Files that are put into it before it starts: path and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// The arguments in place of the image's own; empty for those.
    pub arguments: Vec<String>,
    /// After so long it may be removed by anybody.
    pub lease: Duration,
}

/// A container under way; removed when this is dropped.
pub struct Container {
    // Dropped first, so that the reaper finds nothing.
    container: ContainerAsync<GenericImage>,
    _reaper: Reaper,
    image: String,
    port: u16,
    log: LogTail,
    /// Closed once the log was read to its end.
    reading: watch::Receiver<()>,
}

impl Container {
    /// Removes what earlier checks left, and starts an image.
    ///
    /// # Errors
    /// No engine, no image, or it does not start.
    pub async fn start(plan: &ContainerPlan) -> Result<Self, ContainerError> {
        let engine = Engine::connect().await?;
        engine.remove(owner::is_abandoned).await?;
        // From before there can be a container: a start that is interrupted leaves one behind.
        let mut reaper = Reaper::start(&plan.reaper)?;
        let log = LogTail::default();
        let (reader, reading) = watch::channel(());
        let started = request(plan, log.clone(), reader).start().await;
        reaper.settled();
        let container = started.map_err(|error| failed(&plan.image, &error))?;
        Ok(Self { container, _reaper: reaper, image: plan.image.clone(), port: plan.port, log, reading })
    }

    /// Where its API is, seen from here.
    ///
    /// # Errors
    /// It has ended, or the engine does not tell.
    pub async fn endpoint(&self) -> Result<Endpoint, ContainerError> {
        let failed = |error| failed(&self.image, &error);
        let port = match self.container.get_host_port_ipv4(self.port.tcp()).await {
            Ok(port) => port,
            Err(error) => {
                let code = self.ended().await?.ok_or_else(|| failed(error))?;
                return Err(ContainerError::Ended { code, log: self.log.clone() });
            }
        };
        let host = self.container.get_host().await.map_err(failed)?.to_string();
        // The port is one of IPv4, and `localhost` may be more.
        let host = if host == "localhost" { "127.0.0.1" } else { &host };
        Ok(Endpoint::parse(&format!("http://{host}:{port}"))?)
    }

    /// What it wrote last, to standard output and standard error.
    pub fn log(&self) -> &LogTail {
        &self.log
    }

    /// The exit code, if it ended; then the log is whole.
    ///
    /// # Errors
    /// The engine is not there any more, or has no such container.
    pub async fn ended(&self) -> Result<Option<i64>, ContainerError> {
        let code = self.container.exit_code().await;
        let code = code.map_err(|error| ContainerError::Engine(reasons(&error)))?;
        if code.is_some() {
            let _ = timeout(LAST_WORDS, self.reading.clone().changed()).await;
        }
        Ok(code)
    }
}

fn failed(image: &str, error: &TestcontainersError) -> ContainerError {
    ContainerError::Start { image: image.to_owned(), why: reasons(error) }
}

/// An error with what caused it.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    text
}

/// What testcontainers is to start; `reader` goes when the log has been read.
fn request(plan: &ContainerPlan, log: LogTail, reader: watch::Sender<()>) -> ContainerRequest<GenericImage> {
    let (name, tag) = name_and_tag(&plan.image);
    let image = GenericImage::new(name, tag).with_exposed_port(plan.port.tcp());
    let until = owner::now().saturating_add(plan.lease.as_secs());
    let mut request = image
        .with_label(OWNER, owner::own())
        .with_label(UNTIL, until.to_string())
        .with_log_consumer(move |frame: &LogFrame| {
            let _ = &reader; // kept as long as there may be more
            log.push(frame.bytes());
        });
    for (name, value) in &plan.env {
        request = request.with_env_var(name, value);
    }
    for (from, to) in &plan.mounts {
        request = request.with_mount(Mount::bind_mount(from, to).with_access_mode(AccessMode::ReadOnly));
    }
    for (path, content) in &plan.files {
        request = request.with_copy_to(path.as_str(), content.clone());
    }
    if is_engine_here() {
        let port = plan.port;
        request = request.with_host_config_modifier(move |config| publish_here(config, port));
    }
    if plan.arguments.is_empty() { request } else { request.with_cmd(&plan.arguments) }
}

/// Whether what the engine publishes on loopback can be reached from here: it is this machine's, and this is no container.
fn is_engine_here() -> bool {
    let elsewhere = std::env::var("DOCKER_HOST").is_ok_and(|host| !host.starts_with("unix:"));
    !elsewhere && !Path::new("/.dockerenv").exists()
}

/// Publishes this port alone, on a free one of loopback: a node that is checked is nobody else's business.
fn publish_here(config: &mut HostConfig, port: u16) {
    let free = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: None };
    config.publish_all_ports = Some(false);
    config.port_bindings = Some([(port.tcp().to_string(), Some(vec![free]))].into());
}

/// `a/b:c` is `a/b` and `c`; the colon of a registry's port is none of a tag.
fn name_and_tag(image: &str) -> (&str, &str) {
    image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_name_and_a_tag() {
        for (image, parts) in [
            ("node", ("node", "latest")),
            ("my/node:1.2", ("my/node", "1.2")),
            ("registry:5000/node", ("registry:5000/node", "latest")),
            ("node@sha256:ab", ("node@sha256", "ab")),
        ] {
            assert_eq!(name_and_tag(image), parts);
        }
    }
}
