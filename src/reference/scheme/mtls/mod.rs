//! Client certificates: the handshake verifies them, and the name in them says who a client is.

pub(crate) mod clients;
pub(crate) mod faults;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use rustls::pki_types::CertificateDer;

use crate::reference::rejection::Rejection;
use crate::reference::request::PeerCertificate;
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::{CLIENT_DOMAIN, IDENTITIES, SeedState};

/// Who sent a request: whoever the certificate of its connection names, as a DNS name of the clients' domain.
pub(crate) fn verify(state: &ReferenceState, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let Some(PeerCertificate(certificate)) = parts.extensions.get() else {
        return faults::without_certificate(state, parts).ok_or_else(missing);
    };
    let certificate = CertificateDer::from(&certificate[..]);
    let read = webpki::EndEntityCert::try_from(&certificate).ok();
    let name = read.as_ref().and_then(|read| read.valid_dns_names().find_map(|name| name.strip_suffix(CLIENT_DOMAIN)));
    name.and_then(known).ok_or_else(|| Rejection::new(StatusCode::FORBIDDEN, "unknown_client"))
}

/// A seeded identity that is a client.
fn known(name: &str) -> Option<Arc<Principal>> {
    let found = IDENTITIES.iter().find(|identity| identity.name == name && identity.state == SeedState::Valid)?;
    Some(Arc::new(principal(found)))
}

/// RFC 9110 §15.5.2 has a 401 name a scheme to authenticate by, and there is none of certificates.
fn missing() -> Rejection {
    Rejection::new(StatusCode::FORBIDDEN, "client_certificate_required")
}
