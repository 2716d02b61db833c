//! Bearer tokens (RFC 6750): given ones, and those of the authorization server.

pub(crate) mod bound;
pub(crate) mod faults;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::reference::rejection::Rejection;
use crate::reference::request::{header_values, query_value};
use crate::reference::state::tokens::AUDIENCE;
use crate::reference::state::{Principal, ReferenceState};
use crate::seed::SeedState;

/// How long a server that ends tokens late takes them.
const LATE: Duration = Duration::from_secs(5);

/// Where tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenSource {
    Static,
    Authority,
}

/// Who sent a request.
pub(crate) fn verify(state: &ReferenceState, parts: &Parts, source: TokenSource) -> Result<Arc<Principal>, Rejection> {
    let mut token = &*presented(state, parts)?;
    if state.fault("bearer-tail-ignored") {
        token =
            token.strip_suffix("authbench").and_then(|start| start.get(..start.len().checked_sub(1)?)).unwrap_or(token);
    }
    if state.fault("bearer-ignores-padding") {
        token = token.trim_end_matches('=');
    }
    if state.fault("bearer-rejects-everything") {
        return Err(invalid());
    }
    let is_unknown = || match source {
        TokenSource::Static => state.tokens.find(token).is_none(),
        TokenSource::Authority => state.issued.look_up(token).is_none(),
    };
    if let Some(principal) = faults::accepted(state, parts, token, is_unknown) {
        return Ok(principal);
    }
    match source {
        TokenSource::Static => {
            let holder = state.tokens.find(token).ok_or_else(invalid)?;
            match holder.state {
                SeedState::Revoked if !state.fault("introspection-cache-forever") => Err(invalid()),
                SeedState::Expired if !state.fault("bearer-accepts-expired-token") => Err(invalid()),
                _ => Ok(holder.principal),
            }
        }
        TokenSource::Authority => {
            let record = state.issued.look_up(token).ok_or_else(invalid)?;
            let kept = faults::at_account(state, parts, "account-takes-expired-token");
            let kept = kept || faults::at_write(state, parts, "write-takes-expired-token");
            let kept = kept || state.fault("bearer-accepts-expired-token") || state.fault("expires-in-string");
            let kept = kept || (state.fault("bearer-ends-late") && !record.has_expired_since(LATE));
            let expired = record.has_expired() && !kept;
            let revoked = record.is_revoked()
                && !state.fault("introspection-cache-forever")
                && !faults::at_account(state, parts, "account-takes-revoked-token")
                && !faults::at_write(state, parts, "write-takes-revoked-token");
            // RFC 9449 §7.2: a bound token is no bearer token
            let bound = record.confirmation.jkt.is_some();
            if expired || revoked || bound || !record.is_access_token || record.audience != AUDIENCE {
                return Err(invalid());
            }
            if !bound::holds(state, parts, record.confirmation.certificate.as_deref()) {
                return Err(invalid());
            }
            Ok(record.principal.clone())
        }
    }
}

/// The token of a request (RFC 6750 §2.1).
pub(crate) fn presented(state: &ReferenceState, parts: &Parts) -> Result<String, Rejection> {
    if let Some(token) = faults::normalised(state, parts) {
        return Ok(token);
    }
    let lines = header_values(&parts.headers, "authorization")
        .map_err(|_| if state.fault("panics-on-bad-base64") { Rejection::broken() } else { malformed() })?;
    if let Some(token) = faults::found(state, parts, &lines) {
        return Ok(token);
    }
    let elsewhere = query_value(parts, "access_token").is_some();
    let line = match lines.as_slice() {
        // RFC 6750 §2.3: a token in the query is not offered here, so this is a request without authentication
        [] => return Err(missing()),
        // RFC 6750 §2: no more than one method in a request
        [_] if elsewhere => return Err(malformed()),
        [line] => *line,
        _ => return Err(malformed()),
    };
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    let insensitive = !state.fault("bearer-case-sensitive-scheme");
    let is_bearer = scheme == "Bearer" || insensitive && scheme.eq_ignore_ascii_case("bearer");
    if !(is_bearer || state.fault("bearer-or-word")) {
        // RFC 6750 §3.1: another scheme is no bearer credential; the challenge carries no error
        return Err(missing());
    }
    if state.fault("bearer-one-space") && token.starts_with(' ') {
        return Err(malformed());
    }
    let mut token = token.trim_matches(' ');
    if state.fault("bearer-or-more") {
        token = token.split(' ').next().unwrap_or_default();
    }
    if token.is_empty() || !token.bytes().all(is_b64token) {
        return Err(malformed());
    }
    Ok(token.to_owned())
}

/// RFC 6750 §2.1: `b64token`.
fn is_b64token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

fn missing() -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, "missing_token").with_challenge("Bearer realm=\"orders\"")
}

/// RFC 6750 §3.1: expired, revoked, malformed or invalid for another reason.
pub(crate) fn invalid() -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, "invalid_token")
        .with_challenge("Bearer realm=\"orders\", error=\"invalid_token\"")
}

fn malformed() -> Rejection {
    Rejection::new(StatusCode::BAD_REQUEST, "invalid_request")
        .with_challenge("Bearer realm=\"orders\", error=\"invalid_request\"")
}
