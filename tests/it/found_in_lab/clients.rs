//! Clients of authorization servers that have no secret.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use authbench::check::{Severity, Verdict};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::json;

use super::{PROMPT, against, presented, serve};

/// An authorization server with a client `web` that has a secret, and a public client `cli`.
#[derive(Clone, Default)]
struct Server {
    /// The clients of refresh tokens, by the tokens.
    clients: Arc<Mutex<HashMap<String, String>>>,
    /// Whether a token is for its client alone.
    compares: bool,
    /// Whether `web` has to authenticate.
    authenticates: bool,
    /// Whether a token that another client sends ends.
    revokes: bool,
    /// How many refreshes were not those of the client itself.
    foreign: Arc<AtomicUsize>,
}

fn invalid_grant() -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response()
}

async fn token(
    State(server): State<Server>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    // web:of-web-5c1e
    let by_basic = presented(&headers) == Some("Basic d2ViOm9mLXdlYi01YzFl");
    let is_wrong = presented(&headers).is_some() && !by_basic;
    let client = if by_basic { "web" } else { value("client_id") }.to_owned();
    if value("grant_type") == "refresh_token" && !by_basic {
        server.foreign.fetch_add(1, Ordering::Relaxed);
    }
    if is_wrong || (server.authenticates && client == "web" && !by_basic) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let mut clients = server.clients.lock().expect("whole");
    match value("grant_type") {
        "password" if value("password") == "pass-7f3e" => {}
        "refresh_token" => match clients.get(value("refresh_token")) {
            Some(own) if *own == client || !server.compares => {}
            Some(_) if server.revokes => {
                clients.insert(value("refresh_token").to_owned(), "nobody".to_owned());
                return invalid_grant();
            }
            _ => return invalid_grant(),
        },
        _ => return invalid_grant(),
    }
    let number = clients.len();
    let refresh = format!("r-{number:08}-6c1f0a8e52d94b37");
    clients.insert(refresh.clone(), client);
    let body = json!({ "access_token": format!("a-{number:08}-b07d3e9a41f8c265"), "token_type": "Bearer",
        "expires_in": 600, "refresh_token": refresh });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn me(headers: HeaderMap) -> Response {
    match presented(&headers).is_some_and(|line| line.starts_with("Bearer a-0")) {
        true => Json(json!({ "account": "b07d3e9a41f8c265" })).into_response(),
        false => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response(),
    }
}

impl Server {
    fn router(self) -> Router {
        Router::new().route("/token", post(token)).with_state(self).route("/me", get(me))
    }
}

/// Logins of two clients, of which one authenticates, or not.
fn of_two_clients(own: (&str, &str), checks: &str) -> String {
    let login = |name: &str, (id, basic): (&str, &str)| {
        format!(
            "  {name}:\n    request: {{ post: /token, {basic}form: {{ {id}grant_type: password, \
             username: \"{{username}}\", password: \"{{password}}\" }} }}\n    \
             refresh: {{ post: /token, {basic}form: {{ {id}grant_type: refresh_token, \
             refresh_token: \"{{/refresh_token}}\" }} }}\n"
        )
    };
    format!(
        "scheme: bearer\nlogins:\n{}{}credentials:\n  \
         alice: {{ login: web, username: alice, password: pass-7f3e }}\n  \
         bob: {{ login: cli, username: bob, password: pass-7f3e }}\n\
         resources: [{{ request: GET /me }}]\nconformance: {{ include: [{checks}], tolerances: {{ rotation_delay: 0s }} }}\n",
        login("web", own),
        login("cli", ("client_id: cli, ", ""))
    )
}

const CONFIDENTIAL: (&str, &str) = ("", "basic: { username: web, password: of-web-5c1e }, ");
const REUSED: &str = "refresh.reuse-refused";
const AT_ONCE: &str = "refresh.concurrent-use";

/// RFC 9700 §4.14.2: a refresh token that its client has to prove itself for need not rotate. Here none is ever used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_that_others_can_use_has_to_rotate_although_its_client_authenticates() {
    let all = "a refresh with a wrong secret and a refresh by another client were refused, and a refresh by the client itself was granted";
    let ended = "but so was a refresh by the client itself after that";
    let public = "a refresh without the authentication of the client was granted, too";
    for ((compares, authenticates, revokes), verdict, text) in [
        ((true, true, false), Verdict::NotApplicable, all),
        // RFC 6749 §6 is violated, and RFC 9700 is not
        ((false, true, false), Verdict::Warn, "a refresh by another client was granted, too"),
        ((true, false, false), Verdict::Fail, public),
        // a server that takes another client for a thief
        ((true, true, true), Verdict::Inconclusive, ended),
        ((true, false, true), Verdict::Fail, public),
    ] {
        let server = Server { compares, authenticates, revokes, ..Server::default() };
        let yaml = of_two_clients(CONFIDENTIAL, &format!("{REUSED}, {AT_ONCE}"));
        let ended = against(serve(server.router()).await, &yaml, PROMPT).await;
        for check in [REUSED, AT_ONCE] {
            let result = ended.of(check);
            let context = format!(
                "{check} {compares} {authenticates} {revokes}: {} {:?} {:?}",
                result.summary, result.deviations, result.verdict
            );
            let low = if check == AT_ONCE && verdict == Verdict::Fail { Verdict::Warn } else { verdict };
            assert_eq!(result.verdict, low, "{context}");
            assert!(context.contains(text), "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_by_others_are_sent_where_the_result_depends_on_them() {
    for (check, overlap, verdict, is_sent) in [
        (REUSED, "0s", Verdict::NotApplicable, true),
        (REUSED, "20ms", Verdict::NotApplicable, true),
        (AT_ONCE, "0s", Verdict::NotApplicable, true),
        (AT_ONCE, "2s", Verdict::NotApplicable, false),
        ("refresh.reuse-ends-family", "0s", Verdict::NotApplicable, false),
        ("refresh.reuse-ends-access-token", "0s", Verdict::NotApplicable, false),
    ] {
        let server = Server { compares: true, authenticates: true, ..Server::default() };
        let foreign = server.foreign.clone();
        let yaml =
            of_two_clients(CONFIDENTIAL, check).replace("rotation_delay: 0s", &format!("rotation_delay: {overlap}"));
        let ended = against(serve(server.router()).await, &yaml, PROMPT).await;
        let result = ended.of(check);
        assert_eq!(result.verdict, verdict, "{check} {overlap}: {} {:?}", result.summary, result.deviations);
        assert_eq!(foreign.load(Ordering::Relaxed) > 0, is_sent, "{check} {overlap}");
    }
}

/// An API of its own has no `grant_type`: nothing can be changed in its refresh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_without_a_grant_type_does_not_apply_where_its_client_authenticates() {
    let server = Server { compares: true, authenticates: true, ..Server::default() };
    let router = server.clone().router().route(
        "/refresh",
        post(|state: State<Server>, headers: HeaderMap, Form(mut form): Form<HashMap<String, String>>| {
            form.insert("grant_type".to_owned(), "refresh_token".to_owned());
            token(state, headers, Form(form))
        })
        .with_state(server),
    );
    let yaml = of_two_clients(CONFIDENTIAL, &format!("{REUSED}, {AT_ONCE}"));
    let own =
        "refresh: { post: /token, basic: { username: web, password: of-web-5c1e }, form: { grant_type: refresh_token, ";
    assert!(yaml.contains(own), "{yaml}");
    let yaml =
        yaml.replace(own, "refresh: { post: /refresh, basic: { username: web, password: of-web-5c1e }, form: { ");
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    for check in [REUSED, AT_ONCE] {
        let result = ended.of(check);
        assert_eq!(result.verdict, Verdict::NotApplicable, "{check}: {}", result.summary);
        assert!(result.summary.contains("`grant_type: refresh_token`"), "{check}: {}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_bound_to_its_client_also_where_that_has_no_secret() {
    const CHECK: &str = "grant.refresh-token-bound-to-client";
    let web = ("client_id: web, ", "");
    for (own, compares, expected) in [
        (web, true, (Verdict::Pass, None)),
        (web, false, (Verdict::Fail, Some(Severity::Low))),
        (CONFIDENTIAL, true, (Verdict::Pass, None)),
        (CONFIDENTIAL, false, (Verdict::Fail, Some(Severity::High))),
    ] {
        let server = Server { compares, ..Server::default() };
        let ended = against(serve(server.router()).await, &of_two_clients(own, CHECK), PROMPT).await;
        let result = ended.of(CHECK);
        let severity = expected.1.map(|_| result.severity);
        assert_eq!(
            (result.verdict, severity),
            expected,
            "{own:?} {compares}: {} {:?}",
            result.summary,
            result.deviations
        );
    }
}
