//! Requests are made ready before the first is sent, as far as no captured value is needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tanglegram_target::{BadRequest, Bytes, Fixture, IRI, Request, World};
use tanglegram_vector::{Ask, RawBody, Scope, Step, Template, Undefined, Vector};
use thiserror::Error;

use crate::network;

/// A vector with its requests.
#[derive(Debug)]
pub struct Prepared<'v> {
    /// The vector.
    pub vector: &'v Vector,
    /// What its world declares.
    pub names: Arc<Value>,
    /// For each step its request; none if it needs a captured value.
    pub(crate) requests: Vec<Option<Request>>,
}

/// Why a step's request cannot be made.
#[derive(Debug, Error)]
pub(crate) enum PrepareError {
    #[error(transparent)]
    Undefined(#[from] Undefined),
    #[error(transparent)]
    Bad(#[from] BadRequest),
    #[error("the step is not a single request")]
    NoRequest,
}

impl<'v> Prepared<'v> {
    /// Makes a vector's requests ready.
    pub fn new(vector: &'v Vector, fixture: &Fixture) -> Self {
        let world = World::find(&vector.world);
        let names = match world {
            _ if vector.network.is_some() => network::names().names,
            Some(world) if world.api == IRI => fixture.names.clone(),
            _ => Arc::default(),
        };
        let scope = Scope { world: &names, captured: &BTreeMap::new() };
        let authorize = world.is_none_or(|world| world.credentials.is_none());
        let requests = vector.steps.iter().map(|step| request(step, authorize, &scope).ok()).collect();
        Self { vector, names, requests }
    }

    /// The body of a step's request, if it could be made ready.
    pub fn body(&self, step: usize) -> Option<Bytes> {
        Some(self.requests.get(step)?.as_ref()?.body.clone())
    }

    /// Whether the target's own credentials go with its requests: not where authorization is what is tested.
    pub(crate) fn authorize(&self) -> bool {
        World::find(&self.vector.world).is_none_or(|world| world.credentials.is_none())
    }
}

/// The request of a step.
pub(crate) fn request(step: &Step, authorize: bool, scope: &Scope<'_>) -> Result<Request, PrepareError> {
    let repeatable = !step.ask.changes_node();
    Ok(Request { repeatable, ..as_written(step, authorize, scope)? })
}

fn as_written(step: &Step, authorize: bool, scope: &Scope<'_>) -> Result<Request, PrepareError> {
    match &step.ask {
        Ask::Call { command, with, headers } => {
            let mut request = Request::command(call_body(command, with, scope)?);
            request.authorize = authorize;
            for (name, value) in headers {
                request = match value {
                    Some(value) => without(request, name).header(name, &value.resolve_text(scope)?)?,
                    None => without(request, name),
                };
            }
            Ok(request)
        }
        Ask::Get { path, headers } => {
            let mut request = get(&path.resolve_text(scope)?, authorize)?;
            for (name, value) in headers {
                if let Some(value) = value {
                    request = request.header(name, &value.resolve_text(scope)?)?;
                }
            }
            Ok(request)
        }
        Ask::Raw { method, path, headers, body } => {
            let body = match body {
                RawBody::Empty => Vec::new(),
                RawBody::Text(text) => text.resolve_text(scope)?.into_bytes(),
                RawBody::Bytes(bytes) => bytes.clone(),
            };
            let mut request = Request::new(method, path, body)?;
            for (name, value) in headers {
                request = request.header(name, &value.resolve_text(scope)?)?;
            }
            request.authorize = authorize;
            Ok(request)
        }
        Ask::Send(_) | Ask::Submit(_) | Ask::Act(_) => Err(PrepareError::NoRequest),
    }
}

/// A GET of a path with query.
pub(crate) fn get(path: &str, authorize: bool) -> Result<Request, BadRequest> {
    let mut request = Request::new("GET", path, Vec::new())?;
    request.authorize = authorize;
    Ok(request)
}

/// The request with a header, and the target's credentials if it is theirs, taken away.
fn without(mut request: Request, name: &str) -> Request {
    request.headers.remove(name);
    request.authorize &= !name.eq_ignore_ascii_case("authorization");
    request
}

/// `{"command": …}` with the parameters in the order written.
fn call_body(command: &str, with: &[(String, Template)], scope: &Scope<'_>) -> Result<String, Undefined> {
    let mut body = format!("{{\"command\":{}", Value::from(command));
    for (key, value) in with {
        let value = value.resolve(scope)?;
        body.push_str(&format!(",{}:{value}", Value::from(key.as_str())));
    }
    body.push('}');
    Ok(body)
}
