//! Who may ask: HTTP basic authentication (`remote-auth`) and trusted hosts (`remote-trusted-api-hosts`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Rules of a node's API port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// `user:password` that every request has to show, from every client.
    pub auth: Option<String>,
    /// Addresses that count as trusted, besides loopback: `remote-limit-api` does not bind them.
    pub trusted: BTreeSet<IpAddr>,
}

impl Access {
    /// Whether `remote-limit-api` does not apply to this client.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical(); // ::ffff:127.0.0.1 is loopback too
        peer.is_loopback() || self.trusted.contains(&peer)
    }

    /// Whether a request with this `Authorization` header may pass.
    pub(crate) fn admits(&self, authorization: Option<&[u8]>) -> bool {
        match &self.auth {
            None => true,
            Some(expected) => {
                authorization.and_then(credentials).is_some_and(|given| given == expected.as_bytes())
            }
        }
    }
}

/// The decoded `user:password` of a `Basic` header; the scheme's case does not matter.
fn credentials(header: &[u8]) -> Option<Vec<u8>> {
    let (scheme, encoded) = header.split_at_checked("Basic ".len())?;
    scheme.eq_ignore_ascii_case(b"Basic ").then(|| STANDARD.decode(encoded.trim_ascii()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_credentials_pass() {
        let access = Access { auth: Some("user:pass".into()), ..Access::default() };
        assert!(access.admits(Some(b"Basic dXNlcjpwYXNz")));
        assert!(access.admits(Some(b"bAsIc dXNlcjpwYXNz")));
        for wrong in
            ["Basic dXNlcjp4eHh4", "Basic dXNlcg==", "Basic !!!", "Basic ", "Bearer dXNlcjpwYXNz", "B", ""]
        {
            assert!(!access.admits(Some(wrong.as_bytes())), "{wrong}");
        }
        assert!(!access.admits(None));
        assert!(Access::default().admits(None));
    }

    #[test]
    fn loopback_and_named_hosts_are_trusted() {
        let access = Access { trusted: BTreeSet::from(["10.0.0.7".parse().unwrap()]), ..Access::default() };
        for (peer, trusted) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:10.0.0.7", true),
            ("10.0.0.8", false),
        ] {
            assert_eq!(access.trusts(peer.parse().unwrap()), trusted, "{peer}");
        }
    }
}
