//! Which addresses were ever spent from.

use std::collections::BTreeSet;

use tanglegram_ternary::{Address, Transaction};

use crate::bundle::{self, Rules};
use crate::planted::Bug;
use crate::store::{Tangle, TxId};

/// Addresses known to be spent from, whatever happens to the transactions that show it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpentAddresses {
    known: BTreeSet<Address>,
}

impl SpentAddresses {
    /// Remembers the address of a transaction that takes funds from it.
    pub(crate) fn mark_input(&mut self, transaction: &Transaction) {
        if transaction.value() < 0 {
            self.known.insert(transaction.address());
        }
    }

    /// Remembers an address that was marked before.
    pub(crate) fn mark(&mut self, address: Address) {
        self.known.insert(address);
    }

    /// The addresses marked.
    pub(crate) fn known(&self) -> impl Iterator<Item = Address> {
        self.known.iter().copied()
    }

    /// Remembers what a transaction that is about to be forgotten shows.
    pub(crate) fn remember(&mut self, tangle: &mut Tangle, id: TxId) {
        if takes(tangle, id)
            && is_spend(tangle, id)
            && let Some(transaction) = tangle.transaction(id)
        {
            self.mark_input(transaction);
        }
    }

    /// True if the address was ever marked, or some transaction takes funds from it and is confirmed or part of a valid
    /// bundle, pending and overspending ones included. The null and the coordinator address never count.
    pub(crate) fn contains(&self, tangle: &mut Tangle, coordinator: &Address, address: &Address) -> bool {
        if self.known.contains(address) && !tangle.planted.has(Bug::PendingUnspent) {
            return true;
        }
        if address.is_null() || address == coordinator {
            return false;
        }
        let inputs: Vec<TxId> = tangle
            .indexes()
            .with_address(address)
            .to_vec()
            .into_iter()
            .filter(|&id| takes(tangle, id))
            .collect();
        inputs.into_iter().any(|id| is_spend(tangle, id))
    }
}

fn takes(tangle: &Tangle, id: TxId) -> bool {
    tangle.transaction(id).is_some_and(|tx| tx.value() < 0)
}

/// An input counts once its bundle can be found and is confirmed or valid.
fn is_spend(tangle: &mut Tangle, input: TxId) -> bool {
    let Some(tail) = tangle.tail_of(input) else { return false };
    if tangle.planted.has(Bug::PendingUnspent) {
        return tangle.vertex(input).snapshot_index != 0;
    }
    tangle.vertex(input).snapshot_index != 0 || bundle::validate(tangle, tail, Rules::Base).is_some()
}
