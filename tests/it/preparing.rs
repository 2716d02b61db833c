//! `before` and `after` of a write: what brings its state back, so that a refused write that happened can be told from one
//! that cannot be seen.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use authbench::check::{Severity, Verdict};
use authbench::event::CheckResult;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;

use crate::judged;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const READER: &str = "fedcba9876543210fedcba9876543210";
const NO_EFFECT: &str = "common.denied-write-has-no-effect";

#[derive(Clone)]
struct Settings {
    theme: Arc<Mutex<&'static str>>,
    /// Whether it writes before it looks who asks.
    acts_first: bool,
    /// Whether it lets anybody reset what was written.
    resets: bool,
}

async fn settings(State(service): State<Settings>, method: Method, headers: HeaderMap) -> Response {
    let good = headers.get("x-api-key").is_some_and(|key| key.as_bytes() == KEY.as_bytes());
    let mut theme = service.theme.lock().unwrap_or_else(PoisonError::into_inner);
    if service.acts_first && method == Method::PUT {
        *theme = "dark";
    }
    if !good {
        return (StatusCode::FORBIDDEN, axum::Json(serde_json::json!({ "error": "forbidden" }))).into_response();
    }
    match method {
        Method::PUT => *theme = "dark",
        Method::DELETE if service.resets => *theme = "light",
        Method::DELETE => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => {}
    }
    axum::Json(serde_json::json!({ "theme": *theme, "owner": "7d1c40b95e6a28f3" })).into_response()
}

/// Takes a form or XML, and says which type of body and which body it takes.
async fn reset(State(service): State<Settings>, headers: HeaderMap, body: String) -> Response {
    let good = headers.get("x-api-key").is_some_and(|key| key.as_bytes() == KEY.as_bytes());
    let media = headers.get("content-type").and_then(|media| media.to_str().ok()).unwrap_or_default();
    let resets =
        [("application/x-www-form-urlencoded", "theme=li%26ght&x=1"), ("application/xml", "<theme>light</theme>")];
    match good && resets.contains(&(media, body.as_str())) {
        true => *service.theme.lock().unwrap_or_else(PoisonError::into_inner) = "light",
        false => return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn account(headers: HeaderMap) -> Response {
    let known = |key: &axum::http::HeaderValue| [KEY, READER].iter().any(|known| key.as_bytes() == known.as_bytes());
    match headers.get("x-api-key").is_some_and(known) {
        true => axum::Json(serde_json::json!({ "account": "3be95d07c1a4f682" })).into_response(),
        false => (StatusCode::FORBIDDEN, axum::Json(serde_json::json!({ "error": "forbidden" }))).into_response(),
    }
}

async fn start(service: Settings) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let router = Router::new()
        .route("/settings", any(settings))
        .route("/reset", any(reset))
        .route("/account", any(account))
        .with_state(service);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What the check came to, and what the service holds at the end.
async fn ended(acts_first: bool, resets: bool, around: &str) -> (CheckResult, &'static str) {
    let service = Settings { theme: Arc::new(Mutex::new("light")), acts_first, resets };
    let address = start(service.clone()).await;
    let yaml = format!(
        "authbench: 1\nname: settings\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: api-key\n\
         credentials:\n  service: {{ key: \"{KEY}\", scopes: [write] }}\n  reader: {{ key: \"{READER}\" }}\n\
         resources:\n  - request: GET /account\n  - request: GET /settings\n    scopes: [write]\n  - request: PUT /settings\n    scopes: [write]\n    \
         json: {{ theme: dark }}\n    writes: true\n{around}conformance:\n  include: [{NO_EFFECT}]\n"
    );
    let found = judged::check(&yaml, NO_EFFECT).await;
    let theme = *service.theme.lock().unwrap_or_else(PoisonError::into_inner);
    (found, theme)
}

const AROUND: &str =
    "    before: [{ request: DELETE /settings }]\n    after: [{ request: DELETE /settings, with: service }]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_write_that_happened_is_told_from_one_that_cannot_be_seen() {
    for (acts_first, around, verdict) in [
        // the controls have written what the refused write would write: nothing can be seen
        (false, "", Verdict::Inconclusive),
        (true, "", Verdict::Inconclusive),
        (false, AROUND, Verdict::Pass),
        (true, AROUND, Verdict::Fail),
    ] {
        let (found, theme) = ended(acts_first, true, around).await;
        assert_eq!(found.verdict, verdict, "{acts_first} {around:?}: {}", found.summary);
        if verdict == Verdict::Fail {
            assert_eq!(found.severity, Severity::Critical);
            assert_eq!(found.summary, "a refused PUT changed the state");
        }
        // what was written is cleaned up
        assert_eq!(theme, if around.is_empty() { "dark" } else { "light" }, "{acts_first} {around:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preparation_that_fails_is_named() {
    let (found, _) = ended(false, false, AROUND).await;
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.summary.contains("`before: DELETE /settings`"), "{}", found.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preparation_sends_a_form_or_a_body_of_any_type() {
    let form = "{ request: POST /reset, form: { theme: \"li&ght\", x: \"1\" } }";
    let xml = "{ request: POST /reset, headers: { content-type: application/xml }, body: \"<theme>light</theme>\" }";
    for (before, after) in [(form, xml), (xml, form)] {
        let around = format!("    before: [{before}]\n    after: [{after}]\n");
        for (acts_first, verdict) in [(false, Verdict::Pass), (true, Verdict::Fail)] {
            let (found, theme) = ended(acts_first, false, &around).await;
            assert_eq!((found.verdict, theme), (verdict, "light"), "{around}: {}", found.summary);
        }
    }
    // a body has the type of text unless a header line names another
    let text = "    before: [{ request: POST /reset, body: \"<theme>light</theme>\" }]\n";
    let (found, _) = ended(false, false, text).await;
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.summary.contains("`before: POST /reset`: refused 415"), "{}", found.summary);
}
