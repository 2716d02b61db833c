//! User-id and password (RFC 7617).

pub(crate) mod accounts;
pub(crate) mod faults;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::reference::rejection::Rejection;
use crate::reference::request::{LAX, header_values};
use crate::reference::state::{Principal, ReferenceState};
use accounts::Accounts;

const CHALLENGE: &str = "Basic realm=\"orders\", charset=\"UTF-8\"";

fn challenge(state: &ReferenceState) -> &'static str {
    if state.fault("challenge-without-realm") {
        "Basic"
    } else if state.fault("charset-latin1") {
        "Basic realm=\"orders\", charset=\"ISO-8859-1\""
    } else {
        CHALLENGE
    }
}

/// Who sent a request; `cached` accounts remember which credentials they verified.
pub(crate) fn verify(
    state: &ReferenceState,
    accounts: &Accounts,
    parts: &Parts,
    cached: bool,
) -> Result<Arc<Principal>, Rejection> {
    let refused = |error| Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge(challenge(state));
    let bad = || {
        if state.fault("panics-on-bad-base64") { Rejection::broken() } else { refused("invalid_credentials") }
    };
    let lines = header_values(&parts.headers, "authorization").map_err(|_| bad())?;
    let line = match lines.as_slice() {
        [] => return faults::of_query(state, accounts, parts).ok_or_else(|| refused("missing_credentials")),
        [line] => line,
        _ => return Err(Rejection::new(StatusCode::BAD_REQUEST, "invalid_request")),
    };
    if let Some(principal) = faults::of_parameters(state, accounts, line) {
        return Ok(principal);
    }
    if faults::breaks_on_digest(state, accounts, line) {
        return Err(Rejection::broken());
    }
    let glued = || line.split_at_checked("Basic".len()).filter(|_| state.fault("basic-no-space"));
    let Some((scheme, encoded)) = line.split_once(' ').or_else(glued) else {
        return Err(refused("invalid_credentials"));
    };
    let insensitive = !state.fault("basic-case-sensitive-scheme");
    let is_basic = scheme == "Basic" || insensitive && scheme.eq_ignore_ascii_case("basic");
    let has_name = || state.fault("basic-in-scheme") && scheme.to_ascii_lowercase().contains("basic");
    if !(is_basic || state.fault("basic-scheme-ignored") || has_name())
        || (state.fault("basic-one-space") && encoded.starts_with(' '))
    {
        return Err(refused("invalid_credentials"));
    }
    let latin1 = state.fault("latin1-decode");
    let text = |bytes: Vec<u8>| match latin1 {
        true => Some(bytes.into_iter().map(char::from).collect()),
        false => String::from_utf8(bytes).ok(),
    };
    let encoded = match encoded.trim() {
        short if state.fault("basic-unpadded") && short.len() % 4 > 1 => {
            Cow::Owned(format!("{short}{}", "=".repeat(4 - short.len() % 4)))
        }
        whole if state.fault("basic-skips-junk") => {
            Cow::Owned(whole.chars().filter(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect())
        }
        whole => Cow::Borrowed(whole),
    };
    let engine = if state.fault("basic-left-over-bits") { &LAX } else { &STANDARD };
    let decoded: Option<String> = engine.decode(&*encoded).ok().and_then(text);
    let decoded = decoded.ok_or_else(bad)?;
    // RFC 7617 §2: the user-id ends at the first colon; control characters are not allowed
    let split = if state.fault("splits-on-last-colon") { decoded.rsplit_once(':') } else { decoded.split_once(':') };
    let breaks_for_known = || state.fault("basic-known-user-breaks") && accounts.knows(&decoded);
    if split.is_none() && (state.fault("crash-on-no-colon") || breaks_for_known()) {
        return Err(Rejection::broken());
    }
    if split.is_some_and(|(user, _)| user.contains('\0')) && state.fault("basic-breaks-on-nul-in-user") {
        return Err(Rejection::broken());
    }
    let Some((user, password)) = split.filter(|_| !decoded.chars().any(char::is_control)) else {
        return Err(refused("invalid_credentials"));
    };
    let password = if state.fault("basic-strips-colons") { password.trim_matches(':') } else { password };
    let password = if state.fault("basic-trims-password") { password.trim() } else { password };
    let breaks_for_known = || state.fault("basic-long-password-breaks-for-known") && accounts.knows(user);
    if password.len() > 4096 && (state.fault("basic-long-password-breaks") || breaks_for_known()) {
        return Err(Rejection::broken());
    }
    if state.fault("basic-rejects-everything") {
        return Err(refused("invalid_credentials"));
    }
    let unknown = state.fault("user-not-found-message") && !accounts.knows(user);
    let error = if unknown { "user_not_found" } else { "invalid_credentials" };
    accounts.verify(state, user, password, cached).ok_or_else(|| match state.fault("user-not-found-number") {
        true => refused(error).with_detail(format!("line {}", if accounts.knows(user) { 435 } else { 428 })),
        false => refused(error),
    })
}
