//! The settings of simulated nodes as options.

use tanglegram_tangle::{Config, LocalSnapshots};

use crate::sim::Scenario;

/// Every option of one node that is not as in a world that says nothing, as `name: value`.
pub(super) fn options(scenario: &Scenario, config: &Config) -> Vec<String> {
    let usual = Config::testnet(config.genesis.clone(), config.coordinator.clone());
    let mut options = Vec::new();
    let mut tell = |differs: bool, name: &str, value: &dyn std::fmt::Display| {
        if differs {
            options.push(format!("{name}: {value}"));
        }
    };
    let (limits, standard) = (&config.limits, &usual.limits);
    let (analyzed, reconnect) = (config.max_analyzed_transactions, config.reconnect_interval);
    tell(config.max_depth != usual.max_depth, "max-depth", &config.max_depth);
    tell(config.alpha.to_bits() != usual.alpha.to_bits(), "alpha", &config.alpha);
    tell(analyzed != usual.max_analyzed_transactions, "max-analyzed-transactions", &analyzed);
    for (name, limit, standard) in [
        ("max-find-transactions", limits.max_find_transactions, standard.max_find_transactions),
        ("max-requests-list", limits.max_requests_list, standard.max_requests_list),
        ("max-get-trytes", limits.max_get_trytes, standard.max_get_trytes),
        ("max-body-length", limits.max_body_length, standard.max_body_length),
    ] {
        tell(limit != standard, name, &limit);
    }
    // Room for all is what is meant where nothing is said.
    tell(config.max_neighbors < scenario.nodes.len(), "max-neighbors", &config.max_neighbors);
    tell(reconnect != usual.reconnect_interval, "reconnect-attempt-interval-seconds", &(reconnect / 1_000));
    tell(!config.coordinator.validate, "testnet-no-coo-validation", &true);
    if config.remote_limit_api != usual.remote_limit_api {
        let commands: Vec<String> =
            config.remote_limit_api.iter().map(|name| super::write::quoted(name)).collect();
        options.push(format!("remote-limit-api: [{}]", commands.join(", ")));
    }
    options.extend(config.local_snapshots.iter().flat_map(snapshots));
    options
}

/// The options of a node that takes local snapshots.
fn snapshots(taken: &LocalSnapshots) -> Vec<String> {
    let LocalSnapshots { depth, interval_synced, interval_unsynced, pruning_delay } = taken;
    let mut options = vec![
        "local-snapshots-enabled: true".to_owned(),
        format!("local-snapshots-depth: {depth}"),
        format!("local-snapshots-interval-synced: {interval_synced}"),
        format!("local-snapshots-interval-unsynced: {interval_unsynced}"),
    ];
    if let Some(delay) = pruning_delay {
        options.push("local-snapshots-pruning-enabled: true".to_owned());
        options.push(format!("local-snapshots-pruning-delay: {delay}"));
    }
    options
}
