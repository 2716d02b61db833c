//! The login by password, and the logout.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};

use super::store::NewSession;
use super::{Sessions, csrf_of, refused};
use crate::reference::rejection::Rejection;
use crate::reference::request::cookie_value;
use crate::reference::scheme::{Verifiers, passwords};
use crate::reference::state::ReferenceState;
use crate::seed::{CSRF_COOKIE, SESSION_COOKIE};

/// The pages of a session.
pub(in crate::reference::scheme) fn routes(verifiers: Arc<Verifiers>) -> Router {
    Router::new()
        .route("/session/login", get(page).post(submit))
        .route("/session/logout", post(logout))
        .with_state(verifiers)
}

/// The page with the form. It starts a session of a visitor, so that the form has a CSRF token too: without one a page of
/// somebody else could log its visitor in to another account.
async fn page(Shared(verifiers): Shared<Arc<Verifiers>>) -> Response {
    let NewSession { id, csrf } = verifiers.sessions.start(None, None);
    let form = format!(
        "<!DOCTYPE html>\n<title>Orders</title>\n<form method=\"post\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <input name=\"username\"><input type=\"password\" name=\"password\"><button>Log in</button></form>\n"
    );
    with_cookies(Html(form).into_response(), [session_cookie(&verifiers.state, &verifiers.sessions, &id)])
}

async fn submit(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Rejection> {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let visitor = cookie_value(&headers, SESSION_COOKIE).unwrap_or_default();
    if !sessions.find(visitor).is_some_and(|session| session.has_csrf(field("csrf"))) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "csrf_token_mismatch"));
    }
    let principal = passwords::verify(&verifiers, field("username"), field("password")).map_err(refused)?;
    // a session that was there before the login may be known to somebody else: it ends (RFC 6265 §8.4)
    let kept = state.fault("session-id-kept").then(|| visitor.to_owned());
    sessions.end(visitor);
    let NewSession { id, csrf } = sessions.start(Some(principal), kept);
    let cookies = [session_cookie(state, sessions, &id), sessions.cookie(CSRF_COOKIE, &csrf, "; SameSite=Lax")];
    Ok(with_cookies((StatusCode::FOUND, [(header::LOCATION, "/session/orders")]).into_response(), cookies))
}

async fn logout(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap) -> Result<Response, Rejection> {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    let id = cookie_value(&headers, SESSION_COOKIE).unwrap_or_default();
    let session = sessions.find(id).ok_or_else(|| refused("invalid_session"))?;
    if !csrf_of(&headers).is_some_and(|token| session.has_csrf(token)) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "csrf_token_mismatch"));
    }
    if !state.fault("logout-keeps-session") {
        sessions.end(id);
    }
    let ended = [session_cookie(state, sessions, ""), sessions.cookie(CSRF_COOKIE, "", "; SameSite=Lax")];
    Ok(with_cookies(StatusCode::NO_CONTENT.into_response(), ended))
}

fn session_cookie(state: &ReferenceState, sessions: &Sessions, id: &str) -> String {
    let mut attributes = String::new();
    if !state.fault("session-cookie-without-httponly") {
        attributes.push_str("; HttpOnly");
    }
    if !state.fault("session-cookie-without-samesite") {
        attributes.push_str("; SameSite=Lax");
    }
    let cookie = sessions.cookie(SESSION_COOKIE, id, &attributes);
    if state.fault("session-cookie-without-secure") { cookie.replace("; Secure", "") } else { cookie }
}

fn with_cookies<const N: usize>(mut answer: Response, cookies: [String; N]) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    answer
}
