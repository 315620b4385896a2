//! Where a node's API is: host, port, path, and what authorizes us.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use hyper::header::HeaderValue;
use thiserror::Error;

/// A URL that cannot be a target.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not a URL at all.
    #[error("`{0}` is not a URL; a node's looks like http://localhost:14265")]
    Invalid(String),
    /// Not plain HTTP.
    #[error("`{0}:` is not supported, only http: (for https, put a proxy that ends TLS in front)")]
    Scheme(String),
    /// Credentials that cannot be sent.
    #[error("the credentials have characters that no HTTP header can hold")]
    Credentials,
}

/// A node's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    path: String,
    authorization: Option<HeaderValue>,
}

impl Endpoint {
    /// Reads `http://[user:password@]host[:port][/path]`; the scheme may be left out.
    ///
    /// # Errors
    /// Not such a URL.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let invalid = || UrlError::Invalid(without_password(url));
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = full.parse().map_err(|_| invalid())?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if scheme != "http" {
            return Err(UrlError::Scheme(scheme.to_owned()));
        }
        let authority = uri.authority().ok_or_else(invalid)?;
        // A port beyond 65535 is none to the parser; here it is a mistake.
        let has_port = !authority.as_str().ends_with(authority.host());
        if authority.host().is_empty() || (has_port && authority.port_u16().is_none()) {
            return Err(invalid());
        }
        let endpoint = Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            path: uri.path().trim_end_matches('/').to_owned(),
            authorization: None,
        };
        match authority.as_str().rsplit_once('@') {
            Some((user, _)) => endpoint.with_basic(&decode_percent(user)),
            None => Ok(endpoint),
        }
    }

    /// The same, authorized by `user:password`.
    ///
    /// # Errors
    /// Characters that a header cannot hold.
    pub fn with_basic(self, credentials: &str) -> Result<Self, UrlError> {
        self.with_authorization(&format!("Basic {}", STANDARD.encode(credentials)))
    }

    /// The same, authorized by a bearer token.
    ///
    /// # Errors
    /// Characters that a header cannot hold.
    pub fn with_bearer(self, token: &str) -> Result<Self, UrlError> {
        self.with_authorization(&format!("Bearer {token}"))
    }

    fn with_authorization(mut self, value: &str) -> Result<Self, UrlError> {
        let mut value = HeaderValue::try_from(value).map_err(|_| UrlError::Credentials)?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
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
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
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
        assert_eq!(Endpoint::parse("https://a"), Err(UrlError::Scheme("https".into())));
    }
}
