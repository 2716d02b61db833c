//! Tokens that are bound to a certificate (RFC 8705 §3).

use axum::http::request::Parts;
use serde_json::Value;

use super::faults::{at_account, at_write};
use super::invalid;
use crate::reference::rejection::Rejection;
use crate::reference::request::PeerCertificate;
use crate::reference::state::ReferenceState;

/// The thumbprint of the certificate that the member `cnf` of a token names (§3.1). A token that is bound to something else
/// is no bearer token (RFC 9449 §7.2), and what cannot be checked here proves nothing.
pub(crate) fn certificate(cnf: Option<&Value>) -> Result<Option<&str>, Rejection> {
    let Some(cnf) = cnf else { return Ok(None) };
    let thumbprint = cnf.get("x5t#S256").filter(|_| cnf.get("jkt").is_none()).and_then(Value::as_str);
    thumbprint.map(Some).ok_or_else(invalid)
}

/// Whether a request comes over a connection with the certificate that its token is bound to, if it is bound to one.
pub(crate) fn holds(state: &ReferenceState, parts: &Parts, bound_to: Option<&str>) -> bool {
    let Some(bound_to) = bound_to else { return true };
    let of_pem = state.fault("thumbprint-of-pem");
    let presented = parts.extensions.get().map(|certificate: &PeerCertificate| certificate.thumbprint(of_pem));
    presented.as_deref() == Some(bound_to)
        || state.fault("cnf-ignored")
        || at_account(state, parts, "account-ignores-cnf")
        || at_write(state, parts, "writes-ignore-cnf")
        || presented.is_some() && takes_any(state, parts)
}

/// Whether any certificate will do.
fn takes_any(state: &ReferenceState, parts: &Parts) -> bool {
    at_account(state, parts, "account-takes-any-certificate") || at_write(state, parts, "writes-take-any-certificate")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_bound_to_a_certificate_or_to_nothing() {
        let read = |cnf: Option<Value>| certificate(cnf.as_ref()).map(|bound| bound.map(str::to_owned)).ok();
        assert_eq!(read(None), Some(None));
        for cnf in [json!({ "x5t#S256": "a" }), json!({ "x5t#S256": "a", "kid": "b" })] {
            assert_eq!(read(Some(cnf)), Some(Some("a".to_owned())));
        }
        for cnf in [
            json!({ "jkt": "a" }),
            json!({ "jkt": "a", "x5t#S256": "a" }),
            json!({ "x5t#S256": 1 }),
            json!({}),
            json!("a"),
            json!(null),
        ] {
            assert_eq!(read(Some(cnf.clone())), None, "{cnf}");
        }
    }
}
