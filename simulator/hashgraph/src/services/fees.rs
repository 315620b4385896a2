//! What a transaction costs, and who is paid.

use super::envelope::{Envelope, Kind};
use crate::EntityId;

/// The account that collects the fees of the network and of the services.
pub const FEE_ACCOUNT: EntityId = EntityId::new(0, 0, 98);

/// What a query costs that is not free, in tinybars: the payment in the example of the mirror nodes' API document.
pub const QUERY_FEE: i64 = 84_000;

/// Signatures that the fee of a transaction includes.
const SIGNATURES: usize = 1;
/// Bytes that the fee of a transaction includes.
const BYTES: usize = 512;

/// The three parts of a fee, in tinybars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// To the node that submitted the transaction.
    pub node: i64,
    /// For the order that the network agrees on: due even where the transaction is not processed.
    pub network: i64,
    /// For what the transaction does.
    pub service: i64,
}

impl Fees {
    /// All parts together.
    pub fn total(self) -> i64 {
        self.node + self.network + self.service
    }

    /// The fees of a transaction. That of a transfer is the one in the example of the mirror nodes' API document; other
    /// kinds cost a multiple of it, further signatures and many bytes some more.
    pub(super) fn of(envelope: &Envelope) -> Self {
        let times = match envelope.kind {
            Kind::Transfer | Kind::Other => 1,
            Kind::Create => 10,
            Kind::Update | Kind::Delete => 2,
        };
        // Neither count can be more than a transaction has bytes.
        let signatures = beyond(envelope.signatures.len(), SIGNATURES);
        let bytes = beyond(envelope.recorded.len(), BYTES);
        Fees {
            node: 3_091 * times + 500 * signatures,
            network: 880 * times + 100 * signatures + bytes,
            service: if envelope.kind == Kind::Other { 0 } else { 81_857 * times },
        }
    }
}

fn beyond(count: usize, included: usize) -> i64 {
    i64::try_from(count.saturating_sub(included)).unwrap_or(i64::MAX / 1_000)
}
