//! Where a connection goes: host, port, and TLS if the address asks for it.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use thiserror::Error;
use url::Url;

use super::address::authority;
use super::hosts::AllowedHosts;
use super::proxy::{Passage, Proxy};
use super::tls_identity::{ClientTls, TlsIdentity};
use crate::observe::Request;

/// The name of HTTP/2 in a TLS handshake (RFC 9113 §3.2).
pub(crate) const HTTP2: &[u8] = b"h2";

/// What a connection belongs to: nothing is shared between two keys, neither a connection nor a session of TLS nor what was
/// learned over one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationKey {
    host: String,
    port: u16,
    identity: Option<TlsIdentity>,
}

impl DestinationKey {
    /// The key of an address for whoever has this identity in TLS.
    pub fn of(url: &Url, identity: TlsIdentity) -> Option<Self> {
        let identity = (url.scheme() == "https").then_some(identity);
        Some(Self { host: host_of(url)?, port: url.port_or_known_default()?, identity })
    }
}

/// The host of an address, without brackets.
fn host_of(url: &Url) -> Option<String> {
    Some(url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// Host and port of an address, with TLS for `https`.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS, for `https`: of whom, and the name that is asked for.
    pub tls: Option<(ClientTls, ServerName<'static>)>,
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
    #[error("no certificate can name this host: {0}")]
    BadName(String),
    /// A host that the command line does not allow.
    #[error("{0} is not a host that this run may talk to: no --allow-host allows it")]
    Forbidden(String),
    /// A certificate that could not be made, or that the scenario does not name.
    #[error("there is no certificate for the connections of {0}")]
    NoCertificate(String),
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
    pub fn of(url: &Url, tls: Option<ClientTls>, hosts: &AllowedHosts) -> Result<Self, BadDestination> {
        let shown = || url.origin().ascii_serialization();
        let host = host_of(url).ok_or_else(|| BadDestination::NoHost(shown()))?;
        if !hosts.admit(url) {
            return Err(BadDestination::Forbidden(authority(url)));
        }
        let port = url.port_or_known_default().ok_or_else(|| BadDestination::NoPort(shown()))?;
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                let tls = tls.ok_or_else(|| BadDestination::NoTls(shown()))?;
                let name = ServerName::try_from(host.clone()).map_err(|_| BadDestination::BadName(shown()))?;
                Some((tls, name))
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

    /// What its connections belong to.
    pub fn key(&self) -> DestinationKey {
        let identity = self.tls.as_ref().map(|(tls, _)| tls.identity);
        DestinationKey { host: self.host.clone(), port: self.port, identity }
    }

    /// The same for HTTP/2: nothing else is offered in a TLS handshake, so that no target falls back in silence.
    #[must_use]
    pub fn over_http2(mut self) -> Self {
        if let Some((tls, _)) = &mut self.tls {
            Arc::make_mut(&mut tls.config).alpn_protocols = vec![HTTP2.to_vec()];
        }
        // a proxy of HTTP/1.1 passes HTTP/2 on in a tunnel only
        if let Some((_, passage)) = &mut self.via {
            let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
            *passage = Passage::Tunnel(format!("{host}:{}", self.port));
        }
        self
    }
}
