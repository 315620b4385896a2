//! What a single transaction must keep to be stored.

use tanglegram_ternary::Transaction;

use crate::config::Config;
use crate::node::Millis;

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
pub(crate) fn check(config: &Config, now: Millis, transaction: &Transaction) -> Result<(), Refusal> {
    if dated_well(config, now, transaction) {
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

/// The attachment timestamp counts, or the bundle's when there is none; the genesis is the inclusive lower bound.
fn dated_well(config: &Config, now: Millis, transaction: &Transaction) -> bool {
    let oldest = config.genesis.timestamp;
    let newest = now.min(i64::MAX as u64 / 2) as i64 + MAX_FUTURE_MS;
    match transaction.attachment_timestamp() {
        0 => {
            let seconds = transaction.timestamp();
            // The null hash is a solid entry point: the snapshot vouches for it whatever its date.
            (seconds >= oldest || transaction.hash().is_null()) && seconds <= newest / 1000
        }
        attached => attached >= oldest.saturating_mul(1000) && attached <= newest,
    }
}
