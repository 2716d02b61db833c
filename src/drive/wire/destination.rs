//! Where a connection goes: host, port, and TLS if the address asks for it.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

/// The name of HTTP/2 in a TLS handshake (RFC 9113 §3.2).
pub(super) const HTTP2: &[u8] = b"h2";

/// Host and port of an address, with TLS for `https`.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS, for `https`.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// Why an address cannot be connected to.
#[derive(Debug, thiserror::Error)]
pub enum BadDestination {
    /// The address itself.
    #[error("{why}: {origin}")]
    Address {
        /// What is wrong with it.
        why: &'static str,
        /// Scheme, host and port.
        origin: String,
    },
    /// The provider of cryptography has none of the protocols.
    #[error("{0}")]
    Protocols(rustls::Error),
    /// A CA file that is no PEM.
    #[error("the CA is no PEM: {0}")]
    CaPem(rustls::pki_types::pem::Error),
    /// A certificate that cannot be a trust anchor.
    #[error("the CA cannot be used: {0}")]
    Ca(rustls::Error),
    /// A CA file without certificates.
    #[error("the CA file holds no certificate")]
    NoCa,
    /// The trust store of the machine.
    #[error("the machine's trust store cannot be read: {0}")]
    TrustStore(rustls::Error),
}

impl Destination {
    /// The destination of an address.
    ///
    /// # Errors
    /// When the address is neither http nor https, has no host, or needs TLS that was not configured.
    pub fn of(url: &Url, tls: Option<Arc<ClientConfig>>) -> Result<Self, BadDestination> {
        let bad = |why| BadDestination::Address { why, origin: url.origin().ascii_serialization() };
        let host = url.host_str().ok_or_else(|| bad("the address has no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().ok_or_else(|| bad("the address has no port"))?;
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                let config = tls.ok_or_else(|| bad("TLS is not configured"))?;
                let name = ServerName::try_from(host.clone()).map_err(|_| bad("not a server name"))?;
                Some((config, name))
            }
            _ => return Err(bad("only http and https are supported")),
        };
        Ok(Self { host, port, tls })
    }

    /// The same for HTTP/2: nothing else is offered in a TLS handshake, so that no target falls back in silence.
    #[must_use]
    pub fn over_http2(mut self) -> Self {
        if let Some((config, _)) = &mut self.tls {
            Arc::make_mut(config).alpn_protocols = vec![HTTP2.to_vec()];
        }
        self
    }
}

/// TLS with the machine's trust store, or with the given certificate authorities in PEM alone. HTTP/1.1 only.
///
/// # Errors
/// When the PEM holds no certificate.
pub fn tls_config(ca_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, BadDestination> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(BadDestination::Protocols)?;
    let mut config = match ca_pem {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(BadDestination::CaPem)?;
                roots.add(certificate).map_err(BadDestination::Ca)?;
            }
            if roots.is_empty() {
                return Err(BadDestination::NoCa);
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        None => {
            let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(BadDestination::TrustStore)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
