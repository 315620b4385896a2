//! Neighbour addresses as the real node reads them: by the rules of RFC 2396, which its platform's URI type follows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A URI of which the node looks at scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uri {
    /// `None`: a relative reference such as `hello`.
    pub(crate) scheme: Option<String>,
    /// `None` where the authority is no `host:port`, e.g. with a negative port.
    pub(crate) host: Option<String>,
    /// -1: none was given.
    pub(crate) port: i32,
}

impl Uri {
    /// Reads a URI; `None` where RFC 2396 does not allow the text.
    pub(crate) fn parse(text: &str) -> Option<Uri> {
        let (text, fragment) = text.split_once('#').map_or((text, None), |(text, after)| (text, Some(after)));
        let is_legal = has_legal_characters(text) && fragment.is_none_or(is_legal_fragment);
        if !is_legal || (text.is_empty() && fragment.is_none()) {
            return None;
        }
        let end_of_scheme = text.find([':', '/', '?']).filter(|&at| text.as_bytes()[at] == b':');
        let (scheme, rest) = match end_of_scheme {
            Some(at) => (Some(scheme(&text[..at])?), &text[at + 1..]),
            None => (None, text),
        };
        if (scheme.is_some() && rest.is_empty()) || (rest == "//" && fragment.is_none()) {
            return None;
        }
        let is_opaque = scheme.is_some() && !rest.starts_with('/');
        let hierarchical = &rest[..rest.find('?').unwrap_or(rest.len())];
        let authority =
            hierarchical.strip_prefix("//").map(|rest| &rest[..rest.find('/').unwrap_or(rest.len())]);
        let path = authority.map_or(hierarchical, |authority| &hierarchical[authority.len() + 2..]);
        if !is_opaque && path.contains(['[', ']']) {
            return None;
        }
        let (host, port) = authority.map_or(Some((None, -1)), split_authority)?;
        Some(Uri { scheme, host, port })
    }

    /// The address of a host that is a literal one, or this machine.
    pub(crate) fn literal_address(&self) -> Option<IpAddr> {
        let host = self.host.as_deref()?;
        if host == "localhost" {
            return Some(Ipv4Addr::LOCALHOST.into());
        }
        let number = || host.parse::<u32>().ok().map(Ipv4Addr::from);
        let literal = || host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        ipv4(host).or_else(number).map(IpAddr::from).or_else(literal)
    }
}

fn scheme(text: &str) -> Option<String> {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (starts_well && text.chars().all(legal)).then(|| text.to_owned())
}

/// Splits `user@host:port`. What is not of that form is an authority without host, or with brackets none at all.
fn split_authority(authority: &str) -> Option<(Option<String>, i32)> {
    let place = authority.split_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.rfind(':').filter(|&at| !place[at..].contains(']')) {
        Some(at) => (&place[..at], &place[at + 1..]),
        None => (place, ""),
    };
    match port_number(port) {
        Some(port) if is_host(host) => Some((Some(host.to_owned()), port)),
        _ => (!authority.contains(['[', ']'])).then_some((None, -1)),
    }
}

fn port_number(port: &str) -> Option<i32> {
    let is_number = port.bytes().all(|digit| digit.is_ascii_digit());
    if port.is_empty() { Some(-1) } else { port.parse().ok().filter(|_| is_number) }
}

fn is_host(host: &str) -> bool {
    if let Some(literal) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse::<Ipv6Addr>().is_ok();
    }
    if ipv4(host).is_some() {
        return true;
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    labels.iter().all(|label| is_label(label))
        && (labels.len() == 1
            || labels.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic())))
}

/// Four decimal numbers up to 255, leading zeros allowed.
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let number = |part: &str| part.parse::<u8>().ok().filter(|_| !part.starts_with('+'));
    let octets: Vec<u8> = host.split('.').map(number).collect::<Option<_>>()?;
    <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from)
}

fn is_label(label: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !label.is_empty() && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

/// Brackets are fine in a fragment, a second `#` is not.
fn is_legal_fragment(fragment: &str) -> bool {
    !fragment.contains('#') && has_legal_characters(fragment)
}

/// Everything outside of ASCII is allowed but for controls and spaces; inside, the excluded characters are not.
fn has_legal_characters(text: &str) -> bool {
    let excluded = |c: char| c.is_control() || c.is_whitespace() || "\"<>\\^`{|}".contains(c);
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let escape = rest.as_bytes().get(at + 1..at + 3);
        if !escape.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
            return false;
        }
        rest = &rest[at + 3..];
    }
    !text.contains(excluded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(Option<String>, Option<String>, i32)> {
        Uri::parse(text).map(|uri| (uri.scheme, uri.host, uri.port))
    }

    #[test]
    fn neighbour_addresses_are_read_as_recorded() {
        let tcp = |host: Option<&str>, port| Some((Some("tcp".to_owned()), host.map(str::to_owned), port));
        assert_eq!(parsed("tcp://127.0.0.1:24999"), tcp(Some("127.0.0.1"), 24999));
        assert_eq!(parsed("tcp://127.0.0.1:24999/abc"), tcp(Some("127.0.0.1"), 24999));
        assert_eq!(parsed("tcp://127.0.0.1:70000"), tcp(Some("127.0.0.1"), 70000));
        assert_eq!(parsed("tcp://127.0.0.1:-1"), tcp(None, -1));
        assert_eq!(parsed("tcp://127.0.0.1"), tcp(Some("127.0.0.1"), -1));
        assert_eq!(parsed("tcp://[::1]:5"), tcp(Some("[::1]"), 5));
    }

    #[test]
    fn relative_references_have_no_scheme_and_broken_texts_are_refused() {
        assert_eq!(parsed("bogus"), Some((None, None, -1)));
        assert_eq!(parsed("tcp//nonsense"), Some((None, None, -1)));
        assert_eq!(parsed("Äcp//nonsense"), Some((None, None, -1)));
        for broken in ["", "127.0.0.1:24999", "hello world", "tcp:", "tcp://", ":x", "%zz", "a|b"] {
            assert_eq!(parsed(broken), None, "{broken}");
        }
    }

    #[test]
    fn brackets_belong_around_an_address_only() {
        for broken in
            ["tcp//[::1]:5", "tcp:/[x", "tcp://[::g]:5", "tcp://[::1:5", "tcp://a]", "tcp://a/[", "a##"]
        {
            assert_eq!(parsed(broken), None, "{broken}");
        }
        for allowed in ["tcp:[", "tcp://a:1?[", "tcp://a:1#["] {
            assert!(parsed(allowed).is_some(), "{allowed}");
        }
    }

    #[test]
    fn a_host_is_an_address_or_a_name() {
        let host = |host: &str| parsed(&format!("tcp://{host}:5")).and_then(|(_, host, _)| host);
        for allowed in ["127.0.0.01", "0", "1a", "a.b1", "a1.", "u@h"] {
            assert_eq!(host(allowed).as_deref(), Some(allowed.trim_start_matches("u@")), "{allowed}");
        }
        for none in ["256.1.1.1", "127.1", "a.1", "-a", "a_b", "a..b", "a@b@c"] {
            assert_eq!(host(none), None, "{none}");
        }
        assert_eq!(parsed("tcp://a:+5"), Some((Some("tcp".to_owned()), None, -1)));
    }

    #[test]
    fn literal_addresses_are_known() {
        let address = |text| Uri::parse(text).and_then(|uri| uri.literal_address()).map(|ip| ip.to_string());
        assert_eq!(address("tcp://localhost:1").as_deref(), Some("127.0.0.1"));
        assert_eq!(address("tcp://[::1]:1").as_deref(), Some("::1"));
        assert_eq!(address("tcp://127.0.0.01:1").as_deref(), Some("127.0.0.1"));
        assert_eq!(address("tcp://258:1").as_deref(), Some("0.0.1.2"));
        assert_eq!(address("tcp://nowhere.invalid:1"), None);
    }
}
