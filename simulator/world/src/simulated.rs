//! What of the nodes' options counts in a simulation, and what cannot.

use std::collections::BTreeSet;

use tanglegram_tangle::Config;

use crate::build::Builder;
use crate::error::Fault;
use crate::file::Setting;
use crate::options::normal;
use crate::sim::{MAX_MWM, Topology};
use crate::simulation::unreachable;
use crate::{Neighbor, NodePlan};

/// What becomes of an option in a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It counts.
    Counts,
    /// It says where on a real machine something is; a simulated node has a machine of its own.
    Place,
    /// Only this value can be.
    Only(&'static str, &'static str),
    /// A simulation cannot do it: why.
    Refused(&'static str),
}

const OWN_LEDGER: &str = "a simulated network starts from a ledger of its own";
const OWN_COORDINATOR: &str = "a simulated network believes the world's `coordinator`";
const OWN_CLIENTS: &str = "who asks a simulated node does so on its own machine and shows no password";

fn role(option: &str) -> Option<Role> {
    Some(match normal(option).as_str() {
        "alpha"
        | "local-snapshots-depth"
        | "local-snapshots-enabled"
        | "local-snapshots-interval-synced"
        | "local-snapshots-interval-unsynced"
        | "local-snapshots-pruning-delay"
        | "local-snapshots-pruning-enabled"
        | "max-analyzed-transactions"
        | "max-body-length"
        | "max-depth"
        | "max-find-transactions"
        | "max-get-trytes"
        | "max-neighbors"
        | "max-requests-list"
        | "mwm"
        | "neighbors"
        | "reconnect-attempt-interval-seconds"
        | "remote-limit-api"
        | "testnet-no-coo-validation" => Role::Counts,
        "api-host"
        | "db-path"
        | "local-snapshots-base-path"
        | "neighboring-socket-address"
        | "neighboring-socket-port"
        | "port"
        | "remote" => Role::Place,
        "auto-tethering" | "auto-tethering-enabled" => {
            Role::Only("true", "simulated nodes take in whoever the topology lets dial them")
        }
        "testnet" => Role::Only("true", "simulated networks are test networks"),
        "milestone-start" | "snapshot" | "snapshot-timestamp" => Role::Refused(OWN_LEDGER),
        "milestone-keys"
        | "testnet-coordinator"
        | "testnet-coordinator-security-level"
        | "testnet-coordinator-signature-mode" => Role::Refused(OWN_COORDINATOR),
        "remote-auth" | "remote-trusted-api-hosts" => Role::Refused(OWN_CLIENTS),
        _ => return None,
    })
}

/// The nodes of a world with what was written of each.
pub(crate) struct Nodes<'a> {
    pub(crate) builder: &'a Builder<'a>,
    pub(crate) plans: &'a [NodePlan],
    /// The settings of each node, later ones winning.
    pub(crate) settings: &'a [Vec<&'a Setting>],
}

impl Nodes<'_> {
    /// The settings of each simulated node. Who says nothing of it takes in any number of neighbours.
    pub(crate) fn configs(&self) -> Vec<Config> {
        let configs = self.plans.iter().enumerate().map(|(number, plan)| {
            let mut config = plan.config.clone();
            if self.setting(number, "max-neighbors").is_none() {
                config.max_neighbors = self.plans.len();
            }
            config
        });
        configs.collect()
    }

    /// The neighbours the nodes name; `None` where they name none.
    pub(crate) fn topology(&self) -> Option<Topology> {
        let named = self.plans.iter().enumerate().flat_map(|(from, plan)| {
            plan.gossip.neighbors.iter().filter_map(move |neighbor| match neighbor {
                Neighbor::Node(to) => Some((from.min(*to), from.max(*to))),
                Neighbor::Uri(_) => None,
            })
        });
        let pairs: BTreeSet<_> = named.collect();
        (!pairs.is_empty()).then(|| Topology::Explicit(pairs.into_iter().collect()))
    }

    /// The first option that a simulation cannot honour.
    pub(crate) fn refused(&self) -> Option<Fault> {
        (0..self.plans.len())
            .find_map(|number| {
                let odd = self.settings[number].iter().find_map(|setting| self.refused_setting(setting));
                odd.or_else(|| self.refused_weight(number)).or_else(|| self.refused_neighbor(number))
            })
            .or_else(|| self.refused_parts())
    }

    /// Neighbours as the nodes name them must make one network.
    fn refused_parts(&self) -> Option<Fault> {
        let Some(Topology::Explicit(pairs)) = self.topology() else { return None };
        let lone = unreachable(&pairs, self.plans.len())?;
        let [lone, first] = [lone, 0].map(|number| &self.plans[number].name);
        let written = (0..self.plans.len()).find_map(|number| self.setting(number, "neighbors"))?;
        Some(self.fault(written, format_args!("no neighbours connect `{lone}` with `{first}`")))
    }

    fn refused_setting(&self, setting: &Setting) -> Option<Fault> {
        let (name, value) = (&setting.name.value, &setting.value.value.0);
        let why = match role(name)? {
            Role::Refused(why) => why,
            Role::Only(only, why) if !value.trim().eq_ignore_ascii_case(only) => why,
            _ => return None,
        };
        Some(self.fault(setting, format_args!("`{name}` cannot be simulated: {why}")))
    }

    /// Nodes of different weights would not talk to each other.
    fn refused_weight(&self, number: usize) -> Option<Fault> {
        let (mwm, first) = (self.plans[number].config.mwm, self.plans[0].config.mwm);
        let message = if mwm > MAX_MWM {
            format!("a simulation does real proof of work: mwm is at most {MAX_MWM}")
        } else if mwm != first {
            let [this, other] = [number, 0].map(|number| &self.plans[number].name);
            format!(
                "nodes of different weights do not talk: mwm is {mwm} for `{this}`, {first} for `{other}`"
            )
        } else {
            return None;
        };
        let written = self.setting(number, "mwm").or_else(|| self.setting(0, "mwm"));
        written.map(|setting| self.fault(setting, message))
    }

    fn refused_neighbor(&self, number: usize) -> Option<Fault> {
        let elsewhere = self.plans[number].gossip.neighbors.iter().find_map(|neighbor| match neighbor {
            Neighbor::Uri(uri) => Some(uri),
            Neighbor::Node(_) => None,
        });
        let setting = self.setting(number, "neighbors")?;
        elsewhere.map(|uri| self.fault(setting, format_args!("`{uri}` is not in the simulated network")))
    }

    fn setting(&self, number: usize, name: &str) -> Option<&Setting> {
        let settings = self.settings[number].iter().rev();
        settings.copied().find(|setting| normal(&setting.name.value) == name)
    }

    fn fault(&self, setting: &Setting, message: impl std::fmt::Display) -> Fault {
        let help = "leave it out, or `serve` the world on real ports".to_owned();
        self.builder.fault(&setting.value, message).with_help(Some(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options;

    #[test]
    fn it_is_known_of_every_option_whether_it_counts() {
        for name in options::names() {
            assert!(role(name).is_some(), "{name}");
        }
        assert_eq!(role("MAX_DEPTH"), Some(Role::Counts));
        assert_eq!(role("no-such-option"), None);
    }
}
