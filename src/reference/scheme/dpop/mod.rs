//! Tokens that are bound to a key (RFC 9449 §7): each request proves the key, its method, its address and its token.

pub(crate) mod faults;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::reference::dpop::{ALGORITHMS, ProofError, ProofTarget, ProofVerifier};
use crate::reference::rejection::Rejection;
use crate::reference::request::{header_values, host_of};
use crate::reference::scheme::bearer::bound::holds;
use crate::reference::scheme::bearer::faults::at_account;
use crate::reference::state::tokens::{AUDIENCE, TokenRecord};
use crate::reference::state::{Principal, ReferenceState};

/// The resource that wants a nonce in each proof (RFC 9449 §9); the others look at the time of the proof alone.
const WANTS_NONCE: &str = "/account";

/// Who sent a request.
pub(crate) fn verify(
    state: &ReferenceState,
    proofs: &ProofVerifier,
    parts: &Parts,
) -> Result<Arc<Principal>, Rejection> {
    let bad = || match state.fault("panics-on-bad-base64") {
        true => Rejection::broken(),
        false => refused(state, StatusCode::BAD_REQUEST, "invalid_request"),
    };
    let lines = header_values(&parts.headers, "authorization").map_err(|_| bad())?;
    let line = match lines.as_slice() {
        [] => return Err(missing(state)),
        [line] => *line,
        _ => return Err(bad()),
    };
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    let token = token.trim_matches(' ');
    // RFC 9449 §7.2: a bound token is no bearer token
    if scheme.eq_ignore_ascii_case("bearer") {
        let downgraded = state.issued.look_up(token).filter(|_| {
            state.fault("bearer-downgrade") || at_account(state, parts, "account-takes-bound-token-as-bearer")
        });
        return downgraded.and_then(|record| live(&record)).ok_or_else(|| invalid(state));
    }
    let is_exact = scheme == "DPoP" || !state.fault("dpop-case-sensitive-scheme");
    if !scheme.eq_ignore_ascii_case("dpop") || !is_exact {
        return Err(missing(state));
    }
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(bad());
    }
    if state.fault("dpop-rejects-everything") {
        return Err(invalid(state));
    }
    let record = state.issued.look_up(token).ok_or_else(|| invalid(state))?;
    let principal = live(&record).ok_or_else(|| invalid(state))?;
    let bound = record.confirmation.jkt.as_deref().ok_or_else(|| invalid(state))?;
    if !holds(state, parts, record.confirmation.certificate.as_deref()) {
        return Err(invalid(state));
    }
    let not_proven = || refused(state, StatusCode::UNAUTHORIZED, "invalid_dpop_proof");
    let lines = header_values(&parts.headers, "dpop").map_err(|_| not_proven())?;
    let proof = match lines.as_slice() {
        [] if state.fault("proof-optional") => return Ok(principal),
        [proof] => *proof,
        [first, ..] if state.fault("first-proof-used") => first,
        _ => return Err(not_proven()),
    };
    let request = ProofTarget {
        method: parts.method.as_str(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
        host: host_of(parts),
        token: Some(token).filter(|_| scheme == "DPoP" || !state.fault("ath-of-one-spelling")),
        needs_nonce: parts.uri.path().ends_with(WANTS_NONCE),
    };
    match proofs.verify(&state.faults, proof, &request) {
        Ok(jkt) if jkt == bound || state.fault("jkt-ignored") => Ok(principal),
        Ok(_) => Err(invalid(state)),
        Err(ProofError::Invalid) => Err(not_proven()),
        Err(ProofError::NonceWanted) => {
            Err(Rejection { nonce: Some(proofs.nonce()), ..refused(state, StatusCode::UNAUTHORIZED, "use_dpop_nonce") })
        }
    }
}

/// Whose token it is, while it lives and is for these resources.
fn live(record: &TokenRecord) -> Option<Arc<Principal>> {
    let good = !record.has_expired() && !record.is_revoked() && record.is_access_token && record.audience == AUDIENCE;
    good.then(|| record.principal.clone())
}

/// RFC 9449 §7.1: the scheme and its algorithms, and no error where nothing was presented.
fn missing(state: &ReferenceState) -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, "missing_token").with_challenge(format!("DPoP {}", realm(state)))
}

fn invalid(state: &ReferenceState) -> Rejection {
    refused(state, StatusCode::UNAUTHORIZED, "invalid_token")
}

fn refused(state: &ReferenceState, status: StatusCode, error: &'static str) -> Rejection {
    Rejection::new(status, error).with_challenge(format!("DPoP {}, error=\"{error}\"", realm(state)))
}

fn realm(state: &ReferenceState) -> String {
    match state.fault("no-algs") {
        true => "realm=\"orders\"".to_owned(),
        false => format!("realm=\"orders\", algs=\"{}\"", ALGORITHMS.join(" ")),
    }
}

/// What a principal lacks (RFC 6750 §3.1), in a challenge of this scheme.
pub(crate) fn insufficient(state: &ReferenceState, status: StatusCode, scope: &str) -> Rejection {
    let challenge = format!("DPoP {}, error=\"insufficient_scope\", scope=\"{scope}\"", realm(state));
    Rejection::new(status, "insufficient_scope").with_challenge(challenge)
}
