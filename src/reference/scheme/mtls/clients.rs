//! Which certificates of clients are accepted in the handshake.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::faults::ClientFaults;
use crate::reference::fault::Faults;
use crate::reference::request::registered_with;
use crate::seed::CLIENT_CA;

/// What is accepted: the certificates that the CA of the seed signs for clients, and none.
///
/// # Errors
/// When the certificate of the CA cannot be made.
pub(crate) fn verifier(faults: &Faults) -> Result<Arc<dyn ClientCertVerifier>, rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name = DistinguishedName::new();
    authority.distinguished_name.push(DnType::CommonName, CLIENT_CA.0);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&KeyPair::from_pem(CLIENT_CA.1)?)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated().build();
    let inner = inner.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
    Ok(Arc::new(Clients { inner, faults: ClientFaults::of(faults) }))
}

#[derive(Debug)]
struct Clients {
    inner: Arc<dyn ClientCertVerifier>,
    faults: ClientFaults,
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.faults.rejects_everything {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        }
        // RFC 8705 §2.2: what is registered as it is needs no chain
        if registered_with(end_entity).is_some() {
            return Ok(ClientCertVerified::assertion());
        }
        match self.inner.verify_client_cert(end_entity, intermediates, now) {
            Err(Error::InvalidCertificate(why)) if self.faults.overlook(&why) => Ok(ClientCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
