//! How a node behind a URL is reached: who it is trusted by, what authorizes us, and the proxy of the environment.

use std::path::PathBuf;

use clap::Args;
use tanglegram_target::{Endpoint, Proxies, Tls};

/// Environment variables that hold what need not be seen in the list of processes.
const USER: &str = "TANGLEGRAM_USER";
const BEARER: &str = "TANGLEGRAM_BEARER";
const HEADER: &str = "TANGLEGRAM_HEADER";

/// What there is to say about the way to a node.
///
/// The environment is heeded, too: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
#[derive(Debug, Default, Args)]
pub(crate) struct ReachArgs {
    /// Trust the authorities in this PEM file, too, for https
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Trust whoever answers, for https
    #[arg(long)]
    insecure: bool,
    /// Authorize as this user [or TANGLEGRAM_USER, which the list of processes does not show; or http://user:password@…]
    #[arg(long, value_name = "USER:PASSWORD", conflicts_with = "bearer")]
    user: Option<String>,
    /// Send this bearer token with every request [or TANGLEGRAM_BEARER]
    #[arg(long, value_name = "TOKEN")]
    bearer: Option<String>,
    /// Send this header with every request that has none of that name; may be repeated [or TANGLEGRAM_HEADER]
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
}

impl ReachArgs {
    /// Whether anything was said on the command line.
    pub(crate) fn is_given(&self) -> bool {
        let options = [&self.user, &self.bearer];
        self.ca.is_some()
            || self.insecure
            || options.iter().any(|option| option.is_some())
            || !self.headers.is_empty()
    }

    /// The endpoint of a URL, with how it is reached.
    pub(crate) fn endpoint(&self, url: &str) -> Result<Endpoint, String> {
        self.set(Endpoint::parse(url).map_err(|error| error.to_string())?)
    }

    /// The endpoint with how it is reached.
    pub(crate) fn set(&self, endpoint: Endpoint) -> Result<Endpoint, String> {
        let endpoint = self.authorized(endpoint)?;
        let proxy = Proxies::from_environment().of(&endpoint).map_err(|error| error.to_string())?;
        let endpoint = match proxy {
            Some(proxy) => endpoint.with_proxy(proxy),
            None => endpoint,
        };
        if !endpoint.is_secure() {
            return Ok(endpoint);
        }
        let tls = match &self.ca {
            _ if self.insecure => Tls::insecure(),
            Some(file) => Tls::with_authorities(file),
            None => Tls::system(),
        };
        Ok(endpoint.with_tls(tls.map_err(|error| error.to_string())?))
    }

    /// What the command line says counts before what the URL says, and that before the environment.
    fn authorized(&self, endpoint: Endpoint) -> Result<Endpoint, String> {
        let wants = self.user.is_none() && self.bearer.is_none() && endpoint.authorization().is_none();
        let otherwise = |variable: &str| variable_of(variable).filter(|_| wants);
        let mut endpoint = Ok(endpoint);
        for line in self.headers.iter().cloned().chain(variable_of(HEADER)) {
            endpoint = endpoint.and_then(|endpoint| endpoint.with_header(&line));
        }
        if let Some(credentials) = self.user.clone().or_else(|| otherwise(USER)) {
            endpoint = endpoint.and_then(|endpoint| endpoint.with_credentials(&credentials));
        }
        if let Some(token) = self.bearer.clone().or_else(|| otherwise(BEARER)) {
            endpoint = endpoint.and_then(|endpoint| endpoint.with_bearer(&token));
        }
        endpoint.map_err(|error| error.to_string())
    }
}

fn variable_of(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
