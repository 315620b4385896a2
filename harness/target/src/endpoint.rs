//! Where a node's API is: host, port, path, what authorizes us, and how it is reached.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use thiserror::Error;

use crate::recording::Replay;
use crate::tls::{Tls, TlsError};

/// Shorter secrets are not looked for in what is told: too much would fit.
const SHORTEST_SECRET: usize = 4;
/// What is told in place of a secret.
const HIDDEN: &str = "(yours)";

/// A URL that cannot be a target.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not a URL at all.
    #[error("`{0}` is not a URL; a node's looks like http://localhost:14265")]
    Invalid(String),
    /// Neither HTTP nor HTTPS.
    #[error("`{0}:` is not supported, only http: and https:")]
    Scheme(String),
    /// Credentials that cannot be sent.
    #[error("the credentials have characters that no HTTP header can hold")]
    Credentials,
    /// A header that cannot be sent.
    #[error("`{0}` is no header that can be sent with every request; one looks like `X-Api-Key: SECRET`")]
    Header(String),
}

/// A node's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    path: String,
    is_secure: bool,
    authorization: Option<HeaderValue>,
    headers: HeaderMap,
    secrets: Arc<[String]>,
    tls: Option<Tls>,
    proxy: Option<Box<Endpoint>>,
    /// What answers in place of a node.
    replay: Option<Replay>,
    /// Where a connection is opened to instead.
    detour: Option<SocketAddr>,
}

impl Endpoint {
    /// Reads `http[s]://[user:password@]host[:port][/path]`; the scheme may be left out.
    ///
    /// # Errors
    /// Not such a URL.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let invalid = || UrlError::Invalid(without_password(url));
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = full.parse().map_err(|_| invalid())?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let is_secure = match scheme {
            "http" => false,
            "https" => true,
            other => return Err(UrlError::Scheme(other.to_owned())),
        };
        let authority = uri.authority().ok_or_else(invalid)?;
        // A port beyond 65535 is none to the parser; here it is a mistake.
        let has_port = !authority.as_str().ends_with(authority.host());
        if authority.host().is_empty() || (has_port && authority.port_u16().is_none()) {
            return Err(invalid());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/').to_owned();
        let endpoint = Self { path, is_secure, ..Self::at(host, port) };
        match authority.as_str().rsplit_once('@') {
            Some((user, _)) => endpoint.hiding(user).with_credentials(&decode_percent(user)),
            None => Ok(endpoint),
        }
    }

    /// A recording that answers as the node did.
    pub(crate) fn recorded(name: &str, replay: Replay) -> Self {
        Self { replay: Some(replay), ..Self::at(name, 0) }
    }

    /// A host and port, reached directly and in the clear.
    fn at(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            path: String::new(),
            is_secure: false,
            authorization: None,
            headers: HeaderMap::new(),
            secrets: Arc::default(),
            tls: None,
            proxy: None,
            replay: None,
            detour: None,
        }
    }

    /// The recording that answers, if it is no node.
    pub(crate) fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    /// The same, authorized by `user:password`, which is no secret.
    ///
    /// # Errors
    /// Characters that a header cannot hold.
    pub fn with_basic(self, credentials: &str) -> Result<Self, UrlError> {
        self.with_authorization(&format!("Basic {}", STANDARD.encode(credentials)))
    }

    /// The same, authorized by `user:password`, which is never told.
    ///
    /// # Errors
    /// Characters that a header cannot hold.
    pub fn with_credentials(self, credentials: &str) -> Result<Self, UrlError> {
        let encoded = STANDARD.encode(credentials);
        self.hiding(&encoded).hiding(credentials).with_basic(credentials)
    }

    /// The same, authorized by a bearer token, which is never told.
    ///
    /// # Errors
    /// Characters that a header cannot hold.
    pub fn with_bearer(self, token: &str) -> Result<Self, UrlError> {
        self.hiding(token).with_authorization(&format!("Bearer {token}"))
    }

    /// The same with a header `Name: value` for every request that has none of that name; its value is never told.
    ///
    /// # Errors
    /// No header, or one that HTTP needs for itself.
    pub fn with_header(mut self, line: &str) -> Result<Self, UrlError> {
        // The value may be a secret.
        let name = line.split_once(':').map_or("", |(name, _)| name);
        let bad = || UrlError::Header(name.escape_debug().to_string());
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let (name, value) = (HeaderName::try_from(name.trim()).map_err(|_| bad())?, value.trim());
        if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
            return Err(bad());
        }
        if name == AUTHORIZATION {
            let secret = value.split_once(' ').map_or(value, |(_, secret)| secret);
            return self.hiding(secret).with_authorization(value);
        }
        let mut held = HeaderValue::try_from(value).map_err(|_| bad())?;
        held.set_sensitive(true);
        self.headers.append(name, held);
        Ok(self.hiding(value))
    }

    fn with_authorization(mut self, value: &str) -> Result<Self, UrlError> {
        let mut value = HeaderValue::try_from(value).map_err(|_| UrlError::Credentials)?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// The same with one more text that is never told; of `user:password` that is the password.
    fn hiding(mut self, secret: &str) -> Self {
        let secret = secret.split_once(':').map_or(secret, |(_, password)| password);
        if secret.len() >= SHORTEST_SECRET {
            self.secrets = self.secrets.iter().cloned().chain([secret.to_owned()]).collect();
        }
        self
    }

    /// A text that may have come from the other side, without the secrets that were sent there.
    pub fn redact(&self, text: &mut String) {
        for secret in self.secrets.iter() {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), HIDDEN);
            }
        }
    }

    /// The same, encrypted by these rules if it is HTTPS.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// The same, reached by a proxy.
    #[must_use]
    pub fn with_proxy(self, proxy: Endpoint) -> Self {
        Self { proxy: Some(Box::new(proxy)), ..self }
    }

    /// The same, but where a connection to it or to its proxy is opened, one to this address is opened instead, which
    /// passes it on.
    #[must_use]
    pub fn with_detour(self, detour: SocketAddr) -> Self {
        Self { detour: Some(detour), ..self }
    }

    /// The same without a detour.
    #[must_use]
    pub fn without_detour(self) -> Self {
        Self { detour: None, ..self }
    }

    /// The detour, if there is one.
    pub fn detour(&self) -> Option<SocketAddr> {
        self.detour
    }

    /// Host and port to which connections are opened, but for a detour: its own, or those of its proxy.
    pub fn dialled(&self) -> (String, u16) {
        let place = self.proxy.as_deref().unwrap_or(self);
        (place.host.clone(), place.port)
    }

    /// Whether it is HTTPS.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whom to trust: who was said, or the authorities of the system.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(crate) fn tls(&self) -> Result<Tls, TlsError> {
        self.tls.clone().map_or_else(Tls::system, Ok)
    }

    /// The proxy by which it is reached.
    pub fn proxy(&self) -> Option<&Endpoint> {
        self.proxy.as_deref()
    }

    /// Name or address of the host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as the Host header has them.
    pub fn authority(&self) -> String {
        if self.replay.is_some() {
            return self.host.clone();
        }
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The path before every request's own, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The Authorization header, if any.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// The other headers for every request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// What was typed, fit to be printed.
fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => url.to_owned(),
    }
}

/// `%41` is `A`; what is no such escape stays as it is.
fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        for (url, shown) in [
            ("http://localhost:14265", "http://localhost:14265"),
            ("localhost:14265/api/", "http://localhost:14265/api"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://example.org", "http://example.org:80"),
            ("https://example.org", "https://example.org:443"),
            ("http://a:b@127.0.0.1:1/", "http://127.0.0.1:1"),
        ] {
            assert_eq!(Endpoint::parse(url).expect(url).to_string(), shown);
        }
        let endpoint = Endpoint::parse("http://us%65r:p%40ss@host").expect("a URL");
        assert_eq!(endpoint.authorization().expect("some"), "Basic dXNlcjpwQHNz");
        assert_eq!(Endpoint::parse("host").expect("a URL").authorization(), None);
    }

    #[test]
    fn what_is_no_url_is_refused_without_showing_a_password() {
        for url in
            ["", "http://", "http://:80", "http://a b", "http://a:99999", "http://a:x", "http://u:secret@h:x"]
        {
            let error = Endpoint::parse(url).expect_err(url).to_string();
            assert!(error.contains("is not a URL") && !error.contains("secret"), "{error}");
        }
        assert_eq!(Endpoint::parse("ftp://a"), Err(UrlError::Scheme("ftp".into())));
    }

    #[test]
    fn secrets_are_taken_out_of_what_is_told() {
        let endpoint = Endpoint::parse("http://me:s%40cret@host").expect("a URL");
        let endpoint = endpoint.with_header("X-Key: abcdef").expect("a header");
        let mut text = "s%40cret, s@cret, bWU6c0BjcmV0, abcdef, me".to_owned();
        endpoint.redact(&mut text);
        assert_eq!(text, "(yours), (yours), (yours), (yours), me");
        assert!(!format!("{endpoint}").contains("cret"));
    }

    #[test]
    fn headers_that_cannot_be_sent_are_refused_without_showing_their_value() {
        let endpoint = Endpoint::parse("host").expect("a URL");
        for line in ["secret", "a b: secret", ": secret", "Content-Length: 1", "X: a\nb"] {
            let error = endpoint.clone().with_header(line).expect_err(line).to_string();
            assert!(error.contains("is no header") && !error.contains("secret"), "{error}");
        }
        let bearer = endpoint.with_header("authorization: Bearer abcd").expect("a header");
        assert_eq!(bearer.authorization().expect("some"), "Bearer abcd");
        assert!(bearer.headers().is_empty());
    }
}
