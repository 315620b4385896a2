//! CryptoUpdate.

use super::{
    Account, Accounts, Effects, Envelope, ResponseCode, account_id, check_renewal, hapi, must_fit, must_sign,
    proxy, read_key, threshold,
};

pub(super) fn check(body: &hapi::CryptoUpdate) -> Result<(), ResponseCode> {
    account_id(body.account)?;
    if let Some(key) = &body.key {
        read_key(key)?;
    }
    thresholds(body)?;
    body.auto_renew_period.map_or(Ok(()), |period| check_renewal(period.seconds))
}

/// The thresholds for sending and receiving that are given, in either of their forms.
fn thresholds(body: &hapi::CryptoUpdate) -> Result<(Option<i64>, Option<i64>), ResponseCode> {
    let send = body.send_record_threshold_wrapper.map(|wrapper| wrapper.value).or(body.send_record_threshold);
    let receive =
        body.receive_record_threshold_wrapper.map(|wrapper| wrapper.value).or(body.receive_record_threshold);
    Ok((
        send.map(|amount| threshold(amount, ResponseCode::INVALID_SEND_RECORD_THRESHOLD)).transpose()?,
        receive
            .map(|amount| threshold(amount, ResponseCode::INVALID_RECEIVE_RECORD_THRESHOLD))
            .transpose()?,
    ))
}

pub(super) fn process(
    accounts: &mut Accounts,
    envelope: &Envelope,
    body: &hapi::CryptoUpdate,
) -> Result<Effects, ResponseCode> {
    let id = account_id(body.account)?;
    let account = accounts.alive(id)?;
    must_sign(account, envelope)?;
    let changed = changed(account, envelope, body)?;
    if let Some(account) = accounts.find_mut(id) {
        *account = changed;
    }
    Ok(Effects::default())
}

fn changed(
    account: &Account,
    envelope: &Envelope,
    body: &hapi::CryptoUpdate,
) -> Result<Account, ResponseCode> {
    let mut account = account.clone();
    if let Some(bytes) = &body.key {
        let key = read_key(bytes)?;
        must_fit(&key, envelope)?;
        account.key = Some(key);
    }
    if let Some(expiry) = body.expiration_time {
        if expiry.seconds < account.expiry {
            return Err(ResponseCode::INVALID_EXPIRATION_TIME);
        }
        account.expiry = expiry.seconds;
    }
    account.auto_renew = body.auto_renew_period.map_or(account.auto_renew, |period| period.seconds);
    if body.proxy_account.is_some() {
        account.proxy = proxy(body.proxy_account);
    }
    let signs =
        body.receiver_sig_required_wrapper.map(|wrapper| wrapper.value).or(body.receiver_sig_required);
    account.receiver_signs = signs.unwrap_or(account.receiver_signs);
    let (send, receive) = thresholds(body)?;
    account.send_threshold = send.unwrap_or(account.send_threshold);
    account.receive_threshold = receive.unwrap_or(account.receive_threshold);
    Ok(account)
}
