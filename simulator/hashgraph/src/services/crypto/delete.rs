//! CryptoDelete.

use super::{Accounts, Effects, Envelope, ResponseCode, account_id, hapi, must_sign};
use crate::services::account::SYSTEM_ACCOUNTS;

pub(super) fn check(body: &hapi::CryptoDelete) -> Result<(), ResponseCode> {
    let (deleted, heir) = (account_id(body.delete_account)?, account_id(body.transfer_account)?);
    if deleted == heir {
        return Err(ResponseCode::INVALID_ACCOUNT_ID);
    }
    if (0..=SYSTEM_ACCOUNTS).contains(&deleted.num) {
        return Err(ResponseCode::ENTITY_NOT_ALLOWED_TO_DELETE);
    }
    Ok(())
}

pub(super) fn process(
    accounts: &mut Accounts,
    envelope: &Envelope,
    body: &hapi::CryptoDelete,
) -> Result<Effects, ResponseCode> {
    let (id, heir) = (account_id(body.delete_account)?, account_id(body.transfer_account)?);
    let account = accounts.alive(id)?;
    must_sign(account, envelope)?;
    let receiver = accounts.alive(heir)?;
    if receiver.receiver_signs {
        must_sign(receiver, envelope)?;
    }
    let transfers = vec![(id, -account.balance), (heir, account.balance)];
    accounts.transfer(&transfers)?;
    if let Some(account) = accounts.find_mut(id) {
        account.deleted = true;
    }
    Ok(Effects { transfers, created: None })
}
