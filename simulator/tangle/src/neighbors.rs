//! The neighbours a node was told to keep.

use indexmap::IndexMap;

use crate::dialect::Dialect;
use crate::uri::Uri;

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

/// The addresses the node tries to connect to, in the order they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Neighbors {
    wanted: IndexMap<String, Uri>,
}

/// One neighbour as getNeighbors shows it.
pub(crate) struct Shown<'a> {
    /// `ip:port`, or empty where the name does not resolve.
    pub(crate) address: String,
    pub(crate) domain: &'a str,
}

impl Neighbors {
    /// Adds an address; `false` where it is none the node can use. One that is there already counts again.
    pub(crate) fn add(&mut self, dialect: Dialect, text: &str) -> Result<bool, AddressFault> {
        let uri = usable(dialect, text)?;
        let added = uri.is_some();
        if let Some(uri) = uri {
            self.wanted.insert(text.to_owned(), uri);
        }
        Ok(added)
    }

    /// Removes an address; the result tells whether it counts as removed.
    pub(crate) fn remove(&mut self, dialect: Dialect, text: &str) -> Result<bool, AddressFault> {
        let Some(uri) = usable(dialect, text)? else { return Ok(false) };
        let (_, port) = endpoint(&uri)?;
        let Some(address) = uri.resolved() else { return Ok(false) };
        let by_text = self.wanted.shift_remove(text);
        let by_address = self.wanted.shift_remove(&format!("tcp://{address}:{port}"));
        // 1.8.5 counts connected neighbours alone, and none is before gossip has made it so.
        Ok(dialect.strict_neighbor_ports && (by_text.is_some() || by_address.is_some()))
    }

    /// All neighbours in order; the first whose address cannot be one spoils the whole list, as in the real node.
    pub(crate) fn list(&self) -> Result<Vec<Shown<'_>>, AddressFault> {
        self.wanted.values().map(shown).collect()
    }
}

fn shown(uri: &Uri) -> Result<Shown<'_>, AddressFault> {
    let (domain, port) = endpoint(uri)?;
    let address = uri.resolved().map(|ip| format!("{ip}:{port}")).unwrap_or_default();
    Ok(Shown { address, domain })
}

/// Host and port, if a socket address can be made of them.
fn endpoint(uri: &Uri) -> Result<(&str, u16), AddressFault> {
    let host = uri.host.as_deref().ok_or(AddressFault::NoHost)?;
    u16::try_from(uri.port).map(|port| (host, port)).map_err(|_| AddressFault::Port(uri.port))
}

/// The address, if it is a `tcp` URI; `None` where the node merely declines it.
fn usable(dialect: Dialect, text: &str) -> Result<Option<Uri>, AddressFault> {
    let Some(uri) = Uri::parse(text) else { return Ok(None) };
    let is_tcp = uri.scheme.as_deref().ok_or(AddressFault::NoScheme)? == "tcp";
    let has_port = !dialect.strict_neighbor_ports || u16::try_from(uri.port).is_ok();
    Ok((is_tcp && has_port).then_some(uri))
}
