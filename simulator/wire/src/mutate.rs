//! How an IRI node goes wrong on its way through HTTP; all else that a [`Mutant`](tanglegram_tangle::Mutant) does, the node does
//! itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use tanglegram_tangle::{Mutant as M, Mutation};

use crate::access::Access;

/// What a mutant has to know of a request.
pub(crate) struct Asked {
    mutation: Mutation,
    method: Method,
    is_root: bool,
    version: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
}

impl Asked {
    pub(crate) fn new(mutation: Mutation, request: &Request<Incoming>) -> Self {
        Asked {
            mutation,
            method: request.method().clone(),
            is_root: request.uri().path() == "/",
            version: request.headers().get("x-iota-api-version").cloned(),
            authorization: request.headers().get(AUTHORIZATION).cloned(),
        }
    }

    /// Whether the request passes, and whether it counts as `OPTIONS`.
    pub(crate) fn taken_for(&self, access: &Access, admitted: bool, options: bool) -> (bool, bool) {
        let has = |mutant| self.mutation.has(mutant);
        let given = self.authorization.as_ref().map(|value| value.as_bytes()).unwrap_or_default();
        let admitted = (admitted
            && !(has(M::AuthSchemeCaseMatters) && !given.starts_with(b"Basic ") && access.auth.is_some()))
            || has(M::AuthIgnored)
            || (has(M::AuthNotForOptions) && options)
            || (has(M::AuthUserIsEnough)
                && user(given).is_some_and(|user| Some(user) == access_user(access)));
        (admitted, options && !has(M::OptionsRunsCommand))
    }

    /// The reply as the mutant tells it.
    pub(crate) fn told(self, mut reply: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
        let has = |mutant| self.mutation.has(mutant);
        let is_options = self.method == Method::OPTIONS;
        if has(M::OnlyPost) && self.method != Method::POST && !is_options {
            return refused(StatusCode::METHOD_NOT_ALLOWED);
        }
        if has(M::OnlyRoot) && !self.is_root {
            return refused(StatusCode::NOT_FOUND);
        }
        if has(M::OnlyVersionOne) && self.version.as_ref().is_some_and(|version| version != "1") {
            return refused(StatusCode::BAD_REQUEST);
        }
        let is_challenge = reply.headers().contains_key(WWW_AUTHENTICATE);
        let is_unauthorized = reply.status() == StatusCode::UNAUTHORIZED;
        if is_unauthorized
            && if is_challenge { has(M::AuthForbidden) } else { has(M::LimitedCommandForbidden) }
        {
            *reply.status_mut() = StatusCode::FORBIDDEN;
        }
        let headers = reply.headers_mut();
        if has(M::NoCors) {
            headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        }
        if has(M::AuthNoChallenge) {
            headers.remove(WWW_AUTHENTICATE);
        }
        for (mutant, content_type) in [
            (M::ContentTypeHasCharset, "application/json; charset=utf-8"),
            (M::ContentTypeIsText, "text/plain"),
        ] {
            if has(mutant) && headers.get(CONTENT_TYPE).is_some_and(|known| known == "application/json") {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            }
        }
        reply
    }
}

fn refused(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response =
        Response::new(Full::new(Bytes::from_static(br#"{"error":"Not served","duration":0}"#)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The user of a basic authorization.
fn user(header: &[u8]) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(header.get(6..)?.trim_ascii()).ok()?).ok()?;
    Some(text.split(':').next()?.to_owned())
}

fn access_user(access: &Access) -> Option<String> {
    Some(access.auth.as_ref()?.split(':').next()?.to_owned())
}
