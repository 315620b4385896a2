//! A recording as a target: what a real node once answered to the same request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

use crate::endpoint::Endpoint;
use crate::message::{Reply, Request};
use crate::provider::{Need, Provider, Refusal};
use crate::worlds::{IRI, MIRROR, World};

/// Most bytes of one file of a recording.
const MAX_FILE: u64 = 256 << 20;
/// Most files of a recording.
const MAX_FILES: usize = 1000;
/// What depended on something else that went on, or on the time, does not tell what the request alone gets.
const DEPENDENT: [&str; 7] = ["via", "pre", "during", "post", "preDelay", "unstable", "check"];
/// The worlds whose nodes are set up as nodes usually are.
const USUAL: [&str; 2] = ["recorded-iri", "recorded-mirror"];

/// Why a recording cannot be replayed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It cannot be read.
    #[error("{file}: {source}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is larger than any recording.
    #[error("{0}: larger than {MAX_FILE} bytes, or more than {MAX_FILES} files")]
    TooLarge(String),
    /// A line is no exchange.
    #[error("{file}:{line}: not a recorded exchange: {why}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// There is no exchange in it.
    #[error("{0}: no exchange is recorded in it (files end in .jsonl)")]
    Empty(String),
}

/// Recorded exchanges, by what was asked.
#[derive(Debug)]
pub struct Recording {
    name: String,
    api: &'static str,
    /// By place, then by request: the first reply, so that it is the same one every time.
    places: BTreeMap<Place, BTreeMap<Asked, Reply>>,
}

/// World and state; none where the node had data of its own.
type Place = Option<(String, String)>;

/// What makes requests the same. Of the headers only those count that change what an API answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    method: String,
    path: String,
    body: Vec<u8>,
    versioned: bool,
    authorization: String,
    /// Any other header that is not there in every request.
    more: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    config: Option<String>,
    #[serde(default)]
    state: Option<String>,
    request: Sent,
    response: Option<Came>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default, rename = "bodyBase64")]
    encoded: Option<String>,
}

#[derive(Deserialize)]
struct Came {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body: Option<String>,
}

impl Recording {
    /// Reads a file, or all of a folder, of JSON lines, each an exchange: `request` (`method`, `path`, `headers`, `body` or
    /// `bodyBase64`) and `response` (`status`, `headers`, `body`), with `config` and `state` where the node was one of the
    /// fixture's. `version` chooses what other versions answered otherwise: `186` takes `response186` where there is one.
    ///
    /// # Errors
    /// It cannot be read, or a line is no exchange.
    pub fn read(path: &Path, version: &str) -> Result<Self, RecordingError> {
        let name = path.display().to_string();
        let mut recording = Self { name: name.clone(), api: IRI, places: BTreeMap::new() };
        let mut of_mirror = 0;
        for file in files(path).map_err(|source| RecordingError::Io { file: name.clone(), source })? {
            let name = file.display().to_string();
            let io = |source| RecordingError::Io { file: name.clone(), source };
            if std::fs::metadata(&file).map_err(io)?.len() > MAX_FILE {
                return Err(RecordingError::TooLarge(name));
            }
            of_mirror += recording.text(&name, &std::fs::read_to_string(&file).map_err(io)?, version)?;
        }
        let all: usize = recording.places.values().map(BTreeMap::len).sum();
        if of_mirror * 2 > all {
            recording.api = MIRROR;
        }
        if recording.places.is_empty() {
            return Err(RecordingError::Empty(name));
        }
        Ok(recording)
    }

    /// The API that was recorded.
    pub fn api(&self) -> &'static str {
        self.api
    }

    /// Adds the exchanges of a file; how many were with a mirror node.
    fn text(&mut self, name: &str, text: &str, version: &str) -> Result<usize, RecordingError> {
        let mut of_mirror = 0;
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let bad = |why: String| RecordingError::Line { file: name.to_owned(), line: at + 1, why };
            let line: Line = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
            of_mirror += usize::from(line.is_of_mirror());
            self.add(line, version).map_err(bad)?;
        }
        Ok(of_mirror)
    }

    fn add(&mut self, mut line: Line, version: &str) -> Result<(), String> {
        let dependent =
            |key: &str| line.more.contains_key(key) || line.more.contains_key(&format!("{key}{version}"));
        if DEPENDENT.into_iter().any(dependent) {
            return Ok(());
        }
        let came = match line.more.remove(&format!("response{version}")) {
            Some(own) => serde_json::from_value(own).map_err(|error| error.to_string())?,
            None => line.response.take().ok_or("no `response`")?,
        };
        let reply = came.reply(&line.request.method)?;
        let known = self.places.entry(line.place()).or_default();
        known.entry(line.request.asked()?).or_insert(reply);
        Ok(())
    }
}

/// The recordings in a folder, sorted, or the one file.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let inside: std::io::Result<Vec<_>> = std::fs::read_dir(path)?.take(MAX_FILES).collect();
    let mut files: Vec<PathBuf> = inside?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "jsonl"));
    files.sort();
    Ok(files)
}

impl Line {
    fn is_of_mirror(&self) -> bool {
        self.request.path.starts_with("/api/")
    }

    fn place(&self) -> Place {
        let world = match self.config.as_deref() {
            Some("limits") => "recorded-iri-limits",
            Some("auth") => "recorded-iri-auth",
            // Its exchanges follow each other: a request alone would find another node.
            Some("nbr") => return None,
            Some(_) => "recorded-iri",
            None if self.more.contains_key("group") => "recorded-mirror",
            None => return None,
        };
        Some((world.to_owned(), self.state.clone().unwrap_or_default()))
    }
}

impl Came {
    fn reply(self, method: &str) -> Result<Reply, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|error| error.to_string())?;
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            headers
                .append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|error| error.to_string())?);
        }
        let status = StatusCode::from_u16(self.status).map_err(|error| error.to_string())?;
        let body =
            if method == Method::HEAD.as_str() { String::new() } else { self.body.unwrap_or_default() };
        Ok(Reply { status, headers, body: Bytes::from(body), elapsed: Duration::ZERO, lost: None })
    }
}

impl Sent {
    fn asked(&self) -> Result<Asked, String> {
        let body = match (&self.encoded, &self.body) {
            (Some(encoded), _) => STANDARD.decode(encoded).map_err(|error| error.to_string())?,
            (None, body) => body.clone().unwrap_or_default().into_bytes(),
        };
        let headers = self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        Ok(Asked::new(&self.method, &self.path, &body, headers))
    }
}

impl Asked {
    fn new(method: &str, path: &str, body: &[u8], headers: impl Iterator<Item = (String, String)>) -> Self {
        let mut asked = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            body: canonical(body),
            versioned: false,
            authorization: String::new(),
            more: Vec::new(),
        };
        for (name, value) in headers {
            match name.as_str() {
                "x-iota-api-version" => asked.versioned = true,
                "authorization" => asked.authorization = value,
                "content-type" | "host" | "content-length" | "user-agent" => {}
                _ => asked.more.push((name, value)),
            }
        }
        asked.more.sort();
        asked
    }
}

/// JSON without the white space between its parts, otherwise as it was written; anything else as it is.
fn canonical(body: &[u8]) -> Vec<u8> {
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return body.to_owned();
    }
    let (mut inside, mut escaped) = (false, false);
    let mut is_kept = |byte: &u8| {
        let kept = inside || !byte.is_ascii_whitespace();
        inside ^= *byte == b'"' && !escaped;
        escaped = inside && *byte == b'\\' && !escaped;
        kept
    };
    body.iter().copied().filter(|byte| is_kept(byte)).collect()
}

/// A place in a recording, from which requests are answered.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    recording: Arc<Recording>,
    place: Place,
}

impl PartialEq for Replay {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.recording, &other.recording) && self.place == other.place
    }
}

impl Eq for Replay {}

impl Replay {
    /// What was answered to a request; none if it is not recorded.
    pub(crate) fn answer(&self, request: &Request, authorization: Option<&HeaderValue>) -> Option<Reply> {
        let mut headers = request.headers.clone();
        if let (Some(value), true) = (authorization, request.authorize) {
            headers.entry(AUTHORIZATION).or_insert_with(|| value.clone());
        }
        let headers = headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let asked = Asked::new(request.method.as_str(), &request.path, &request.body, headers);
        let places = &self.recording.places;
        match &self.place {
            Some(_) => places.get(&self.place)?.get(&asked).cloned(),
            // A node that has any data: of the fixture's states the last one that knows.
            None => {
                let is_usual =
                    |place: &Place| place.as_ref().is_none_or(|(world, _)| USUAL.contains(&world.as_str()));
                let usual = places.iter().rev().filter(|(place, _)| is_usual(place));
                usual.map(|(_, replies)| replies).find_map(|replies| replies.get(&asked)).cloned()
            }
        }
    }
}

/// A recording in place of a node.
#[derive(Debug)]
pub struct Recorder {
    recording: Arc<Recording>,
}

impl Recorder {
    /// Answers from this recording.
    pub fn new(recording: Recording) -> Self {
        Self { recording: Arc::new(recording) }
    }
}

impl Provider for Recorder {
    async fn node_for(&mut self, need: &Need<'_>) -> Result<Endpoint, Refusal> {
        if need.api != self.recording.api {
            return Err(Refusal::Skip("the recording is of another API".to_owned()));
        }
        let place = need.world.map(|world| (world.to_owned(), need.state.unwrap_or_default().to_owned()));
        if place.is_some() && !self.recording.places.contains_key(&place) {
            let world = need.world.unwrap_or_default();
            return Err(Refusal::Skip(format!(
                "the recording is not of the fixture world {world} in this state"
            )));
        }
        let endpoint = Endpoint::recorded(
            &self.recording.name,
            Replay { recording: Arc::clone(&self.recording), place },
        );
        Ok(World::credited(need.world.unwrap_or_default(), &endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_makes_no_other_request_but_anything_else_does() {
        assert_eq!(canonical(br#"{ "a" : "b  \" c", "d": [ 1 ] }"#), br#"{"a":"b  \" c","d":[1]}"#);
        assert_eq!(canonical(br#"{"a": "\\", "b": " "}"#), br#"{"a":"\\","b":" "}"#);
        assert_eq!(canonical(br#"{"a": 1, "a": 2}"#), br#"{"a":1,"a":2}"#);
        assert_eq!(canonical(b"{ no JSON }"), b"{ no JSON }");
    }
}
