//! What a client asks of a member outside of the workload: one transaction, with whatever is to be right or wrong about it.

use tanglegram_hashgraph::services::client::{Draft, Form, SigningKey, key};
use tanglegram_hashgraph::services::{ResponseCode, TransactionId};
use tanglegram_hashgraph::{EntityId, MILLISECOND};
use tanglegram_mirror::{Request, Response};
use tanglegram_tangle::Millis;

use super::client::{client_account, member_account};
use super::network::Network;
use crate::sim::{EPOCH, RequestError};

/// A transaction of a client. Clients have the accounts 0.0.1001, 0.0.1002, …
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// What it does.
    pub deed: Deed,
    /// The client that pays the fees, and signs.
    pub payer: usize,
    /// Which transaction it is, where it is another copy of an earlier one; a new one otherwise.
    pub id: Option<TransactionId>,
    /// How long before it is sent its validity starts, in milliseconds; negative: after.
    pub age: i64,
    /// For how long it is valid, in seconds.
    pub valid: i64,
    /// The most that the payer pays as a fee, in tinybars.
    pub fee: u64,
    /// Its memo.
    pub memo: String,
    /// The client that signs in the payer's place.
    pub signer: Option<usize>,
}

/// What a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Moves tinybars from the payer to another client.
    Transfer {
        /// Who gets them.
        to: usize,
        /// How many.
        amount: i64,
    },
    /// Makes an account that has the payer's key.
    Create {
        /// What it holds first, in tinybars.
        balance: u64,
    },
}

/// What a member says to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which it is.
    pub id: TransactionId,
    /// The code of the precheck.
    pub code: ResponseCode,
    /// The account of the member.
    pub node: EntityId,
}

impl Wish {
    /// A transaction as most are: valid for two minutes since ten seconds ago, for a fee of at most one hbar.
    pub fn new(payer: usize, deed: Deed) -> Wish {
        Wish {
            deed,
            payer,
            id: None,
            age: 10_000,
            valid: 120,
            fee: 100_000_000,
            memo: String::new(),
            signer: None,
        }
    }

    fn draft(&self, id: TransactionId, node: EntityId, signer: &SigningKey) -> Draft {
        let draft = match self.deed {
            Deed::Transfer { to, amount } => {
                let payer = client_account(self.payer);
                let amounts = [(payer, amount.saturating_neg()), (client_account(to), amount)];
                Draft::transfer(id, node, &amounts)
            }
            Deed::Create { balance } => Draft::create(id, node, &key(signer), balance),
        };
        let mut draft = draft.with_memo(&self.memo);
        draft.body.transaction_fee = self.fee;
        if let Some(valid) = &mut draft.body.valid_duration {
            valid.seconds = self.valid;
        }
        draft
    }
}

impl Network {
    /// How many clients there are.
    pub fn clients(&self) -> usize {
        self.clients.signers().len()
    }

    /// A client gives a member a transaction.
    pub fn wish(&mut self, member: usize, wish: &Wish) -> Result<Taken, RequestError> {
        let name = self.plan.base.nodes.get(member).ok_or(RequestError::UnknownNode(member))?.clone();
        for client in [Some(wish.payer), wish.signer].into_iter().flatten() {
            self.clients.signers().get(client).ok_or(RequestError::UnknownClient(client))?;
        }
        let start = ((EPOCH + self.now) as i64).saturating_sub(wish.age).saturating_mul(MILLISECOND);
        let id = wish.id.unwrap_or_else(|| self.clients.new_id(wish.payer, start));
        let node = member_account(member);
        let signers = self.clients.signers();
        let draft = wish.draft(id, node, &signers[wish.payer]);
        let bytes = draft.sign(&[&signers[wish.signer.unwrap_or(wish.payer)]], Form::BodyBytes);
        let code = self.submit(member, id, bytes.into()).ok_or(RequestError::Down(name))?;
        self.sent += 1;
        Ok(Taken { id, code, node })
    }

    /// What the mirror node's REST API answers now; `None` where there is no mirror node.
    pub fn rest(&self, target: &str) -> Option<Response> {
        self.watcher.as_ref().map(|watcher| watcher.rest(&Request::get(target)))
    }

    /// A member's clock in milliseconds since 1970, wrong where it is.
    pub fn time_of(&self, member: usize) -> Millis {
        let skew = self.hosts.get(member).map_or(0, |host| host.skew);
        (EPOCH + self.now).saturating_add_signed(skew)
    }
}
