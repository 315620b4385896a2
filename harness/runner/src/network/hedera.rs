//! Steps inside a Hedera network: a client's transaction, and a request to the mirror node.

use serde_json::{Value, json};

use tanglegram_target::Reply;
use tanglegram_vector::{Deed, Scope, Submission};
use tanglegram_world::hedera::{
    self, EntityId, Network, ResponseCode, TransactionId, Wish, client_account, member_account,
};

use super::heard;

/// What a client signs and gives to a member, and the member's word on it.
pub(super) fn submit(
    network: &mut Network,
    member: usize,
    submission: &Submission,
    scope: &Scope<'_>,
) -> Result<(String, Reply), String> {
    let wish = wish(submission, scope)?;
    let taken = network.wish(member, &wish).map_err(|error| error.to_string())?;
    let reply = json!({
        "precheck": format!("{:?}", taken.code),
        "transactionId": taken.id.to_string(),
        "node": taken.node.to_string(),
    });
    let status = if taken.code == ResponseCode::OK { 200 } else { 400 };
    Ok((format!("{:?}", wish.deed), heard(status, reply.to_string())))
}

fn wish(submission: &Submission, scope: &Scope<'_>) -> Result<Wish, String> {
    let deed = match submission.deed {
        Deed::Transfer { to, amount, .. } => hedera::Deed::Transfer { to, amount },
        Deed::Create { balance, .. } => hedera::Deed::Create { balance },
    };
    let id = submission.id.as_ref().map(|id| id.resolve_text(scope).map_err(|error| error.to_string()));
    let id =
        id.transpose()?.map(|text| text.parse::<TransactionId>().map_err(|error| format!("{text}: {error}")));
    let usual = Wish::new(submission.deed.payer(), deed);
    Ok(Wish {
        id: id.transpose()?,
        age: submission.age.unwrap_or(usual.age),
        valid: submission.valid.unwrap_or(usual.valid),
        fee: submission.fee.unwrap_or(usual.fee),
        memo: submission.memo.clone(),
        signer: submission.signer,
        ..usual
    })
}

/// What the mirror node answers to a GET.
pub(super) fn get(network: &Network, path: &str) -> Result<(String, Reply), String> {
    let response = network.rest(path).ok_or("there is no mirror node")?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    Ok((format!("GET {path}"), heard(response.status, body)))
}

/// The accounts of the first clients and members, under the names that vectors have for them.
pub(super) fn names(count: usize) -> [(&'static str, Value); 2] {
    let accounts = |account: fn(usize) -> EntityId| {
        Value::from_iter((0..count).map(|number| account(number).to_string()))
    };
    [("client", accounts(client_account)), ("member", accounts(member_account))]
}
