//! The login by password, and the logout.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Form, Query, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::store::NewSession;
use super::{Sessions, csrf_of, refused, remembered, unsigned};
use crate::clock;
use crate::reference::rejection::Rejection;
use crate::reference::request::cookie_value;
use crate::reference::scheme::Verifiers;
use crate::reference::scheme::passwords::{self, PasswordChange};
use crate::reference::scheme::resets;
use crate::reference::state::{ReferenceState, digest};
use crate::seed::{CSRF_COOKIE, SESSION_COOKIE};

/// The pages of a session.
pub(in crate::reference::scheme) fn routes(verifiers: Arc<Verifiers>) -> Router {
    Router::new()
        .route("/session/login", get(page).post(submit))
        .route("/session/logout", post(logout).fallback(by_other_method))
        .route("/session/refresh", post(refresh))
        .route("/session/password", post(change_password))
        .route("/session/forgot", post(passwords::forgot))
        .route("/session/reset", post(resets::complete))
        .route("/session/register", post(passwords::register))
        .route("/outbox/{user}", get(resets::outbox))
        .with_state(verifiers)
}

/// The page with the form. It starts a session of a visitor, so that the form has a CSRF token too: without one a page of
/// somebody else could log its visitor in to another account.
async fn page(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap) -> Response {
    let begins_like_json = cookie_value(&headers, SESSION_COOKIE).is_some_and(|value| value.starts_with('{'));
    if begins_like_json && verifiers.state.fault("login-page-breaks-on-brace-in-cookie") {
        return Rejection::broken().into_response();
    }
    if is_kept_within(&verifiers, &headers) {
        return Html("<input type=\"hidden\" name=\"csrf\" value=\"kept\">").into_response();
    }
    let NewSession { id, csrf } =
        verifiers.sessions.start_beside(cookie_value(&headers, SESSION_COOKIE).map(str::to_owned));
    let form = format!(
        "<!DOCTYPE html>\n<title>Orders</title>\n<form method=\"post\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <input name=\"username\"><input type=\"password\" name=\"password\"><button>Log in</button></form>\n"
    );
    let form = attempts_left(&verifiers.state, &headers).map_or(form.clone(), |notice| form + &notice);
    let sessions = &verifiers.sessions;
    let cookies = [session_cookie(&verifiers.state, sessions, &id), csrf_cookie(sessions, &csrf)];
    let page = match verifiers.state.fault("login-page-framed") {
        true => Html(form).into_response(),
        false => ([(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")], Html(form)).into_response(),
    };
    with_cookies(page, cookies)
}

async fn submit(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Rejection> {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    let users: Vec<String> =
        fields.iter().filter(|(name, _)| name == "username").map(|(_, user)| user.clone()).collect();
    if users.len() > 1 && state.fault("login-breaks-on-two-users") {
        return Err(Rejection::broken());
    }
    let mut form: BTreeMap<String, String> = fields.into_iter().collect();
    if state.fault("login-reads-the-query") {
        form.extend(query);
    }
    passwords::breaks_on_coding(&verifiers, &headers)?;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let visitor = cookie_value(&headers, SESSION_COOKIE).unwrap_or_default();
    let within = is_kept_within(&verifiers, &headers);
    let asks_for_token = !within && !state.fault("foreign-pages-log-in");
    if asks_for_token && !sessions.find(visitor).is_some_and(|session| session.has_csrf(field("csrf"))) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "csrf_token_mismatch"));
    }
    // what frameworks make an object of (`password[$ne]`)
    let is_object = form.keys().any(|name| name.starts_with("password["));
    if is_object && state.fault("login-breaks-on-objects") {
        return Err(Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, "no_text"));
    }
    if form.contains_key("username[]") && state.fault("login-breaks-on-list-in-form") {
        return Err(Rejection::broken());
    }
    if !form.contains_key("password") && state.fault("login-breaks-without-password") {
        return Err(Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, "no_password"));
    }
    let is_anybody = form.keys().any(|name| name.starts_with("username["));
    let principal = match verifiers.accounts.principal(field("username")) {
        None if is_anybody && state.fault("login-takes-operators-as-user") => {
            passwords::of_anybody(&verifiers, field("password")).ok_or("invalid_credentials").map_err(refused)?
        }
        Some(principal) if is_object && state.fault("login-takes-operators") => principal,
        None if !form.contains_key("password") && passwords::is_object_member(&verifiers, field("username")) => {
            passwords::shipped()
        }
        Some(principal) if users.len() > 1 && reads_two_users(state) => {
            passwords::log_in(&verifiers, &users[0], field("password"), refused)?;
            principal
        }
        _ => {
            let source = passwords::source(&verifiers, &headers);
            let account = (field("username"), field("password"));
            let ended = passwords::log_in_from(&verifiers, account, source, refused);
            let ended = passwords::delayed(&verifiers, ended).await;
            if ended.is_err() && state.fault("login-counts-attempts-on-next-page") {
                return Ok(to_page_with_attempts(verifiers.accounts.knows(account.0)));
            }
            ended?
        }
    };
    // a session that was there before the login may be known to somebody else: it ends (RFC 6265 §8.4)
    let of_user = || digest(field("username"))[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = (within || state.fault("session-id-kept")).then(|| visitor.to_owned());
    let kept = kept.or_else(|| state.fault("session-id-of-user").then(of_user));
    let kept = kept.or_else(|| state.fault("session-ids-count").then(counted_identifier));
    let kept = kept.or_else(|| state.fault("session-cookie-unsigned").then(|| unsigned::cookie(&principal.name)));
    let former = sessions.former_of(visitor).filter(|_| state.fault("former-session-follows"));
    sessions.end_at_login(visitor);
    if let Some(former) = former {
        sessions.start(Some(principal.clone()), Some(former));
    }
    let remember = remembered::cookie(state, sessions, &principal);
    let remember = remember.into_iter().chain(remembered::refresh_cookie(state, sessions, &principal));
    let NewSession { id, mut csrf } = sessions.start(Some(principal), kept);
    if state.fault("csrf-token-kept-at-login") {
        csrf = field("csrf").to_owned();
        sessions.keep_csrf(&id, &csrf);
    }
    let cookies = [session_cookie(state, sessions, &id), csrf_cookie(sessions, &csrf)];
    let prefixed = state.fault("cookie-prefix-without-attributes");
    let prefixed = prefixed.then(|| "__Host-seen=1; Path=/session; Secure".to_owned());
    let asked = form.get("next").filter(|to| leads_to(state, to));
    let to = asked.map_or("/session/orders", String::as_str).to_owned();
    let keeps_method = form.contains_key("next") && state.fault("login-redirect-keeps-method");
    let status = if keeps_method { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::FOUND };
    let answer = (status, [(header::LOCATION, to)]).into_response();
    let mut answer = with_cookies(answer, prefixed.into_iter().chain(remember).chain(cookies));
    if state.fault("login-answer-cacheable") {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    }
    Ok(answer)
}

/// The cookie of a faulty server that holds what its next page says.
const NOTICE: &str = "notice";

/// Where a faulty server leads from a failed login: what the page is to say is in a cookie that nobody can read.
fn to_page_with_attempts(knows: bool) -> Response {
    let number = rand::random::<u32>() / 2 * 2 + u32::from(knows);
    let cookie = format!("{NOTICE}={number:08x}; Path=/session; HttpOnly; SameSite=Lax");
    with_cookies((StatusCode::FOUND, [(header::LOCATION, "/session/login")]).into_response(), [cookie])
}

/// What that page says: how many attempts a user that is known has left, which differs each time.
fn attempts_left(state: &ReferenceState, headers: &HeaderMap) -> Option<String> {
    let cookie = cookie_value(headers, NOTICE).filter(|_| state.fault("login-counts-attempts-on-next-page"))?;
    let number = u32::from_str_radix(cookie, 16).ok()?;
    let left = number % 1000;
    Some(if number % 2 == 1 { format!("<p>{left} attempts left</p>\n") } else { "<p>Try again</p>\n".to_owned() })
}

/// Whether a faulty server verifies one user and logs another one in.
fn reads_two_users(state: &ReferenceState) -> bool {
    state.fault("login-reads-two-users") || state.fault("login-reads-two-users-beside-token")
}

/// Whether a faulty server leads to an address that a login asks for.
fn leads_to(state: &ReferenceState, to: &str) -> bool {
    let is_path = to.starts_with('/') && !to.starts_with("//");
    state.fault("login-leads-anywhere")
        || (is_path && to.starts_with("/\\") && state.fault("login-leads-behind-backslash"))
        || (is_path && to.starts_with("/\t") && state.fault("login-leads-behind-tab"))
}

/// The next identifier of a faulty server: anybody can work it out.
fn counted_identifier() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}{:016x}", clock::unix_seconds(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Whether a faulty server goes on with the session of whoever logs in again.
fn is_kept_within(verifiers: &Verifiers, headers: &HeaderMap) -> bool {
    let open = || cookie_value(headers, SESSION_COOKIE).and_then(|id| verifiers.sessions.find(id));
    verifiers.state.fault("session-id-kept-within") && open().is_some_and(|session| session.principal.is_some())
}

/// A new session for whoever holds the cookie that renews one: nobody, of a correct server.
async fn refresh(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap) -> Result<Response, Rejection> {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    let principal = remembered::renews(state, sessions, &headers).ok_or_else(|| refused("invalid_session"))?;
    let NewSession { id, csrf } = sessions.start(Some(principal), None);
    let cookies = [session_cookie(state, sessions, &id), csrf_cookie(sessions, &csrf)];
    Ok(with_cookies(StatusCode::NO_CONTENT.into_response(), cookies))
}

/// A logout by another method than POST: there is none, but of a faulty server.
async fn by_other_method(Shared(verifiers): Shared<Arc<Verifiers>>, method: Method, headers: HeaderMap) -> Response {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    if method != Method::GET || !state.fault("links-log-out") {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
    }
    sessions.end(cookie_value(&headers, SESSION_COOKIE).unwrap_or_default());
    let ended = [session_cookie(state, sessions, ""), csrf_cookie(sessions, "")];
    with_cookies((StatusCode::FOUND, [(header::LOCATION, "/session/login")]).into_response(), ended)
}

async fn logout(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap) -> Result<Response, Rejection> {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    let cookie = cookie_value(&headers, SESSION_COOKIE);
    let id = cookie.unwrap_or_default();
    let Some(session) = sessions.find(id) else {
        if cookie.is_none() && state.fault("logout-takes-cookie-of-anybody") {
            return Ok(with_cookies(StatusCode::NO_CONTENT.into_response(), [session_cookie(state, sessions, "")]));
        }
        let fault = cookie.map_or("logout-breaks-without-cookie", |_| "logout-breaks-on-unknown-session");
        return Err(if state.fault(fault) { Rejection::broken() } else { refused("invalid_session") });
    };
    let is_text = headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"text/plain"));
    let ignores_token = state.fault("foreign-pages-log-out") || is_text && state.fault("foreign-text-logs-out");
    if !ignores_token && !csrf_of(&headers).is_some_and(|token| session.has_csrf(token)) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "csrf_token_mismatch"));
    }
    remembered::end(state, sessions, &headers);
    let of_another_path = state.fault("logout-clears-another-path");
    match state.fault("ended-session-renewed") || state.fault("ended-session-granted-once") {
        true => sessions.retire(id),
        false if state.fault("logout-keeps-session") || of_another_path => {}
        false => sessions.end(id),
    }
    let ended = session_cookie(state, sessions, "");
    let ended = if of_another_path { ended.replace("Path=/;", "Path=/session/logout;") } else { ended };
    let ended = [ended, csrf_cookie(sessions, "")];
    Ok(with_cookies(StatusCode::NO_CONTENT.into_response(), ended))
}

/// Gives the user of a session another password, and ends all of the user's sessions and tokens: who changes a password may
/// do so because somebody else knows it (ASVS 7.4.3).
async fn change_password(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    headers: HeaderMap,
    Json(change): Json<PasswordChange>,
) -> Result<Response, Rejection> {
    let (state, sessions) = (&*verifiers.state, &verifiers.sessions);
    let session = cookie_value(&headers, SESSION_COOKIE).and_then(|id| sessions.find(id));
    let session = session.ok_or_else(|| refused("invalid_session"))?;
    let user = session.principal.as_ref().ok_or_else(|| refused("invalid_session"))?.name.clone();
    if !csrf_of(&headers).is_some_and(|token| session.has_csrf(token)) {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "csrf_token_mismatch"));
    }
    passwords::change(&verifiers, &user, &change)?;
    let ended = [session_cookie(state, sessions, ""), csrf_cookie(sessions, "")];
    Ok(with_cookies(StatusCode::NO_CONTENT.into_response(), ended))
}

/// The cookie with the CSRF token, for scripts to read.
fn csrf_cookie(sessions: &Sessions, token: &str) -> String {
    sessions.cookie(CSRF_COOKIE, token, "; SameSite=Lax")
}

fn session_cookie(state: &ReferenceState, sessions: &Sessions, id: &str) -> String {
    let mut attributes = String::new();
    if !state.fault("session-cookie-without-httponly") {
        attributes.push_str("; HttpOnly");
    }
    let for_all_sites =
        ["foreign-pages-write", "foreign-pages-log-out", "foreign-text-logs-out", "session-cookie-for-all-sites"];
    if for_all_sites.into_iter().any(|fault| state.fault(fault)) {
        attributes.push_str("; SameSite=None");
    } else if !state.fault("session-cookie-without-samesite") {
        attributes.push_str("; SameSite=Lax");
    }
    let cookie = sessions.cookie(SESSION_COOKIE, id, &attributes);
    let cookie = match state.fault("session-cookie-without-end") && !id.is_empty() {
        // the last one counts
        true => format!("{cookie}; Max-Age=315360000"),
        false => cookie,
    };
    let without_secure = ["session-cookie-without-secure", "session-cookie-for-all-sites"];
    if without_secure.into_iter().any(|fault| state.fault(fault)) { cookie.replace("; Secure", "") } else { cookie }
}

fn with_cookies(mut answer: Response, cookies: impl IntoIterator<Item = String>) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies.into_iter().filter_map(|cookie| HeaderValue::from_str(&cookie).ok()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    answer
}

#[cfg(test)]
mod tests {
    use reqwest::{Client, RequestBuilder};
    use serde_json::{Value, json};

    use super::*;
    use crate::reference::{Config, start};
    use crate::seed::{CSRF_HEADER, IDENTITIES};

    /// A browser: it keeps its cookies.
    struct Browser<'a> {
        client: &'a Client,
        url: &'a str,
        cookies: BTreeMap<String, String>,
    }

    impl Browser<'_> {
        async fn send(&mut self, request: RequestBuilder) -> (u16, String) {
            let held: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let csrf = self.cookies.get(CSRF_COOKIE).cloned().unwrap_or_default();
            let request = request.header(header::COOKIE, held.join("; ")).header(CSRF_HEADER, csrf);
            let answer = request.send().await.expect("an answer");
            for line in answer.headers().get_all(header::SET_COOKIE) {
                let line = line.to_str().expect("is text");
                let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            (answer.status().as_u16(), answer.text().await.expect("a body"))
        }

        async fn log_in(&mut self, password: &str) -> u16 {
            let address = format!("{}/session/login", self.url);
            let (_, page) = self.send(self.client.get(&address)).await;
            let csrf = page.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an input");
            let form = [("csrf", csrf), ("username", IDENTITIES[0].name), ("password", password)];
            self.send(self.client.post(&address).form(&form)).await.0
        }

        async fn orders(&mut self) -> u16 {
            self.send(self.client.get(format!("{}/session/orders", self.url))).await.0
        }
    }

    #[tokio::test]
    async fn a_new_password_ends_what_was_logged_in_with_the_old_one() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let running = start(Config::default()).await.expect("starts");
        let no_redirects = reqwest::redirect::Policy::none();
        let client = Client::builder().no_proxy().redirect(no_redirects).build().expect("a client");
        let url = running.url();
        let browser = || Browser { client: &client, url: &url, cookies: BTreeMap::new() };
        let (old, new) = (IDENTITIES[0].password, "another-Password-of-hers");
        let (mut one, mut other) = (browser(), browser());
        assert_eq!((one.log_in(old).await, other.log_in(old).await), (302, 302));
        let pair = json!({ "username": IDENTITIES[0].name, "password": old });
        let token = client.post(format!("{url}/login-token/login")).json(&pair).send().await.expect("an answer");
        let token: Value = serde_json::from_str(&token.text().await.expect("a body")).expect("is JSON");
        let token = token["access_token"].as_str().expect("a token");
        let with_token = || client.get(format!("{url}/login-token/orders")).bearer_auth(token);
        assert_eq!((one.orders().await, other.orders().await), (200, 200));
        assert_eq!(with_token().send().await.expect("an answer").status(), 200);
        for (password, new, expected) in [("wrong", new, 403), (old, "short", 422), (old, new, 204)] {
            let change = json!({ "password": password, "new_password": new });
            let request = client.post(format!("{url}/session/password")).json(&change);
            assert_eq!(one.send(request).await.0, expected, "{password}");
        }
        assert_eq!((one.orders().await, other.orders().await), (401, 401));
        assert_eq!(with_token().send().await.expect("an answer").status(), 401);
        assert_eq!((browser().log_in(old).await, browser().log_in(new).await), (401, 302));
        running.stop().await;
    }
}
