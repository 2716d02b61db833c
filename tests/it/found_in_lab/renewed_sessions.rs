//! Sessions that get another identifier with each write, and end the former one; and that end with a write that is malformed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use authbench::check::Verdict;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{PROMPT, against, serve};

const CHECKS: [&str; 5] = [
    "session.valid-accepted",
    "session.invalid-denied",
    "common.auth-before-input-validation",
    "common.malformed-body-never-5xx",
    "common.denied-write-has-no-effect",
];

/// What it keeps.
#[derive(Default)]
struct Held {
    /// Who is logged in, by identifiers.
    sessions: HashMap<String, String>,
    opened: u32,
    plan: String,
}

#[derive(Clone, Default)]
struct Application(Arc<Mutex<Held>>);

impl Application {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of a user, as a cookie.
    fn opened(&self, user: &str) -> String {
        let mut held = self.held();
        held.opened += 1;
        let identifier = format!("{:08x}5b9fa81c0f7d4e62", held.opened.wrapping_mul(0x9e37_79b9));
        held.sessions.insert(identifier.clone(), user.to_owned());
        format!("sid={identifier}; Path=/; HttpOnly; SameSite=Lax")
    }

    fn user(&self, headers: &HeaderMap) -> Option<(String, String)> {
        let mut pairs = headers.get(header::COOKIE)?.to_str().ok()?.split("; ");
        let identifier = pairs.find_map(|pair| pair.strip_prefix("sid="))?;
        Some((identifier.to_owned(), self.held().sessions.get(identifier)?.clone()))
    }
}

async fn enter(State(application): State<Application>, Json(body): Json<Value>) -> Response {
    match (body["user"].as_str(), body["password"].as_str()) {
        (Some(user @ ("alice" | "bob")), Some("correct-Horse-7")) => {
            (StatusCode::CREATED, [(header::SET_COOKIE, application.opened(user))]).into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn account(State(application): State<Application>, method: Method, headers: HeaderMap, body: String) -> Response {
    let Some((identifier, user)) = application.user(&headers) else {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "log in" }))).into_response();
    };
    let cookie = match method {
        Method::GET => None,
        _ if user != "alice" => {
            return (StatusCode::FORBIDDEN, Json(json!({ "error": "not for you" }))).into_response();
        }
        _ => {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let Some(plan) = body.get("plan").and_then(Value::as_str) else {
                application.held().sessions.remove(&identifier);
                return StatusCode::BAD_REQUEST.into_response();
            };
            let cookie = application.opened(&user);
            let mut held = application.held();
            plan.clone_into(&mut held.plan);
            held.sessions.remove(&identifier);
            Some((header::SET_COOKIE, cookie))
        }
    };
    let shown = json!({ "name": user, "number": "6c1f0a8e52d94b37", "plan": application.held().plan });
    (AppendHeaders(cookie), Json(shown)).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_a_write_renews_is_followed() {
    let yaml = format!(
        "scheme: {{ session: {{ cookie: sid }} }}\nlogins:\n  app:\n    request: {{ post: /login, json: {{ user: \"{{username}}\", \
         password: \"{{password}}\" }} }}\n    token: {{ cookie: sid }}\ncredentials:\n  alice: {{ login: app, username: alice, \
         password: correct-Horse-7, scopes: [write] }}\n  bob: {{ login: app, username: bob, password: correct-Horse-7 }}\n\
         resources:\n  - request: GET /account\n  - request: PATCH /account\n    scopes: [write]\n    writes: true\n    \
         json: {{ plan: yearly }}\n    before: [{{ request: PATCH /account, json: {{ plan: monthly }} }}]\n\
         conformance: {{ include: [{}] }}\n",
        CHECKS.join(", ")
    );
    let router = Router::new().route("/login", post(enter)).route("/account", any(account));
    let ended = against(serve(router.with_state(Application::default())).await, &yaml, PROMPT).await;
    for check in CHECKS {
        let result = ended.of(check);
        assert!(
            !matches!(result.verdict, Verdict::Inconclusive | Verdict::Fail),
            "{check}: {} {:?}",
            result.summary,
            result.deviations
        );
    }
    assert_eq!(ended.of("common.malformed-body-never-5xx").verdict, Verdict::Pass);
}

/// Whoever is logged in already gets no page with the form, and is logged in by what it sends all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_within_a_session_needs_no_page_with_a_form() {
    const CHECK: &str = "session.identifier-changes-at-relogin";
    for (renews, expected) in [(true, Verdict::Pass), (false, Verdict::Fail)] {
        let page = async |State(application): State<Application>, headers: HeaderMap| match application.user(&headers) {
            Some(_) => StatusCode::NOT_FOUND.into_response(),
            None => "<form method=post>".into_response(),
        };
        let enter = async move |State(application): State<Application>, headers: HeaderMap, Json(body): Json<Value>| {
            let mut known = application.user(&headers);
            if renews && let Some((former, _)) = known.take() {
                application.held().sessions.remove(&former);
            }
            match (known, body["user"].as_str(), body["password"].as_str()) {
                (Some((identifier, _)), Some(user @ ("alice" | "bob")), Some("correct-Horse-7")) => {
                    application.held().sessions.insert(identifier, user.to_owned());
                    StatusCode::CREATED.into_response()
                }
                (None, Some(user @ ("alice" | "bob")), Some("correct-Horse-7")) => {
                    (StatusCode::CREATED, [(header::SET_COOKIE, application.opened(user))]).into_response()
                }
                _ => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\nlogins:\n  app:\n    request:\n      - get: /login\n      \
             - {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n    token: {{ cookie: sid }}\n\
             credentials:\n  alice: {{ login: app, username: alice, password: correct-Horse-7 }}\n  \
             bob: {{ login: app, username: bob, password: correct-Horse-7 }}\nresources: [{{ request: GET /account }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let router = Router::new().route("/login", get(page).post(enter)).route("/account", any(account));
        let ended = against(serve(router.with_state(Application::default())).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{renews}: {} {:?}", result.summary, result.deviations);
    }
}
