//! JSON as the real node's library reads it: token by token, lenient, and exact about where it stops.
//!
//! Beyond RFC 8259 it takes names and texts in single quotes or without any, comments, `;` for `,`, `=` and `=>` for `:`,
//! keywords in capitals, nothing for `null` in lists, raw control characters in texts, a byte order mark, and the prefix
//! that keeps a reply from being run as a script. A number in a form that JSON does not know is a text.

use std::borrow::Cow;
use std::fmt::Write;

use memchr::memchr2;

use crate::api::reply::{Failure, Thrown};

/// How deep lists and objects may stand in each other. The real node's reader calls itself for each and runs out of stack
/// between 3,000 and 4,000.
const MAX_DEPTH: usize = 3_500;

/// As many digits are no number but a text: they fill the buffer of the real node's reader.
const NUMBER_LENGTH: usize = 1_024;

/// What some servers put before JSON so that no browser runs it.
const PREFIX: &str = ")]}'\n";

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    /// In these.
    In(u8),
    /// Without.
    None,
}

/// The next thing in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    BeginObject,
    EndObject,
    BeginList,
    EndList,
    Name(Quote),
    Text(Quote),
    /// A number, and its bytes, as far as they are still to be passed over.
    Number(f64, usize),
    Bool(bool),
    Null,
}

impl Token {
    /// What the real node's reader calls it.
    fn name(self) -> &'static str {
        match self {
            Token::BeginObject => "BEGIN_OBJECT",
            Token::EndObject => "END_OBJECT",
            Token::BeginList => "BEGIN_ARRAY",
            Token::EndList => "END_ARRAY",
            Token::Name(_) => "NAME",
            Token::Text(_) => "STRING",
            Token::Number(..) => "NUMBER",
            Token::Bool(_) => "BOOLEAN",
            Token::Null => "NULL",
        }
    }
}

/// Where in a list or object the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At its start.
    First,
    /// Behind a name.
    Value,
    /// Behind an element or a value.
    Next,
}

/// A list or object that was begun and not ended.
#[derive(Clone, Debug)]
struct Scope<'a> {
    is_list: bool,
    place: Place,
    /// How many elements of a list were read.
    index: usize,
    /// The name that was read last, of an object within the parameters.
    name: Option<Cow<'a, str>>,
}

/// Reads a text from its start to its end.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// Byte of the text that is next.
    at: usize,
    /// Byte at which columns begin to count: behind a byte order mark.
    origin: usize,
    /// Where the line break is that ends the prefix; it begins no line.
    prefix: Option<usize>,
    peeked: Option<Token>,
    scopes: Vec<Scope<'a>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        let origin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Reader { text, at: origin, origin, prefix: None, peeked: None, scopes: Vec::new() }
    }

    /// Finds the first token; `None` where there is nothing but space and comments.
    pub(super) fn begin(&mut self) -> Result<Option<Token>, Failure> {
        if self.space()?.is_none() {
            return Ok(None);
        }
        if self.text[self.at..].starts_with(PREFIX) {
            self.at += PREFIX.len();
            self.prefix = Some(self.at - 1);
        }
        if self.space()?.is_none() {
            return Ok(None);
        }
        self.peek().map(Some)
    }

    /// The next token, without taking it.
    pub(super) fn peek(&mut self) -> Result<Token, Failure> {
        match self.peeked {
            Some(token) => Ok(token),
            None => {
                let token = self.find()?;
                self.peeked = Some(token);
                Ok(token)
            }
        }
    }

    /// Takes the token that was seen last, which is none that has a content to read.
    pub(super) fn take(&mut self) -> Result<(), Failure> {
        match self.peeked.take() {
            Some(begin @ (Token::BeginObject | Token::BeginList)) => {
                if self.scopes.len() == MAX_DEPTH {
                    return Err(Thrown::stack_overflow().into());
                }
                let is_list = begin == Token::BeginList;
                self.scopes.push(Scope { is_list, place: Place::First, index: 0, name: None });
                return Ok(());
            }
            Some(Token::EndObject | Token::EndList) => drop(self.scopes.pop()),
            Some(Token::Number(_, length)) => self.at += length,
            _ => {}
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.index += 1;
        }
        Ok(())
    }

    /// Takes the name or text that was seen last.
    pub(super) fn take_text(&mut self, quote: Quote) -> Result<Cow<'a, str>, Failure> {
        let text = match quote {
            Quote::In(quote) => self.quoted(quote)?,
            Quote::None => {
                let text = self.bare();
                self.at += text.len();
                Cow::Borrowed(text)
            }
        };
        let was_name = matches!(self.peeked.take(), Some(Token::Name(_)));
        let depth = self.scopes.len();
        if let Some(scope) = self.scopes.last_mut() {
            // The names of parameters are read as if they were texts, and are no part of the way that errors tell.
            if was_name && depth > 1 {
                scope.name = Some(text.clone());
            } else {
                scope.index += 1;
            }
        }
        Ok(text)
    }

    /// Takes the list or object that was seen last, whatever is in it, or any other value.
    pub(super) fn skip(&mut self) -> Result<(), Failure> {
        let depth = self.scopes.len();
        loop {
            match self.peek()? {
                Token::Name(quote) | Token::Text(quote) => drop(self.take_text(quote)?),
                _ => self.take()?,
            }
            if self.scopes.len() <= depth {
                return Ok(());
            }
        }
    }

    /// Looks whether there is nothing more, now strictly: not even a comment.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        let rest = &self.text.as_bytes()[self.at..];
        match rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            None => Ok(()),
            Some(space) => {
                self.at += space;
                self.step();
                Err(self.malformed("Use JsonReader.setLenient(true) to accept malformed JSON"))
            }
        }
    }

    /// What is wrong when something else stands where this token has to.
    pub(super) fn expected(&self, wanted: Token, found: Token) -> Failure {
        let (wanted, found) = (wanted.name(), found.name());
        self.failure("java.lang.IllegalStateException", &format!("Expected {wanted} but was {found}"))
    }

    fn malformed(&self, what: &str) -> Failure {
        self.failure("com.google.gson.stream.MalformedJsonException", what)
    }

    fn failure(&self, class: &str, what: &str) -> Failure {
        let breaks = self.text[..self.at].match_indices('\n').map(|(place, _)| place);
        let breaks: Vec<_> = breaks.filter(|place| Some(*place) != self.prefix).collect();
        let (line, start) = (1 + breaks.len(), breaks.last().map_or(self.origin, |place| place + 1));
        let column = 1 + self.text[start..self.at].encode_utf16().count();
        let mut text = format!("Invalid JSON syntax: {class}: {what} at line {line} column {column} path $");
        for scope in &self.scopes {
            // Writing to a String cannot fail.
            let _ = match (scope.is_list, &scope.name) {
                (true, _) => write!(text, "[{}]", scope.index),
                (false, None) => write!(text, "."),
                (false, Some(name)) => write!(text, ".{name}"),
            };
        }
        Failure::error(text)
    }

    fn find(&mut self) -> Result<Token, Failure> {
        let Some(scope) = self.scopes.last_mut() else { return self.value(None) };
        let (is_list, place) = (scope.is_list, scope.place);
        scope.place = if is_list || place == Place::Value { Place::Next } else { Place::Value };
        if place == Place::Next {
            let (end, token, what) = if is_list {
                (b']', Token::EndList, "Unterminated array")
            } else {
                (b'}', Token::EndObject, "Unterminated object")
            };
            match self.next()? {
                found if found == end => return Ok(token),
                b',' | b';' => {}
                _ => return Err(self.malformed(what)),
            }
        }
        match place {
            _ if is_list => self.value(Some(place)),
            Place::First | Place::Next => self.name(place),
            Place::Value => {
                match self.next()? {
                    b':' => {}
                    b'=' => self.at += usize::from(self.text.as_bytes().get(self.at) == Some(&b'>')),
                    _ => return Err(self.malformed("Expected ':'")),
                }
                self.value(None)
            }
        }
    }

    fn name(&mut self, place: Place) -> Result<Token, Failure> {
        let start = self.peek_byte()?;
        match start {
            b'"' | b'\'' => {
                self.step();
                Ok(Token::Name(Quote::In(start)))
            }
            b'}' => {
                self.step();
                if place == Place::First {
                    Ok(Token::EndObject)
                } else {
                    Err(self.malformed("Expected name"))
                }
            }
            start if is_literal(start) => Ok(Token::Name(Quote::None)),
            _ => Err(self.malformed("Expected name")),
        }
    }

    /// A value; within a list it may be missing.
    fn value(&mut self, in_list: Option<Place>) -> Result<Token, Failure> {
        let start = self.peek_byte()?;
        let token = match start {
            b']' if in_list == Some(Place::First) => Token::EndList,
            b']' | b';' | b',' if in_list.is_some() => return Ok(Token::Null),
            b']' | b';' | b',' => {
                self.step();
                return Err(self.malformed("Unexpected value"));
            }
            b'"' | b'\'' => Token::Text(Quote::In(start)),
            b'[' => Token::BeginList,
            b'{' => Token::BeginObject,
            _ => return self.literal(),
        };
        self.step();
        Ok(token)
    }

    /// A value without quotes.
    fn literal(&mut self) -> Result<Token, Failure> {
        let literal = self.bare();
        if literal.is_empty() {
            return Err(self.malformed("Expected value"));
        }
        let keywords = [("true", Token::Bool(true)), ("false", Token::Bool(false)), ("null", Token::Null)];
        for (keyword, token) in keywords {
            if literal.eq_ignore_ascii_case(keyword) {
                self.at += literal.len();
                return Ok(token);
            }
        }
        Ok(match number(literal) {
            None => Token::Text(Quote::None),
            Some(Number::Long(value)) => {
                self.at += literal.len();
                Token::Number(value as f64, 0)
            }
            Some(Number::Double(value)) => Token::Number(value, literal.len()),
        })
    }

    /// What stands here without quotes.
    fn bare(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !is_literal(byte)).unwrap_or(rest.len());
        &rest[..length]
    }

    /// What stands here up to a quote.
    fn quoted(&mut self, quote: u8) -> Result<Cow<'a, str>, Failure> {
        let mut units: Option<Vec<u16>> = None;
        loop {
            let rest = &self.text[self.at..];
            let Some(length) = memchr2(quote, b'\\', rest.as_bytes()) else {
                self.at = self.text.len();
                return Err(self.malformed("Unterminated string"));
            };
            self.at += length + 1;
            let piece = &rest[..length];
            if rest.as_bytes()[length] == quote {
                let Some(mut units) = units else { return Ok(Cow::Borrowed(piece)) };
                units.extend(piece.encode_utf16());
                // Java writes half a pair as a question mark.
                return Ok(char::decode_utf16(units).map(|unit| unit.unwrap_or('?')).collect());
            }
            let units = units.get_or_insert_default();
            units.extend(piece.encode_utf16());
            units.push(self.escape()?);
        }
    }

    /// What follows a backslash: a UTF-16 unit.
    fn escape(&mut self) -> Result<u16, Failure> {
        const CUT: &str = "Unterminated escape sequence";
        let escaped = self.text.as_bytes().get(self.at).copied().ok_or_else(|| self.malformed(CUT))?;
        self.step();
        Ok(u16::from(match escaped {
            b'u' => {
                let digits: Vec<u16> = self.text[self.at..].encode_utf16().take(4).collect();
                if digits.len() < 4 {
                    return Err(self.malformed(CUT));
                }
                let digits = String::from_utf16_lossy(&digits);
                let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let unit = u16::from_str_radix(&digits, 16).ok().filter(|_| is_hex);
                self.at += 4;
                return unit.ok_or_else(|| Thrown::number_format(format!("\\u{digits}")).into());
            }
            b't' => b'\t',
            b'b' => 0x08,
            b'n' => b'\n',
            b'r' => b'\r',
            b'f' => 0x0c,
            b'\n' | b'\'' | b'"' | b'\\' | b'/' => escaped,
            _ => return Err(self.malformed("Invalid escape sequence")),
        }))
    }

    /// Goes one character on.
    fn step(&mut self) {
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    /// The first byte of the next character that is neither space nor comment.
    fn peek_byte(&mut self) -> Result<u8, Failure> {
        match self.space()? {
            Some(byte) => Ok(byte),
            None => Err(self.failure("java.io.EOFException", "End of input")),
        }
    }

    /// The same, going behind it.
    fn next(&mut self) -> Result<u8, Failure> {
        let byte = self.peek_byte()?;
        self.step();
        Ok(byte)
    }

    /// Goes on to the next character that is neither space nor comment.
    fn space(&mut self) -> Result<Option<u8>, Failure> {
        let bytes = self.text.as_bytes();
        loop {
            let rest = &bytes[self.at..];
            match rest {
                [] => return Ok(None),
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                [b'/', b'*', ..] => {
                    let Some(length) = memchr::memmem::find(&rest[2..], b"*/") else {
                        let last = self.text.char_indices().next_back().map_or(0, |(place, _)| place);
                        self.at = last.max(self.at + 2);
                        return Err(self.malformed("Unterminated comment"));
                    };
                    self.at += 2 + length + 2;
                }
                [b'#', ..] | [b'/', b'/', ..] => {
                    self.at += memchr2(b'\n', b'\r', rest).map_or(rest.len(), |length| length + 1);
                }
                [other, ..] => return Ok(Some(*other)),
            }
        }
    }
}

/// Whether a byte may stand in a text without quotes.
fn is_literal(byte: u8) -> bool {
    !matches!(
        byte,
        b'/' | b'\\'
            | b';'
            | b'#'
            | b'='
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b':'
            | b','
            | b' '
            | b'\t'
            | 0x0c
            | b'\r'
            | b'\n'
    )
}

/// A number, by how the real node's reader keeps it.
enum Number {
    /// 64 bits: it is passed over at once.
    Long(i64),
    /// It is passed over when it is taken.
    Double(f64),
}

/// The number that a literal is, if it has the form of JSON.
fn number(literal: &str) -> Option<Number> {
    let digits = |text: &'_ str| text.bytes().take_while(u8::is_ascii_digit).count();
    if literal.len() >= NUMBER_LENGTH {
        return None;
    }
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    let whole = digits(unsigned);
    // No digit follows a zero, also where 64 bits have come round to it.
    let mut value = None;
    for digit in unsigned.bytes().take(whole) {
        if value == Some(0) {
            return None;
        }
        value = Some(value.unwrap_or(0_i64).wrapping_mul(10).wrapping_sub(i64::from(digit - b'0')));
    }
    value?;
    let mut rest = &unsigned[whole..];
    if rest.is_empty()
        && literal != "-0"
        && let Ok(long) = literal.parse()
    {
        return Some(Number::Long(long));
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = &fraction[digits(fraction)..];
        if rest.len() == fraction.len() {
            return None;
        }
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        rest = &exponent[digits(exponent)..];
        if rest.len() == exponent.len() {
            return None;
        }
    }
    if rest.is_empty() { literal.parse().ok().map(Number::Double) } else { None }
}
