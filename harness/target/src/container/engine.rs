//! The container engine: whether it is there, and which containers of checks it has.

use std::time::Duration;

use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::ContainerSummary;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;
use tokio::time::timeout;

use super::{ContainerError, OWNER, reasons};

/// A container's labels, as the engine's client has them.
#[allow(clippy::disallowed_types, reason = "the client's own type; nothing depends on its order")]
pub(super) type Labels = std::collections::HashMap<String, String>;

#[allow(clippy::disallowed_types, reason = "the client's own type; nothing depends on its order")]
type Filters = std::collections::HashMap<String, Vec<String>>;

/// Longest wait for an answer of the engine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the engine.
pub(super) struct Engine(Docker);

impl Engine {
    /// Connects.
    ///
    /// # Errors
    /// There is no engine.
    pub(super) async fn connect() -> Result<Self, ContainerError> {
        // Its client takes for granted that there are certificates.
        if is_encrypted() && std::env::var_os("DOCKER_CERT_PATH").is_none() {
            return Err(ContainerError::Engine("TLS needs DOCKER_CERT_PATH".to_owned()));
        }
        let docker =
            docker_client_instance().await.map_err(|error| ContainerError::Engine(reasons(&error)))?;
        answer(docker.ping()).await?;
        Ok(Self(docker))
    }

    /// Removes the containers with such labels; returns how many there were.
    ///
    /// # Errors
    /// The engine does not answer.
    pub(super) async fn remove(&self, is_meant: impl Fn(&Labels) -> bool) -> Result<usize, ContainerError> {
        let filters = Filters::from([("label".to_owned(), vec![OWNER.to_owned()])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let all = answer(self.0.list_containers(Some(options))).await?;
        let meant = |one: &ContainerSummary| one.labels.as_ref().is_some_and(&is_meant);
        let ids: Vec<String> = all.into_iter().filter(meant).filter_map(|one| one.id).collect();
        for id in &ids {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
            // Somebody else may be removing it.
            let _ = answer(self.0.remove_container(id, Some(options))).await;
        }
        Ok(ids.len())
    }
}

/// Whether the engine is to be reached by TLS.
fn is_encrypted() -> bool {
    let is = |name: &str, has: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| has(&value));
    is("DOCKER_TLS_VERIFY", |value| value == "1") || is("DOCKER_HOST", |value| value.starts_with("https:"))
}

/// What the engine answers, within reasonable time.
async fn answer<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, ContainerError> {
    let late = |_| ContainerError::Engine(format!("no answer within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE, asked).await.map_err(late)?.map_err(|error| ContainerError::Engine(reasons(&error)))
}
