//! Client certificates: the handshake verifies them, and the name in them says who a client is.

pub(crate) mod clients;
pub(crate) mod faults;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::reference::rejection::Rejection;
use crate::reference::request::PeerCertificate;
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::{IDENTITIES, SeedState};

/// Who sent a request: whoever the certificate of its connection names, as a DNS name of the clients' domain.
pub(crate) fn verify(state: &ReferenceState, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let Some(certificate) = parts.extensions.get::<PeerCertificate>() else {
        return faults::without_certificate(state, parts).ok_or_else(missing);
    };
    if faults::is_of_another_route(state, parts, &certificate.0) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "untrusted_certificate"));
    }
    // a self-signed certificate is one of a client of the authorization server, and of nobody here
    let names = if certificate.registered_with().is_some() { Vec::new() } else { certificate.client_names() };
    let found = names.first().and_then(|name| known(name));
    found.ok_or_else(|| Rejection::new(StatusCode::FORBIDDEN, "unknown_client"))
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
