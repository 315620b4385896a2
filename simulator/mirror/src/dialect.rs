//! Where the document and the real server differ, each difference is named once, here.

use std::fmt;
use std::str::FromStr;

/// How a mirror node answers where the document and the real server differ. Code asks for the difference by name, never for the
/// dialect itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dialect {
    /// The dialect's name, e.g. `mirror-0.4.0`.
    pub name: &'static str,
    /// Rows of accounts end with `entity_type`.
    pub shows_entity_type: bool,
    /// Integers are exact; otherwise they went through a 64-bit float on their way, as in JavaScript.
    pub exact_integers: bool,
    /// Entity ids compare as a whole, and accounts are listed in that order; otherwise shard, realm and number compare each on its
    /// own, and accounts are listed by number alone.
    pub whole_ids: bool,
    /// Every refusal is `{"_status": {"messages": …}}` and what is not there is 404; otherwise some refusals are plain text, pages of
    /// the web framework, or 500.
    pub uniform_errors: bool,
    /// A parameter that cannot be obeyed is refused, on every endpoint; otherwise operators on and repeats of `limit`, `order`,
    /// `result` and `type` are ignored, `limit=0` is an empty page, and single accounts and transactions take anything.
    pub strict_parameters: bool,
    /// Numbers that overflow the columns of the server's database give 500; otherwise they match nothing.
    pub database_limits: bool,
    /// Timestamps have at most 10 digits of seconds; otherwise 11, as in an example of the document.
    pub short_seconds: bool,
    /// `result=faill` means `fail`, as the document spells it once.
    pub takes_faill: bool,
    /// Answers tell `X-Powered-By: Express`.
    pub announces_express: bool,
}

impl Dialect {
    /// What the public API document shows; the default.
    pub const DOCUMENT: Dialect = Dialect {
        name: "document",
        shows_entity_type: true,
        exact_integers: true,
        whole_ids: true,
        uniform_errors: true,
        strict_parameters: true,
        database_limits: false,
        short_seconds: false,
        takes_faill: true,
        announces_express: false,
    };

    /// The real server, version 0.4.0 of November 2019, accidents included.
    pub const MIRROR_0_4_0: Dialect = Dialect {
        name: "mirror-0.4.0",
        shows_entity_type: false,
        exact_integers: false,
        whole_ids: false,
        uniform_errors: false,
        strict_parameters: false,
        database_limits: true,
        short_seconds: true,
        takes_faill: false,
        announces_express: true,
    };

    /// Every dialect there is, the default first.
    pub const ALL: [Dialect; 2] = [Dialect::DOCUMENT, Dialect::MIRROR_0_4_0];
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect::DOCUMENT
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// No dialect of a mirror node has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no dialect of a mirror node: take one of document, mirror-0.4.0")]
pub struct UnknownDialect(pub String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name == name)
            .ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}
