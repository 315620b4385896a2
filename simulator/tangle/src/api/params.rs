//! Parameters: their presence, type, size and alphabet, refused in the words of the real node.

use tanglegram_ternary::{Hash, trytes};

use super::json::{Json, Parameters};
use super::reply::{Failure, Thrown};

const OVER_LIMIT: &str = "Could not complete request";

/// The parameters of one request.
pub(crate) struct Params<'a> {
    fields: Parameters<'a>,
    max_list: usize,
}

impl<'a> Params<'a> {
    /// `max_list` bounds the length of every list parameter.
    pub(crate) fn new(fields: Parameters<'a>, max_list: usize) -> Params<'a> {
        Params { fields, max_list }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The command's name.
    pub(crate) fn command(&self) -> Result<&str, Failure> {
        match self.fields.get("command") {
            None | Some(Json::Null) => {
                Err(Failure::error("COMMAND parameter has not been specified in the request."))
            }
            Some(Json::Text(command)) => Ok(command),
            Some(other) => Err(cast(other, "java.lang.String").into()),
        }
    }

    fn required(&self, name: &str) -> Result<&Json<'a>, Thrown> {
        self.fields.get(name).ok_or_else(|| Thrown::validation("Invalid parameters"))
    }

    /// A list of any elements, its length within the limit.
    pub(crate) fn list(&self, name: &str) -> Result<&[Json<'a>], Thrown> {
        match self.required(name)? {
            Json::List(list) if list.len() > self.max_list => Err(Thrown::validation(OVER_LIMIT)),
            Json::List(list) => Ok(list),
            Json::Null => Err(Thrown::NULL_POINTER),
            other => Err(cast(other, "java.util.List")),
        }
    }

    /// A list of texts of exactly `length` trytes.
    pub(crate) fn trytes_list(&self, name: &str, length: usize) -> Result<Vec<&str>, Thrown> {
        self.list(name)?.iter().map(|element| checked_trytes(name, element, length)).collect()
    }

    /// A list of hashes or addresses.
    pub(crate) fn hashes(&self, name: &str) -> Result<Vec<Hash>, Thrown> {
        self.list(name)?.iter().map(|element| hash(name, element)).collect()
    }

    /// A hash.
    pub(crate) fn hash(&self, name: &str) -> Result<Hash, Thrown> {
        hash(name, self.required(name)?)
    }

    /// An integer: fractions are cut off, what is too large is the largest.
    pub(crate) fn integer(&self, name: &str) -> Result<i32, Thrown> {
        match self.required(name)? {
            Json::Number(number) => Ok(*number as i32),
            Json::Null => Err(Thrown::NULL_POINTER),
            _ => Err(invalid(name)),
        }
    }
}

/// A text, of any content.
pub(crate) fn text<'b>(element: &'b Json<'_>) -> Result<&'b str, Thrown> {
    match element {
        Json::Text(text) => Ok(text),
        Json::Null => Err(Thrown::NULL_POINTER),
        other => Err(cast(other, "java.lang.String")),
    }
}

pub(crate) fn invalid(name: &str) -> Thrown {
    Thrown::validation(format!("Invalid {name} input"))
}

fn hash(name: &str, element: &Json<'_>) -> Result<Hash, Thrown> {
    Hash::from_trytes(text(element)?).map_err(|_| invalid(name))
}

fn checked_trytes<'b>(name: &str, element: &'b Json<'_>, length: usize) -> Result<&'b str, Thrown> {
    let text = text(element)?;
    if text.len() == length && trytes::is_trytes(text) { Ok(text) } else { Err(invalid(name)) }
}

fn cast(found: &Json<'_>, wanted: &str) -> Thrown {
    match found {
        Json::Null => Thrown::NULL_POINTER,
        found => Thrown::class_cast(found.class(), wanted),
    }
}
