//! The trace: every event is a line, and a digest over all lines names the run.
//!
//! A line is a JSON object: `event` (its number, from 1), `at` (virtual milliseconds), `node`, `what`, and what there is to
//! say about it. Transactions are numbered as they appear; the line that first tells of one has its `hash`. The digest is
//! the BLAKE3 hash of all lines, newlines included, so that `b3sum` of a written trace gives it too.

use std::io::{self, Write};

use tanglegram_tangle::Millis;
use tanglegram_ternary::Hash;

/// How many bytes are gathered before they are hashed and written: enough for BLAKE3 to hash many chunks side by side.
const GATHERED: usize = 1 << 16;

/// Where the lines go besides the digest.
enum Sink {
    Nowhere,
    Memory(Vec<u8>),
    Writer(Box<dyn Write + Send>),
}

/// Where the lines of a run go: always into the digest, and to a sink if there is one.
pub struct Trace {
    names: Vec<String>,
    written: Box<Written>,
}

/// What was written so far.
struct Written {
    hasher: blake3::Hasher,
    sink: Sink,
    gathered: Vec<u8>,
    lines: u64,
    failed: Option<io::Error>,
}

impl Default for Trace {
    /// A trace of which only the digest is kept.
    fn default() -> Self {
        Trace::of(Sink::Nowhere)
    }
}

impl Trace {
    /// A trace that also writes its lines. An error ends the writing, not the run; [`Trace::finish`] tells it.
    pub fn to(writer: Box<dyn Write + Send>) -> Trace {
        Trace::of(Sink::Writer(writer))
    }

    /// A trace that keeps its lines in memory, for [`Trace::text`].
    pub fn in_memory() -> Trace {
        Trace::of(Sink::Memory(Vec::new()))
    }

    fn of(sink: Sink) -> Trace {
        let written = Written {
            hasher: blake3::Hasher::new(),
            sink,
            gathered: Vec::with_capacity(GATHERED + 1024),
            lines: 0,
            failed: None,
        };
        Trace { names: Vec::new(), written: Box::new(written) }
    }

    /// Lets another network go on with what was written so far, and goes on with what that wrote; each keeps the names of
    /// its nodes.
    pub(crate) fn exchange(&mut self, other: &mut Trace) {
        std::mem::swap(&mut self.written, &mut other.written);
    }

    /// How many lines there are so far.
    pub fn lines(&self) -> u64 {
        self.written.lines
    }

    /// The digest over all lines so far, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut hasher = self.written.hasher.clone();
        hasher.update(&self.written.gathered);
        hasher.finalize().to_hex().to_string()
    }

    /// All lines so far of a trace that keeps them; otherwise nothing.
    pub fn text(&mut self) -> String {
        self.flush();
        match &self.written.sink {
            Sink::Memory(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        }
    }

    /// Writes what is gathered; the first error of any write.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush();
        match (self.written.failed.take(), &mut self.written.sink) {
            (Some(error), _) => Err(error),
            (None, Sink::Writer(writer)) => writer.flush(),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) {
        let Written { hasher, sink, gathered, failed, .. } = &mut *self.written;
        hasher.update(gathered);
        match sink {
            Sink::Nowhere => {}
            Sink::Memory(bytes) => bytes.extend_from_slice(gathered),
            Sink::Writer(writer) if failed.is_none() => *failed = writer.write_all(gathered).err(),
            Sink::Writer(_) => {}
        }
        gathered.clear();
    }

    /// Tells the names of the nodes, which must need no escaping in JSON.
    pub fn name(&mut self, names: &[String]) {
        self.names = names.to_vec();
    }

    /// Begins the line of an event of a node at a time in milliseconds from the start. It ends when the line is dropped.
    pub fn event(&mut self, at: Millis, node: usize, what: &'static str) -> Line<'_> {
        let Written { gathered, lines, .. } = &mut *self.written;
        *lines += 1;
        gathered.extend_from_slice(b"{\"event\":");
        push_number(gathered, *lines);
        let line = Line(self).number("at", at);
        line.node("node", node).word("what", what)
    }
}

/// A line of the trace under construction.
pub struct Line<'a>(&'a mut Trace);

impl Line<'_> {
    fn field(&mut self, name: &str) -> &mut Vec<u8> {
        let out = &mut self.0.written.gathered;
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        out
    }

    /// A number.
    pub fn number(mut self, name: &str, value: u64) -> Self {
        push_number(self.field(name), value);
        self
    }

    /// A number that may be negative.
    pub fn signed(mut self, name: &str, value: i64) -> Self {
        let out = self.field(name);
        if value < 0 {
            out.push(b'-');
        }
        push_number(out, value.unsigned_abs());
        self
    }

    /// Yes or no.
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.field(name).extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// A text that needs no escaping.
    pub fn word(mut self, name: &str, value: &str) -> Self {
        let out = self.field(name);
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
        self
    }

    /// Any text.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let out = self.field(name);
        out.push(b'"');
        for character in value.chars() {
            match character {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\0'..='\u{1f}' => {
                    out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes())
                }
                _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        out.push(b'"');
        self
    }

    /// A transaction hash.
    pub fn hash(self, name: &str, hash: &Hash) -> Self {
        let text = hash.to_string();
        self.word(name, &text)
    }

    /// The name of a node.
    pub fn node(mut self, name: &str, node: usize) -> Self {
        self.field(name).push(b'"');
        let Trace { names, written } = &mut *self.0;
        let gathered = &mut written.gathered;
        gathered.extend_from_slice(names.get(node).map_or(b"?", |name| name.as_bytes()));
        gathered.push(b'"');
        self
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let gathered = &mut self.0.written.gathered;
        gathered.extend_from_slice(b"}\n");
        if gathered.len() >= GATHERED {
            self.0.flush();
        }
    }
}

fn push_number(out: &mut Vec<u8>, mut value: u64) {
    let (mut digits, mut first) = ([0_u8; 20], 20);
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_and_the_digest_is_that_of_the_text() {
        let mut trace = Trace::in_memory();
        trace.name(&["alice".to_owned()]);
        trace
            .event(12, 0, "test")
            .signed("by", -3)
            .flag("new", true)
            .text("said", "\"a\\\n\"")
            .number("n", 0);
        trace.event(u64::MAX, 0, "test");
        assert_eq!(
            trace.text(),
            "{\"event\":1,\"at\":12,\"node\":\"alice\",\"what\":\"test\",\"by\":-3,\"new\":true,\"said\":\"\\\"a\\\\\\u000a\\\"\",\"n\":0}\n\
             {\"event\":2,\"at\":18446744073709551615,\"node\":\"alice\",\"what\":\"test\"}\n"
        );
        assert_eq!(trace.digest(), blake3::hash(trace.text().as_bytes()).to_hex().to_string());
    }

    #[test]
    fn the_digest_does_not_depend_on_the_sink() {
        let run = |mut trace: Trace| {
            for number in 0..10_000 {
                trace.event(number, 0, "test").number("n", number);
            }
            trace.digest()
        };
        assert_eq!(run(Trace::default()), run(Trace::in_memory()));
        assert_eq!(run(Trace::default()), run(Trace::to(Box::new(io::sink()))));
    }
}
