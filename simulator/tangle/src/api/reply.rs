//! Writing replies: JSON as the real node's library writes it, and its three forms of failure.

use std::fmt::{Display, Write};

use crate::node::{Reply, Status};

/// A JSON object under construction; `duration` is added last.
#[derive(Clone, Debug)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Object {
        Object(String::from("{"))
    }

    /// An object that will be about `bytes` long.
    pub(crate) fn with_capacity(bytes: usize) -> Object {
        let mut text = String::with_capacity(bytes + 64);
        text.push('{');
        Object(text)
    }

    fn name(&mut self, name: &str) {
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    /// Adds a text, escaped.
    pub(crate) fn text(mut self, name: &str, value: &str) -> Object {
        self.name(name);
        push_text(&mut self.0, value);
        self.0.push(',');
        self
    }

    /// Adds a number or boolean.
    pub(crate) fn plain(mut self, name: &str, value: impl Display) -> Object {
        self.name(name);
        push_display(&mut self.0, value);
        self.0.push(',');
        self
    }

    /// Adds a list of texts that need no escaping, such as trytes and decimals.
    pub(crate) fn texts<T: Display>(self, name: &str, values: impl IntoIterator<Item = T>) -> Object {
        self.list(name, values, |out, value| {
            out.push('"');
            push_display(out, value);
            out.push('"');
        })
    }

    /// Adds a list of numbers or booleans.
    pub(crate) fn plains<T: Display>(self, name: &str, values: impl IntoIterator<Item = T>) -> Object {
        self.list(name, values, |out, value| push_display(out, value))
    }

    /// Adds a list whose elements `write` writes.
    pub(crate) fn list<T>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
        write: impl Fn(&mut String, T),
    ) -> Object {
        self.name(name);
        self.0.push('[');
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.0.push(',');
            }
            write(&mut self.0, value);
        }
        self.0.push_str("],");
        self
    }

    /// The object's text when it stands inside of another.
    pub(crate) fn nested(mut self) -> String {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push('}');
        self.0
    }

    /// The finished successful reply.
    pub(crate) fn reply(self, duration: u64) -> Reply {
        self.finish(Status::Ok, duration)
    }

    fn finish(self, status: Status, duration: u64) -> Reply {
        Reply { status, body: self.plain("duration", duration).nested() }
    }
}

fn push_display(out: &mut String, value: impl Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// Writes a JSON text; `< > & = '` are escaped too, so that it is safe inside HTML.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '=' | '\'' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                push_display(out, format_args!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Something the real node throws: what it is, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thrown {
    class: &'static str,
    text: Option<String>,
}

impl Thrown {
    pub(crate) const NULL_POINTER: Thrown = Thrown { class: "java.lang.NullPointerException", text: None };

    pub(crate) fn validation(text: impl Into<String>) -> Thrown {
        Thrown { class: "com.iota.iri.service.ValidationException", text: Some(text.into()) }
    }

    pub(crate) fn null_pointer(text: impl Into<String>) -> Thrown {
        Thrown { text: Some(text.into()), ..Thrown::NULL_POINTER }
    }

    pub(crate) fn class_cast(from: &str, to: &str) -> Thrown {
        Thrown::not_cast(format!("{from} cannot be cast to {to}"))
    }

    pub(crate) fn not_cast(text: impl Into<String>) -> Thrown {
        Thrown { class: "java.lang.ClassCastException", text: Some(text.into()) }
    }

    pub(crate) fn number_format(text: impl Into<String>) -> Thrown {
        Thrown { class: "java.lang.NumberFormatException", text: Some(text.into()) }
    }

    pub(crate) fn stack_overflow() -> Thrown {
        Thrown { class: "java.lang.StackOverflowError", text: None }
    }

    pub(crate) fn illegal_argument(text: impl Into<String>) -> Thrown {
        Thrown { class: "java.lang.IllegalArgumentException", text: Some(text.into()) }
    }

    pub(crate) fn illegal_state(text: impl Into<String>) -> Thrown {
        Thrown { class: "java.lang.IllegalStateException", text: Some(text.into()) }
    }

    pub(crate) fn index_out_of_bounds(text: impl Into<String>) -> Thrown {
        Thrown { class: "java.lang.ArrayIndexOutOfBoundsException", text: Some(text.into()) }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// Why a command has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 400 `error`
    Error(String),
    /// 401 `error`
    Denied(String),
    /// 500 `exception`, without the field where the exception says nothing
    Thrown(Thrown),
}

impl From<Thrown> for Failure {
    fn from(thrown: Thrown) -> Failure {
        Failure::Thrown(thrown)
    }
}

impl Failure {
    pub(crate) fn error(text: impl Into<String>) -> Failure {
        Failure::Error(text.into())
    }

    pub(crate) fn denied(command: &str) -> Failure {
        Failure::Denied(format!("COMMAND {command} is not available on this node"))
    }

    /// The same failure where the real node wraps what is thrown: the text then begins with its class.
    pub(crate) fn wrapped(self) -> Failure {
        match self {
            Failure::Thrown(Thrown { class, text }) => {
                let text = text.map_or_else(|| class.to_owned(), |text| format!("{class}: {text}"));
                Failure::Thrown(Thrown { class: "java.lang.IllegalStateException", text: Some(text) })
            }
            other => other,
        }
    }

    pub(crate) fn reply(self, duration: u64) -> Reply {
        match self {
            Failure::Error(text) => Object::new().text("error", &text).finish(Status::BadRequest, duration),
            Failure::Denied(text) => {
                Object::new().text("error", &text).finish(Status::Unauthorized, duration)
            }
            Failure::Thrown(thrown) => {
                let object =
                    thrown.text().map_or_else(Object::new, |text| Object::new().text("exception", text));
                object.finish(Status::Exception, duration)
            }
        }
    }
}
