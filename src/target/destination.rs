//! Where a connection goes: host, port, and TLS if the address asks for it.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use thiserror::Error;
use url::Url;

use super::address::authority;
use super::hosts::AllowedHosts;
use super::proxy::{Passage, Proxy};
use crate::observe::Request;

/// The name of HTTP/2 in a TLS handshake (RFC 9113 §3.2).
pub(crate) const HTTP2: &[u8] = b"h2";

/// Host and port of an address, with TLS for `https`.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS, for `https`.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// The proxy on the way there, and how requests pass it.
    pub via: Option<(Arc<Proxy>, Passage)>,
}

/// Why an address cannot be connected to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadDestination {
    /// No host.
    #[error("the address has no host: {0}")]
    NoHost(String),
    /// No port, and the scheme has none by itself.
    #[error("the address has no port: {0}")]
    NoPort(String),
    /// `https` without anything to verify a certificate with.
    #[error("TLS is not configured: {0}")]
    NoTls(String),
    /// A host that no certificate can be for.
    #[error("the host cannot stand in a certificate: {0}")]
    BadName(String),
    /// A host that the command line does not allow.
    #[error("{0} is not a host that this run may talk to: no --allow-host allows it")]
    Forbidden(String),
    /// Another scheme.
    #[error("expected http or https: {0}")]
    BadScheme(String),
}

impl Destination {
    /// The destination of an address.
    ///
    /// # Errors
    /// When the address is neither http nor https, has no host or one that is not allowed, or needs TLS that was not
    /// configured.
    pub fn of(url: &Url, tls: Option<Arc<ClientConfig>>, hosts: &AllowedHosts) -> Result<Self, BadDestination> {
        let shown = || url.origin().ascii_serialization();
        let host = url.host_str().ok_or_else(|| BadDestination::NoHost(shown()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !hosts.admit(url) {
            return Err(BadDestination::Forbidden(authority(url)));
        }
        let port = url.port_or_known_default().ok_or_else(|| BadDestination::NoPort(shown()))?;
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                let config = tls.ok_or_else(|| BadDestination::NoTls(shown()))?;
                let name = ServerName::try_from(host.clone()).map_err(|_| BadDestination::BadName(shown()))?;
                Some((config, name))
            }
            _ => return Err(BadDestination::BadScheme(shown())),
        };
        let via = hosts.proxy().map(|proxy| {
            let passage = match tls {
                None => Passage::AbsoluteForm(url.origin().ascii_serialization()),
                Some(_) => Passage::Tunnel(authority(url)),
            };
            (proxy.clone(), passage)
        });
        Ok(Self { host, port, tls, via })
    }

    /// The bytes of a request as they go there.
    pub fn bytes_of(&self, request: &Request) -> Vec<u8> {
        let Some((proxy, Passage::AbsoluteForm(origin))) = &self.via else { return request.to_bytes() };
        let mut request = request.clone();
        if request.target.starts_with(b"/") {
            request.target.splice(..0, origin.bytes());
        }
        if let Some(authorization) = proxy.authorization() {
            request.push("Proxy-Authorization", authorization.expose(), true);
        }
        request.to_bytes()
    }

    /// Host and port that connections go to: those of the proxy, where there is one.
    pub fn next_hop(&self) -> (&str, u16) {
        self.via.as_ref().map_or((self.host.as_str(), self.port), |(proxy, _)| proxy.endpoint())
    }

    /// The same for HTTP/2: nothing else is offered in a TLS handshake, so that no target falls back in silence.
    #[must_use]
    pub fn over_http2(mut self) -> Self {
        if let Some((config, _)) = &mut self.tls {
            Arc::make_mut(config).alpn_protocols = vec![HTTP2.to_vec()];
        }
        // a proxy of HTTP/1.1 passes HTTP/2 on in a tunnel only
        if let Some((_, passage)) = &mut self.via {
            let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
            *passage = Passage::Tunnel(format!("{host}:{}", self.port));
        }
        self
    }
}
