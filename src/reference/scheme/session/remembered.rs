//! The further cookies of a faulty server, which lack an attribute: one that opens by itself what the session opens, and one that
//! renews it.

use std::sync::Arc;

use axum::http::HeaderMap;

use super::Sessions;
use super::store::SessionRecord;
use crate::reference::request::{cookie_value, cookie_values};
use crate::reference::state::{Principal, ReferenceState};
use crate::seed::SESSION_COOKIE;

const COOKIE: &str = "remember";

/// What the cookie has, with the fault that takes it away.
const ATTRIBUTES: [(&str, &str); 3] = [
    ("; HttpOnly", "remember-cookie-without-httponly"),
    ("; SameSite=Lax", "remember-cookie-without-samesite"),
    ("; Secure", "remember-cookie-without-secure"),
];

/// The fault that leaves it alone when the session is logged out.
const SURVIVES: &str = "remember-cookie-survives-logout";

/// The fault that lets it live for fifty years.
const FOR_EVER: &str = "remember-cookie-lives-for-ever";

/// The fault that starts a new session by it, gives it another value each time, and leaves it alone as well. Where a value comes
/// again, all sessions of its user end: it may have been stolen.
const RENEWS: &str = "remember-cookie-renews-session";

fn is_given(state: &ReferenceState) -> bool {
    let others = [SURVIVES, FOR_EVER, RENEWS];
    ATTRIBUTES.iter().map(|(_, fault)| *fault).chain(others).any(|fault| state.fault(fault))
}

/// Ends what a request has beside the session that it logs out.
pub(super) fn end(state: &ReferenceState, sessions: &Sessions, headers: &HeaderMap) {
    let survives = state.fault(SURVIVES) || state.fault(RENEWS);
    if let Some(id) = identifier(state, headers).filter(|_| !survives) {
        sessions.end(id);
    }
}

/// What takes the place of a session that has ended.
pub(super) fn in_place(state: &ReferenceState, sessions: &Sessions, headers: &HeaderMap) -> Option<SessionRecord> {
    sessions.find(identifier(state, headers).filter(|_| state.fault(RENEWS))?)
}

/// The identifier of a new session for whoever came by this cookie, and the cookie with its next value.
pub(super) fn renewed(state: &ReferenceState, sessions: &Sessions, headers: &HeaderMap) -> Option<(String, String)> {
    let value = identifier(state, headers).filter(|_| state.fault(RENEWS))?;
    if cookie_values(headers, SESSION_COOKIE).any(|id| sessions.find(id).is_some()) {
        return None;
    }
    let Some(principal) = sessions.find(value).and_then(|record| record.principal) else {
        sessions.retired(value).iter().for_each(|principal| sessions.end_all_of(&principal.name));
        return None;
    };
    sessions.retire(value);
    let id = sessions.start(Some(principal.clone()), None).id;
    Some((id, cookie(state, sessions, &principal)?))
}

/// The cookie for whoever logs in.
pub(super) fn cookie(state: &ReferenceState, sessions: &Sessions, principal: &Arc<Principal>) -> Option<String> {
    let id = is_given(state).then(|| sessions.start(Some(principal.clone()), None).id)?;
    let cookie = sessions.cookie(COOKIE, &id, "; HttpOnly; SameSite=Lax");
    let missing = ATTRIBUTES.iter().filter(|(_, fault)| state.fault(fault));
    let cookie = match state.fault(FOR_EVER) {
        true => format!("{}; Expires=Fri, 01-Jan-2077 00:00:00 GMT", cookie.replace("Max-Age", "Age")),
        false => cookie,
    };
    Some(missing.fold(cookie, |cookie, (attribute, _)| cookie.replace(attribute, "")))
}

/// What takes the place of the identifier of a session in a request.
pub(super) fn identifier<'a>(state: &ReferenceState, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie_value(headers, COOKIE).filter(|_| is_given(state))
}

const REFRESH_COOKIE: &str = "refresh";
const REFRESH_PATH: &str = "/session/refresh";
const REFRESHES: &str = "refresh-cookie-without-httponly";

/// The cookie that renews the session of whoever logs in.
pub(super) fn refresh_cookie(
    state: &ReferenceState,
    sessions: &Sessions,
    principal: &Arc<Principal>,
) -> Option<String> {
    let id = state.fault(REFRESHES).then(|| sessions.start(Some(principal.clone()), None).id)?;
    let cookie = sessions.cookie(REFRESH_COOKIE, &id, "; SameSite=Strict");
    Some(cookie.replace("Path=/;", &format!("Path={REFRESH_PATH};")))
}

/// Whose session a request renews.
pub(super) fn renews(state: &ReferenceState, sessions: &Sessions, headers: &HeaderMap) -> Option<Arc<Principal>> {
    let id = cookie_value(headers, REFRESH_COOKIE).filter(|_| state.fault(REFRESHES))?;
    sessions.find(id)?.principal
}
