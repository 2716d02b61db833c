//! Whom a run may talk to. [`Destination::of`](super::destination::Destination::of) asks it, and every connection to a
//! target, and every request to an authorization server, needs a destination first.

use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;
use url::Url;

use super::proxy::Proxy;

/// A host, on one port or on any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// As the URL parser writes it: in lower case, in Punycode, IPv6 in brackets.
    host: String,
    port: Option<u16>,
}

/// A text that is no host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected HOST or HOST:PORT such as api.example.test:8443, or [::1] with brackets for IPv6")]
pub struct BadHost;

impl std::fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl FromStr for AllowedHost {
    type Err = BadHost;

    fn from_str(text: &str) -> Result<Self, BadHost> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| BadHost)?)),
            _ => (text, None),
        };
        if host.is_empty() || host.contains(['/', '\\', '@', '?', '#', '*', '%']) {
            return Err(BadHost);
        }
        let url = Url::parse(&format!("http://{host}/")).map_err(|_| BadHost)?;
        match url.host_str() {
            Some(host) if url.port().is_none() => Ok(Self { host: host.to_owned(), port }),
            _ => Err(BadHost),
        }
    }
}

/// The hosts that a run may talk to: any, unless they are bounded. And the proxy that stands before all of them, if there is
/// one: who asks whether a host may be talked to learns which way leads there.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    only: Option<Vec<AllowedHost>>,
    proxy: Option<Arc<Proxy>>,
}

impl AllowedHosts {
    /// These and no others.
    pub fn only(hosts: Vec<AllowedHost>) -> Self {
        Self { only: Some(hosts), proxy: None }
    }

    /// The same, and the host of an address with its port: of a server that authbench started itself.
    #[must_use]
    pub fn and(mut self, url: &Url) -> Self {
        if let (Some(hosts), Some(host)) = (&mut self.only, url.host_str()) {
            hosts.push(AllowedHost { host: host.to_owned(), port: url.port_or_known_default() });
        }
        self
    }

    /// The same hosts behind a proxy.
    #[must_use]
    pub fn behind(self, proxy: Option<Arc<Proxy>>) -> Self {
        Self { proxy, ..self }
    }

    /// The proxy that stands before all of them.
    pub fn proxy(&self) -> Option<&Arc<Proxy>> {
        self.proxy.as_ref()
    }

    /// Whether requests may go to an address.
    pub fn admit(&self, url: &Url) -> bool {
        let Some(hosts) = &self.only else { return true };
        let (host, port) = (url.host_str(), url.port_or_known_default());
        hosts.iter().any(|one| Some(one.host.as_str()) == host && (one.port.is_none() || one.port == port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn a_host_is_allowed_on_its_port_or_on_any() {
        let hosts = ["api.test", "AS.test:8443", "[::1]:80", "127.0.0.1:9"].map(|text| text.parse().expect("a host"));
        let hosts = AllowedHosts::only(hosts.to_vec());
        for (address, admitted) in [
            ("http://api.test/", true),
            ("https://API.test:1/", true),
            ("https://as.test:8443/token", true),
            ("https://as.test/token", false),
            ("http://[::1]/", true),
            ("http://[::1]:81/", false),
            ("http://0x7f.1:9/", true),
            ("http://api.test.evil.test/", false),
            ("http://api.test@evil.test/", false),
        ] {
            assert_eq!(hosts.admit(&url(address)), admitted, "{address}");
        }
        assert!(
            AllowedHosts::default().admit(&url("http://a.test"))
                && !AllowedHosts::only(Vec::new()).admit(&url("http://a.test"))
        );
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", ":80", "a:b", "http://a.test", "a.test/x", "*.test", "u@a.test", "::1", "a.test:70000"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
