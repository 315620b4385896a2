//! What a single transaction must keep to be stored.

use tanglegram_ternary::Transaction;

use crate::config::Config;
use crate::node::Millis;
use crate::store::Tangle;

/// How far ahead of the node's clock a transaction may be dated.
const MAX_FUTURE_MS: i64 = 2 * 60 * 60 * 1000;

/// Why a transaction is refused; the texts are those of the real node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Invalid transaction timestamp.")]
    Timestamp,
    #[error("Invalid transaction value")]
    Value,
    #[error("Invalid transaction hash")]
    Hash,
    #[error("Invalid transaction address")]
    Address,
}

/// Checks a transaction on its own: dates, the width of its value, the weight of its hash, the last trit of an address
/// that moves funds. Bundle, indices and signature are not looked at here.
pub(crate) fn check(
    config: &Config,
    tangle: &Tangle,
    now: Millis,
    transaction: &Transaction,
) -> Result<(), Refusal> {
    if dated_well(tangle, now, transaction) {
        check_undated(config, transaction)
    } else {
        Err(Refusal::Timestamp)
    }
}

/// The same checks but for the dates.
pub(crate) fn check_undated(config: &Config, transaction: &Transaction) -> Result<(), Refusal> {
    if transaction.value_overflows() {
        Err(Refusal::Value)
    } else if transaction.hash().trailing_zeros() < config.required_weight() {
        Err(Refusal::Hash)
    } else if transaction.value() != 0 && transaction.address().last_trit() != 0 {
        Err(Refusal::Address)
    } else {
        Ok(())
    }
}

/// The attachment timestamp counts, or the bundle's when there is none; the snapshot is the inclusive lower bound.
fn dated_well(tangle: &Tangle, now: Millis, transaction: &Transaction) -> bool {
    let oldest = tangle.initial().timestamp;
    let newest = now.min(i64::MAX as u64 / 2) as i64 + MAX_FUTURE_MS;
    match transaction.attachment_timestamp() {
        0 => {
            let seconds = transaction.timestamp();
            // For a solid entry point the snapshot vouches, whatever its date.
            (seconds >= oldest || tangle.vouches_for(&transaction.hash())) && seconds <= newest / 1000
        }
        attached => attached >= oldest.saturating_mul(1000) && attached <= newest,
    }
}
