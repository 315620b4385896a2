//! Proxies, as the environment names them.

use std::net::IpAddr;

use thiserror::Error;

use crate::endpoint::{Endpoint, UrlError};

/// A proxy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the proxy that {variable} names cannot be used: {why}")]
pub struct BadProxy {
    /// The environment variable.
    pub variable: String,
    /// What is wrong with its value.
    pub why: String,
}

/// What the environment says of proxies: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in small letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Named>,
    https: Option<Named>,
    none: String,
}

/// The value of a variable with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    variable: String,
    value: String,
}

impl Proxies {
    /// Reads the environment.
    pub fn from_environment() -> Self {
        Self::read(|variable| std::env::var(variable).ok())
    }

    /// Reads variables; what is in small letters counts first, and what is for one scheme before what is for all.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let one = |name: &str| {
            let names = [name.to_owned(), name.to_ascii_uppercase()];
            names.into_iter().find_map(|variable_name| {
                let value = variable(&variable_name)?.trim().to_owned();
                (!value.is_empty()).then_some(Named { variable: variable_name, value })
            })
        };
        Self {
            http: one("http_proxy").or_else(|| one("all_proxy")),
            https: one("https_proxy").or_else(|| one("all_proxy")),
            none: one("no_proxy").map(|named| named.value).unwrap_or_default(),
        }
    }

    /// The proxy by which an endpoint is reached, if by one; this machine's own addresses never are.
    ///
    /// # Errors
    /// The environment names one that is not behind plain HTTP.
    pub fn of(&self, endpoint: &Endpoint) -> Result<Option<Endpoint>, BadProxy> {
        let named = if endpoint.is_secure() { &self.https } else { &self.http };
        let Some(named) = named.as_ref().filter(|_| !self.excepts(endpoint.host())) else { return Ok(None) };
        let bad = |why: String| BadProxy { variable: named.variable.clone(), why };
        match Endpoint::parse(&named.value) {
            Ok(proxy) if !proxy.is_secure() => Ok(Some(proxy)),
            Ok(_) => Err(bad("only proxies that speak plain HTTP are supported, http://…".into())),
            Err(UrlError::Scheme(scheme)) => Err(bad(format!(
                "`{scheme}:` is not supported, only proxies that speak plain HTTP, http://…"
            ))),
            Err(error) => Err(bad(error.to_string())),
        }
    }

    fn excepts(&self, host: &str) -> bool {
        let is_own = host.parse::<IpAddr>().map_or(host == "localhost", |address| address.is_loopback());
        is_own || self.none.split(',').any(|entry| fits(entry.trim(), host))
    }
}

/// Whether an entry of `NO_PROXY` means a host: `*`, a name with all below it, an address, or a network such as
/// 10.0.0.0/8; a port in it is not looked at.
fn fits(entry: &str, host: &str) -> bool {
    let (entry, host) = (entry.to_ascii_lowercase(), host.to_ascii_lowercase());
    if let (Some((network, length)), Ok(address)) = (entry.split_once('/'), host.parse::<IpAddr>()) {
        let network = network.parse().ok();
        return network
            .zip(length.parse().ok())
            .is_some_and(|(network, length)| is_in(address, network, length));
    }
    let name = match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.parse::<u16>().is_ok() => name,
        _ => &entry,
    };
    let name = name.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
    let is_below = || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    entry == "*" || (!name.is_empty() && (host == name || is_below()))
}

/// Whether an address begins with so many bits of a network.
fn is_in(address: IpAddr, network: IpAddr, length: u32) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((address, width), (network, other)) = (bits(address), bits(network));
    let differing = (address ^ network).leading_zeros();
    width == other && length <= width && differing >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Proxies::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    fn led(proxies: &Proxies, url: &str) -> Option<String> {
        let endpoint = Endpoint::parse(url).expect(url);
        proxies.of(&endpoint).expect("a proxy").map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_environment_says_who_is_reached_by_which() {
        let proxies = proxies(&[
            ("HTTP_PROXY", "proxy:3128"),
            ("https_proxy", "http://secure:1"),
            ("HTTPS_PROXY", "http://other:1"),
            ("no_proxy", "intern, .example.org,10.0.0.1, other:80,192.168.0.0/16,fd00::/8"),
        ]);
        for (url, proxy) in [
            ("http://node.io", Some("http://proxy:3128")),
            ("https://node.io", Some("http://secure:1")),
            ("http://intern", None),
            ("http://a.intern", None),
            ("http://notintern", Some("http://proxy:3128")),
            ("http://a.EXAMPLE.org:1", None),
            ("http://10.0.0.1", None),
            ("http://10.0.0.2", Some("http://proxy:3128")),
            ("http://192.168.7.7", None),
            ("http://192.169.7.7", Some("http://proxy:3128")),
            ("http://[fd12::1]", None),
            ("http://[fe80::1]", Some("http://proxy:3128")),
            ("http://other", None),
            ("http://localhost", None),
            ("http://127.0.0.1", None),
            ("http://[::1]", None),
        ] {
            assert_eq!(led(&proxies, url).as_deref(), proxy, "{url}");
        }
    }

    #[test]
    fn one_for_all_is_the_last_choice_and_a_star_excepts_all() {
        let all = [("ALL_PROXY", "all:1"), ("http_proxy", "one:1")];
        assert_eq!(led(&proxies(&all), "http://node.io").as_deref(), Some("http://one:1"));
        assert_eq!(led(&proxies(&all), "https://node.io").as_deref(), Some("http://all:1"));
        assert_eq!(led(&proxies(&[all[0], ("NO_PROXY", "*")]), "https://node.io"), None);
        assert_eq!(led(&Proxies::default(), "http://node.io"), None);
    }

    #[test]
    fn a_proxy_that_speaks_something_else_is_refused() {
        for value in ["socks5://p:1", "https://p:1", "http://a b"] {
            let proxies = proxies(&[("ALL_PROXY", value)]);
            let error = proxies.of(&Endpoint::parse("http://node.io").expect("a URL")).expect_err(value);
            assert!(error.to_string().contains("that ALL_PROXY names cannot be used"), "{error}");
        }
    }
}
