//! CryptoTransfer.

use std::collections::BTreeSet;

use super::{Accounts, Effects, EntityId, Envelope, ResponseCode, account_id, hapi, must_sign};

/// How many accounts a transfer may name.
const MAX_ACCOUNTS: usize = 10;

fn amounts(body: &hapi::CryptoTransfer) -> &[hapi::AccountAmount] {
    body.transfers.as_ref().map_or(&[], |list| &list.amounts)
}

pub(super) fn check(body: &hapi::CryptoTransfer) -> Result<(), ResponseCode> {
    let amounts = amounts(body);
    if amounts.len() > MAX_ACCOUNTS {
        return Err(ResponseCode::TRANSFER_LIST_SIZE_LIMIT_EXCEEDED);
    }
    let mut known = BTreeSet::new();
    for amount in amounts {
        if !known.insert(account_id(amount.account)?) {
            return Err(ResponseCode::ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS);
        }
    }
    match amounts.iter().map(|amount| i128::from(amount.amount)).sum::<i128>() {
        0 => Ok(()),
        _ => Err(ResponseCode::INVALID_ACCOUNT_AMOUNTS),
    }
}

pub(super) fn process(
    accounts: &mut Accounts,
    envelope: &Envelope,
    body: &hapi::CryptoTransfer,
) -> Result<Effects, ResponseCode> {
    let mut transfers: Vec<(EntityId, i64)> = Vec::new();
    for transfer in amounts(body) {
        let id = account_id(transfer.account)?;
        accounts.alive(id)?;
        transfers.push((id, transfer.amount));
    }
    for (id, amount) in &transfers {
        let account = accounts.alive(*id)?;
        let is_payer = *id == envelope.id.payer; // whose signature was seen already
        if (*amount < 0 || (*amount > 0 && account.receiver_signs)) && !is_payer {
            must_sign(account, envelope)?;
        }
    }
    accounts.transfer(&transfers)?;
    Ok(Effects { transfers, created: None })
}
