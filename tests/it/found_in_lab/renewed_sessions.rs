//! Sessions that get another identifier with each write, and end the former one; and that end with a write that is malformed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use authbench::check::Verdict;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::routing::{any, post};
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
