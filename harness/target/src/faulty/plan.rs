//! Which faults there are, how they are written, and which reply meets which.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use thiserror::Error;

/// The longest time before a reply.
const LONGEST: Duration = Duration::from_secs(600);
/// A reply is cut within its first so many bytes.
const CUT_WITHIN: u64 = 2_048;

/// What may happen to replies. Written `latency=50ms..200ms,slow=1000,reset=0.05,truncate=0.1,garbage=0.01`.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// How long a reply waits before its first byte is passed on: from, to, in milliseconds.
    pub latency: RangeInclusive<u64>,
    /// Bytes per second, where replies are slow.
    pub slow: Option<u64>,
    /// The share of replies in which the connection is reset.
    pub reset: f64,
    /// The share of replies in which the connection is closed.
    pub truncate: f64,
    /// The share of replies in which bytes are changed.
    pub garbage: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { latency: 0..=0, slow: None, reset: 0.0, truncate: 0.0, garbage: 0.0 }
    }
}

/// What is wrong with the text of faults.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadFaults {
    /// There is no such fault.
    #[error(
        "`{0}` is no fault; there are latency=50ms..200ms, slow=BYTES_PER_SECOND, reset=SHARE, truncate=SHARE, garbage=SHARE"
    )]
    Unknown(String),
    /// It cannot be that.
    #[error("`{fault}={value}` makes no sense: {expected}")]
    Value {
        /// The fault.
        fault: &'static str,
        /// What was written.
        value: String,
        /// What it could be.
        expected: &'static str,
    },
    /// More than all replies would meet a fault.
    #[error("reset, truncate and garbage add up to more than all replies")]
    TooMany,
}

impl FromStr for Faults {
    type Err = BadFaults;

    fn from_str(text: &str) -> Result<Self, BadFaults> {
        let mut faults = Faults::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let unknown = || BadFaults::Unknown(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(unknown)?;
            match name.trim() {
                "latency" => faults.latency = latency(value.trim())?,
                "slow" => faults.slow = Some(speed(value.trim())?),
                "reset" => faults.reset = share("reset", value.trim())?,
                "truncate" => faults.truncate = share("truncate", value.trim())?,
                "garbage" => faults.garbage = share("garbage", value.trim())?,
                _ => return Err(unknown()),
            }
        }
        let all = faults.reset + faults.truncate + faults.garbage;
        if all > 1.0 { Err(BadFaults::TooMany) } else { Ok(faults) }
    }
}

fn share(fault: &'static str, value: &str) -> Result<f64, BadFaults> {
    let expected = "a share is a number from 0 to 1";
    let bad = || BadFaults::Value { fault, value: value.to_owned(), expected };
    value.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(bad)
}

fn speed(value: &str) -> Result<u64, BadFaults> {
    let expected = "bytes per second, at least 1";
    let bad = || BadFaults::Value { fault: "slow", value: value.to_owned(), expected };
    value.parse().ok().filter(|speed| *speed > 0).ok_or_else(bad)
}

fn latency(value: &str) -> Result<RangeInclusive<u64>, BadFaults> {
    let expected = "a time like 50ms or 2s, at most 600s, or a range like 50ms..200ms";
    let bad = || BadFaults::Value { fault: "latency", value: value.to_owned(), expected };
    let (from, to) = value.split_once("..").unwrap_or((value, value));
    let (from, to) = (milliseconds(from).ok_or_else(bad)?, milliseconds(to).ok_or_else(bad)?);
    if from <= to { Ok(from..=to) } else { Err(bad()) }
}

fn milliseconds(text: &str) -> Option<u64> {
    let time = match text.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().ok()?),
        None => Duration::from_secs(text.strip_suffix('s')?.parse().ok()?),
    };
    (time <= LONGEST).then(|| u64::try_from(time.as_millis()).ok()).flatten()
}

/// What happens to a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes through.
    Pass,
    /// About one byte in sixteen is another; the number starts the choice.
    Garble(u64),
    /// The connection is closed after so many bytes.
    Truncate(u64),
    /// The connection is reset after so many bytes.
    Reset(u64),
}

/// The fates of the replies of one connection, in order.
#[derive(Debug)]
pub(super) struct Fates {
    faults: Faults,
    random: ChaCha8Rng,
}

impl Faults {
    /// What the replies of a connection meet.
    pub(super) fn on_connection(&self, seed: u64, number: u64) -> Fates {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        Fates { faults: self.clone(), random }
    }
}

impl Fates {
    /// How long the next reply waits, and what becomes of it. Every reply draws the same numbers of times, so that changing one
    /// fault leaves the others where they are.
    pub(super) fn next(&mut self) -> (Duration, Fate) {
        let (latency, chance, place) =
            (self.random.next_u64(), self.random.next_u64(), self.random.next_u64());
        let (from, to) = (*self.faults.latency.start(), *self.faults.latency.end());
        let wait = Duration::from_millis(from + latency % (to - from + 1));
        (wait, self.fate(chance as f64 / u64::MAX as f64, place))
    }

    fn fate(&self, chance: f64, place: u64) -> Fate {
        let Faults { reset, truncate, garbage, .. } = self.faults;
        if chance < reset {
            Fate::Reset(place % CUT_WITHIN)
        } else if chance < reset + truncate {
            Fate::Truncate(place % CUT_WITHIN)
        } else if chance < reset + truncate + garbage {
            Fate::Garble(place)
        } else {
            Fate::Pass
        }
    }

    /// Bytes per second, where replies are slow.
    pub(super) fn slow(&self) -> Option<u64> {
        self.faults.slow
    }
}

/// Changes about one byte in sixteen, at least one.
pub(super) fn garble(bytes: &mut [u8], start: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(start);
    let changes = bytes.len() / 16 + 1;
    for _ in 0..changes {
        let drawn = random.next_u64();
        let length = bytes.len().max(1) as u64;
        if let Some(byte) = bytes.get_mut((drawn % length) as usize) {
            *byte ^= (drawn >> 32) as u8 | 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read() {
        let faults: Faults =
            "latency=50ms..2s, slow=1000,reset=0.05,truncate=0.1,garbage=0.25".parse().expect("faults");
        let expected =
            Faults { latency: 50..=2_000, slow: Some(1_000), reset: 0.05, truncate: 0.1, garbage: 0.25 };
        assert_eq!(faults, expected);
        assert_eq!("".parse(), Ok(Faults::default()));
    }

    #[test]
    fn mistakes_are_told() {
        for text in [
            "latency",
            "latency=5",
            "latency=9s..1s",
            "latency=601s",
            "latency=-1s",
            "slow=0",
            "slow=x",
            "reset=2",
            "reset=NaN",
            "truncate=-0.1",
            "loss=0.1",
            "reset=0.6,truncate=0.6",
        ] {
            let error = text.parse::<Faults>().expect_err(text);
            assert!(error.to_string().len() > 10, "{error}");
        }
    }

    #[test]
    fn fates_depend_on_seed_and_numbers_alone() {
        let faults: Faults = "latency=1ms..9ms,reset=0.2,truncate=0.2,garbage=0.2".parse().expect("faults");
        let fates = |seed, number| {
            let mut fates = faults.on_connection(seed, number);
            (0..200).map(|_| fates.next()).collect::<Vec<_>>()
        };
        assert_eq!(fates(1, 0), fates(1, 0));
        assert_ne!(fates(1, 0), fates(2, 0));
        assert_ne!(fates(1, 0), fates(1, 1));
        let passed = fates(7, 3).iter().filter(|(_, fate)| *fate == Fate::Pass).count();
        assert!((40..120).contains(&passed), "{passed} of 200 pass where four in ten should");
    }
}
