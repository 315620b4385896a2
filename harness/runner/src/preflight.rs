//! One request before all others: is there a node of the right kind at all?

use serde_json::Value;
use tanglegram_target::{Client, Reply, Request};
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
    let request = Request::command(r#"{"command":"getNodeInfo"}"#);
    let place = client.endpoint().to_string();
    match client.exchange(&request).await {
        Ok(reply) => judge(&reply).map_err(|why| format!("{place}: {why}")),
        Err(error) => Err(format!("{place}: {error}")),
    }
}

/// Asks a mirror node for one balance.
///
/// # Errors
/// In one sentence why this target cannot be used, and what to do.
pub async fn mirror_preflight(client: &mut Client) -> Result<(), String> {
    let place = client.endpoint().to_string();
    let request = get("/api/v1/balances?limit=1", true).map_err(|error| format!("{place}: {error}"))?;
    let reply = client.exchange(&request).await.map_err(|error| format!("{place}: {error}"))?;
    let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    if reply.status.as_u16() == 200 && body.get("balances").is_some_and(Value::is_array) {
        return Ok(());
    }
    Err(format!("{place}: is not the API of a mirror node: /api/v1/balances answers {}", excerpt(&reply)))
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
            return Err("asks for authorization (401); give http://user:password@… or --bearer TOKEN".into());
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
