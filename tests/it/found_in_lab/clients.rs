//! Clients of authorization servers that have no secret.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use authbench::check::{Severity, Verdict};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::json;

use super::{PROMPT, against, presented, serve};

/// The clients of refresh tokens, by the tokens, whether a token is for its client alone, and whether `web` has to authenticate.
#[derive(Clone)]
struct Server {
    clients: Arc<Mutex<HashMap<String, String>>>,
    compares: bool,
    authenticates: bool,
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
    let client = if by_basic { "web" } else { value("client_id") }.to_owned();
    if server.authenticates && client == "web" && !by_basic {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let mut clients = server.clients.lock().expect("whole");
    match value("grant_type") {
        "password" if value("password") == "pass-7f3e" => {}
        "refresh_token" => match clients.get(value("refresh_token")) {
            Some(own) if *own == client || !server.compares => {}
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

/// RFC 9700 §4.14.2: a refresh token that its client has to prove itself for need not rotate. Here none is ever used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_that_others_can_use_has_to_rotate_although_its_client_authenticates() {
    const REUSED: &str = "refresh.reuse-refused";
    const AT_ONCE: &str = "refresh.concurrent-use";
    let confidential = ("", "basic: { username: web, password: of-web-5c1e }, ");
    for ((compares, authenticates), verdict, text) in [
        ((true, true), Verdict::NotApplicable, "a refresh by another client and a refresh without its authentication"),
        ((false, true), Verdict::Fail, "not bound to it: a refresh by another client was granted"),
        ((true, false), Verdict::Fail, "not bound to it: a refresh without its authentication was granted"),
    ] {
        let server = Server { clients: Arc::default(), compares, authenticates };
        let yaml = of_two_clients(confidential, &format!("{REUSED}, {AT_ONCE}"));
        let ended = against(serve(server.router()).await, &yaml, PROMPT).await;
        for check in [REUSED, AT_ONCE] {
            let result = ended.of(check);
            let context = format!("{check} {compares} {authenticates}: {} {:?}", result.summary, result.deviations);
            let low = if check == AT_ONCE && verdict == Verdict::Fail { Verdict::Warn } else { verdict };
            assert_eq!(result.verdict, low, "{context}");
            assert!(context.contains(text), "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_bound_to_its_client_also_where_that_has_no_secret() {
    const CHECK: &str = "grant.refresh-token-bound-to-client";
    let web = ("client_id: web, ", "");
    let confidential_web = ("", "basic: { username: web, password: of-web-5c1e }, ");
    for (own, compares, expected) in [
        (web, true, (Verdict::Pass, None)),
        (web, false, (Verdict::Fail, Some(Severity::Low))),
        (confidential_web, true, (Verdict::Pass, None)),
        (confidential_web, false, (Verdict::Fail, Some(Severity::High))),
    ] {
        let server = Server { clients: Arc::default(), compares, authenticates: false };
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
