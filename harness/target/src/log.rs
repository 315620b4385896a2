//! The end of what a target logs.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes kept.
const KEPT: usize = 16 << 10;

/// The last bytes that a target wrote; clones are of the same log.
#[derive(Debug, Clone, Default)]
pub struct LogTail(Arc<Mutex<VecDeque<u8>>>);

impl LogTail {
    /// Adds what the target wrote.
    pub fn push(&self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = (kept.len() + bytes.len()).saturating_sub(KEPT);
        kept.drain(..over);
        kept.extend(bytes);
    }

    /// Its lines, the first perhaps only in part; whatever the target wrote is in them, control characters too.
    pub fn lines(&self) -> Vec<String> {
        let kept: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        String::from_utf8_lossy(&kept).lines().map(str::to_owned).collect()
    }

    /// Adds all that comes from a stream, until its end.
    pub fn drain(&self, mut from: impl Read) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            self.push(&buffer[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let log = LogTail::default();
        log.drain(&b"one\ntwo\xff"[..]);
        assert_eq!(log.lines(), ["one", "two\u{fffd}"]);
        log.push(&vec![b'x'; KEPT * 2]);
        log.push(b"\nlast");
        let lines = log.lines();
        assert_eq!((lines.len(), lines[0].len(), lines[1].as_str()), (2, KEPT - 5, "last"));
    }
}
