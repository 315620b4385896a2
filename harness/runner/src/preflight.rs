//! One request before all others: is there a node of the right kind at all?

use serde_json::Value;
use tanglegram_target::{Client, Endpoint, Reply, Request};
use tanglegram_vector::shorten;

use crate::prepare::get;

/// What the target says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Name and version of the software.
    pub software: String,
    /// `latestMilestoneIndex`.
    pub latest: i64,
    /// `latestSolidSubtangleMilestoneIndex`.
    pub solid: i64,
}

/// Asks for getNodeInfo.
///
/// # Errors
/// In one sentence why this target cannot be used, and what to do.
pub async fn preflight(client: &mut Client) -> Result<NodeInfo, String> {
    let request = Request::command(r#"{"command":"getNodeInfo"}"#).may_be_repeated();
    let answer = match client.exchange(&request).await {
        Ok(reply) => judge(&reply),
        Err(error) => Err(error.to_string()),
    };
    let mut info = answer.map_err(|why| told(client.endpoint(), why))?;
    client.endpoint().redact(&mut info.software);
    Ok(info)
}

/// What is wrong with a target, without what is secret.
fn told(endpoint: &Endpoint, mut why: String) -> String {
    endpoint.redact(&mut why);
    format!("{endpoint}: {why}")
}

/// Asks a mirror node for one balance.
///
/// # Errors
/// In one sentence why this target cannot be used, and what to do.
pub async fn mirror_preflight(client: &mut Client) -> Result<(), String> {
    let request = get("/api/v1/balances?limit=1", true);
    let request = request.map_err(|error| told(client.endpoint(), error.to_string()))?;
    let reply = client.exchange(&request).await;
    let reply = reply.map_err(|error| told(client.endpoint(), error.to_string()))?;
    let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    if reply.status.as_u16() == 200 && body.get("balances").is_some_and(Value::is_array) {
        return Ok(());
    }
    let why = format!("is not the API of a mirror node: /api/v1/balances answers {}", excerpt(&reply));
    Err(told(client.endpoint(), why))
}

fn judge(reply: &Reply) -> Result<NodeInfo, String> {
    let status = reply.status.as_u16();
    match status {
        300..=399 => {
            let location = reply.headers.get("location").map(|value| value.as_bytes()).unwrap_or_default();
            let location = shorten(&String::from_utf8_lossy(location), 200);
            return Err(format!(
                "redirects ({status}) to {location}; redirects are not followed, give that URL"
            ));
        }
        401 => {
            return Err(
                "asks for authorization (401); give http://user:password@…, --user or --bearer".into()
            );
        }
        407 => {
            let why =
                "the proxy asks for authorization (407); give http://user:password@… in the environment";
            return Err(why.into());
        }
        _ => {}
    }
    let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
        return Err(format!("is not an IRI API: getNodeInfo answers {}", excerpt(reply)));
    };
    let index = |key: &str| body.get(key).and_then(Value::as_i64);
    match (index("latestMilestoneIndex"), index("latestSolidSubtangleMilestoneIndex")) {
        (Some(latest), Some(solid)) if status == 200 => {
            let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("?");
            let software = shorten(&format!("{} {}", text("appName"), text("appVersion")), 80);
            Ok(NodeInfo { software, latest, solid })
        }
        _ => Err(format!("is not an IRI API, or not a healthy one: getNodeInfo answers {}", excerpt(reply))),
    }
}

/// Status and the beginning of the body.
fn excerpt(reply: &Reply) -> String {
    let start = String::from_utf8_lossy(&reply.body[..reply.body.len().min(400)]);
    format!("{} `{}`", reply.status.as_u16(), shorten(start.trim(), 80))
}
