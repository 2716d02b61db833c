//! A certificate for one run, and which protocols are offered under it.

use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// What is offered to a client that asks (RFC 7301), the best first.
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum NoCertificate {
    /// It could not be made.
    #[error(transparent)]
    Made(#[from] rcgen::Error),
    /// The TLS library does not take it.
    #[error(transparent)]
    Taken(#[from] rustls::Error),
}

/// An acceptor for localhost and 127.0.0.1, and its certificate in PEM.
pub(crate) fn acceptor(http2: bool) -> Result<(TlsAcceptor, String), NoCertificate> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key))?;
    config.alpn_protocols =
        [HTTP2, HTTP1].into_iter().filter(|name| http2 || *name != HTTP2).map(<[u8]>::to_vec).collect();
    Ok((TlsAcceptor::from(Arc::new(config)), certified.cert.pem()))
}
