//! A certificate for one run.

use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::StartError;

/// An acceptor for localhost and 127.0.0.1, and its certificate in PEM.
pub(crate) fn acceptor() -> Result<(TlsAcceptor, String), StartError> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certified =
        rcgen::generate_simple_self_signed(names).map_err(|error| StartError::Certificate(error.to_string()))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key))
        .map_err(|error| StartError::Certificate(error.to_string()))?;
    Ok((TlsAcceptor::from(Arc::new(config)), certified.cert.pem()))
}
