//! Proofs at the token endpoint (RFC 9449 §5): what a token is bound to.

use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;

use super::answer::OAuthError;
use super::server::Authority;
use crate::reference::dpop::{ProofError, ProofTarget};
use crate::reference::request::host_in;

/// The error that asks for a nonce (RFC 9449 §8).
const NONCE_WANTED: &str = "use_dpop_nonce";

/// The thumbprint of the key that a request proves; none where it proves none. A server whose tokens are signed binds none.
pub(super) fn bound(authority: &Authority, headers: &HeaderMap, uri: &Uri) -> Result<Option<String>, OAuthError> {
    let mut lines = headers.get_all("dpop").iter().map(HeaderValue::to_str);
    let (first, second) = (lines.next(), lines.next());
    let Some(first) = first.filter(|_| authority.keys.is_empty()) else { return Ok(None) };
    let endpoint = authority.endpoint("token");
    let verified = match (first, second) {
        (Ok(proof), None) => {
            let target = endpoint.strip_prefix(&authority.issuer).unwrap_or(&endpoint);
            let host = host_in(headers, uri);
            let request = ProofTarget { method: "POST", target, host, token: None, needs_nonce: true };
            authority.proofs.verify(&authority.faults, proof, &request)
        }
        _ => Err(ProofError::Invalid),
    };
    match verified {
        Ok(jkt) => Ok(Some(jkt)),
        Err(ProofError::NonceWanted) => Err(OAuthError::bad(NONCE_WANTED)),
        Err(ProofError::Invalid) if authority.fault("as-ignores-bad-proof") => Ok(None),
        Err(ProofError::Invalid) => Err(OAuthError::bad("invalid_dpop_proof")),
    }
}

/// RFC 9449 §8: where a nonce is wanted, the answer names the one that the next proof has to have.
pub(super) fn name_nonce(authority: &Authority, refused: Option<&OAuthError>, response: &mut Response) {
    let wanted = refused.is_some_and(|error| error.error == NONCE_WANTED);
    if let (true, Ok(nonce)) = (wanted, HeaderValue::from_str(&authority.proofs.nonce())) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
}
