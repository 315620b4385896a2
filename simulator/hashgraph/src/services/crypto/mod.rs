//! What the transactions of the crypto service do: each is checked as a whole before anything changes.

mod create;
mod delete;
mod transfer;
mod update;

use super::ResponseCode;
use super::account::{Account, Accounts};
use super::envelope::{Envelope, entity};
use super::key::Key;
use crate::EntityId;
use crate::files::hapi::{self, Data};

/// The longest time an account may be renewed for, in seconds.
const MAX_RENEWAL: i64 = 8_000_001;

/// What a successful transaction did besides paying fees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// What moved, in tinybars.
    pub(super) transfers: Vec<(EntityId, i64)>,
    pub(super) created: Option<EntityId>,
}

/// What a node can say of a transaction without looking at accounts.
pub(super) fn check(envelope: &Envelope) -> Result<(), ResponseCode> {
    match &envelope.body.data {
        Some(Data::CryptoTransfer(body)) => transfer::check(body),
        Some(Data::CryptoCreateAccount(body)) => create::check(body),
        Some(Data::CryptoUpdateAccount(body)) => update::check(body),
        Some(Data::CryptoDelete(body)) => delete::check(body),
        Some(_) | None => Ok(()),
    }
}

/// Does what a transaction says; changes nothing where it cannot be done.
pub(super) fn process(
    accounts: &mut Accounts,
    envelope: &Envelope,
    consensus: i64,
) -> Result<Effects, ResponseCode> {
    check(envelope)?;
    match &envelope.body.data {
        Some(Data::CryptoTransfer(body)) => transfer::process(accounts, envelope, body),
        Some(Data::CryptoCreateAccount(body)) => create::process(accounts, envelope, body, consensus),
        Some(Data::CryptoUpdateAccount(body)) => update::process(accounts, envelope, body),
        Some(Data::CryptoDelete(body)) => delete::process(accounts, envelope, body),
        Some(_) | None => Err(ResponseCode::NOT_SUPPORTED),
    }
}

/// Demands the signatures of an account.
fn must_sign(account: &Account, envelope: &Envelope) -> Result<(), ResponseCode> {
    account.key.as_ref().map_or(Err(ResponseCode::INVALID_SIGNATURE), |key| must_fit(key, envelope))
}

fn must_fit(key: &Key, envelope: &Envelope) -> Result<(), ResponseCode> {
    if key.is_signed(&envelope.signed, &envelope.signatures) {
        Ok(())
    } else {
        Err(ResponseCode::INVALID_SIGNATURE)
    }
}

fn account_id(id: Option<hapi::EntityId>) -> Result<EntityId, ResponseCode> {
    id.map(entity).ok_or(ResponseCode::INVALID_ACCOUNT_ID)
}

/// The proxy that is meant; account 0 stands for none.
fn proxy(id: Option<hapi::EntityId>) -> Option<EntityId> {
    id.map(entity).filter(|id| id.num != 0)
}

fn read_key(bytes: &[u8]) -> Result<Key, ResponseCode> {
    Key::read(bytes).map_err(|_| ResponseCode::INVALID_KEY_ENCODING)
}

fn check_renewal(seconds: i64) -> Result<(), ResponseCode> {
    match seconds {
        1..=MAX_RENEWAL => Ok(()),
        ..=0 => Err(ResponseCode::INVALID_RENEWAL_PERIOD),
        _ => Err(ResponseCode::AUTORENEW_DURATION_NOT_IN_RANGE),
    }
}

fn threshold(amount: u64, otherwise: ResponseCode) -> Result<i64, ResponseCode> {
    i64::try_from(amount).map_err(|_| otherwise)
}
