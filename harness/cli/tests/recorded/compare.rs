//! Whether a reply agrees with a recorded one, leaving out what the recording says cannot be compared.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tanglegram_target::Reply;
use tanglegram_ternary::{Transaction, TransactionBuilder};

use crate::recording::{Exchange, Expected};

pub(crate) fn compare(exchange: &Exchange, expected: &Expected, reply: &Reply) -> Result<(), String> {
    let body = String::from_utf8_lossy(&reply.body);
    if reply.status.as_u16() != expected.status {
        return Err(format!("status {}, recorded {}: {}", reply.status, expected.status, cut(&body)));
    }
    let headers = headers(reply);
    if headers != expected.headers {
        return Err(format!("headers {headers:?}, recorded {:?}", expected.headers));
    }
    if expected.body.is_empty() && body.is_empty() {
        return Ok(());
    }
    let (ours, theirs) = (object(&body)?, object(&expected.body)?);
    let names = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
    if names(&ours) != names(&theirs) {
        return Err(format!("fields {:?}, recorded {:?}", names(&ours), names(&theirs)));
    }
    for (name, value) in &theirs {
        compare_field(exchange, expected, name, &ours[name], value).map_err(|()| {
            format!("{name}: {}, recorded {}", cut(&ours[name].to_string()), cut(&value.to_string()))
        })?;
    }
    Ok(())
}

/// All headers but the two that were not recorded, sorted.
fn headers(reply: &Reply) -> Vec<(String, String)> {
    let all = reply.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let mut headers: Vec<_> = all.filter(|(name, _)| name != "date" && name != "content-length").collect();
    headers.sort();
    headers
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("{error} in {}", cut(text)))
}

fn compare_field(
    exchange: &Exchange,
    expected: &Expected,
    name: &str,
    ours: &Value,
    theirs: &Value,
) -> Result<(), ()> {
    let listed = |key: &str| {
        let list = exchange.get(key).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|entry| entry == name))
    };
    let is_text = name == "error" || name == "exception";
    let agrees = if name == "duration" || listed("volatile") || (expected.jvm_text && is_text) {
        true
    } else if let Some(allowed) = exchange.get("oneOf").and_then(|one_of| one_of.get(name)) {
        allowed.as_array().is_some_and(|allowed| allowed.contains(ours))
    } else if name == "trytes" && exchange.get("check").is_some() {
        is_attached(exchange, ours).is_some()
    } else if listed("unordered") {
        set(ours) == set(theirs)
    } else {
        ours == theirs
    };
    agrees.then_some(()).ok_or(())
}

fn set(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(Value::to_string).collect()
}

/// Checks attached transactions by rule: weight, chain, tag and an essence that did not change.
fn is_attached(exchange: &Exchange, trytes: &Value) -> Option<()> {
    let request: Value = serde_json::from_str(exchange.get("request")?["body"].as_str()?).ok()?;
    let check = exchange.get("check")?;
    let texts = trytes.as_array()?;
    let attached: Vec<Transaction> =
        texts.iter().map(|t| Transaction::from_trytes(t.as_str()?).ok()).collect::<Option<_>>()?;
    let sent: Vec<TransactionBuilder> = request["trytes"]
        .as_array()?
        .iter()
        .map(|t| TransactionBuilder::from_trytes(t.as_str()?).ok())
        .collect::<Option<_>>()?;
    let (trunk, branch) = (request["trunkTransaction"].as_str()?, request["branchTransaction"].as_str()?);
    let all = |ok: bool| ok.then_some(());
    all(Some(attached.len() as u64) == check["n"].as_u64())?;
    for (position, transaction) in attached.iter().enumerate() {
        all(u64::from(transaction.hash().trailing_zeros()) >= check["mwm"].as_u64()?)?;
        let head = position + 1 == attached.len();
        let expected_trunk =
            attached.get(position + 1).map_or(trunk.to_owned(), |next| next.hash().to_string());
        all(transaction.trunk().to_string() == expected_trunk)?;
        all(transaction.branch().to_string() == if head { branch } else { trunk })?;
        all(transaction.attachment_timestamp() > 0 && transaction.attachment_timestamp_lower_bound() == 0)?;
        all(sent.iter().any(|sent| sent.essence() == transaction.essence()))?;
        all(check.get("tag").is_none_or(|tag| *tag == transaction.tag().to_string()))?;
    }
    Some(())
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}
