//! Reading a request's body: JSON, as leniently as the real node, which puts it into a map of names to any values.

mod reader;

use std::borrow::Cow;
use std::collections::BTreeMap;

use reader::{Reader, Token};

use super::reply::{Failure, Thrown};

/// A JSON value as far as a command may look at it; texts borrow from the body where they can.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// All numbers are doubles, as in the real node.
    Number(f64),
    Text(Cow<'a, str>),
    /// Of a list within a list only that it is one.
    List(Vec<Json<'a>>),
    Object,
}

impl Json<'_> {
    /// The Java class that the real node has it in.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "java.lang.Boolean",
            Json::Number(_) => "java.lang.Double",
            Json::Text(_) => "java.lang.String",
            Json::List(_) => "java.util.ArrayList",
            Json::Object => "com.google.gson.internal.LinkedTreeMap",
        }
    }
}

/// The parameters of a request by name.
pub(crate) type Parameters<'a> = BTreeMap<Cow<'a, str>, Json<'a>>;

/// A request's body.
pub(crate) struct Body<'a> {
    pub(crate) parameters: Parameters<'a>,
}

impl<'a> Body<'a> {
    /// Reads a body. Nothing or `null` is no payload; a name given twice is an error; a list counts as an object that is
    /// written as a list of pairs.
    pub(crate) fn parse(text: &'a str) -> Result<Body<'a>, Failure> {
        let mut reader = Reader::new(text);
        let parameters = match reader.begin()? {
            None | Some(Token::Null) => {
                return Err(Failure::error(format!("Invalid request payload: '{text}'")));
            }
            Some(Token::BeginList) => pairs(&mut reader)?,
            Some(Token::BeginObject) => object(&mut reader)?,
            Some(other) => return Err(reader.expected(Token::BeginObject, other)),
        };
        reader.end()?;
        Ok(Body { parameters })
    }
}

fn object<'a>(reader: &mut Reader<'a>) -> Result<Parameters<'a>, Failure> {
    let mut parameters = Parameters::new();
    reader.take()?;
    while let Token::Name(quote) = reader.peek()? {
        let name = reader.take_text(quote)?;
        let value = value(reader)?;
        insert(&mut parameters, name, value)?;
    }
    reader.take()?;
    Ok(parameters)
}

/// Names and values as pairs. Any value that Java can compare may be a name, if all are of one kind; none but texts are ever
/// asked for.
fn pairs<'a>(reader: &mut Reader<'a>) -> Result<Parameters<'a>, Failure> {
    let mut parameters = Parameters::new();
    let mut kind = None;
    reader.take()?;
    loop {
        match reader.peek()? {
            Token::EndList => break,
            Token::BeginList => reader.take()?,
            other => return Err(reader.expected(Token::BeginList, other)),
        }
        let (name, value) = (value(reader)?, value(reader)?);
        let class = name.class();
        let name = match (kind, name) {
            (_, Json::Null) => return Err(Thrown::null_pointer("key == null").into()),
            (None, Json::List(_) | Json::Object) => {
                return Err(Thrown::not_cast(format!("{class} is not Comparable")).into());
            }
            (_, Json::List(_) | Json::Object) => {
                return Err(Thrown::class_cast(class, "java.lang.Comparable").into());
            }
            (Some(kind), _) if kind != class => return Err(Thrown::class_cast(kind, class).into()),
            (_, Json::Text(text)) => text,
            (_, Json::Number(number)) => Cow::Owned(double(number)),
            (_, Json::Bool(value)) => Cow::Owned(value.to_string()),
        };
        kind = Some(class);
        insert(&mut parameters, name, value)?;
        match reader.peek()? {
            Token::EndList => reader.take()?,
            other => return Err(reader.expected(Token::EndList, other)),
        }
    }
    reader.take()?;
    Ok(if kind == Some("java.lang.String") { parameters } else { Parameters::new() })
}

fn value<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, Failure> {
    let token = reader.peek()?;
    if token != Token::BeginList {
        return element(reader);
    }
    let mut list = Vec::new();
    reader.take()?;
    while reader.peek()? != Token::EndList {
        list.push(element(reader)?);
    }
    reader.take()?;
    Ok(Json::List(list))
}

/// A value of which a command only looks at what it is, if it is a list or an object.
fn element<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, Failure> {
    let json = match reader.peek()? {
        Token::Text(quote) => return reader.take_text(quote).map(Json::Text),
        Token::BeginList => Json::List(Vec::new()),
        Token::BeginObject => Json::Object,
        Token::Number(number, _) => Json::Number(number),
        Token::Bool(value) => Json::Bool(value),
        Token::Null => Json::Null,
        Token::Name(_) | Token::EndList | Token::EndObject => {
            return Err(Failure::error("Invalid JSON syntax: java.lang.IllegalStateException"));
        }
    };
    reader.skip()?;
    Ok(json)
}

/// Adds a parameter. One that is `null` so far may be given again.
fn insert<'a>(parameters: &mut Parameters<'a>, name: Cow<'a, str>, value: Json<'a>) -> Result<(), Failure> {
    match parameters.get(&name) {
        None | Some(Json::Null) => {
            parameters.insert(name, value);
            Ok(())
        }
        Some(_) => Err(Failure::error(format!("Invalid JSON syntax: duplicate key: {name}"))),
    }
}

/// A double as Java writes it (`Double.toString`).
fn double(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = number.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::api::params::Params;

    const BODIES: &str = include_str!("../../../../../fixtures/recorded/iri-bodies/bodies.jsonl");

    /// What a node says of a body that asks for nothing there is.
    fn reply(body: &str) -> (u16, String) {
        let failure = match Body::parse(body) {
            Err(failure) => failure,
            Ok(body) => match Params::new(body.parameters, 1_000).command() {
                Err(failure) => failure,
                Ok(command) => Failure::error(format!("Command [{command}] is unknown")),
            },
        };
        let reply = failure.reply(0);
        (reply.status as u16, reply.body)
    }

    /// A cast as Java 8 words it.
    fn in_java_8(reply: &str) -> String {
        let text = reply.replace("\"class ", "\"").replace("to class ", "to ");
        match text.split_once(" (").filter(|(before, _)| before.contains(" cannot be cast to ")) {
            Some((before, _)) => format!("{before}\",\"duration\":0}}"),
            None => text,
        }
    }

    #[test]
    fn bodies_are_read_as_the_real_node_reads_them() {
        let mut differing = Vec::new();
        for line in BODIES.lines() {
            let recorded: Value = serde_json::from_str(line).expect("a line of JSON");
            let body = recorded["body"].as_str().expect("a body");
            let (status, text) = reply(body);
            let theirs = recorded["reply"].as_str().expect("a reply");
            if u64::from(status) != recorded["status"] || text != in_java_8(theirs) {
                differing.push(format!("{body:?}\n  real: {theirs}\n  ours: {text}"));
            }
        }
        assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_at_once() {
        let nested = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(reply(&nested(3_000)).0, 400, "a value is missing");
        assert_eq!(reply(&nested(100_000)), (500, "{\"duration\":0}".to_owned()));
        assert_eq!(reply(&"[".repeat(500_000)).0, 500);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    /// As much of a value as is kept.
    fn kept(value: &Value, depth: usize) -> Json<'static> {
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => Json::Number(number.as_f64().expect("a double")),
            Value::String(text) => Json::Text(Cow::Owned(text.clone())),
            Value::Array(_) if depth > 0 => Json::List(Vec::new()),
            Value::Array(list) => Json::List(list.iter().map(|value| kept(value, 1)).collect()),
            Value::Object(_) => Json::Object,
        }
    }

    proptest! {
        #[test]
        fn strict_json_is_read_as_it_is_written(
            fields in prop::collection::btree_map(any::<String>(), values(), 0..6), pretty: bool
        ) {
            let object: Value = fields.clone().into_iter().collect();
            let body = if pretty { format!("{object:#}") } else { object.to_string() };
            let parameters = Body::parse(&body).map(|body| body.parameters);
            let expected = fields.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), kept(value, 0)));
            prop_assert_eq!(parameters, Ok(expected.collect()));
        }

        #[test]
        fn no_body_is_too_strange(body in "[-{}\\[\\]:,;=>#/*'\"\\\\a0u.e\n é\u{1f600}]{0,24}") {
            let (status, _) = reply(&body);
            prop_assert!(status == 400 || status == 500);
        }
    }
}
