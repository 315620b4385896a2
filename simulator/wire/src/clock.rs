//! What time it is: the only place that looks at the time of day.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use tanglegram_tangle::Millis;

/// A node's clock. Clones show the same time.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    source: Source,
    /// How far it is ahead, in milliseconds.
    skew: Rc<Cell<i64>>,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Whoever drives a simulated network sets it.
    Virtual(Rc<Cell<Millis>>),
}

impl Clock {
    /// The system's time.
    pub(crate) fn system() -> Clock {
        Clock { source: Source::System, skew: Rc::default() }
    }

    /// A time that somebody sets.
    pub(crate) fn of(time: Rc<Cell<Millis>>) -> Clock {
        Clock { source: Source::Virtual(time), skew: Rc::default() }
    }

    /// Milliseconds since the UNIX epoch, as this clock shows them.
    pub(crate) fn now(&self) -> Millis {
        let right = match &self.source {
            Source::System => system_time(),
            Source::Virtual(time) => time.get(),
        };
        right.saturating_add_signed(self.skew.get())
    }

    /// How far the clock is ahead of the right time, in milliseconds.
    pub(crate) fn skew(&self) -> i64 {
        self.skew.get()
    }

    /// Sets the clock that far ahead, or behind.
    pub(crate) fn set_skew(&self, skew: i64) {
        self.skew.set(skew);
    }
}

/// Milliseconds since the UNIX epoch; 0 for a clock set before it.
#[expect(clippy::disallowed_methods, reason = "wire drives the nodes in real time")]
fn system_time() -> Millis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    elapsed.as_millis().try_into().unwrap_or(Millis::MAX)
}

/// Nanoseconds since the UNIX epoch; 0 for a clock set before it.
#[expect(clippy::disallowed_methods, reason = "wire drives the nodes in real time")]
pub(crate) fn nanos() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    elapsed.as_nanos().try_into().unwrap_or(i64::MAX)
}
