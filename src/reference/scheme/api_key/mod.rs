//! API keys.

pub(crate) mod faults;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::reference::rejection::Rejection;
use crate::reference::request::{NotText, cookie_value, header_values, query_value};
use crate::reference::state::{KeyLocation, Principal, ReferenceState};
use crate::seed::SeedState;

/// The scheme name of keys in `Authorization`.
const SCHEME: &str = "APIKey";

/// Who sent a request.
pub(crate) fn verify(state: &ReferenceState, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let invalid = || invalid(state);
    let presented = match presented(state, parts) {
        Ok(presented) if presented.is_empty() => faults::key_elsewhere(state, parts).into_iter().collect(),
        Ok(presented) => presented,
        Err(_) if state.fault("panics-on-bad-base64") => return Err(Rejection::broken()),
        Err(_) => vec![faults::normalised_key(state, parts).ok_or_else(invalid)?],
    };
    let key = match presented.as_slice() {
        [] if state.fault("missing-key-is-anonymous") => return Ok(faults::service()),
        [] => return Err(missing()),
        [key] => key.as_str(),
        several if state.fault("last-header-wins") => {
            let good = several.iter().find(|key| state.keys.find(key).is_some());
            good.or(several.last()).map_or("", String::as_str)
        }
        // which of two keys counts is for nobody to guess
        _ => return Err(Rejection::new(StatusCode::BAD_REQUEST, "invalid_request")),
    };
    if state.fault("apikey-rejects-everything") {
        return Err(invalid());
    }
    faults::leak_by_time(state, key);
    if let Some(principal) = faults::accepted(state, key) {
        return Ok(principal);
    }
    let holder = state.keys.find(key).ok_or_else(|| Rejection {
        detail: state.fault("echoes-key-in-error").then(|| format!("no such key: {key}")),
        ..invalid()
    })?;
    match holder.state {
        SeedState::Revoked if state.fault("distinct-revoked-message") => {
            Err(Rejection::new(StatusCode::FORBIDDEN, "key_revoked"))
        }
        SeedState::Revoked if !state.fault("revocation-ignored") => Err(invalid()),
        SeedState::Expired if !state.fault("no-expiry-check") => Err(invalid()),
        _ => Ok(holder.principal),
    }
}

fn invalid(state: &ReferenceState) -> Rejection {
    let rejection = |status| Rejection::new(status, "invalid_api_key");
    match state.strict {
        true => rejection(StatusCode::UNAUTHORIZED).with_challenge("APIKey realm=\"orders\""),
        false => rejection(StatusCode::FORBIDDEN),
    }
}

fn missing() -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, "missing_api_key").with_challenge("APIKey realm=\"orders\"")
}

fn presented(state: &ReferenceState, parts: &Parts) -> Result<Vec<String>, NotText> {
    let owned = |value: &str| value.to_owned();
    Ok(match &state.key_location {
        KeyLocation::Header(name) => {
            let values = header_values(&parts.headers, name)?;
            let key = |value| if name.eq_ignore_ascii_case("authorization") { behind(state, value) } else { value };
            values.into_iter().map(key).map(owned).collect()
        }
        KeyLocation::Query(name) => query_value(parts, name).into_iter().collect(),
        KeyLocation::Cookie(name) => cookie_value(&parts.headers, name).map(owned).into_iter().collect(),
    })
}

/// The key behind its scheme name (RFC 9110 §11.4); what stands behind another name, or behind none, is a key that nobody has.
fn behind<'a>(state: &ReferenceState, value: &'a str) -> &'a str {
    let is_scheme = |name: &str| match state.fault("key-scheme-by-case") {
        true => name == SCHEME,
        false => name.eq_ignore_ascii_case(SCHEME),
    };
    match value.split_once(' ') {
        Some((name, key)) if is_scheme(name) => key.trim_start_matches(' '),
        _ => value,
    }
}
