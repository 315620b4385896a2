//! The replicated state: accounts, and what was handled lately.

use std::sync::Arc;

use super::ResponseCode;
use super::account::{Account, Accounts};
use super::crypto::{self, Effects};
use super::envelope::{Envelope, entity_message};
use super::fees::{FEE_ACCOUNT, Fees};
use super::genesis::Genesis;
use super::history::{Handled, History, KEPT};
use crate::files::hapi::{self, AccountAmount, TransactionReceipt, TransactionRecord, TransferList};
use crate::{Bug, EntityId, Planted, SECOND, Timestamp};

/// Bytes of the longest memo.
const MAX_MEMO: usize = 100;

/// The accounts of a network and what its transactions do to them: the same on every node that handles the same
/// transactions in the same order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    pub(super) nodes: Vec<EntityId>,
    pub(super) accounts: Accounts,
    pub(super) history: History,
    pub(super) planted: Planted,
}

/// Why a transaction is not processed, and who pays for that.
enum Refusal {
    /// The node that submitted it could have known.
    Node(ResponseCode),
    /// The payer.
    Payer(ResponseCode),
}

/// What moves with a transaction, in the order of its parts.
type Transfers = Vec<(EntityId, i64)>;

impl Ledger {
    /// The ledger of a network that starts.
    pub fn new(genesis: &Genesis) -> Self {
        Ledger {
            nodes: genesis.nodes.clone(),
            accounts: genesis.accounts(),
            history: History::default(),
            planted: Planted::default(),
        }
    }

    /// The same with something wrong on purpose.
    pub fn with_planted(self, planted: Planted) -> Self {
        Ledger { planted, ..self }
    }

    /// The accounts.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What was handled in the last 180 seconds.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The account of a member of the roster.
    pub fn node(&self, member: u16) -> Option<EntityId> {
        self.nodes.get(usize::from(member)).copied()
    }

    /// Whether a node may submit a transaction that a client sent it at this time (in nanoseconds since 1970).
    ///
    /// This costs nobody anything. That a transaction passes is no promise that it will be processed: the payer may have
    /// nothing left when the network agrees on its time.
    pub fn precheck(&self, bytes: &[u8], now: i64, node: EntityId) -> ResponseCode {
        Envelope::open(bytes)
            .and_then(|envelope| self.check(&envelope, now, node))
            .err()
            .unwrap_or(ResponseCode::OK)
    }

    pub(super) fn check(&self, envelope: &Envelope, now: i64, node: EntityId) -> Result<(), ResponseCode> {
        if envelope.node != node {
            return Err(ResponseCode::INVALID_NODE_ACCOUNT);
        }
        check_form(envelope)?;
        check_time(envelope, now)?;
        if self.history.find(&envelope.id, now).is_some_and(|known| known.processed) {
            return Err(ResponseCode::DUPLICATE_TRANSACTION);
        }
        let payer = self.payer(envelope)?;
        if !is_signed(payer, envelope) {
            return Err(ResponseCode::INVALID_SIGNATURE);
        }
        check_fee(payer, envelope)?;
        crypto::check(envelope)
    }

    fn payer(&self, envelope: &Envelope) -> Result<&Account, ResponseCode> {
        self.accounts.alive(envelope.id.payer).map_err(|_| ResponseCode::PAYER_ACCOUNT_NOT_FOUND)
    }

    /// Handles the next transaction: its consensus time (in nanoseconds since 1970) is later than that of any before it.
    ///
    /// Whatever the bytes are, all nodes do the same. `None` where they are no transaction that a record could be written of:
    /// then nothing changes.
    pub fn handle(&mut self, consensus: i64, node: EntityId, bytes: &[u8]) -> Option<Arc<Handled>> {
        let envelope = Envelope::open(bytes).ok()?;
        self.history.forget(consensus);
        let refusal = self.refusal(&envelope, consensus, node);
        if self.planted.has(Bug::DuplicatesDropped) && self.history.processed(&envelope.id).is_some() {
            return None;
        }
        let outcome = match &refusal {
            Some(Refusal::Node(code)) => self.refuse(*code, node, &envelope),
            Some(Refusal::Payer(code)) => self.refuse(*code, envelope.id.payer, &envelope),
            None => self.process(&envelope, consensus, node),
        };
        let handled = Arc::new(Handled {
            consensus,
            id: envelope.id,
            node,
            result: outcome.result,
            processed: refusal.is_none(),
            record: outcome.record(&envelope, consensus),
            transaction: envelope.recorded,
        });
        self.history.add(Arc::clone(&handled));
        Some(handled)
    }

    /// Why the transaction is not to be processed.
    fn refusal(&self, envelope: &Envelope, consensus: i64, node: EntityId) -> Option<Refusal> {
        let payer = match self.payer(envelope) {
            Err(code) => return Some(Refusal::Node(code)),
            Ok(_) if envelope.node != node => return Some(Refusal::Node(ResponseCode::INVALID_NODE_ACCOUNT)),
            Ok(payer) => payer,
        };
        if !is_signed(payer, envelope) {
            return Some(Refusal::Node(ResponseCode::INVALID_PAYER_SIGNATURE));
        }
        let is_blind = self.planted.has(Bug::DuplicatesProcessed);
        match self.history.processed(&envelope.id).filter(|_| !is_blind) {
            Some(known) if known.node == node => Some(Refusal::Node(ResponseCode::DUPLICATE_TRANSACTION)),
            Some(_) => Some(Refusal::Payer(ResponseCode::DUPLICATE_TRANSACTION)),
            None => {
                let checks =
                    [check_form(envelope), check_time(envelope, consensus), check_fee(payer, envelope)];
                checks.into_iter().find_map(Result::err).map(Refusal::Payer)
            }
        }
    }

    /// Charges the network fee, as far as the account has it.
    fn refuse(&mut self, result: ResponseCode, account: EntityId, envelope: &Envelope) -> Outcome {
        let balance = self.accounts.find(account).map_or(0, |account| account.balance);
        let fee = Fees::of(envelope).network.min(balance);
        let transfers = self.charge(vec![(FEE_ACCOUNT, fee), (account, -fee)]);
        Outcome { result, fee, transfers, created: None }
    }

    /// Charges all fees and does what the transaction says, if it can be done.
    fn process(&mut self, envelope: &Envelope, consensus: i64, node: EntityId) -> Outcome {
        let (fees, payer) = (Fees::of(envelope), envelope.id.payer);
        let charged = self.charge(vec![
            (node, fees.node),
            (FEE_ACCOUNT, fees.network),
            (FEE_ACCOUNT, fees.service),
            (payer, -fees.network),
            (payer, -fees.node - fees.service),
        ]);
        let (result, effects) = match crypto::process(&mut self.accounts, envelope, consensus) {
            Ok(effects) => (ResponseCode::SUCCESS, effects),
            Err(code) => (code, Effects::default()),
        };
        if result != ResponseCode::SUCCESS && self.planted.has(Bug::FeeForgiven) {
            self.charge(charged.iter().map(|(account, amount)| (*account, -amount)).collect());
            return Outcome { result, fee: 0, transfers: Vec::new(), created: None };
        }
        let transfers = [effects.transfers, charged].concat();
        Outcome { result, fee: fees.total(), transfers, created: effects.created }
    }

    /// Moves fees that were found to be there; returns what moved.
    fn charge(&mut self, fees: Transfers) -> Transfers {
        let moves: Transfers = fees.into_iter().filter(|(_, amount)| *amount != 0).collect();
        match self.accounts.transfer(&moves) {
            Ok(()) => moves,
            Err(_) => Vec::new(),
        }
    }
}

/// What became of a transaction.
struct Outcome {
    result: ResponseCode,
    /// What was charged in all.
    fee: i64,
    /// What moved, the fees included.
    transfers: Transfers,
    created: Option<EntityId>,
}

impl Outcome {
    fn record(mut self, envelope: &Envelope, consensus: i64) -> TransactionRecord {
        self.transfers.sort_by_key(|(account, _)| *account);
        let amounts = self.transfers.into_iter();
        let amounts = amounts.map(|(id, amount)| AccountAmount { account: Some(entity_message(id)), amount });
        let receipt = TransactionReceipt {
            status: self.result.number(),
            account: self.created.map(entity_message),
            ..TransactionReceipt::default()
        };
        TransactionRecord {
            receipt: Some(receipt),
            transaction_hash: envelope.hash.0.to_vec(),
            consensus_timestamp: Some(time_message(consensus)),
            transaction_id: envelope.body.transaction_id,
            memo: envelope.body.memo.clone(),
            transaction_fee: self.fee.cast_unsigned(),
            transfer_list: Some(TransferList { amounts: amounts.collect() }),
        }
    }
}

/// The message of a time in nanoseconds since 1970.
pub(super) fn time_message(time: i64) -> hapi::Timestamp {
    let (seconds, nanos) = Timestamp(time).parts();
    // Less than a second: it fits.
    hapi::Timestamp { seconds, nanos: nanos as i32 }
}

fn is_signed(payer: &Account, envelope: &Envelope) -> bool {
    payer.key.as_ref().is_some_and(|key| key.is_signed(&envelope.signed, &envelope.signatures))
}

/// What holds at any time and for any state.
fn check_form(envelope: &Envelope) -> Result<(), ResponseCode> {
    if envelope.body.memo.len() > MAX_MEMO {
        return Err(ResponseCode::MEMO_TOO_LONG);
    }
    if !(SECOND..=KEPT).contains(&envelope.duration) {
        return Err(ResponseCode::INVALID_TRANSACTION_DURATION);
    }
    Ok(())
}

fn check_time(envelope: &Envelope, now: i64) -> Result<(), ResponseCode> {
    if envelope.id.valid_start > now {
        return Err(ResponseCode::INVALID_TRANSACTION_START);
    }
    // What started longer ago than it is valid is over; neither number is negative here.
    if now - envelope.id.valid_start > envelope.duration {
        return Err(ResponseCode::TRANSACTION_EXPIRED);
    }
    Ok(())
}

fn check_fee(payer: &Account, envelope: &Envelope) -> Result<(), ResponseCode> {
    let fee = Fees::of(envelope).total();
    if envelope.body.transaction_fee < fee.cast_unsigned() {
        return Err(ResponseCode::INSUFFICIENT_TX_FEE);
    }
    if payer.balance < fee {
        return Err(ResponseCode::INSUFFICIENT_PAYER_BALANCE);
    }
    Ok(())
}
