//! Tokens that are bound to a certificate (RFC 8705 §3).

use axum::http::request::Parts;

use crate::reference::request::PeerCertificate;
use crate::reference::state::ReferenceState;

/// Whether a request comes over a connection with the certificate that its token is bound to, if it is bound to one.
pub(crate) fn holds(state: &ReferenceState, parts: &Parts, bound_to: Option<&str>) -> bool {
    let Some(bound_to) = bound_to else { return true };
    let of_pem = state.fault("thumbprint-of-pem");
    let presented = parts.extensions.get().map(|certificate: &PeerCertificate| certificate.thumbprint(of_pem));
    presented.as_deref() == Some(bound_to) || state.fault("cnf-ignored")
}
