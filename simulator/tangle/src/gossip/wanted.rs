//! The neighbours a node wants: addresses to connect to, and who may connect.

use std::collections::BTreeSet;
use std::net::IpAddr;

use indexmap::IndexMap;

use super::uri::Uri;
use crate::dialect::Dialect;

/// What went wrong with a neighbour's address inside of the real node's address type, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressFault {
    /// A text without a scheme: the real node stumbles over the absent value.
    #[error("no scheme")]
    NoScheme,
    #[error("hostname can't be null")]
    NoHost,
    #[error("port out of range:{0}")]
    Port(i32),
}

/// Where a neighbour listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Known for literal addresses, otherwise once the driver has told.
    pub(crate) ip: Option<IpAddr>,
}

/// An address the node keeps trying to connect to.
#[derive(Clone, Debug)]
struct Target {
    uri: Uri,
    ip: Option<IpAddr>,
}

/// The addresses the node tries to connect to, in the order they were added, and those that are allowed to connect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    targets: IndexMap<String, Target>,
    allowed: BTreeSet<(IpAddr, u16)>,
}

impl Wanted {
    /// Adds an address; `false` where it is none the node can use. One that is there already counts again.
    pub(crate) fn add(&mut self, dialect: Dialect, text: &str) -> Result<bool, AddressFault> {
        let Some(uri) = usable(dialect, text)? else { return Ok(false) };
        let ip = uri.literal_address();
        self.targets.insert(text.to_owned(), Target { uri, ip });
        Ok(true)
    }

    /// Stops wanting an address. `Ok(None)`: it is no address the node can use, or its name does not resolve.
    pub(crate) fn remove(&mut self, dialect: Dialect, text: &str) -> Result<Option<Removed>, AddressFault> {
        let Some(uri) = usable(dialect, text)? else { return Ok(None) };
        let known = self.targets.get(text).and_then(|target| target.ip);
        let endpoint = endpoint(&uri, known.or(uri.literal_address()))?;
        let Some(ip) = endpoint.ip else { return Ok(None) };
        let was_wanted = self.targets.shift_remove(text).is_some();
        self.targets.shift_remove(&text_of(ip, endpoint.port));
        self.allowed.remove(&(ip, endpoint.port));
        Ok(Some(Removed { ip, port: endpoint.port, was_wanted }))
    }

    /// Wants this neighbour again, after its connection was lost.
    pub(crate) fn restore(&mut self, dialect: Dialect, host: &str, port: u16) {
        // A neighbour that was connected has an address that can be used.
        let _ = self.add(dialect, &format!("tcp://{host}:{port}"));
    }

    /// The neighbour at this address is connected: no need to dial any more.
    pub(crate) fn reached(&mut self, ip: IpAddr, port: u16) {
        self.targets.retain(|_, target| target.ip != Some(ip) || target.uri.port != i32::from(port));
    }

    /// The driver found the numeric address of a name.
    pub(crate) fn resolved(&mut self, host: &str, ip: IpAddr) {
        for target in self.targets.values_mut().filter(|target| target.uri.host.as_deref() == Some(host)) {
            target.ip = Some(ip);
            if let Ok(port) = u16::try_from(target.uri.port) {
                self.allowed.insert((ip, port));
            }
        }
    }

    /// All addresses in order; the first that cannot be one spoils the whole list, as in the real node.
    pub(crate) fn list(&self) -> Result<Vec<Endpoint>, AddressFault> {
        self.targets.values().map(|target| endpoint(&target.uri, target.ip)).collect()
    }

    /// What can be dialled now.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        self.targets.values().filter_map(|target| endpoint(&target.uri, target.ip).ok()).collect()
    }

    pub(crate) fn allow(&mut self, ip: IpAddr, port: u16) {
        self.allowed.insert((ip, port));
    }

    /// Whether a connection from this address can become a neighbour at all.
    pub(crate) fn allows_host(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|(allowed, _)| *allowed == ip)
            || self.targets.values().any(|target| target.ip == Some(ip))
    }

    pub(crate) fn allows(&self, ip: IpAddr, port: u16) -> bool {
        self.allowed.contains(&(ip, port))
            || self.targets.values().any(|target| target.ip == Some(ip) && target.uri.port == i32::from(port))
    }
}

/// A neighbour that is not wanted any more.
pub(crate) struct Removed {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    /// It was among the addresses to connect to, in these very words.
    pub(crate) was_wanted: bool,
}

fn text_of(ip: IpAddr, port: u16) -> String {
    match ip {
        IpAddr::V4(ip) => format!("tcp://{ip}:{port}"),
        IpAddr::V6(ip) => format!("tcp://[{ip}]:{port}"),
    }
}

/// Host and port, if a socket address can be made of them.
fn endpoint(uri: &Uri, ip: Option<IpAddr>) -> Result<Endpoint, AddressFault> {
    let host = uri.host.clone().ok_or(AddressFault::NoHost)?;
    let port = u16::try_from(uri.port).map_err(|_| AddressFault::Port(uri.port))?;
    Ok(Endpoint { host, port, ip })
}

/// The address, if it is a `tcp` URI; `None` where the node merely declines it.
fn usable(dialect: Dialect, text: &str) -> Result<Option<Uri>, AddressFault> {
    let Some(uri) = Uri::parse(text) else { return Ok(None) };
    let is_tcp = uri.scheme.as_deref().ok_or(AddressFault::NoScheme)? == "tcp";
    let has_port = !dialect.strict_neighbor_ports || u16::try_from(uri.port).is_ok();
    Ok((is_tcp && has_port).then_some(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_under_another_name_goes_unnoticed() {
        let mut wanted = Wanted::default();
        let mut remove = |text| {
            wanted.add(Dialect::IRI_1_8_6, "tcp://127.0.0.1:15600").unwrap();
            let removed = wanted.remove(Dialect::IRI_1_8_6, text).unwrap().map(|removed| removed.was_wanted);
            (removed, wanted.targets.is_empty())
        };
        assert_eq!(remove("tcp://127.0.0.1:15600"), (Some(true), true));
        assert_eq!(remove("tcp://localhost:15600"), (Some(false), true));
        assert_eq!(remove("tcp://127.0.0.1:15601"), (Some(false), false));
    }
}
