//! Reading a request's body: JSON, as leniently as the real node where a well-formed text allows it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value as far as a command may look at it; texts borrow from the body where they can.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool,
    /// All numbers are doubles, as in the real node.
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object,
}

/// The parameters of a request by name.
pub(crate) type Parameters<'a> = BTreeMap<Cow<'a, str>, Json<'a>>;

/// A request's body.
pub(crate) struct Body<'a> {
    pub(crate) parameters: Parameters<'a>,
}

/// The top level of a body.
enum Top<'a> {
    Null,
    Parameters(Parameters<'a>),
    Duplicate(String),
    /// Anything else, by the name the real node's reader has for it.
    Unexpected(&'static str),
}

impl<'a> Body<'a> {
    /// Reads a body; the error is the text of the 400 reply. Nothing or `null` is no payload, an empty list counts as an
    /// empty object, a name given twice is an error.
    pub(crate) fn parse(text: &'a str) -> Result<Body<'a>, String> {
        let json = text.strip_prefix('\u{feff}').unwrap_or(text);
        if json.trim().is_empty() {
            return Err(no_payload(text));
        }
        match serde_json::from_str(json).map_err(|error| format!("Invalid JSON syntax: {error}"))? {
            Top::Parameters(parameters) => Ok(Body { parameters }),
            Top::Null => Err(no_payload(text)),
            Top::Duplicate(name) => Err(format!("Invalid JSON syntax: duplicate key: {name}")),
            Top::Unexpected(found) => Err(format!(
                "Invalid JSON syntax: java.lang.IllegalStateException: Expected BEGIN_OBJECT but was {found} \
                 at line 1 column 1 path $"
            )),
        }
    }
}

fn no_payload(text: &str) -> String {
    format!("Invalid request payload: '{text}'")
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json<'de>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Json::Object)
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct TopVisitor;

impl<'de> Visitor<'de> for TopVisitor {
    type Value = Top<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_unit<E>(self) -> Result<Top<'de>, E> {
        Ok(Top::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Top<'de>, E> {
        Ok(Top::Unexpected("BOOLEAN"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Top<'de>, E> {
        Ok(Top::Unexpected("NUMBER"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Top<'de>, E> {
        Ok(Top::Unexpected("NUMBER"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Top<'de>, E> {
        Ok(Top::Unexpected("NUMBER"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Top<'de>, E> {
        Ok(Top::Unexpected("STRING"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Top<'de>, A::Error> {
        let mut empty = true;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            empty = false;
        }
        Ok(if empty { Top::Parameters(Parameters::new()) } else { Top::Unexpected("BEGIN_ARRAY") })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Top<'de>, A::Error> {
        let mut parameters = Parameters::new();
        while let Some((name, value)) = fields.next_entry::<Name<'de>, Json<'de>>()? {
            let name = name.0;
            if let Some(former) = parameters.insert(name.clone(), value)
                && former != Json::Null
            {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(Top::Duplicate(name.into_owned()));
            }
        }
        Ok(Top::Parameters(parameters))
    }
}

impl<'de> Deserialize<'de> for Top<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TopVisitor)
    }
}

/// A field's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
