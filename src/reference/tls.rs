//! A certificate, made for one run or kept for several, and which protocols are offered under it.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::danger::ClientCertVerifier;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::secret::Secret;

/// What is offered to a client that asks (RFC 7301), the best first.
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum NoCertificate {
    /// It could not be made.
    #[error(transparent)]
    Made(#[from] rcgen::Error),
    /// The text has no certificate, or no key.
    #[error("expected a certificate and its private key in PEM (CERTIFICATE and PRIVATE KEY)")]
    Text,
    /// The TLS library does not take it.
    #[error(transparent)]
    Taken(#[from] rustls::Error),
}

/// A certificate for localhost and 127.0.0.1 with its private key, in PEM.
///
/// # Errors
/// When it cannot be made.
pub fn identity() -> Result<Secret, NoCertificate> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names)?;
    Ok(Secret::new(certified.cert.pem() + &certified.signing_key.serialize_pem()))
}

/// An acceptor with a certificate, and the certificate in PEM. It asks clients for theirs and takes those that have none.
pub(crate) fn acceptor(
    http2: bool,
    identity: &Secret,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<(TlsAcceptor, String), NoCertificate> {
    let blocks = pem::parse_many(identity.expose()).map_err(|_| NoCertificate::Text)?;
    let block = |tag: &str| blocks.iter().find(|block| block.tag() == tag).ok_or(NoCertificate::Text);
    let (certificate, key) = (block("CERTIFICATE")?, block("PRIVATE KEY")?);
    let chain = vec![CertificateDer::from(certificate.contents().to_vec())];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.contents().to_vec()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_client_cert_verifier(clients).with_single_cert(chain, key))?;
    config.alpn_protocols =
        [HTTP2, HTTP1].into_iter().filter(|name| http2 || *name != HTTP2).map(<[u8]>::to_vec).collect();
    Ok((TlsAcceptor::from(Arc::new(config)), pem::encode(certificate)))
}
