//! Sessions: a cookie that a login by password sets (RFC 6265), and a CSRF token that every write has to repeat.

pub(crate) mod faults;
pub(super) mod login;
mod remembered;
mod store;
mod unsigned;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::Verifiers;
use crate::reference::rejection::Rejection;
use crate::reference::request::cookie_values;
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::{CSRF_COOKIE, CSRF_HEADER, IDENTITIES, SESSION_COOKIE};
use store::SessionRecord;
pub(crate) use store::Sessions;

/// RFC 9110 §15.5.2 asks for a challenge with every 401; no scheme for sessions is registered, so this one has a name that
/// says what it wants.
const CHALLENGE: &str = "Cookie realm=\"orders\", cookie-name=\"session\"";

/// Who sent a request.
pub(crate) fn verify(state: &ReferenceState, sessions: &Sessions, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let ids: Vec<&str> = cookie_values(&parts.headers, SESSION_COOKIE).collect();
    let id = match ids.as_slice() {
        [] => remembered::identifier(state, &parts.headers).ok_or_else(|| refused("missing_session"))?,
        [id] => *id,
        // which of two sessions counts is for nobody to guess
        _ => return Err(Rejection::new(StatusCode::BAD_REQUEST, "invalid_request")),
    };
    if state.fault("session-rejects-everything") {
        return Err(refused("invalid_session"));
    }
    let in_part = || sessions.find_by_part(id).filter(|_| state.fault("session-compared-in-part"));
    let session = sessions.find(id).or_else(in_part).or_else(|| remembered::in_place(state, sessions, &parts.headers));
    if session.is_none() && state.fault("accepts-any-session") && store::is_well_formed(id) {
        return Ok(Arc::new(principal(&IDENTITIES[0])));
    }
    if cookie_values(&parts.headers, CSRF_COOKIE).any(|token| token.contains('%'))
        && state.fault("breaks-on-percent-in-cookie")
    {
        return Err(Rejection::broken());
    }
    if session.is_none()
        && state.fault("session-cookie-unsigned")
        && let Some(named) = unsigned::principal_in(id)
    {
        return Ok(Arc::new(named));
    }
    if session.is_none()
        && state.fault("ended-session-granted-once")
        && let Some(retired) = sessions.retired(id)
    {
        return Ok(retired);
    }
    let session = session.ok_or_else(|| refused("invalid_session"))?;
    let principal = session.principal.clone().ok_or_else(|| refused("invalid_session"))?;
    let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if !reads && asks_for_token(state, &parts.headers) && !has_token(state, sessions, &session, &parts.headers) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "csrf_token_mismatch"));
    }
    Ok(principal)
}

/// Whether a write needs its CSRF token: each one, of a correct server.
fn asks_for_token(state: &ReferenceState, headers: &HeaderMap) -> bool {
    let is_json =
        || headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"application/json"));
    !["csrf-token-not-checked", "foreign-pages-write"].into_iter().any(|fault| state.fault(fault))
        && (!state.fault("csrf-token-for-json-alone") || is_json())
}

/// Whether a request has the CSRF token of its session.
fn has_token(state: &ReferenceState, sessions: &Sessions, session: &SessionRecord, headers: &HeaderMap) -> bool {
    let Some(token) = csrf_of(headers) else {
        return state.fault("csrf-pair-absent") && cookie_values(headers, CSRF_COOKIE).next().is_none();
    };
    let repeats = || cookie_values(headers, CSRF_COOKIE).any(|cookie| cookie == token);
    session.has_csrf(token)
        || (state.fault("csrf-token-of-cookie") && repeats())
        || (state.fault("csrf-token-of-anybody") && sessions.anybody_has_csrf(token))
}

/// The cookies of a new session that a faulty server gives whoever comes with the identifier of one, such as one that has ended.
pub(crate) fn renewed(verifiers: &Verifiers, parts: &Parts) -> impl Iterator<Item = HeaderValue> + use<> {
    let (state, sessions) = (&verifiers.state, &verifiers.sessions);
    let (id, beside) = match remembered::renewed(state, sessions, &parts.headers) {
        Some((id, beside)) => (Some(id), Some(beside)),
        None => (renewed_identifier(verifiers, parts), None),
    };
    let own = id.map(|id| sessions.cookie(SESSION_COOKIE, &id, "; HttpOnly; SameSite=Lax"));
    own.into_iter().chain(beside).filter_map(|cookie| HeaderValue::from_str(&cookie).ok())
}

fn renewed_identifier(verifiers: &Verifiers, parts: &Parts) -> Option<String> {
    let (state, sessions) = (&verifiers.state, &verifiers.sessions);
    let ids = || cookie_values(&parts.headers, SESSION_COOKIE);
    let principal = match state {
        _ if state.fault("ended-session-renewed") => ids().find_map(|id| sessions.retired(id))?,
        _ if state.fault("ended-session-granted-once") => ids().find_map(|id| sessions.take_retired(id))?,
        _ if state.fault("session-goes-on-by-other-cookies") => {
            ids().find_map(|id| sessions.find(id).and_then(|session| session.principal.clone()))?
        }
        _ => return None,
    };
    Some(sessions.start(Some(principal), None).id)
}

/// The CSRF token that a request repeats.
fn csrf_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(CSRF_HEADER)?.to_str().ok()
}

fn refused(error: &'static str) -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge(CHALLENGE)
}
