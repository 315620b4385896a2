//! The trace: every event is a line, and a digest over all lines names the run.

use std::fmt::Write as _;
use std::io::{self, Write};

use tanglegram_tangle::Millis;

/// Where the lines of a run go: always into the digest, and to a writer if there is one.
pub struct Trace {
    hasher: blake3::Hasher,
    writer: Option<Box<dyn Write>>,
    line: String,
    lines: u64,
    failed: Option<io::Error>,
}

impl Default for Trace {
    fn default() -> Self {
        Trace { hasher: blake3::Hasher::new(), writer: None, line: String::new(), lines: 0, failed: None }
    }
}

impl Trace {
    /// A trace that also writes its lines, each a JSON object.
    pub fn to(writer: Box<dyn Write>) -> Trace {
        Trace { writer: Some(writer), ..Trace::default() }
    }

    /// How many lines there are so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The digest over all lines so far, in hexadecimal.
    pub fn digest(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    /// Writes what is buffered; the first error of any write.
    pub fn finish(&mut self) -> io::Result<()> {
        match (self.failed.take(), &mut self.writer) {
            (Some(error), _) => Err(error),
            (None, Some(writer)) => writer.flush(),
            (None, None) => Ok(()),
        }
    }

    /// Adds an event of a node at a time in milliseconds from the start; `details` are further fields, already JSON.
    pub(crate) fn event(&mut self, at: Millis, node: usize, event: &str, details: std::fmt::Arguments<'_>) {
        self.line.clear();
        // Writing to a String cannot fail.
        let _ = writeln!(self.line, "{{\"at\":{at},\"node\":\"n{node}\",\"event\":\"{event}\"{details}}}");
        self.hasher.update(self.line.as_bytes());
        self.lines += 1;
        if let Some(writer) = &mut self.writer
            && self.failed.is_none()
        {
            self.failed = writer.write_all(self.line.as_bytes()).err();
        }
    }
}
