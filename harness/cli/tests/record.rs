//! `tanglegram record` between a wallet and a private net, and what was recorded replayed.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod common;
mod running;

use std::fs;
use std::time::Duration;

use common::tanglegram;
use running::Running;
use serde_json::{Value, json};
use tanglegram_target::{Client, Endpoint, Limits, Request};
use tanglegram_ternary::Hash;
use tanglegram_ternary::bundle::{BundleBuilder, Output};

async fn call(client: &mut Client, body: Value) -> Value {
    let reply = client.exchange(&Request::command(body.to_string())).await.unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{body}: {:?}", reply.body);
    serde_json::from_slice(&reply.body).unwrap()
}

/// What a wallet does to send a message: tips, proof of work, store, broadcast, and then looks whether it is there and
/// waits until it is confirmed.
async fn wallet(url: &str) {
    let limits = Limits { exchange: Duration::from_secs(60), ..Limits::default() };
    let mut client = Client::new(Endpoint::parse(url).unwrap(), limits);
    while call(&mut client, json!({ "command": "getNodeInfo" })).await["latestSolidSubtangleMilestoneIndex"]
        == 0
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let tips = call(&mut client, json!({ "command": "getTransactionsToApprove", "depth": 3 })).await;
    let mut bundle = BundleBuilder::new(1_573_000_000);
    let address = Hash::from_trytes_padded("RECORDED").unwrap();
    bundle.output(&Output { address, ..Output::default() }).unwrap();
    let bundle = bundle.finish(None).unwrap().sign(&Hash::NULL).into_transactions();
    let message = bundle[0].build().to_trytes();
    let attached = call(
        &mut client,
        json!({
            "command": "attachToTangle", "trunkTransaction": tips["trunkTransaction"],
            "branchTransaction": tips["branchTransaction"], "minWeightMagnitude": 9, "trytes": [message],
        }),
    )
    .await;
    let trytes = &attached["trytes"];
    call(&mut client, json!({ "command": "storeTransactions", "trytes": trytes })).await;
    call(&mut client, json!({ "command": "broadcastTransactions", "trytes": trytes })).await;
    let found =
        call(&mut client, json!({ "command": "findTransactions", "addresses": [address.to_string()] })).await;
    let hash = found["hashes"][0].clone();
    loop {
        let states =
            call(&mut client, json!({ "command": "getInclusionStates", "transactions": [hash], "tips": [] }))
                .await;
        if states["states"] == json!([true]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_recorded_wallet_session_replays() {
    let folder = tempfile::tempdir().unwrap();
    let net = || {
        let mut net =
            Running::serve("private-net", &["--gossip", "127.0.0.1:0", "--milestone-interval", "0.5"]);
        let url = net.url();
        (net, url)
    };
    let (_first, first) = net();
    let file = folder.path().join("seen/wallet.yaml");
    let out = file.to_str().unwrap();
    let mut recorder = Running::start(&["record", "--upstream", &first, "--out", out]);
    wallet(&recorder.url()).await;
    assert_eq!(recorder.signal("INT"), Some(0));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("trunkTransaction") && text.contains("within"), "{text}");
    // Neither the network's nor the client's values are in it, but for what the client made up.
    assert!(!text.contains(&json!("duration").to_string().repeat(2)));

    let (_second, second) = net();
    let seen = folder.path().join("seen");
    let checked = tanglegram(&["check", &second, "--vectors", seen.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{}{}\n{text}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("1 passed"), "{}", checked.stdout);
    let again = tanglegram(&["record", "--upstream", &first, "--out", out]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
}

#[tokio::test]
async fn a_walk_through_a_mirror_node_replays() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Running::serve("recorded-mirror", &[]);
    let mirror = serving.url();
    let file = folder.path().join("walk.yaml");
    let mut recorder = Running::start(&["record", "--upstream", &mirror, "--out", file.to_str().unwrap()]);
    let mut client = Client::new(Endpoint::parse(&recorder.url()).unwrap(), Limits::default());
    let mut next = "/api/v1/transactions?limit=3".to_owned();
    for _ in 0..3 {
        let reply = client.exchange(&Request::new("GET", &next, "").unwrap()).await.unwrap();
        let page: Value = serde_json::from_slice(&reply.body).unwrap();
        next = page["links"]["next"].as_str().unwrap().to_owned();
    }
    assert_eq!(recorder.signal("INT"), Some(0));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("get: \"$next_1\""), "{text}");
    let checked = tanglegram(&["check", &mirror, "--vectors", folder.path().to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{}{}\n{text}", checked.stdout, checked.stderr);
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let ended = tanglegram(&["record", "--upstream", "http://127.0.0.1:1", "--out", "x.txt"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(".yaml"), "{}", ended.stderr);
}
