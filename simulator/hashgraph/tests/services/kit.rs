//! A network with one ledger, and clients of it.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use tanglegram_hashgraph::services::client::{self, Draft, Form};
use tanglegram_hashgraph::services::{Genesis, Handled, Ledger, ResponseCode, SUPPLY, TransactionId};
use tanglegram_hashgraph::{EntityId, SECOND};

/// When everything starts, in nanoseconds.
pub(crate) const START: i64 = 1_568_542_814 * SECOND;

/// What each client has at first.
pub(crate) const RICH: i64 = 1_000_000_000;

pub(crate) const fn id(num: i64) -> EntityId {
    EntityId::new(0, 0, num)
}

/// The key of a client; 0 is the treasury's and the nodes'.
pub(crate) fn signer(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// The account of a client, numbered from 1.
pub(crate) fn account(number: u8) -> EntityId {
    id(1000 + i64::from(number))
}

/// A network whose clients 1 to 4 have [`RICH`] tinybars each.
pub(crate) struct Net {
    pub(crate) ledger: Ledger,
    pub(crate) now: i64,
    started: i64,
}

impl Net {
    pub(crate) fn new() -> Self {
        let genesis = Genesis::new(4, client::key(&signer(0)));
        let genesis =
            (1..=4).fold(genesis, |genesis, number| genesis.with_account(client::key(&signer(number)), RICH));
        Net { ledger: Ledger::new(&genesis), now: START, started: 0 }
    }

    /// An id that nobody used before, valid from now on.
    pub(crate) fn id(&mut self, payer: EntityId) -> TransactionId {
        self.started += 1;
        TransactionId { payer, valid_start: self.now - SECOND + self.started }
    }

    /// Lets a node submit a transaction; a second passes.
    pub(crate) fn handle(&mut self, node: i64, bytes: &[u8]) -> Arc<Handled> {
        self.now += SECOND;
        let handled = self.ledger.handle(self.now, id(node), bytes).expect("a transaction");
        assert_eq!(self.ledger.accounts().total(), i128::from(SUPPLY));
        handled
    }

    /// A client's transaction, signed by it alone, through node 0.0.3.
    pub(crate) fn run(
        &mut self,
        client: u8,
        draft: impl FnOnce(TransactionId, EntityId) -> Draft,
    ) -> Arc<Handled> {
        let draft = draft(self.id(account(client)), id(3));
        let bytes = draft.sign(&[&signer(client)], Form::BodyBytes);
        assert_eq!(self.ledger.precheck(&bytes, self.now, id(3)), ResponseCode::OK);
        self.handle(3, &bytes)
    }

    /// A transfer from one client to another account.
    pub(crate) fn pay(&mut self, from: u8, to: EntityId, amount: i64) -> Arc<Handled> {
        self.run(from, |id, node| Draft::transfer(id, node, &[(account(from), -amount), (to, amount)]))
    }

    pub(crate) fn balance(&self, id: EntityId) -> i64 {
        self.ledger.accounts().find(id).expect("the account is there").balance
    }
}

/// What moved with a transaction, in the order of its record.
pub(crate) fn transfers(handled: &Handled) -> Vec<(i64, i64)> {
    let list = handled.record.transfer_list.as_ref().expect("a record has a list");
    list.amounts.iter().map(|each| (each.account.expect("named").num, each.amount)).collect()
}
