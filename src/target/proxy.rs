//! A proxy of HTTP between authbench and its target, where the caller or the scenario names one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use url::Url;

use super::address::authority;
use crate::secret::Secret;

/// Why an address is none of a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadProxy {
    /// It is no address of a proxy.
    #[error("expected the address of an HTTP proxy such as http://proxy.example.test:3128")]
    Unreadable,
    /// It holds user information.
    #[error("the address of a proxy has no user name and no password")]
    UserInformation,
    /// The user information has no colon.
    #[error("expected the user name and the password of the proxy as USER:PASSWORD")]
    NoPair,
}

/// A proxy of HTTP (RFC 9110 §3.7).
#[derive(Clone, Debug)]
pub struct Proxy {
    url: Url,
    /// User name and password, with a colon between them.
    pair: Option<Secret>,
}

impl Proxy {
    /// The proxy at an address.
    ///
    /// # Errors
    /// When the text is no such address, or holds more.
    pub fn at(text: &str) -> Result<Self, BadProxy> {
        let url: Url = text.parse().map_err(|_| BadProxy::Unreadable)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadProxy::UserInformation);
        }
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "http" || !url.has_host() || !is_bare {
            return Err(BadProxy::Unreadable);
        }
        Ok(Self { url, pair: None })
    }

    /// The same, with user name and password (RFC 7617).
    ///
    /// # Errors
    /// When there is no colon between them, or a control character in them.
    pub fn with_pair(self, pair: Secret) -> Result<Self, BadProxy> {
        if !pair.expose().contains(':') || pair.has_control_characters() {
            return Err(BadProxy::NoPair);
        }
        Ok(Self { pair: Some(pair), ..self })
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Host and port, for a reader.
    pub fn authority(&self) -> String {
        authority(&self.url)
    }

    /// The proxy as the place where something goes wrong, for a reader.
    pub fn named(&self) -> String {
        format!("the proxy {}", self.authority())
    }

    /// Host, without brackets, and port.
    pub fn endpoint(&self) -> (&str, u16) {
        let host = self.url.host_str().unwrap_or_default();
        (host.trim_start_matches('[').trim_end_matches(']'), self.url.port_or_known_default().unwrap_or(80))
    }

    /// User name and password.
    pub fn pair(&self) -> Option<&Secret> {
        self.pair.as_ref()
    }

    /// What is not to be shown: the password, and the encoded pair.
    pub fn secrets(&self) -> Vec<Secret> {
        let password = self.pair.as_ref().and_then(|pair| pair.expose().split_once(':'));
        let password = password.map(|(_, password)| Secret::new(password));
        let encoded = self.pair.as_ref().map(|pair| Secret::new(STANDARD.encode(pair.expose())));
        password.into_iter().chain(encoded).collect()
    }

    /// The value of `Proxy-Authorization` (RFC 9110 §11.7.2).
    pub fn authorization(&self) -> Option<Secret> {
        let pair = self.pair.as_ref()?;
        Some(Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))))
    }
}

/// How requests go through a proxy.
#[derive(Clone, Debug)]
pub enum Passage {
    /// With the whole address as the request target (RFC 9112 §3.2.2), which this prefix makes whole.
    AbsoluteForm(String),
    /// Through a tunnel to host and port (RFC 9110 §9.3.6).
    Tunnel(String),
}

/// Whether an answer that came through a proxy is the proxy's own: it asks for credentials of its own (RFC 9110 §15.5.8), or
/// says that it made the answer because of an error (RFC 9209 §2.1.1).
pub fn answers_for_itself(status: u16, proxy_status: &str) -> bool {
    status == 407 || proxy_status.split(';').skip(1).any(|parameter| parameter.trim_start().starts_with("error="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_proxy_holds_nothing_else() {
        for (text, expected) in [
            ("http://proxy.test:3128", Ok(("proxy.test", 3128))),
            ("http://[::1]:8080/", Ok(("::1", 8080))),
            ("http://proxy.test", Ok(("proxy.test", 80))),
            ("http://user:pw@proxy.test:3128", Err(BadProxy::UserInformation)),
            ("http://proxy.test/path", Err(BadProxy::Unreadable)),
            ("https://proxy.test", Err(BadProxy::Unreadable)),
            ("socks5://proxy.test", Err(BadProxy::Unreadable)),
            ("proxy.test:3128", Err(BadProxy::Unreadable)),
        ] {
            let proxy = Proxy::at(text);
            assert_eq!(proxy.as_ref().map(Proxy::endpoint).map_err(Clone::clone), expected, "{text}");
        }
        let proxy = Proxy::at("http://proxy.test").expect("an address");
        assert!(proxy.clone().with_pair(Secret::new("user")).is_err());
        let proxy = proxy.with_pair(Secret::new("user:a:b")).expect("a pair");
        assert_eq!(proxy.authorization().map(|value| value.expose().to_owned()).as_deref(), Some("Basic dXNlcjphOmI="));
        assert!(!format!("{proxy:?}").contains("a:b"));
    }

    #[test]
    fn answers_of_a_proxy_are_told_from_those_of_a_target() {
        for (status, proxy_status, its_own) in [
            (407, "", true),
            (502, "proxy.test; error=destination_unavailable", true),
            (403, "proxy.test;error=http_request_denied", true),
            (403, "", false),
            (200, "proxy.test; next-hop=\"api.test\"", false),
        ] {
            assert_eq!(answers_for_itself(status, proxy_status), its_own, "{status} {proxy_status}");
        }
    }
}
