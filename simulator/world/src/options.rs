//! A node's options, under IRI's names.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use tanglegram_tangle::{ApiLimits, Config, DEFAULT_PRUNING_DELAY, LocalSnapshots};
use tanglegram_ternary::wots::{Security, UnknownSecurity};
use tanglegram_ternary::{Address, SignatureMode};

/// What a node's options say, `None` where they say nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) testnet: Option<bool>,
    pub(crate) mwm: Option<u8>,
    pub(crate) coordinator: Option<Address>,
    pub(crate) coordinator_security: Option<Security>,
    pub(crate) coordinator_mode: Option<SignatureMode>,
    pub(crate) coordinator_depth: Option<usize>,
    pub(crate) trust_any_coordinator: Option<bool>,
    pub(crate) snapshot: Option<String>,
    pub(crate) snapshot_timestamp: Option<i64>,
    pub(crate) milestone_start: Option<i32>,
    pub(crate) max_depth: Option<i32>,
    pub(crate) alpha: Option<f64>,
    pub(crate) max_analyzed_transactions: Option<usize>,
    pub(crate) limits: ApiLimits,
    pub(crate) remote_limit_api: Option<BTreeSet<String>>,
    pub(crate) trusted: BTreeSet<IpAddr>,
    pub(crate) auth: Option<String>,
    pub(crate) max_neighbors: Option<usize>,
    pub(crate) auto_tethering: bool,
    pub(crate) gossip_address: Option<IpAddr>,
    pub(crate) gossip_port: Option<u16>,
    pub(crate) neighbors: Option<Vec<String>>,
    pub(crate) reconnect_seconds: Option<u64>,
    pub(crate) data: DataDraft,
    pub(crate) snapshots: LocalSnapshots,
    pub(crate) api_host: Option<IpAddr>,
    pub(crate) port: Option<u16>,
}

/// What a node's options say of its disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataDraft {
    pub(crate) path: Option<PathBuf>,
    pub(crate) snapshots: Option<PathBuf>,
    pub(crate) takes_snapshots: bool,
    pub(crate) prunes: bool,
    pub(crate) pruning_delay: Option<i32>,
}

impl Draft {
    /// When the node takes local snapshots, and what it forgets.
    pub(crate) fn local_snapshots(&self) -> Option<LocalSnapshots> {
        let delay = self.data.pruning_delay.unwrap_or(DEFAULT_PRUNING_DELAY);
        let pruning_delay = self.data.prunes.then_some(delay);
        self.data.takes_snapshots.then_some(LocalSnapshots { pruning_delay, ..self.snapshots })
    }
}

/// How an option's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One number, word or text.
    Scalar,
    /// A list, or a text with commas.
    List,
}

struct Known {
    name: &'static str,
    shape: Shape,
    set: fn(&mut Draft, &str) -> Result<(), String>,
}

const fn scalar(name: &'static str, set: fn(&mut Draft, &str) -> Result<(), String>) -> Known {
    Known { name, shape: Shape::Scalar, set }
}

const fn list(name: &'static str, set: fn(&mut Draft, &str) -> Result<(), String>) -> Known {
    Known { name, shape: Shape::List, set }
}

const KNOWN: [Known; 38] = [
    scalar("alpha", |d, v| set(&mut d.alpha, v, alpha)),
    scalar("api-host", |d, v| set(&mut d.api_host, v, parse)),
    scalar("auto-tethering", |d, v| boolean(v).map(|on| d.auto_tethering = on)),
    scalar("auto-tethering-enabled", |d, v| boolean(v).map(|on| d.auto_tethering = on)),
    scalar("db-path", |d, v| set(&mut d.data.path, v, path)),
    scalar("local-snapshots-base-path", |d, v| set(&mut d.data.snapshots, v, path)),
    scalar("local-snapshots-depth", |d, v| natural(v).map(|n| d.snapshots.depth = n)),
    scalar("local-snapshots-enabled", |d, v| boolean(v).map(|on| d.data.takes_snapshots = on)),
    scalar("local-snapshots-interval-synced", |d, v| natural(v).map(|n| d.snapshots.interval_synced = n)),
    scalar("local-snapshots-interval-unsynced", |d, v| natural(v).map(|n| d.snapshots.interval_unsynced = n)),
    scalar("local-snapshots-pruning-delay", |d, v| set(&mut d.data.pruning_delay, v, natural)),
    scalar("local-snapshots-pruning-enabled", |d, v| boolean(v).map(|on| d.data.prunes = on)),
    scalar("max-analyzed-transactions", |d, v| set(&mut d.max_analyzed_transactions, v, parse)),
    scalar("max-body-length", |d, v| parse(v).map(|n| d.limits.max_body_length = n)),
    scalar("max-depth", |d, v| set(&mut d.max_depth, v, at_least_zero)),
    scalar("max-find-transactions", |d, v| parse(v).map(|n| d.limits.max_find_transactions = n)),
    scalar("max-get-trytes", |d, v| parse(v).map(|n| d.limits.max_get_trytes = n)),
    scalar("max-neighbors", |d, v| set(&mut d.max_neighbors, v, parse)),
    scalar("max-requests-list", |d, v| parse(v).map(|n| d.limits.max_requests_list = n)),
    scalar("milestone-keys", |d, v| set(&mut d.coordinator_depth, v, |v| bounded(v, 1..=30))),
    scalar("milestone-start", |d, v| set(&mut d.milestone_start, v, at_least_zero)),
    scalar("mwm", |d, v| set(&mut d.mwm, v, |v| bounded(v, 0..=243))),
    scalar("neighboring-socket-address", |d, v| set(&mut d.gossip_address, v, parse)),
    scalar("neighboring-socket-port", |d, v| set(&mut d.gossip_port, v, parse)),
    list("neighbors", |d, v| set(&mut d.neighbors, v, |v| Ok(elements(v).map(str::to_owned).collect()))),
    scalar("port", |d, v| set(&mut d.port, v, parse)),
    scalar("reconnect-attempt-interval-seconds", |d, v| {
        set(&mut d.reconnect_seconds, v, |v| bounded(v, 1..=86_400))
    }),
    scalar("remote", |d, v| boolean(v).map(|on| d.api_host = on.then_some(ANYWHERE).or(d.api_host))),
    scalar("remote-auth", |d, v| set(&mut d.auth, v, credentials)),
    list("remote-limit-api", |d, v| set(&mut d.remote_limit_api, v, |v| Ok(commands(v)))),
    list("remote-trusted-api-hosts", |d, v| hosts(v).map(|hosts| d.trusted = hosts)),
    scalar("snapshot", |d, v| set(&mut d.snapshot, v, |v| Ok(v.to_owned()))),
    scalar("snapshot-timestamp", |d, v| set(&mut d.snapshot_timestamp, v, at_least_zero)),
    scalar("testnet", |d, v| set(&mut d.testnet, v, boolean)),
    scalar("testnet-coordinator", |d, v| set(&mut d.coordinator, v, address)),
    scalar("testnet-coordinator-security-level", |d, v| set(&mut d.coordinator_security, v, security)),
    scalar("testnet-coordinator-signature-mode", |d, v| set(&mut d.coordinator_mode, v, parse)),
    scalar("testnet-no-coo-validation", |d, v| set(&mut d.trust_any_coordinator, v, boolean)),
];

const ANYWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// The names of all options.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.name)
}

/// How the value of an option is written; `None` for an unknown one.
pub(crate) fn shape(name: &str) -> Option<Shape> {
    known(name).map(|known| known.shape)
}

/// The name as a command line option has it: `MAX_DEPTH` of a configuration file is `max-depth`.
pub(crate) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn known(name: &str) -> Option<&'static Known> {
    let name = normal(name);
    KNOWN.iter().find(|known| known.name == name)
}

impl Draft {
    /// Applies one option; `None` when there is no such option.
    pub(crate) fn apply(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        known(name).map(|known| (known.set)(self, value.trim()))
    }

    /// The commands kept from untrusted hosts.
    pub(crate) fn remote_limit_api(&self) -> BTreeSet<String> {
        self.remote_limit_api.clone().unwrap_or_else(Config::default_remote_limit_api)
    }
}

fn set<T>(slot: &mut Option<T>, value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<(), String> {
    *slot = Some(read(value)?);
    Ok(())
}

fn parse<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error| format!("{error}"))
}

fn bounded<T>(value: &str, range: std::ops::RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let bad = || format!("expected a number from {} to {}", range.start(), range.end());
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(bad)
}

fn at_least_zero<T: FromStr<Err: Display> + PartialOrd + Default>(value: &str) -> Result<T, String> {
    let number: T = parse(value)?;
    if number < T::default() { Err("expected a number of at least 0".into()) } else { Ok(number) }
}

fn natural(value: &str) -> Result<i32, String> {
    bounded(value, 1..=i32::MAX)
}

fn path(value: &str) -> Result<PathBuf, String> {
    if value.is_empty() { Err("expected a path".into()) } else { Ok(value.into()) }
}

fn alpha(value: &str) -> Result<f64, String> {
    let alpha: f64 = parse(value)?;
    if alpha.is_finite() && alpha >= 0.0 { Ok(alpha) } else { Err("expected a number of at least 0".into()) }
}

fn boolean(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

fn security(value: &str) -> Result<Security, String> {
    let level: u8 = parse(value)?;
    level.try_into().map_err(|error: UnknownSecurity| error.to_string())
}

fn address(value: &str) -> Result<Address, String> {
    Address::from_trytes(value).map_err(|error| error.to_string())
}

fn credentials(value: &str) -> Result<String, String> {
    if value.contains(':') { Ok(value.to_owned()) } else { Err("expected user:password".into()) }
}

fn elements(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ' ']).map(str::trim).filter(|element| !element.is_empty())
}

fn commands(value: &str) -> BTreeSet<String> {
    elements(value).map(str::to_owned).collect()
}

fn hosts(value: &str) -> Result<BTreeSet<IpAddr>, String> {
    elements(value).map(|host| host.parse().map_err(|_| format!("`{host}` is no IP address"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_name_are_one() {
        let mut draft = Draft::default();
        assert_eq!(draft.apply("MAX_DEPTH", "7"), Some(Ok(())));
        assert_eq!(draft.max_depth, Some(7));
        assert_eq!(draft.apply("max-depth", "4"), Some(Ok(())));
        assert_eq!(draft.max_depth, Some(4));
        assert_eq!(draft.apply("max-dept", "4"), None);
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(KNOWN.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn values_outside_of_their_range_are_refused() {
        for (name, value) in [
            ("mwm", "244"),
            ("mwm", "nine"),
            ("alpha", "-1"),
            ("alpha", "NaN"),
            ("testnet", "yes"),
            ("port", "65536"),
            ("db-path", " "),
            ("local-snapshots-depth", "0"),
            ("local-snapshots-enabled", "1"),
            ("max-depth", "-1"),
            ("testnet-coordinator", "ABC"),
            ("testnet-coordinator-security-level", "4"),
            ("testnet-coordinator-signature-mode", "kerl"),
            ("remote-auth", "user"),
            ("remote-trusted-api-hosts", "10.0.0.1, here"),
        ] {
            assert!(matches!(Draft::default().apply(name, value), Some(Err(_))), "{name} {value}");
        }
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let mut draft = Draft::default();
        draft.apply("remote-limit-api", "getNeighbors, addNeighbors,removeNeighbors").unwrap().unwrap();
        let expected = ["addNeighbors", "getNeighbors", "removeNeighbors"].map(String::from);
        assert_eq!(draft.remote_limit_api(), BTreeSet::from(expected));
        assert!(Draft::default().remote_limit_api().contains("attachToTangle"));
    }
}
