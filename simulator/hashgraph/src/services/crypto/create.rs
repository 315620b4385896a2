//! CryptoCreate.

use super::{
    Account, Accounts, Effects, Envelope, ResponseCode, check_renewal, hapi, must_fit, proxy, read_key,
    threshold,
};
use crate::Timestamp;

pub(super) fn check(body: &hapi::CryptoCreate) -> Result<(), ResponseCode> {
    read_key(body.key.as_ref().ok_or(ResponseCode::KEY_REQUIRED)?)?;
    i64::try_from(body.initial_balance).map_err(|_| ResponseCode::INVALID_INITIAL_BALANCE)?;
    threshold(body.send_record_threshold, ResponseCode::INVALID_SEND_RECORD_THRESHOLD)?;
    threshold(body.receive_record_threshold, ResponseCode::INVALID_RECEIVE_RECORD_THRESHOLD)?;
    check_renewal(body.auto_renew_period.ok_or(ResponseCode::INVALID_RENEWAL_PERIOD)?.seconds)
}

pub(super) fn process(
    accounts: &mut Accounts,
    envelope: &Envelope,
    body: &hapi::CryptoCreate,
    consensus: i64,
) -> Result<Effects, ResponseCode> {
    let account = account(body, consensus)?;
    if let Some(key) = account.key.as_ref().filter(|_| account.receiver_signs) {
        must_fit(key, envelope)?;
    }
    let (payer, amount) = (envelope.id.payer, body.initial_balance.cast_signed());
    if accounts.alive(payer)?.balance < amount {
        return Err(ResponseCode::INSUFFICIENT_PAYER_BALANCE);
    }
    let id = accounts.add(account);
    let transfers = vec![(payer, -amount), (id, amount)];
    accounts.transfer(&transfers)?;
    Ok(Effects { transfers, created: Some(id) })
}

/// The new account, still without a balance.
fn account(body: &hapi::CryptoCreate, consensus: i64) -> Result<Account, ResponseCode> {
    let auto_renew = body.auto_renew_period.unwrap_or_default().seconds;
    Ok(Account {
        key: Some(read_key(body.key.as_ref().ok_or(ResponseCode::KEY_REQUIRED)?)?),
        balance: 0,
        expiry: Timestamp(consensus).parts().0.saturating_add(auto_renew),
        auto_renew,
        deleted: false,
        proxy: proxy(body.proxy_account),
        receiver_signs: body.receiver_sig_required,
        send_threshold: threshold(body.send_record_threshold, ResponseCode::INVALID_SEND_RECORD_THRESHOLD)?,
        receive_threshold: threshold(
            body.receive_record_threshold,
            ResponseCode::INVALID_RECEIVE_RECORD_THRESHOLD,
        )?,
    })
}
