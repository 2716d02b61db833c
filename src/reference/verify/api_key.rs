//! API keys.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use subtle::ConstantTimeEq as _;

use super::{NotText, cookie_value, header_values, lenient, query_value};
use crate::reference::KeyLocation;
use crate::reference::fault::{Fault, row};
use crate::reference::guarded::busy_wait;
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, State, digest};
use crate::seed::{DEMO_KEYS, IDENTITIES, SeedState};

/// What each byte of a faulty comparison takes: far more than a real one, so that few samples show it.
const PER_BYTE: Duration = Duration::from_micros(100);
/// What a hash takes that a faulty server computes for known keys only.
const SLOW_HASH: Duration = Duration::from_millis(2);

/// Holes of this verifier.
pub(crate) const FAULTS: &[Fault] = &[
    row("apikey-rejects-everything", "apikey.valid-accepted", "refuses every key"),
    row("missing-key-is-anonymous", "apikey.missing-denied", "takes a request without a key for the default consumer"),
    row("accepts-any-key", "apikey.invalid-denied", "looks at the form of a key and not at the key"),
    row("empty-matches-unset", "apikey.empty-or-blank-denied", "compares with a variable that is not set"),
    row("prefix-compare", "apikey.near-miss-denied", "compares the first 20 characters"),
    row("case-insensitive-compare", "apikey.case-folding-denied", "compares without regard to case"),
    row("nul-truncation", "apikey.control-bytes-rejected", "ends the value at the first NUL"),
    row("like-query", "apikey.injection-denied", "looks keys up by pattern"),
    row("revocation-ignored", "apikey.revoked-denied", "never reads whether a key was revoked"),
    row("no-expiry-check", "apikey.expired-denied", "never reads whether a key has expired"),
    row("old-key-lives", "apikey.rotation-effective", "adds a key at rotation and retires none"),
    row("no-object-check", "apikey.cross-tenant-denied", "never compares the owner of an object"),
    row("scope-ignored", "apikey.scope-enforced", "loads scopes and does not look at them"),
    row("nfkc-before-compare", "apikey.non-ascii-denied", "normalises keys before it compares them"),
    row("accepts-key-anywhere", "apikey.query-location-policy", "looks for a key in the query and in cookies too"),
    row("echoes-key-in-error", "apikey.not-echoed", "repeats a wrong key in the error"),
    row("distinct-revoked-message", "apikey.uniform-denial", "says that a key was revoked"),
    row("last-header-wins", "common.duplicate-credential-header", "takes whichever of two keys is good"),
    row("byte-by-byte-compare", "apikey.timing-independent-of-prefix", "compares bytes until the first difference"),
    row("hash-only-known-ids", "apikey.timing-independent-of-existence", "hashes the secret of known keys only"),
    row("ships-demo-key", "apikey.default-values-denied", "accepts the key of the documentation's example"),
];

pub(crate) fn verify(state: &State, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let invalid = || invalid(state);
    let presented = match presented(state, parts) {
        Ok(presented) if presented.is_empty() => lenient::key_elsewhere(state, parts).into_iter().collect(),
        Ok(presented) => presented,
        Err(_) if state.fault("nfkc-before-compare") => lenient::normalised_key(state, parts).into_iter().collect(),
        Err(_) if state.fault("panics-on-bad-base64") => return Err(Rejection::broken()),
        Err(_) => return Err(invalid()),
    };
    let key = match presented.as_slice() {
        [] if state.fault("missing-key-is-anonymous") => return Ok(service()),
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
    tell_by_time(state, key);
    if let Some(principal) = through_a_hole(state, key) {
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

fn invalid(state: &State) -> Rejection {
    let rejection = |status| Rejection::new(status, "invalid_api_key");
    match state.strict {
        true => rejection(StatusCode::UNAUTHORIZED).with_challenge("APIKey realm=\"orders\""),
        false => rejection(StatusCode::FORBIDDEN),
    }
}

/// Faults that take time by what a key has in common with good ones.
fn tell_by_time(state: &State, key: &str) {
    if state.fault("byte-by-byte-compare") {
        let common = IDENTITIES[0].api_key.bytes().zip(key.bytes()).take_while(|(good, other)| good == other).count();
        busy_wait(PER_BYTE * u32::try_from(common).unwrap_or(0));
    }
    let id = |key: &str| key.rsplit_once('_').map(|(id, _)| id.to_owned());
    if state.fault("hash-only-known-ids") && IDENTITIES.iter().any(|identity| id(identity.api_key) == id(key)) {
        busy_wait(SLOW_HASH);
    }
}

fn missing() -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, "missing_api_key").with_challenge("APIKey realm=\"orders\"")
}

fn presented(state: &State, parts: &Parts) -> Result<Vec<String>, NotText> {
    let owned = |value: &str| value.to_owned();
    Ok(match &state.key_location {
        KeyLocation::Header(name) => header_values(&parts.headers, name)?.into_iter().map(owned).collect(),
        KeyLocation::Query(name) => query_value(parts, name).into_iter().collect(),
        KeyLocation::Cookie(name) => cookie_value(&parts.headers, name).map(owned).into_iter().collect(),
    })
}

fn service() -> Arc<Principal> {
    Arc::new(crate::reference::state::principal(&IDENTITIES[0]))
}

/// Each fault's hole, in constant time where a sound comparison would be.
fn through_a_hole(state: &State, key: &str) -> Option<Arc<Principal>> {
    let good = IDENTITIES[0].api_key;
    let blank = ["", "null", "undefined", "None", "0", "false", "[]", "{}"];
    let retired = || state.keys.find(key).is_some_and(|holder| holder.state != SeedState::Valid);
    let same = |one: &str, other: &str| bool::from(digest(one).ct_eq(&digest(other)));
    let open = (state.fault("accepts-any-key") && key.len() == good.len() && key.starts_with("abk_") && !retired())
        || (state.fault("empty-matches-unset") && blank.contains(&key.trim()))
        || (state.fault("prefix-compare") && key.len() >= 20 && good.starts_with(key.get(..20)?))
        || (state.fault("case-insensitive-compare") && same(&key.to_lowercase(), &good.to_lowercase()))
        || (state.fault("like-query") && (key.ends_with('%') || key == "*" || key == ".*"))
        || (state.fault("ships-demo-key") && key == DEMO_KEYS[1]);
    open.then(service)
}
