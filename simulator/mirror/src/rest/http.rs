//! Requests and responses, and what the real server's web framework adds to every response.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use sha1::{Digest, Sha1};

use super::failure::escape_html;
use crate::Dialect;

/// How many bytes the request line and the headers may have together.
pub(super) const HEAD_LIMIT: usize = 8 * 1024;
/// From how many bytes on a body is compressed.
const COMPRESS_FROM: usize = 1024;

/// A request. Parts that are not UTF-8 come with each byte as the character of that number.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, e.g. `GET`.
    pub method: &'a str,
    /// Path and query as sent, e.g. `/api/v1/accounts?limit=2`.
    pub target: &'a str,
    /// Name and value of each header.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A plain `GET`.
    pub fn get(target: &'a str) -> Self {
        Request { method: "GET", target, headers: &[], body: &[] }
    }

    /// The path as sent.
    pub(super) fn path(&self) -> &'a str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query as sent, without its `?`.
    pub(super) fn query(&self) -> &'a str {
        let without_fragment = self.target.split('#').next().unwrap_or_default();
        without_fragment.split_once('?').map_or("", |(_, query)| query)
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The bytes of the request line and the headers.
    pub(super) fn head_length(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len());
        self.method.len() + self.target.len() + "  HTTP/1.1\r\n".len() + headers.sum::<usize>()
    }
}

/// Whether the body claims to be JSON and is none: the real server reads it before it looks at the path.
pub(super) fn has_bad_json(request: &Request<'_>) -> bool {
    let content_type = request.header("content-type").and_then(|value| value.split(';').next());
    let claims_json = content_type.is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
    let is_container = |value: serde_json::Value| value.is_object() || value.is_array();
    claims_json && !request.body.is_empty() && !serde_json::from_slice(request.body).is_ok_and(is_container)
}

/// A response. It tells its own `Content-Length`, also where the body was left out for `HEAD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, e.g. 200.
    pub status: u16,
    /// Name (lower case) and value of each header.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether an `ETag` stands for the body.
    tagged: bool,
}

impl Response {
    fn new(status: u16, content_type: &str, body: Vec<u8>, tagged: bool) -> Self {
        Response { status, headers: vec![("content-type", content_type.to_owned())], body, tagged }
    }

    pub(super) fn json(status: u16, body: String) -> Self {
        Response::new(status, "application/json; charset=utf-8", body.into_bytes(), true)
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Response::new(status, "text/html; charset=utf-8", body.into(), true)
    }

    /// An error page of the web framework.
    pub(super) fn page(status: u16, message: &str) -> Self {
        let message = escape_html(message);
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n\
             <body>\n<pre>{message}</pre>\n</body>\n</html>\n"
        );
        let mut page = Response::new(status, "text/html; charset=utf-8", body.into_bytes(), false);
        page.headers.push(("content-security-policy", "default-src 'none'".to_owned()));
        page.headers.push(("x-content-type-options", "nosniff".to_owned()));
        page
    }

    /// An answer without body.
    pub(super) fn empty(status: u16) -> Self {
        Response { status, headers: Vec::new(), body: Vec::new(), tagged: false }
    }

    /// The answer to a preflight request of a browser.
    pub(super) fn preflight(request: &Request<'_>) -> Self {
        let mut response = Response::empty(204);
        response.set("access-control-allow-methods", "GET,HEAD,PUT,PATCH,POST,DELETE".to_owned());
        response.set("vary", "Access-Control-Request-Headers".to_owned());
        if let Some(headers) = request.header("access-control-request-headers") {
            response.set("access-control-allow-headers", headers.to_owned());
        }
        response.set("content-length", "0".to_owned());
        response
    }

    /// Tells which methods are served.
    pub(super) fn allow(mut self, methods: &str) -> Self {
        self.set("allow", methods.to_owned());
        self
    }

    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.headers.push((name, value));
    }

    /// Adds what every answer has: `ETag`, 304 where the client has the body already, compression, and none of the body for `HEAD`.
    pub(super) fn finish(mut self, request: &Request<'_>) -> Self {
        self.set("vary", "Accept-Encoding".to_owned());
        if self.tagged {
            let tag = entity_tag(&self.body);
            let is_fresh = self.status == 200 && is_fresh(request, &tag);
            self.set("etag", tag);
            if is_fresh {
                return self.not_modified();
            }
        }
        let is_small = self.body.len() < COMPRESS_FROM;
        let encoding = if is_small || request.method == "HEAD" { None } else { accepted_encoding(request) };
        if let Some((name, body)) =
            encoding.and_then(|encoding| Some((encoding, encoding.encode(&self.body)?)))
        {
            self.body = body;
            self.set("content-encoding", name.name().to_owned());
        }
        self.with_length().without_body_for(request)
    }

    /// Adds the length of the body.
    pub(super) fn with_length(mut self) -> Self {
        self.set("content-length", self.body.len().to_string());
        self
    }

    /// Leaves the body out where the method is `HEAD`.
    pub(super) fn without_body_for(mut self, request: &Request<'_>) -> Self {
        if request.method == "HEAD" {
            self.body.clear();
        }
        self
    }

    fn not_modified(mut self) -> Self {
        self.status = 304;
        self.headers.retain(|(name, _)| *name != "content-type");
        self.body.clear();
        self
    }

    /// Adds what tells of the server and lets pages of any origin read the answer.
    pub(super) fn allow_any_origin(mut self) -> Self {
        self.set("access-control-allow-origin", "*".to_owned());
        self
    }

    pub(super) fn announce(mut self, dialect: Dialect) -> Self {
        if dialect.announces_express {
            self.set("x-powered-by", "Express".to_owned());
        }
        self
    }
}

/// The weak tag of a body: its length, and 27 characters of its SHA-1.
fn entity_tag(body: &[u8]) -> String {
    let hash = STANDARD.encode(Sha1::digest(body));
    format!("W/\"{:x}-{}\"", body.len(), &hash[..27])
}

/// Whether the client has what the tag stands for.
fn is_fresh(request: &Request<'_>, tag: &str) -> bool {
    let strong = |tag: &'_ str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let no_cache = |value: &str| value.split(',').any(|part| part.trim() == "no-cache");
    let Some(known) = request.header("if-none-match") else { return false };
    let matches = known == "*" || known.split(',').any(|one| strong(one.trim()) == strong(tag));
    matches
        && !request.header("cache-control").is_some_and(no_cache)
        && request.header("if-modified-since").is_none()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Deflate,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
        }
    }

    fn encode(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Encoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body).ok()?;
                encoder.finish().ok()
            }
            Encoding::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body).ok()?;
                encoder.finish().ok()
            }
        }
    }
}

/// The encoding that the client accepts and likes at least as much as none, gzip first.
fn accepted_encoding(request: &Request<'_>) -> Option<Encoding> {
    let accepted = request.header("accept-encoding")?;
    let quality = |name: &str| {
        let mut entries = accepted.split(',').map(|entry| {
            let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            let quality = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
            (coding.trim(), quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)))
        });
        entries.find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, quality): (_, f64)| quality)
    };
    let any = quality("*").unwrap_or(0.0);
    let none = quality("identity").unwrap_or(0.0);
    let is_liked = |encoding: &Encoding| {
        let liking = quality(encoding.name()).unwrap_or(any);
        liking > 0.0 && liking >= none
    };
    [Encoding::Gzip, Encoding::Deflate].into_iter().find(is_liked)
}
