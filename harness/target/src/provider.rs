//! Who finds a node in the state that a vector needs.

use std::future::Future;

use thiserror::Error;

use crate::endpoint::Endpoint;

/// The node a vector needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need<'a> {
    /// The API it has to have.
    pub api: &'a str,
    /// The fixture world; none if any node will do.
    pub world: Option<&'a str>,
    /// The state of that world.
    pub state: Option<&'a str>,
    /// Whether the vector leaves the node changed, so that others should not see it afterwards.
    pub dirties: bool,
}

/// Why there is no such node.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// This target has none; the vector is skipped for that reason.
    #[error("{0}")]
    Skip(String),
    /// It should have one, but something is wrong with it: the run ends.
    #[error("{0}")]
    Unusable(String),
}

/// A source of nodes to ask.
pub trait Provider {
    /// The endpoint of a node that is as needed, for as long as the provider is not asked again.
    ///
    /// Needs come world by world and state by state, in the order of the fixture.
    fn node_for(&mut self, need: &Need<'_>) -> impl Future<Output = Result<Endpoint, Refusal>>;
}

impl<P: Provider> Provider for &mut P {
    fn node_for(&mut self, need: &Need<'_>) -> impl Future<Output = Result<Endpoint, Refusal>> {
        (**self).node_for(need)
    }
}
