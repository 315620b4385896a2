//! Reading a request's body within bounds.

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};

/// Bytes of a body that is too long which are still read, so that the client has sent all of it when the reply comes;
/// behind that the connection is closed.
const DRAIN: u64 = 64 << 20;

/// A body as the node wants it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// The body as text, bad bytes replaced by U+FFFD. Of a body that is too long: more than the node's limit, so that
    /// it says so itself, in its own order of checks.
    pub(crate) text: String,
    /// Whether the client may still be sending: the connection cannot be used again.
    pub(crate) unfinished: bool,
}

/// Reads a body of which the node takes `limit` UTF-16 units.
///
/// A unit comes of at most three bytes of UTF-8, well-formed or not; so a body of more than `3 * limit` bytes is too
/// long whatever it says, and no more than that is kept.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> hyper::Result<Text> {
    let keep = limit.saturating_mul(3).saturating_add(1);
    let first = next(&mut body).await?.unwrap_or_default();
    if body.is_end_stream() && first.len() <= keep {
        return Ok(Text { text: decode(first.into()), unfinished: false });
    }
    let mut kept = Vec::with_capacity(capacity(&body, first.len(), keep));
    let mut dropped = append(&mut kept, &first, keep);
    while let Some(data) = next(&mut body).await? {
        dropped += append(&mut kept, &data, keep);
        if dropped > DRAIN {
            return Ok(Text { text: decode(kept), unfinished: true });
        }
    }
    Ok(Text { text: decode(kept), unfinished: false })
}

/// Reads a body to its end without keeping it; `false` when it is longer than the drain bound.
pub(crate) async fn skip(mut body: Incoming) -> hyper::Result<bool> {
    let mut dropped = 0;
    while let Some(data) = next(&mut body).await? {
        dropped += data.len() as u64;
        if dropped > DRAIN {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The next piece of data; trailers are passed over.
async fn next(body: &mut Incoming) -> hyper::Result<Option<Bytes>> {
    while !body.is_end_stream() {
        match body.frame().await {
            None => break,
            Some(frame) => {
                if let Ok(data) = frame?.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
    Ok(None)
}

/// Room for what is announced, but not more than a read's worth ahead of what really came.
fn capacity(body: &Incoming, first: usize, keep: usize) -> usize {
    let announced = body.size_hint().upper().map_or(first, |rest| usize::try_from(rest).unwrap_or(keep));
    first.saturating_add(announced).min(keep).min(first.saturating_add(64 << 10))
}

/// Keeps what fits; returns how many bytes did not.
fn append(kept: &mut Vec<u8>, data: &[u8], keep: usize) -> u64 {
    let fits = data.len().min(keep - kept.len());
    kept.extend_from_slice(&data[..fits]);
    (data.len() - fits) as u64
}

fn decode(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_bytes_become_replacement_characters() {
        assert_eq!(decode(b"a\xffb".to_vec()), "a\u{fffd}b");
        assert_eq!(decode("Tïps☃".into()), "Tïps☃");
    }

    #[test]
    fn no_text_has_less_than_a_unit_per_three_bytes() {
        for bytes in
            [vec![0xe2, 0x98, 0x83], vec![0xf0, 0x9f, 0x98, 0x80], vec![0xf0, 0x9f, 0x98], vec![0x80; 3]]
        {
            let units = decode(bytes.clone()).encode_utf16().count();
            assert!(units * 3 >= bytes.len(), "{bytes:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut kept = Vec::new();
        assert_eq!(append(&mut kept, b"abc", 4), 0);
        assert_eq!(append(&mut kept, b"def", 4), 2);
        assert_eq!(kept, b"abcd");
    }
}
