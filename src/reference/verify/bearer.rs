//! Bearer tokens (RFC 6750): given ones, and those of the authorization server.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;

use super::{header_values, lenient, query_value};
use crate::reference::authority::AUDIENCE;
use crate::reference::fault::{Fault, row};
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, State};
use crate::seed::{IDENTITIES, OTHER_AUDIENCE_TOKEN, REFRESH_TOKEN, SeedState};

/// Holes of this verifier.
pub(crate) const FAULTS: &[Fault] = &[
    row("bearer-rejects-everything", "bearer.valid-accepted", "refuses every token"),
    row("accepts-any-token", "bearer.garbage-token-401", "looks whether there is a token and not at the token"),
    row("bearer-accepts-expired-token", "bearer.expired-token-401", "does not compare the expiry"),
    row(
        "introspection-cache-forever",
        "bearer.revoked-token-401",
        "remembers that a token was active and never asks again",
    ),
    row("scope-not-enforced", "bearer.insufficient-scope-403", "lets any valid token pass"),
    row("scope-substring", "bearer.scope-match-exact", "searches the scope as a substring"),
    row("bearer-audience-ignored", "bearer.wrong-audience-401", "accepts all tokens of the issuer"),
    row("any-issuer-artefact", "bearer.non-access-token-refused", "takes a refresh token for an access token"),
    row("bola", "bearer.object-ownership", "never compares the owner of an object"),
];

/// Where tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Static,
    Authority,
}

pub(crate) fn verify(state: &State, parts: &Parts, source: Source) -> Result<Arc<Principal>, Rejection> {
    let token = &*presented(state, parts)?;
    if state.fault("bearer-rejects-everything") {
        return Err(invalid());
    }
    if let Some(principal) = through_a_hole(state, token, source) {
        return Ok(principal);
    }
    match source {
        Source::Static => {
            let holder = state.tokens.find(token).ok_or_else(invalid)?;
            match holder.state {
                SeedState::Revoked if !state.fault("introspection-cache-forever") => Err(invalid()),
                SeedState::Expired if !state.fault("bearer-accepts-expired-token") => Err(invalid()),
                _ => Ok(holder.principal),
            }
        }
        Source::Authority => {
            let record = state.authority.look_up(token).ok_or_else(invalid)?;
            let kept = state.fault("bearer-accepts-expired-token") || state.fault("expires-in-string");
            let expired = record.has_expired() && !kept;
            let revoked = record.is_revoked() && !state.fault("introspection-cache-forever");
            if expired || revoked || !record.is_access_token || record.audience != AUDIENCE {
                return Err(invalid());
            }
            Ok(record.principal.clone())
        }
    }
}

/// The token of a request (RFC 6750 §2.1).
pub(super) fn presented(state: &State, parts: &Parts) -> Result<String, Rejection> {
    let lines = header_values(&parts.headers, "authorization")
        .map_err(|_| if state.fault("panics-on-bad-base64") { Rejection::broken() } else { malformed() })?;
    if let Some(token) = lenient::found(state, parts, &lines) {
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
    if !(scheme == "Bearer" || insensitive && scheme.eq_ignore_ascii_case("bearer")) {
        // RFC 6750 §3.1: another scheme is no bearer credential; the challenge carries no error
        return Err(missing());
    }
    let token = token.trim_matches(' ');
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
pub(super) fn invalid() -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, "invalid_token")
        .with_challenge("Bearer realm=\"orders\", error=\"invalid_token\"")
}

fn malformed() -> Rejection {
    Rejection::new(StatusCode::BAD_REQUEST, "invalid_request")
        .with_challenge("Bearer realm=\"orders\", error=\"invalid_request\"")
}

fn through_a_hole(state: &State, token: &str, source: Source) -> Option<Arc<Principal>> {
    let foreign = [OTHER_AUDIENCE_TOKEN, REFRESH_TOKEN].contains(&token);
    let unknown = match source {
        Source::Static => state.tokens.find(token).is_none(),
        Source::Authority => state.authority.look_up(token).is_none(),
    };
    let open = (state.fault("accepts-any-token") && unknown && !foreign)
        || (state.fault("bearer-audience-ignored") && token == OTHER_AUDIENCE_TOKEN)
        || (state.fault("any-issuer-artefact") && token == REFRESH_TOKEN);
    open.then(|| Arc::new(crate::reference::state::principal(&IDENTITIES[0])))
}
