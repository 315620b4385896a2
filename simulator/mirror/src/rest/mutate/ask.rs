//! Requests that are read otherwise than they were meant.

use super::super::http::Request;
use super::is_concerned;
use crate::mutant::{Mutant as M, Mutation};

/// Every parameter there is.
const PARAMETERS: [&str; 8] =
    ["account.id", "account.balance", "account.publickey", "timestamp", "limit", "order", "type", "result"];

type Pairs = Vec<(String, String)>;

/// The headers that the mutant looks at.
pub(in crate::rest) fn heard<'r>(mutation: Mutation, request: &Request<'r>) -> Vec<(&'r str, &'r str)> {
    let ignored = match mutation.mutant() {
        Some(M::NeverCompressed) => "accept-encoding",
        Some(M::AlwaysModified) => "if-none-match",
        _ => "",
    };
    request.headers.iter().copied().filter(|(name, _)| !name.eq_ignore_ascii_case(ignored)).collect()
}

/// The method and target that the mutant understands.
pub(in crate::rest) fn asked<'r>(mutant: M, request: &Request<'r>) -> (&'r str, String) {
    let method = if mutant == M::PostServed && request.method == "POST" { "GET" } else { request.method };
    let path = request.path();
    if !is_concerned(mutant, path) {
        return (method, request.target.to_owned());
    }
    let path = match mutant {
        M::TrailingSlashRefused if path.ends_with('/') => "/none",
        M::PathCaseMatters if path.bytes().any(|byte| byte.is_ascii_uppercase()) => "/none",
        M::AccountNumberRefused
            if !path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().contains('.') =>
        {
            "/none"
        }
        M::TransactionSdkIdsTaken => {
            return (method, sdk_id(path).unwrap_or_else(|| request.target.to_owned()));
        }
        _ => path,
    };
    let mut pairs = pairs(request.query());
    let before = pairs.clone();
    left_out(mutant, &mut pairs);
    added(mutant, &mut pairs);
    changed(mutant, &mut pairs);
    if pairs == before && path == request.path() {
        return (method, request.target.to_owned());
    }
    (method, format!("{path}?{}", text(&pairs)))
}

fn sdk_id(path: &str) -> Option<String> {
    let (payer, time) = path.split_once('@')?;
    Some(format!("{payer}-{}", time.replace('.', "-")))
}

/// Names and values of a query, as they are written.
pub(super) fn pairs(query: &str) -> Pairs {
    let pair = |piece: &str| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (name.to_owned(), value.to_owned())
    };
    query.split('&').filter(|piece| !piece.is_empty()).map(pair).collect()
}

pub(super) fn text(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{name}={value}");
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Parameters that the mutant does not look at.
fn left_out(mutant: M, pairs: &mut Pairs) {
    let ignored = match mutant {
        M::AccountsLimitIgnored
        | M::AccountLimitIgnored
        | M::BalancesLimitIgnored
        | M::TransactionsLimitIgnored => "limit",
        M::AccountsOrderIgnored
        | M::AccountOrderIgnored
        | M::BalancesOrderIgnored
        | M::TransactionsOrderIgnored => "order",
        M::AccountsIdIgnored | M::BalancesIdIgnored | M::TransactionsIdIgnored => "account.id",
        M::AccountsBalanceIgnored | M::BalancesBalanceIgnored => "account.balance",
        M::AccountsKeyIgnored | M::BalancesKeyIgnored => "account.publickey",
        M::AccountTypeIgnored | M::TransactionsTypeIgnored | M::TransactionsTypeOfAnyone => "type",
        M::AccountResultIgnored | M::TransactionsResultIgnored | M::TransactionsOkIsSuccess => "result",
        M::AccountTimestampIgnored | M::BalancesTimestampIgnored | M::TransactionsTimestampIgnored => {
            "timestamp"
        }
        M::UnknownParametersIgnored => {
            return pairs.retain(|(name, _)| PARAMETERS.contains(&name.as_str()));
        }
        M::AccountsFirstIdOnly | M::BalancesFirstIdOnly => return first_only("account.id", pairs),
        M::TransactionsFirstTimeOnly => return first_only("timestamp", pairs),
        _ => return,
    };
    pairs.retain(|(name, _)| name != ignored);
}

fn first_only(name: &str, pairs: &mut Pairs) {
    let mut seen = false;
    pairs.retain(|(known, _)| known != name || !std::mem::replace(&mut seen, true));
}

/// Defaults that the mutant has.
fn added(mutant: M, pairs: &mut Pairs) {
    let (name, value) = match mutant {
        M::AccountsDefaultLimit => ("limit", "25"),
        M::AccountsDefaultDescending => ("order", "desc"),
        M::AccountTransactionsAscending | M::BalancesDefaultAscending | M::TransactionsDefaultAscending => {
            ("order", "asc")
        }
        _ => return,
    };
    if !pairs.iter().any(|(known, _)| known == name) {
        pairs.push((name.to_owned(), value.to_owned()));
    }
}

/// Values that the mutant takes for others.
fn changed(mutant: M, pairs: &mut Pairs) {
    for (name, value) in pairs {
        let operator = value.split_once(':').map(|(operator, rest)| (operator.to_owned(), rest.to_owned()));
        let is_key = name == "account.publickey";
        let is_bound = matches!(name.as_str(), "account.id" | "timestamp" | "account.balance");
        match mutant {
            M::AccountsLimitOneMore | M::BalancesLimitOneMore | M::TransactionsLimitOneMore
                if name == "limit" =>
            {
                *value = value.parse::<u16>().map_or(value.clone(), |limit| (limit + 1).to_string());
            }
            M::TransactionsLimitHundred if name == "limit" && value == "1000" => "100".clone_into(value),
            M::AccountsBoundsInclusive | M::BalancesBoundsInclusive | M::TransactionsBoundsInclusive
                if is_bound =>
            {
                if let Some((operator @ ("gt" | "lt"), rest)) =
                    operator.as_ref().map(|(o, r)| (o.as_str(), r))
                {
                    *value = format!("{operator}e:{rest}");
                }
            }
            M::AccountsBoundsExclusive | M::BalancesBoundsExclusive | M::TransactionsBoundsExclusive
                if is_bound =>
            {
                if let Some((operator @ ("gte" | "lte"), rest)) =
                    operator.as_ref().map(|(o, r)| (o.as_str(), r))
                {
                    *value = format!("{}:{rest}", &operator[..2]);
                }
            }
            M::AccountsBalanceEqual if name == "account.balance" => {
                *value = operator.map_or(value.clone(), |(_, rest)| rest);
            }
            M::AccountsKeyCaseMatters if is_key && value.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                *value = "0".repeat(64);
            }
            M::AccountsDerKeyUnknown if is_key && value.rsplit(':').next().map(str::len) == Some(88) => {
                *value = "0".repeat(64);
            }
            M::BalancesTimestampCut | M::TransactionsTimestampCut if name == "timestamp" => {
                *value = value.split('.').next().unwrap_or_default().to_owned();
            }
            M::BalancesFractionIsNanoseconds | M::TransactionsFractionIsNanoseconds
                if name == "timestamp" =>
            {
                if let Some((seconds, fraction)) =
                    value.split_once('.').filter(|(_, fraction)| fraction.len() < 9)
                {
                    *value = format!("{seconds}.{fraction:0>9}");
                }
            }
            M::TransactionsTypeSwapped if name == "type" => swap(value, "credit", "debit"),
            M::TransactionsResultSwapped if name == "result" => swap(value, "success", "fail"),
            M::ParameterCaseIgnored if PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => {
                name.make_ascii_lowercase();
            }
            _ => {}
        }
    }
}

fn swap(value: &mut String, one: &str, other: &str) {
    if value == one {
        other.clone_into(value);
    } else if value == other {
        one.clone_into(value);
    }
}
