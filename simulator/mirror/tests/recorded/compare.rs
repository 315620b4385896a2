//! One recorded exchange, and whether a response agrees with it.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use serde::Deserialize;
use tanglegram_mirror::{Mirror, Request, Response};

#[derive(Deserialize)]
pub(crate) struct Exchange {
    pub(crate) id: String,
    pub(crate) class: String,
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What a driver with sockets adds; the tag is compared where the body is the same to the letter.
const OF_THE_CONNECTION: [&str; 5] = ["date", "connection", "keep-alive", "transfer-encoding", "etag"];

impl Exchange {
    /// Asks the mirror the same and compares the answers.
    pub(crate) fn replay(&self, mirror: &Mirror) -> Result<(), String> {
        let headers: Vec<(&str, &str)> =
            self.request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let response = mirror.handle(&Request {
            method: &self.request.method,
            target: &self.request.path,
            headers: &headers,
            body: self.request.body.as_bytes(),
        });
        self.compare(&response)
            .map_err(|difference| format!("{} {}\n    {difference}", self.request.method, self.request.path))
    }

    fn compare(&self, response: &Response) -> Result<(), String> {
        let expected = &self.response;
        let body = text(response);
        if response.status != expected.status {
            return Err(format!("status {}, recorded {}: {body:.200}", response.status, expected.status));
        }
        if canonical(&body) != canonical(&expected.body) {
            return Err(format!("body      {body}\n    recorded {}", expected.body));
        }
        let same_headers = |headers: BTreeMap<String, String>| -> BTreeMap<String, String> {
            headers.into_iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str())).collect()
        };
        let ours: BTreeMap<String, String> =
            response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let tags = (ours.get("etag").cloned(), expected.headers.get("etag").cloned());
        let (mut ours, theirs) = (same_headers(ours), same_headers(expected.headers.clone()));
        if ours.contains_key("content-encoding") {
            // The recording server compressed while sending and could not tell the length.
            ours.remove("content-length");
        }
        if ours != theirs {
            return Err(format!("headers   {ours:?}\n    recorded {theirs:?}"));
        }
        let is_same = body == expected.body && self.request.method != "HEAD";
        if tags.0.is_some() != tags.1.is_some() || is_same && tags.0 != tags.1 {
            return Err(format!("etag {:?}, recorded {:?}", tags.0, tags.1));
        }
        Ok(())
    }
}

fn text(response: &Response) -> String {
    if response.header("content-encoding") != Some("gzip") {
        return String::from_utf8(response.body.clone()).expect("bodies are UTF-8");
    }
    let mut text = String::new();
    GzDecoder::new(response.body.as_slice())
        .read_to_string(&mut text)
        .expect("the body is compressed as it says");
    text
}

/// The body with everything sorted that the real server returns in no order.
fn canonical(body: &str) -> String {
    sort_realms(&sort_transfers(body))
}

/// Lists of accounts are by number; accounts of the same number in several realms come in any order.
fn sort_realms(body: &str) -> String {
    let Some((head, rest)) = body.split_once("{\"accounts\":[") else { return body.to_owned() };
    let (rows, tail) = rest.split_once("],\"links\"").unwrap_or((rest, ""));
    let number = |row: &str| {
        let id = row.split("\"account\":\"").nth(1).and_then(|rest| rest.split('"').next());
        id.and_then(|id| id.split('.').nth(2)).unwrap_or_default().to_owned()
    };
    let mut rows: Vec<&str> =
        rows.split(",{\"balance\":").map(|row| row.trim_start_matches("{\"balance\":")).collect();
    rows.chunk_by_mut(|left, right| number(left) == number(right)).for_each(<[&str]>::sort_unstable);
    format!("{head}accounts: {}; links{tail}", rows.join(" "))
}

/// The transfers of a transaction come in any order.
fn sort_transfers(body: &str) -> String {
    let mut pieces = body.split("\"transfers\":[");
    let mut sorted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (transfers, rest) = piece.split_once(']').unwrap_or((piece, ""));
        let mut transfers: Vec<&str> =
            transfers.split_inclusive('}').map(|one| one.trim_start_matches(',')).collect();
        transfers.sort_unstable();
        sorted += &format!("\"transfers\":[{}]{rest}", transfers.join(","));
    }
    sorted
}
