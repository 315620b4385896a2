//! The only place that looks at the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use tanglegram_tangle::Millis;

/// Milliseconds since the UNIX epoch; 0 for a clock set before it.
#[expect(clippy::disallowed_methods, reason = "wire drives the nodes in real time")]
pub(crate) fn now() -> Millis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    elapsed.as_millis().try_into().unwrap_or(Millis::MAX)
}
