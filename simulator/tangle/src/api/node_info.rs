//! `getNodeInfo` and `getNodeAPIConfiguration`.

use super::reply::Object;
use crate::node::{Millis, Node};

pub(super) fn api_configuration(node: &Node) -> Object {
    let limits = &node.config.limits;
    Object::new()
        .plain("maxFindTransactions", limits.max_find_transactions)
        .plain("maxRequestsList", limits.max_requests_list)
        .plain("maxGetTrytes", limits.max_get_trytes)
        .plain("maxBodyLength", limits.max_body_length)
        .plain("testNet", node.config.testnet)
        .plain("milestoneStartIndex", node.config.genesis.index)
}

pub(super) fn node_info(node: &mut Node, now: Millis) -> Object {
    node.refresh_requests();
    let (latest_index, latest) = node.milestones.latest;
    let host = node.config.host;
    let object = Object::with_capacity(1_024)
        .text("appName", if node.config.testnet { "IRI Testnet" } else { "IRI" })
        .text("appVersion", node.config.dialect.app_version)
        .plain("jreAvailableProcessors", host.processors)
        .plain("jreFreeMemory", host.memory / 2)
        .text("jreVersion", concat!("tanglegram-", env!("CARGO_PKG_VERSION")))
        .plain("jreMaxMemory", host.memory)
        .plain("jreTotalMemory", host.memory)
        .text("latestMilestone", &latest.to_string())
        .plain("latestMilestoneIndex", latest_index)
        .text("latestSolidSubtangleMilestone", &node.ledger.milestone.to_string())
        .plain("latestSolidSubtangleMilestoneIndex", node.ledger.index)
        .plain("milestoneStartIndex", node.milestones.first().unwrap_or(-1))
        .plain("lastSnapshottedMilestoneIndex", node.tangle.initial().index)
        .plain("neighbors", node.network.ready_count())
        .plain("packetsQueueSize", 0)
        .plain("time", now)
        .plain("tips", node.tips.len())
        .plain("transactionsToRequest", node.requests.len())
        .texts("features", features(node))
        .text("coordinatorAddress", &node.config.coordinator.identity.address.to_string());
    if node.config.dialect.reports_database {
        object.plain("dbSizeInBytes", node.tangle.bytes())
    } else {
        object
    }
}

fn features(node: &Node) -> Vec<&'static str> {
    let config = &node.config;
    let mut features = Vec::new();
    if config.local_snapshots.is_some_and(|options| options.pruning_delay.is_some()) {
        features.push("snapshotPruning");
    }
    if config.testnet {
        features.push("testnet");
    }
    if !config.remote_limit_api.contains("attachToTangle") {
        features.push("RemotePOW");
    }
    if config.dialect.reports_database {
        features.push("WereAddressesSpentFrom");
    }
    features
}
