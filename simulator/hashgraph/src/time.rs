//! Points in time as the API writes them.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::short::Short;

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a millisecond.
pub const MILLISECOND: i64 = 1_000_000;

/// Nanoseconds since 1970, written as seconds, a dot, and nine digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The whole seconds and the nanoseconds beyond them.
    pub fn parts(self) -> (i64, i64) {
        (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND))
    }

    fn short(self) -> Short {
        let (seconds, nanos) = self.parts();
        Short::new().number(seconds).letter(b'.').digits(nanos.unsigned_abs(), 9)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short().as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.short().as_str())
    }
}
